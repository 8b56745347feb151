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
  /** With the most bytes that a version says it has: who names too few must not keep it from those who name it rightly. */
  readonly #maxBytes = new Map<ContentHash, number>();
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
    return this.#maxBytes.keys();
  }

  has(hash: ContentHash): boolean {
    return this.#maxBytes.has(hash);
  }

  maxBytesOf(hash: ContentHash): number | undefined {
    return this.#maxBytes.get(hash);
  }

  /** The content, if nothing referred to it before. */
  #add(entry: StoredEntry): ContentHash | undefined {
    if (entry.kind !== "context_put") return undefined;
    const hash = hexEncode(entry.body.sealed) as ContentHash; // its schema wants 32 bytes
    const known = this.#maxBytes.get(hash);
    this.#maxBytes.set(hash, Math.max(known ?? 0, entry.body.sealedBytes));
    return known === undefined ? hash : undefined;
  }
}
