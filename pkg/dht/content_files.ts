import { join } from "node:path";
import { hexEncode, type Random } from "@bzzz/base";
import { type ContentHash, parseContentHash } from "./content_hash.ts";
import { removeIfThere, syncFolder, writeAll } from "./files.ts";

const PIN_SUFFIX = ".pin";
const PART_SUFFIX = ".part";

/** A content that was found on the disk. */
export interface FoundContent {
  readonly hash: ContentHash;
  readonly bytes: number;
  readonly isPinned: boolean;
  /** When it was written. */
  readonly storedAtMs: number;
}

/** A content of which something has come, in a file. */
export interface FoundPart {
  readonly path: string;
  readonly bytes: number;
  readonly storedAtMs: number;
}

/**
 * The files of a `DiskContent`, `ab/abcd…`: a content whole under its name, beside it a `.pin` when it has to stay and a
 * `.part` while it comes. Nobody else writes in the folder.
 */
export class ContentFiles {
  readonly #folder: string;
  readonly #random: Random;

  constructor(deps: { readonly random: Random }, options: { readonly folder: string }) {
    this.#random = deps.random;
    this.#folder = options.folder;
  }

  /** Where the file of a content is, or would be. */
  pathOf(hash: ContentHash): string {
    return join(this.folderOf(hash), hash);
  }

  /** Where what has come of a content so far is. */
  partOf(hash: ContentHash): string {
    return this.pathOf(hash) + PART_SUFFIX;
  }

  folderOf(hash: ContentHash): string {
    return join(this.#folder, hash.slice(0, 2));
  }

  async makeFolder(hash: ContentHash): Promise<void> {
    await Deno.mkdir(this.folderOf(hash), { recursive: true, mode: 0o700 });
  }

  /** Writes a content: temporary file, fsync, rename, fsync of the folder. */
  async write(hash: ContentHash, sealed: Uint8Array, options: { readonly isPinned: boolean }): Promise<void> {
    await this.makeFolder(hash);
    const temporary = this.#temporaryOf(hash);
    try {
      {
        using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
        await writeAll(file, sealed);
        await file.sync();
      }
      // the pin first: what has to be kept is never there without it
      if (options.isPinned) await this.#writePin(hash);
      await Deno.rename(temporary, this.pathOf(hash));
    } catch (error) {
      await Deno.remove(temporary).catch(() => {}); // never made, or a leftover that the next start removes
      throw error;
    }
    await syncFolder(this.folderOf(hash));
  }

  /** Makes or removes the pin; on the disk when it resolves. */
  async setPinned(hash: ContentHash, isPinned: boolean): Promise<void> {
    if (isPinned) await this.#writePin(hash);
    else await removeIfThere(this.pathOf(hash) + PIN_SUFFIX);
    await syncFolder(this.folderOf(hash));
  }

  async remove(hash: ContentHash): Promise<void> {
    await removeIfThere(this.pathOf(hash) + PIN_SUFFIX);
    await removeIfThere(this.pathOf(hash));
  }

  /** What is there. Removes what an earlier run left of its own writing. */
  async scan(): Promise<{ readonly contents: FoundContent[]; readonly parts: FoundPart[] }> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const found: { hash: ContentHash; bytes: number; storedAtMs: number }[] = [];
    const pinned = new Set<string>();
    const parts: FoundPart[] = [];
    for await (const part of Deno.readDir(this.#folder)) {
      if (!part.isDirectory || !/^[0-9a-f]{2}$/.test(part.name)) continue;
      for await (const { name } of Deno.readDir(join(this.#folder, part.name))) {
        const path = join(this.#folder, part.name, name);
        const hash = parseContentHash(name);
        if (name.endsWith(PIN_SUFFIX)) pinned.add(name.slice(0, -PIN_SUFFIX.length));
        else if (name.endsWith(".tmp")) await removeIfThere(path); // a write that did not finish
        else if (hash || name.endsWith(PART_SUFFIX)) {
          const { size: bytes, mtime } = await Deno.stat(path);
          const storedAtMs = mtime?.getTime() ?? 0;
          if (hash) found.push({ hash, bytes, storedAtMs });
          else parts.push({ path, bytes, storedAtMs });
        }
      }
    }
    const hashes = new Set<string>(found.map(({ hash }) => hash));
    for (const hash of pinned) {
      // written just before a crash, or left by a damaged file
      if (!hashes.has(hash)) await removeIfThere(join(this.#folder, hash.slice(0, 2), hash + PIN_SUFFIX));
    }
    const contents = found.map((content) => ({ ...content, isPinned: pinned.has(content.hash) }));
    return { contents, parts };
  }

  async #writePin(hash: ContentHash): Promise<void> {
    await Deno.writeFile(this.pathOf(hash) + PIN_SUFFIX, new Uint8Array(), { mode: 0o600 });
  }

  #temporaryOf(hash: ContentHash): string {
    return join(this.folderOf(hash), `.${hexEncode(this.#random.bytes(8))}.tmp`);
  }
}
