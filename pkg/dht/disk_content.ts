import { type Bytes, type Clock, errorMessage, type Random, SerialQueue } from "@bzzz/base";
import { MAX_SEALED_BYTES } from "@bzzz/crypto";
import type { Store } from "@bzzz/store";
import { MAX_SMALL_CONTENT_BYTES } from "./constants.ts";
import { ContentFiles } from "./content_files.ts";
import { type ContentHash, contentHashOf, parseContentHash } from "./content_hash.ts";
import { DhtError } from "./errors.ts";
import { readIfThere, syncFolder } from "./files.ts";
import type { PartialContent } from "./partial_content.ts";
import { Parts } from "./parts.ts";

/** What a `DiskContent` stands on. */
export interface DiskContentDeps {
  readonly random: Random;
  readonly clock: Pick<Clock, "nowMs">;
  /** The database of the journal: one fsync of its log is for a small content and its entry. */
  readonly store: Pick<Store, "contents" | "synced">;
}

/** Plain settings of a `DiskContent`. */
export interface DiskContentOptions {
  /** The folder, made 0700 when it is missing; files in it are 0600. */
  readonly folder: string;
  /** Bytes at most; beyond, what is not pinned goes, the least recently used first. */
  readonly maxBytes: number;
}

interface Kept {
  readonly bytes: number;
  /** In a row of the database, or in a file. */
  readonly isRow: boolean;
  isPinned: boolean;
}

/** Writers that may wait for each other. */
const MAX_WAITING_WRITES = 4096;
/** Of unfinished contents, beside the quota; a quarter of that where it is small. */
const MAX_IDLE_PART_BYTES = 256 * 1024 * 1024;

/** What is on the disk, for metrics. */
export interface DiskContentStats {
  readonly contents: number;
  readonly pinned: number;
  readonly bytes: number;
  /** Contents that were found damaged and removed. */
  readonly damaged: number;
  /** Contents that made room. */
  readonly evicted: number;
}

/**
 * Sealed content by its SHA-256: small ones in rows of the database, others in files of that name, `ab/abcd…`. A file is
 * there whole or not at all: temporary file, fsync, rename, fsync of the folder. What is read is verified; what is damaged
 * is removed and counts as missing.
 */
export class DiskContent {
  readonly #options: DiskContentOptions;
  readonly #deps: DiskContentDeps;
  readonly #files: ContentFiles;
  /** By recency of use, the oldest first. */
  #kept: Map<ContentHash, Kept> | undefined;
  #scan: Promise<Map<ContentHash, Kept>> | undefined;
  #bytes = 0;
  #damaged = 0;
  #evicted = 0;
  readonly #writes = new SerialQueue({ capacity: MAX_WAITING_WRITES });
  readonly #parts: Parts;

  constructor(deps: DiskContentDeps, options: DiskContentOptions) {
    this.#deps = deps;
    this.#files = new ContentFiles(deps, options);
    this.#options = options;
    this.#parts = new Parts({ maxIdleBytes: Math.min(MAX_IDLE_PART_BYTES, options.maxBytes / 4) });
  }

