import { backup, DatabaseSync } from "node:sqlite";
import { toStoreError } from "./errors.ts";

/** All pages in one step: with several, a process that writes meanwhile would have the copy begin anew at each. */
const ALL_PAGES = 2 ** 31 - 1;
/** Milliseconds to wait for a lock, as while the other process opens the database. */
const BUSY_MS = 5_000;

/**
 * Copies a database as it is at one moment into a private file (0600) that is not there yet; another process may use it
 * and write (SQLite's online backup). On disk when it resolves. Rejects with what the file system refuses.
 * @throws StoreError "store_corrupt", "store_full", "store_locked", "store_unavailable"
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  await Deno.writeFile(to, new Uint8Array(), { createNew: true, mode: 0o600 }); // SQLite would make it with the umask's mode
  try {
    await copyPages(from, to);
  } catch (error) {
    throw toStoreError(error, from);
  }
  using copied = await Deno.open(to, { read: true, write: true });
  await copied.sync();
}

async function copyPages(from: string, to: string): Promise<void> {
  const database = new DatabaseSync(from, { readOnly: true, timeout: BUSY_MS });
  try {
    await backup(database, to, { rate: ALL_PAGES });
  } finally {
    database.close();
  }
}
