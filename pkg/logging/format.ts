import { BzzzError } from "@bzzz/base";
import type { LogRecord } from "./logger.ts";

/** A field longer than this is cut: a peer's text must not fill a disk. */
const MAX_FIELD_CHARACTERS = 500;

function capped(value: string): string {
  return value.length <= MAX_FIELD_CHARACTERS ? value : `${value.slice(0, MAX_FIELD_CHARACTERS)}…`;
}

function errorFields(error: unknown): Record<string, unknown> | undefined {
  if (error === undefined) return undefined;
  if (!(error instanceof Error)) return { message: capped(String(error)) };
  const cause = errorFields(error.cause);
  return {
    name: error.name,
    message: capped(error.message),
    ...(error instanceof BzzzError ? { code: error.code, ...error.details } : {}),
    ...(cause ? { cause } : {}),
  };
}

/** One JSON object, no line breaks inside. */
export function formatJson(record: LogRecord): string {
  const fields = Object.fromEntries(
    Object.entries(record.fields).map(([key, value]) => [key, typeof value === "string" ? capped(value) : value]),
  );
  const error = errorFields(record.error);
  return JSON.stringify({
    time: new Date(record.atMs).toISOString(),
    level: record.level,
    message: record.message,
    ...fields,
    ...(error ? { error } : {}),
  });
}

/** One line for a person at a terminal; strings are quoted as JSON, so no control byte of a peer gets through. */
export function formatText(record: LogRecord): string {
  const fields = Object.entries(record.fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? quoted(capped(value)) : value}`)
    .join("");
  const error = errorFields(record.error);
  const cause = error ? ` error=${quoted(String(error["message"]))}` : "";
  return `${new Date(record.atMs).toISOString()} ${record.level.padEnd(5)} ${record.message}${fields}${cause}`;
}

function quoted(value: string): string {
  if (/^[\w.:/@+-]+$/.test(value)) return value;
  // JSON escapes C0; C1 and format characters (bidi, zero width) are escaped here.
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\p{Cf}]/gu,
    (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`,
  );
}