  /**
   * Keeps `sealed`; on disk when it resolves, or with `isLazy` no later than what is committed to the database from then
   * on. What is pinned stays until it is unpinned.
   *
   * @throws DhtError "content_too_large", "content_quota", "content_unavailable"; BzzzError "queue_full"
   */
  async put(
    sealed: Uint8Array,
    options: { readonly isPinned: boolean; readonly isLazy?: boolean },
  ): Promise<ContentHash> {
    if (sealed.byteLength > MAX_SEALED_BYTES) {
      throw new DhtError(
        "content_too_large",
        `Cannot keep content: ${sealed.byteLength} bytes are more than ${MAX_SEALED_BYTES}`,
      );
    }
    const hash = contentHashOf(sealed);
    await this.#writes.run(async () => {
      if ((await this.#index()).has(hash)) {
        if (options.isPinned) await this.#setPinned(hash, true);
        return;
      }
      this.#makeRoom(sealed.byteLength);
      const { isPinned } = options;
      const isRow = sealed.byteLength <= MAX_SMALL_CONTENT_BYTES;
      await this.#guard("keep content", async () => {
        if (isRow) this.#addRow(hash, sealed, isPinned);
        else await this.#files.write(hash, sealed, { isPinned });
      });
      this.#add(hash, { bytes: sealed.byteLength, isPinned, isRow });
    });
    // also for one that was there already: whoever put it may still wait
    if (!options.isLazy && this.#kept?.get(hash)?.isRow) await this.#synced("keep content");
    return hash;
  }

  /** The verified bytes, or undefined when they are not here. @throws DhtError "content_unavailable" */
  async get(hash: ContentHash): Promise<Bytes | undefined> {
    const bytes = await this.#guard(
      "read content",
      async () => this.#deps.store.contents.get(hash) ?? await readIfThere(this.pathOf(hash)),
    );
    if (!bytes) return undefined;
    if (contentHashOf(bytes) === hash) {
      this.#touch(hash);
      return bytes as Bytes; // of a file or of SQLite: neither is shared memory
    }
    await this.#writes.run(async () => {
      this.#damaged++;
      await this.#index();
      await this.#remove(hash);
    });
    return undefined;
  }

  async has(hash: ContentHash): Promise<boolean> {
    return (await this.#index()).has(hash);
  }

  /** Bytes of a content that is here. */
  async sizeOf(hash: ContentHash): Promise<number | undefined> {
    return (await this.#index()).get(hash)?.bytes;
  }

  async hashes(): Promise<ContentHash[]> {
    return [...(await this.#index()).keys()];
  }

  /** Whether it must be kept; without effect on what is not here. */
  async pin(hash: ContentHash, isPinned: boolean): Promise<void> {
    await this.#writes.run(async () => {
      if ((await this.#index()).has(hash)) await this.#setPinned(hash, isPinned);
    });
  }

  /** The bytes of a small content, not verified; undefined when it is in a file or not here. @throws StoreError */
  row(hash: ContentHash): Uint8Array | undefined {
    return this.#deps.store.contents.get(hash);
  }

  /** Where the file of a content is, or would be. */
  pathOf(hash: ContentHash): string {
    return this.#files.pathOf(hash);
  }

  /** What has come of a content so far; one fetch at a time goes on with it. @throws DhtError "content_unavailable" */
  async openPart(hash: ContentHash): Promise<PartialContent> {
    return await this.#guard("keep a part of content", async () => {
      await this.#index(); // and so what was left unfinished
      await this.#files.makeFolder(hash);
      return await this.#parts.open(this.#files.partOf(hash));
    });
  }

  /**
   * Makes the whole of a part, if it is what its name says. False when it is not: then it is gone.
   *
   * @throws DhtError "content_quota", "content_unavailable"; BzzzError "queue_full"
   */
  async adopt(hash: ContentHash, part: PartialContent, options: { readonly isPinned: boolean }): Promise<boolean> {
    return await this.#writes.run(async () => {
      const isWhole = part.digest() === hash;
      if (!isWhole || (await this.#index()).has(hash)) {
        await part.discard();
        return isWhole;
      }
      this.#makeRoom(part.size);
      const isRow = part.size <= MAX_SMALL_CONTENT_BYTES;
      await this.#guard("keep content", () => isRow ? this.#moveToRow(hash, part) : this.#moveToFile(hash, part));
      this.#add(hash, { bytes: part.size, isPinned: false, isRow });
      if (options.isPinned) await this.#setPinned(hash, true);
      return true;
    });
  }

  async stats(): Promise<DiskContentStats> {
    const kept = await this.#index();
    const pinned = [...kept.values()].filter(({ isPinned }) => isPinned).length;
    return { contents: kept.size, pinned, bytes: this.#bytes, damaged: this.#damaged, evicted: this.#evicted };
  }

  async #moveToRow(hash: ContentHash, part: PartialContent): Promise<void> {
    this.#addRow(hash, await part.bytes(), false);
    await this.#deps.store.synced();
    await part.discard();
  }

  async #moveToFile(hash: ContentHash, part: PartialContent): Promise<void> {
    await part.finish(this.pathOf(hash));
    await syncFolder(this.#files.folderOf(hash));
  }

  #addRow(hash: ContentHash, sealed: Uint8Array, isPinned: boolean): void {
    this.#deps.store.contents.add({ hash, sealed, isPinned, storedAtMs: this.#deps.clock.nowMs() });
  }

  #touch(hash: ContentHash): void {
    const known = this.#kept?.get(hash);
    if (!known) return;
    this.#kept?.delete(hash);
    this.#kept?.set(hash, known);
  }

  #add(hash: ContentHash, kept: Kept): void {
    this.#bytes += kept.bytes;
    this.#kept?.set(hash, kept);
  }

  async #setPinned(hash: ContentHash, isPinned: boolean): Promise<void> {
    const kept = this.#kept?.get(hash);
    if (!kept || kept.isPinned === isPinned) return;
    await this.#guard("pin content", async () => {
      if (!kept.isRow) return await this.#files.setPinned(hash, isPinned);
      this.#deps.store.contents.setPinned(hash, isPinned);
    });
    if (kept.isRow) await this.#synced("pin content");
    kept.isPinned = isPinned;
  }

  /** Removes what is not pinned, the least recently used first, until there is room. */
  #makeRoom(bytes: number): void {
    const { maxBytes } = this.#options;
    const victims: ContentHash[] = [];
    let free = maxBytes - this.#bytes;
    for (const [hash, kept] of this.#kept ?? []) {
      if (free >= bytes) break;
      if (kept.isPinned) continue;
      victims.push(hash);
      free += kept.bytes;
    }
    if (free < bytes) {
      throw new DhtError(
        "content_quota",
        `Cannot keep ${bytes} bytes of content: ${this.#bytes} of ${maxBytes} are used, and what is kept must stay`,
        { details: { bytes, used: this.#bytes, limit: maxBytes } },
      );
    }
    const rows = victims.filter((hash) => this.#kept?.get(hash)?.isRow);
    if (rows.length > 0) this.#deps.store.contents.removeAll(rows);
    for (const hash of victims) {
      const isRow = this.#kept?.get(hash)?.isRow;
      this.#evicted++;
      this.#forget(hash);
      if (!isRow) Deno.removeSync(this.pathOf(hash));
    }
  }

  async #remove(hash: ContentHash): Promise<void> {
    const isRow = this.#kept?.get(hash)?.isRow;
    this.#forget(hash);
    if (isRow) this.#deps.store.contents.removeAll([hash]);
    else await this.#files.remove(hash);
  }

  #forget(hash: ContentHash): void {
    this.#bytes -= this.#kept?.get(hash)?.bytes ?? 0;
    this.#kept?.delete(hash);
  }

  /** What is on the disk, read once, when it is needed first. */
  async #index(): Promise<Map<ContentHash, Kept>> {
    this.#scan ??= this.#guard("look through content", () => this.#scanFolders());
    try {
      return await this.#scan;
    } catch (error) {
      this.#scan = undefined; // the next one looks again
      throw error;
    }
  }

  async #scanFolders(): Promise<Map<ContentHash, Kept>> {
    const { contents, parts } = await this.#files.scan();
    // transfers go on where they were; those that nobody came back to are given up
    await this.#parts.adopt(parts.sort((a, b) => a.storedAtMs - b.storedAtMs));
    const files = contents.map((content) => ({ ...content, isRow: false }));
    const rows = this.#deps.store.contents.list().flatMap((content) => {
      const hash = parseContentHash(content.hash);
      return hash ? [{ ...content, hash, isRow: true }] : [];
    });
    const found = [...files, ...rows].sort((a, b) => a.storedAtMs - b.storedAtMs);
    this.#kept = new Map(found.map(({ hash, bytes, isPinned, isRow }) => [hash, { bytes, isPinned, isRow }]));
    this.#bytes = this.#kept.values().reduce((sum, { bytes }) => sum + bytes, 0);
    return this.#kept;
  }

  async #synced(what: string): Promise<void> {
    await this.#guard(what, () => this.#deps.store.synced());
  }

  /** The system's errors in our words. */
  async #guard<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof DhtError) throw cause;
      throw new DhtError("content_unavailable", `Cannot ${what}: ${errorMessage(cause)}`, { cause });
    }
  }
}
