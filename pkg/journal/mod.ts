/**
 * Author logs on this node: append, ingest, forks, outbox, retention, and `/bzzz/sync/1.0.0`.
 *
 * @module
 */
export { JournalError, type JournalErrorCode, SyncError, type SyncErrorCode } from "./errors.ts";
export { AuthorProtocols } from "./protocols.ts";
export { createJournal } from "./journal.ts";
export { createSync, type SyncDeps, type SyncOptions, type SyncService, type SyncStats } from "./sync.ts";
export type { PullResult } from "./sync_exchange.ts";
export type { PeerStream, StreamOpener } from "./sync_types.ts";
export type { WholeFile } from "./whole_file.ts";
export { SYNC_PROTOCOL } from "./constants.ts";
export * from "./types.ts";
