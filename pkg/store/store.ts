import { dirname } from "node:path";
import { errorMessage } from "@bzzz/base";
import { SqliteContentTable } from "./contents.ts";
import { SqliteContextTable } from "./context.ts";
import { Database } from "./database.ts";
import { SqliteEntryStore } from "./entries.ts";
import { StoreError, storeError } from "./errors.ts";
import { refuseLink } from "./link.ts";
import { SqliteRegisterStore } from "./registers.ts";
import { SqliteForkStore, SqliteGrantStore, SqliteKeyValueStore, SqliteOutboxStore } from "./tables.ts";
import type { Store, StoreDeps, StoreHealth, StoreOptions } from "./types.ts";

const PROBE_KEY = "store/probe";
const PROBE_BYTES = 16 * 1024;

/**
 * Opens (or creates) the database of a data directory, checks it and brings it to this program's format.
 * Durability: write-ahead log with `synchronous = FULL`, so what `transaction` returned survives a power cut (but see its
 * `isLazy`).
 *
 * @throws StoreError "store_corrupt" (the file is left untouched), "store_locked", "store_newer_version",
 *   "store_unavailable", "store_full"
 */
export function openStore(deps: StoreDeps, options: StoreOptions): Store {
  refuseLink(options.path);
  createFile(options.path);
  const db = new Database(deps, options.path);
  const setMaxBytes = (maxBytes: number | undefined): void => {
    const pages = maxBytes === undefined
      ? 4_294_967_294 // the largest that SQLite knows
      : Math.max(1, Math.floor(maxBytes / Number(db.pragma("page_size"))));
    db.pragma(`max_page_count = ${pages}`);
  };
  if (options.maxBytes !== undefined) setMaxBytes(options.maxBytes);
  const kv = new SqliteKeyValueStore(db);
  const close = (): void => db.close();
  return {
    path: options.path,
    entries: new SqliteEntryStore(db),
    grants: new SqliteGrantStore(db),
    kv,
    outbox: new SqliteOutboxStore(db),
    forks: new SqliteForkStore(db),
    context: new SqliteContextTable(db),
    registers: new SqliteRegisterStore(db),
    contents: new SqliteContentTable(db),
    transaction: (work, options) => db.transaction(work, options),
    synced: () => db.synced(),
    health: () => readHealth(db, () => kv.set(PROBE_KEY, new Uint8Array(PROBE_BYTES))),
    setMaxBytes,
    close,
    [Symbol.dispose]: close,
  };
}

function readHealth(db: Database, probe: () => void): StoreHealth {
  if (db.state === "full" || db.state === "failing") {
    try {
      probe();
    } catch (error) {
      // Still failing: the state says so, and `failure` has the reason. Anything else is a mistake of ours.
      if (!(error instanceof StoreError)) throw error;
    }
  }
  return { state: db.state, message: db.failure?.message, bytes: sizeOf(db) };
}

function sizeOf(db: Database): number {
  if (db.state === "closed" || db.state === "corrupt") return 0;
  return Number(db.pragma("page_count")) * Number(db.pragma("page_size"));
}

/** SQLite would create the file with the umask's mode; its -wal and -shm take over the mode found here. */
function createFile(path: string): void {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
  } catch (error) {
    throw storeError("store_unavailable", path, errorMessage(error), error);
  }
}

/**
 * Moves a damaged database aside, with its write-ahead log, to "<path>.corrupt-<time>", so that the next start begins
 * with an empty one. Nothing is deleted, and what fails or is cut off leaves the database with its log in one place at
 * least: SQLite removes a log whose database is gone, and with it what was committed there alone. Only for a file that
 * nobody has open.
 *
 * @returns the new path of the database file
 * @throws StoreError "store_unavailable" when the files cannot be moved
 */
export function quarantineStore(path: string, options: { nowMs: number }): string {
  const stamp = new Date(options.nowMs).toISOString().replaceAll(/[:.]/g, "-");
  const target = `${path}.corrupt-${stamp}`;
  try {
    const logs = ["-wal", "-shm"].filter((suffix) => copyIfThere(path + suffix, target + suffix));
    Deno.renameSync(path, target);
    for (const suffix of logs) Deno.removeSync(path + suffix);
  } catch (error) {
    throw storeError("store_unavailable", path, errorMessage(error), error);
  }
  return target;
}

/** A copy that is on the disk; false when there is nothing to be copied. */
function copyIfThere(from: string, to: string): boolean {
  try {
    Deno.copyFileSync(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  using copied = Deno.openSync(to, { read: true, write: true });
  copied.syncSync();
  return true;
}
