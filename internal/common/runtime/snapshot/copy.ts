import { createHash } from "node:crypto";
import { dirname } from "node:path";

const CHUNK_BYTES = 1024 * 1024;

/** What was copied. */
export interface CopiedFile {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** Copies a file to a place where there is none yet, private, with its folder; on disk when it resolves. */
export async function copyPrivately(from: string, to: string, signal: AbortSignal): Promise<CopiedFile> {
  await Deno.mkdir(dirname(to), { recursive: true, mode: 0o700 });
  using source = await Deno.open(from, { read: true });
  using target = await Deno.open(to, { write: true, createNew: true, mode: 0o600 });
  const read = await eachChunk(source, signal, async (chunk) => {
    for (let at = 0; at < chunk.byteLength;) at += await target.write(chunk.subarray(at));
  });
  await target.sync();
  return read;
}

/** Size and digest of a file. */
export async function digestOf(path: string, signal: AbortSignal): Promise<CopiedFile> {
  using file = await Deno.open(path, { read: true });
  return await eachChunk(file, signal, () => Promise.resolve());
}

async function eachChunk(
  file: Deno.FsFile,
  signal: AbortSignal,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<CopiedFile> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(CHUNK_BYTES);
  let bytes = 0;
  for (let length = await file.read(buffer); length !== null; length = await file.read(buffer)) {
    signal.throwIfAborted();
    const chunk = buffer.subarray(0, length);
    hash.update(chunk);
    await take(chunk);
    bytes += length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
