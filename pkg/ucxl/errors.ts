import { BzzzError } from "@bzzz/base";

/** What this package refuses. */
export type UcxlErrorCode =
  | "invalid_address"
  | "wildcard_not_allowed"
  | "version_out_of_bounds"
  | "invalid_decision";

/** A refusal; `details` say where, what was found and what is expected. */
export class UcxlError extends BzzzError<UcxlErrorCode> {}

/** Where a text stops being an address. */
export interface AddressFault {
  /** Characters of the text before the place, from 0. */
  readonly position: number;
  /** The part of the address it is in: "agent", "temporal", "path", … */
  readonly field: string;
  /** What is there, ready for a sentence: `"x"`, or "the end". */
  readonly found: string;
  /** What may be there. */
  readonly expected: string;
}

/** Longest part of a refused text that a message repeats. */
const MAX_SHOWN_CHARACTERS = 120;

/** The error for a fault in `text`. */
export function addressError(fault: AddressFault, code: UcxlErrorCode = "invalid_address"): UcxlError {
  const { position, field, found, expected } = fault;
  const message = `Cannot read the address: at character ${
    position + 1
  } (${field}) found ${found}, expected ${expected}`;
  return new UcxlError(code, message, { details: { position, field, found, expected } });
}

/**
 * Two lines for a terminal: the text and a mark under the character that an `UcxlError` is about; undefined when the error
 * is about no character. Control characters are shown as "?".
 */
export function pointAt(text: string, details: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const { position } = details;
  if (typeof position !== "number" || !(position >= 0 && position <= text.length)) return undefined;
  const from = Math.max(0, position - MAX_SHOWN_CHARACTERS + 20);
  const shown = text.slice(from, from + MAX_SHOWN_CHARACTERS).replaceAll(/[^\x20-\x7e]/g, "?");
  return [shown, `${" ".repeat(position - from)}^`];
}
