import { BzzzError, errorMessage } from "@bzzz/base";

/**
 * - `store_corrupt`: the file is damaged or not ours; it was left as it is
 * - `store_full`: no room on the disk (or above the configured limit); reading goes on
 * - `store_locked`: another process holds the file
 * - `store_newer_version`: written by a later release
 * - `store_unavailable`: the system refuses to open, read or write it (permissions, I/O error, read-only disk)
 * - `store_closed`: used after `close()`
 */
export type StoreErrorCode =
  | "store_corrupt"
  | "store_full"
  | "store_locked"
  | "store_newer_version"
  | "store_unavailable"
  | "store_closed";

/** A failure of the local database. */
export class StoreError extends BzzzError<StoreErrorCode> {}

/** What the person in charge can do, by code; ends every message that reaches an operator. */
const ADVICE: Readonly<Record<StoreErrorCode, string>> = {
  store_corrupt: "the file was kept; move it aside (with its -wal and -shm, if there are any) and start again: " +
    "history comes back from the peers",
  store_full: "reading goes on, nothing new is stored; free space on that disk and writing resumes by itself",
  store_locked: "stop the other program that uses this data directory",
  store_newer_version: "start the newer program, or use another data directory",
  store_unavailable: "check owner, permissions and mount of that directory",
  store_closed: "the program is stopping",
};

/** A `StoreError` that says where, what was found and what to do. */
export function storeError(code: StoreErrorCode, path: string, found: string, cause?: unknown): StoreError {
  return new StoreError(code, `Cannot use the database "${path}": ${found}; ${ADVICE[code]}`, {
    details: { path },
    cause,
  });
}

// Primary result codes (sqlite.org/rescode.html); the extended ones carry them in their low byte.
const CODES: ReadonlyMap<number, StoreErrorCode> = new Map([
  [5, "store_locked"],
  [6, "store_locked"],
  [8, "store_unavailable"],
  [10, "store_unavailable"],
  [11, "store_corrupt"],
  [13, "store_full"],
  [14, "store_unavailable"],
  [26, "store_corrupt"],
]);

// `DatabaseSync.exec` and the constructor throw without `errcode`; their text is SQLite's own, which is stable.
const TEXTS: readonly (readonly [RegExp, StoreErrorCode])[] = [
  [/disk is full/, "store_full"],
  [/malformed|not a database/, "store_corrupt"],
  [/is locked/, "store_locked"],
  [/readonly|disk I\/O|unable to open/, "store_unavailable"],
];

/** The store's code of an error that SQLite threw; undefined for mistakes of the program (constraints, syntax). */
export function codeOfSqliteError(error: unknown): StoreErrorCode | undefined {
  if (!(error instanceof Error)) return undefined;
  const errcode = "errcode" in error ? error.errcode : undefined;
  if (typeof errcode === "number") return CODES.get(errcode & 0xff);
  if (/not open/.test(error.message)) return "store_closed";
  return TEXTS.find(([pattern]) => pattern.test(error.message))?.[1];
}

/** The `StoreError` of what SQLite threw, or the error itself when it is a mistake of the program. */
export function toStoreError(error: unknown, path: string): unknown {
  if (error instanceof StoreError) return error;
  const code = codeOfSqliteError(error);
  return code ? storeError(code, path, errorMessage(error), error) : error;
}
