/** Flat, loggable facts about a failure: no secrets, no peer's text. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>;

/** Options of a `BzzzError`. */
export interface BzzzErrorOptions {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/**
 * The base of every expected failure. Callers branch on `code`, people read `message`
 * ("Cannot <do> <what>: <state found>"). Programming mistakes stay `TypeError` and `RangeError`.
 */
export class BzzzError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly details: ErrorDetails;

  constructor(code: Code, message: string, options: BzzzErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Makes a `switch` over a tagged union total: an unhandled tag does not compile. */
export function assertNever(value: never): never {
  throw new TypeError(`Unreachable: unexpected value ${JSON.stringify(value)}`);
}

/** The message of anything thrown, without its stack. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
