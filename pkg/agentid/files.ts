import { dirname, join } from "node:path";
import { type Bytes, BzzzError, fileFailure, hexEncode, type Random } from "@bzzz/base";
import { IdentityError } from "./errors.ts";

/** Mode of files that hold a secret, and of the folders around them. */
export const SECRET_FILE_MODE = 0o600;
export const PRIVATE_FOLDER_MODE = 0o700;
/** Largest file of this package; every real one is far smaller. */
const MAX_FILE_BYTES = 256 * 1024;

/** Makes `path` and its parents, private where they are new. */
export async function ensureFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: PRIVATE_FOLDER_MODE });
}

/**
 * Writes a file so that a crash leaves either the old content or the new one, on disk when this resolves: temporary
 * file, fsync, rename, fsync of the folder. With `overwrite: false` an existing file is left alone.
 *
 * @throws IdentityError "already_exists", "file_unwritable" (what the system says, with the path)
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array,
  options: { mode: number; overwrite: boolean; random: Random },
): Promise<void> {
  try {
    await writeInOneStep(path, bytes, options);
  } catch (cause) {
    if (cause instanceof BzzzError) throw cause;
    const message = `Cannot write "${path}": ${fileFailure(cause)}`;
    throw new IdentityError("file_unwritable", message, { cause, details: { path } });
  }
}

async function writeInOneStep(
  path: string,
  bytes: Uint8Array,
  options: { mode: number; overwrite: boolean; random: Random },
): Promise<void> {
  const folder = dirname(path);
  await ensureFolder(folder);
  const temporary = join(folder, `.${hexEncode(options.random.bytes(8))}.tmp`);
  try {
    await writeAndSync(temporary, bytes, options.mode);
    // a rename replaces, a link does not: each in one step
    if (options.overwrite) await Deno.rename(temporary, path);
    else await linkNew(temporary, path);
  } finally {
    await Deno.remove(temporary).catch(() => {}); // renamed away, or a leftover that harms nobody
  }
  await syncFolder(folder);
}

async function writeAndSync(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode });
  if (Deno.build.os !== "windows") await Deno.chmod(path, mode); // whatever the umask is
  for (let at = 0; at < bytes.byteLength;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

async function linkNew(temporary: string, path: string): Promise<void> {
  try {
    await Deno.link(temporary, path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    throw new IdentityError("already_exists", `Cannot write "${path}": the file exists and is not overwritten`, {
      details: { path },
    });
  }
}

async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return; // folders cannot be opened there
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}

/**
 * The content, or undefined when there is no such file. Files over 256 KiB are refused with a RangeError.
 *
 * @throws IdentityError "key_permissions" when the system does not let this program read it, or it is no file
 */
export async function readFileIfThere(path: string): Promise<Bytes | undefined> {
  return await Promise.try(() => readHere(path));
}

/**
 * Like `readFileIfThere`, for files that hold a secret: refuses one that others on the host could have read, or that
 * is in a folder where others could have replaced it.
 *
 * @throws IdentityError "key_permissions"
 */
export async function readSecretFileIfThere(path: string): Promise<Bytes | undefined> {
  return await Promise.try(() =>
    readHere(path, ({ mode }) => {
      refuseLoose(path, mode, { forbidden: 0o077, expected: "0600", what: "key file" });
      const folder = dirname(path);
      refuseLoose(folder, Deno.statSync(folder).mode, { forbidden: 0o022, expected: "0700", what: "key folder" });
    })
  );
}

/**
 * A small file in steps of this thread, 10 µs each. Through another they take 200 each, and a start reads ten such files
 * (D-185).
 */
function readHere(path: string, check?: (info: Deno.FileInfo) => void): Bytes | undefined {
  try {
    // before it is opened: a pipe would be waited for
    if (!Deno.statSync(path).isFile) {
      throw new IdentityError(
        "key_permissions",
        `Cannot read "${path}": it is no regular file; put the file itself there, or restore it from a backup`,
        { details: { path } },
      );
    }
    using file = Deno.openSync(path, { read: true });
    const info = file.statSync();
    check?.(info);
    return readAll(file, info, path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error instanceof BzzzError || error instanceof RangeError ? error : unreadable(path, error);
  }
}

function refuseLoose(
  path: string,
  mode: number | null,
  rule: { forbidden: number; expected: string; what: string },
): void {
  if (mode === null || (mode & rule.forbidden) === 0) return; // null: a system without modes
  const found = (mode & 0o7777).toString(8).padStart(4, "0");
  throw new IdentityError(
    "key_permissions",
    `Cannot trust ${rule.what} "${path}": other users can access it, its mode is ${found}, expected ${rule.expected}; ` +
      `run: chmod ${rule.expected} "${path}"`,
    { details: { path, found, expected: rule.expected } },
  );
}

/** Whether there is a file at `path`. @throws IdentityError "key_permissions" when the system does not tell */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): IdentityError {
  return new IdentityError("key_permissions", `Cannot read "${path}": ${fileFailure(cause)}`, {
    cause,
    details: { path },
  });
}

function readAll(file: Deno.FsFile, { size }: Deno.FileInfo, path: string): Bytes {
  if (size > MAX_FILE_BYTES) {
    throw new RangeError(`Cannot read "${path}": ${size} bytes are more than ${MAX_FILE_BYTES}`);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null) break;
    at += count;
  }
  return bytes.slice(0, at);
}
