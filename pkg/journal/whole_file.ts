import { dirname } from "node:path";

/** One small file that is replaced as a whole. */
export interface WholeFile {
  /** Undefined when there is no such file. @throws Error when it cannot be read */
  read(path: string): string | undefined;
  /**
   * The new text is on disk once this returned. After a power cut before that the old or the new text is there, or a mixture
   * of the two that begins as the new one does: whoever writes makes sure that it knows one from the other. @throws Error
   */
  write(path: string, text: string): void;
}

/** The calls of the operating system that it takes. */
export interface FileCalls {
  openSync(path: string, options?: Deno.OpenOptions): {
    statSync(): { readonly size: number };
    writeSync(data: Uint8Array): number;
    syncSync(): void;
    syncDataSync(): void;
    [Symbol.dispose](): void;
  };
  renameSync(from: string, to: string): void;
  readTextFileSync(path: string): string;
}

/** What a file is padded to with blanks: within one sector, which a disk writes whole or not at all (512 bytes at least). */
const FILE_BYTES = 256;

/**
 * Files of one size, overwritten in place: no name and no length changes, so one `fdatasync` puts the text on the disk. Only a
 * file that is new, or has another size, is written beside and renamed, with a second sync for its folder.
 */
export function createWholeFile(calls: FileCalls = Deno): WholeFile {
  return { read: (path) => read(calls, path), write: (path, text) => write(calls, path, text) };
}

function read(calls: FileCalls, path: string): string | undefined {
  try {
    return calls.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function write(calls: FileCalls, path: string, text: string): void {
  const bytes = new TextEncoder().encode(text.padEnd(FILE_BYTES));
  if (bytes.byteLength !== FILE_BYTES || !overwrite(calls, path, bytes)) replace(calls, path, bytes);
}

/** Whether there is such a file of that size; then it has the new bytes. */
function overwrite(calls: FileCalls, path: string, bytes: Uint8Array): boolean {
  let file;
  try {
    file = calls.openSync(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  using _ = file;
  if (file.statSync().size !== bytes.byteLength) return false;
  writeAll(file, bytes);
  file.syncDataSync();
  return true;
}

function replace(calls: FileCalls, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  {
    using file = calls.openSync(temporary, { create: true, write: true, truncate: true, mode: 0o600 });
    writeAll(file, bytes);
    file.syncSync();
  }
  calls.renameSync(temporary, path);
  using folder = calls.openSync(dirname(path));
  folder.syncSync();
}

function writeAll(file: { writeSync(data: Uint8Array): number }, bytes: Uint8Array): void {
  const written = file.writeSync(bytes);
  if (written < bytes.byteLength) throw new Error(`only ${written} of ${bytes.byteLength} bytes were written`);
}
