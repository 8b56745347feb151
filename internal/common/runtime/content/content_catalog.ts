import { hexEncode, TypedEventTarget } from "@bzzz/base";
import type { Catalog, ContentHash } from "@bzzz/dht";
import type { Journal, StoredEntry } from "@bzzz/journal";

/** Entries read from disk at once while the journal is replayed. */
const REPLAY_CHUNK = 500;

/** Past-tense facts. */
export interface ContentCatalogEvents {
  /** A version came that refers to content not referred to before. */
  "catalog:grown": { readonly hash: ContentHash };
}

/** Every content that a version in the journal refers to. Versions are never forgotten, so it only grows. */
export class ContentCatalog implements Catalog {
  readonly events = new TypedEventTarget<ContentCatalogEvents>();
  readonly #hashes = new Set<ContentHash>();
  readonly #journal: Journal;
  readonly #stopped = new AbortController();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Reads what is on disk, then follows. */
  start(): void {
    for (let cursor = 0;;) {
      const chunk = this.#journal.entriesAfter(cursor, { limit: REPLAY_CHUNK, kinds: ["context_put"] });
      for (const entry of chunk) this.#add(entry);
      const last = chunk.at(-1);
      if (!last || chunk.length < REPLAY_CHUNK) break;
      cursor = last.cursor;
    }
    this.#journal.events.on("entry:stored", ({ entry }) => {
      const hash = this.#add(entry);
      if (hash) this.events.emit("catalog:grown", { hash });
    }, { signal: this.#stopped.signal });
  }

  stop(): void {
    this.#stopped.abort();
  }

  hashes(): Iterable<ContentHash> {
    return this.#hashes;
  }

  has(hash: ContentHash): boolean {
    return this.#hashes.has(hash);
  }

  /** The content, if nothing referred to it before. */
  #add(entry: StoredEntry): ContentHash | undefined {
    if (entry.kind !== "context_put") return undefined;
    const hash = hexEncode(entry.body.sealed) as ContentHash; // its schema wants 32 bytes
    if (this.#hashes.has(hash)) return undefined;
    this.#hashes.add(hash);
    return hash;
  }
}
