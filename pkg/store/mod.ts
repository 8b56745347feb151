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
export { StoreError } from "./errors.ts";
export type { StoreErrorCode } from "./errors.ts";
export { openStore, quarantineStore } from "./store.ts";
export type {
  EntryFilter,
  EntryRow,
  EntryStore,
  ForkRecord,
  ForkStore,
  GrantStore,
  Head,
  KeyValueStore,
  NewEntry,
  OutboxStore,
  Store,
  StoreDeps,
  StoreHealth,
  StoreOptions,
  StoreState,
} from "./types.ts";
