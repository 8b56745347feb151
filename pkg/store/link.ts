import { StoreError } from "./errors.ts";

/**
 * Refuses a database file that is a link: SQLite would follow it and write its log beside the target, where this program does not look
 * for it to sync it, and where a built one may not. A link to the whole folder is none at `path`. @throws StoreError "store_unavailable"
 */
export function refuseLink(path: string): void {
  let target: string;
  try {
    if (!Deno.lstatSync(path).isSymlink) return;
    target = Deno.readLinkSync(path);
  } catch {
    return; // there is nothing yet, or SQLite's own word is the better one
  }
  const advice = "put the file itself there, with its -wal and -shm, or link the whole data directory";
  const message = `Cannot use the database "${path}": it is a link to "${target}"; ${advice}`;
  throw new StoreError("store_unavailable", message, { details: { path, target } });
}
