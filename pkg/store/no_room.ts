import { StoreError } from "./errors.ts";

/** What SQLite needs beside the database to open it: its -shm file grows in steps of 32 KiB. */
const NEEDED_BYTES = 64 * 1024;

/**
 * The failure of a database that cannot be opened because its disk is full, which SQLite calls an I/O error: it has no room for its
 * -shm file. Undefined when there is room. Looks by writing, as what is free for this user is not told in any other way.
 */
export function noRoomFor(path: string, cause: unknown): StoreError | undefined {
  const probe = `${path}.probe`;
  try {
    Deno.writeFileSync(probe, new Uint8Array(NEEDED_BYTES), { mode: 0o600 });
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOSPC" && code !== "EDQUOT") return undefined; // then SQLite's own word is the better one
    const message = `Cannot use the database "${path}": the disk is full; free space on it and start again`;
    return new StoreError("store_full", message, { details: { path }, cause });
  } finally {
    try {
      Deno.removeSync(probe);
    } catch {
      // It was not made.
    }
  }
}
