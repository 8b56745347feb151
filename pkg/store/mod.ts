/**
 * The database of a data directory on SQLite: author logs, outbox, forks, certificates, small values.
 * Synchronous and durable; the only importer of `node:sqlite`.
 *
 * ```ts
 * using store = openStore({ clock, logger }, { path: "/var/lib/bzzz/journal.db" });
 * store.transaction(() => {
 *   const cursors = store.entries.insertAll(entries);
 *   store.outbox.addAll(cursors);
 * });
 * ```
 *
 * @module
 */
export { copyDatabase } from "./backup.ts";
export { StoreError } from "./errors.ts";
export type { StoreErrorCode } from "./errors.ts";
export { openStore, quarantineStore } from "./store.ts";
export { openTextIndex } from "./text_index.ts";
export type { TextIndex, TextMatches, TextQuery } from "./text_index.ts";
export type {
  ContentTable,
  ContextContent,
  ContextPlace,
  ContextPlaceFilter,
  ContextRow,
  ContextTable,
  EntryFilter,
  EntryRow,
  EntryStore,
  ForkRecord,
  ForkStore,
  GrantStore,
  Head,
  JournalStore,
  KeyValueStore,
  NewContent,
  NewEntry,
  OutboxStore,
  RegisterRead,
  RegisterStore,
  Store,
  StoredContent,
  StoreDeps,
  StoreHealth,
  StoreOptions,
  StoreState,
} from "./types.ts";
