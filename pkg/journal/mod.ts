/**
 * Author logs on this node: append, ingest, forks, outbox, retention, and `/bzzz/sync/1.0.0`.
 *
 * @module
 */
export { JournalError, type JournalErrorCode, SyncError, type SyncErrorCode } from "./errors.ts";
export { createJournal } from "./journal.ts";
export * from "./types.ts";
