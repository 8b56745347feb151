import { createHash, type Hash } from "node:crypto";
import type { Bytes } from "@bzzz/base";
import { removeIfThere, writeAll } from "./files.ts";

/** Bytes read at once when a part that was left behind is hashed. */
const READ_BYTES = 1024 * 1024;

/**
 * A content on its way to this node, in a file: what came survives the end of the connection, and of the process. Hashed
 * as it comes, so that nothing is read twice. Ends with `finish`, `discard` or `close`.
 */
export class PartialContent {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #hash: Hash;
  readonly #onLeft: (bytes: number) => void;
  #size: number;
  #isOpen = true;

  private constructor(
    path: string,
    file: Deno.FsFile,
    hash: Hash,
    size: number,
    onLeft: (bytes: number) => void,
  ) {
    this.#path = path;
    this.#onLeft = onLeft;
    this.#file = file;
    this.#hash = hash;
    this.#size = size;
  }

  /** Goes on with the file at `path`, or begins it; `onLeft` is told how much of it was left there, unfinished. */
  static async open(path: string, options: { readonly onLeft: (bytes: number) => void }): Promise<PartialContent> {
    const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    try {
      const hash = createHash("sha256");
      const buffer = new Uint8Array(READ_BYTES);
      let size = 0;
      for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
        hash.update(buffer.subarray(0, count));
        size += count;
      }
      return new PartialContent(path, file, hash, size, options.onLeft);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Bytes that have come. */
  get size(): number {
    return this.#size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#file, bytes);
    this.#hash.update(bytes);
    this.#size += bytes.byteLength;
  }

  /** Hexadecimal SHA-256 of what has come. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  /** All that has come. */
  async bytes(): Promise<Bytes> {
    return await Deno.readFile(this.#path);
  }

  /** Moves the file to where whole contents are, after it is on the disk. */
  async finish(path: string): Promise<void> {
    await this.#file.sync();
    this.#end();
    await Deno.rename(this.#path, path);
  }

  /** Removes the file: what came was wrong, or is not needed. */
  async discard(): Promise<void> {
    this.#end();
    await removeIfThere(this.#path);
  }

  /** Leaves the file for a later fetch. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#end();
    this.#onLeft(this.#size);
  }

  #end(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
}
