/**
 * Looks for bytes where they must not be: in files, in the memory of a process.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { utf8Encode } from "@bzzz/base";

/** Mappings larger than this are reserved by the engine, not used. */
const MAX_MAPPING_BYTES = 2 ** 30;

/** Whether the memory of other processes can be read here: on Linux, as root. */
export const canReadMemory: boolean = Deno.build.os === "linux" && Deno.uid() === 0;

/** Files below `folder`. */
export async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* filesBelow(path);
    else if (entry.isFile) yield path;
  }
}

/** Files below `folder` that hold `text`, as UTF-8. */
export async function filesWith(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const path of filesBelow(folder)) {
    if (occurrences(await Deno.readFile(path), text) > 0) found.push(path);
  }
  return found.sort();
}

/** How often each text is in the readable and writable memory of a process, as UTF-8. */
export async function countInMemory(pid: number, texts: readonly string[]): Promise<number[]> {
  const counts = texts.map(() => 0);
  const maps = (await Deno.readTextFile(`/proc/${pid}/maps`)).split("\n");
  using memory = await Deno.open(`/proc/${pid}/mem`, { read: true });
  for (const line of maps) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (!match || /\[(vvar|vsyscall)/.test(line)) continue;
    const [start, end] = [parseInt(match[1] ?? "", 16), parseInt(match[2] ?? "", 16)];
    if (end - start > MAX_MAPPING_BYTES) continue;
    const block = await readAt(memory, start, end - start);
    for (const [i, text] of texts.entries()) counts[i] = (counts[i] ?? 0) + occurrences(block, text);
  }
  return counts;
}

/** Everything that can be read from there on; nothing when the mapping is gone or was never backed. */
async function readAt(memory: Deno.FsFile, start: number, bytes: number): Promise<Uint8Array> {
  const block = new Uint8Array(bytes);
  let filled = 0;
  try {
    await memory.seek(start, Deno.SeekMode.Start);
    while (filled < bytes) {
      const count = await memory.read(block.subarray(filled));
      if (count === null || count === 0) break;
      filled += count;
    }
  } catch {
    // the rest of it is not backed
  }
  return block.subarray(0, filled);
}

/** How often `bytes` hold `text` as UTF-8. */
export function occurrences(bytes: Uint8Array, text: string): number {
  const [block, needle] = [
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    Buffer.from(utf8Encode(text)),
  ];
  let count = 0;
  for (let at = block.indexOf(needle); at >= 0; at = block.indexOf(needle, at + 1)) count++;
  return count;
}
