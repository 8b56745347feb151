import type { PeerId } from "@bzzz/base";
import type { CheckedEntry } from "./check.ts";
import { MAX_BUFFERED, MAX_BUFFERED_BYTES, MAX_BUFFERED_PER_AUTHOR } from "./constants.ts";

/**
 * Verified entries that came before their predecessors. At most 64 per author, 1024 in all, 16 MiB: what does not fit
 * is dropped (the newest goes, the sync protocol brings it back).
 */
export class OutOfOrderBuffer {
  readonly #byAuthor = new Map<PeerId, Map<number, CheckedEntry>>();
  #count = 0;
  #bytes = 0;

  get size(): number {
    return this.#count;
  }

  at(author: PeerId, seq: number): CheckedEntry | undefined {
    return this.#byAuthor.get(author)?.get(seq);
  }

  /** False when there is no room. */
  add(entry: CheckedEntry): boolean {
    const { author } = entry.envelope.header;
    const mine = this.#byAuthor.get(author) ?? new Map<number, CheckedEntry>();
    const bytes = entry.envelope.frame.byteLength;
    if (mine.size >= MAX_BUFFERED_PER_AUTHOR || this.#count >= MAX_BUFFERED) return false;
    if (this.#bytes + bytes > MAX_BUFFERED_BYTES) return false;
    mine.set(entry.seq, entry);
    this.#byAuthor.set(author, mine);
    this.#count++;
    this.#bytes += bytes;
    return true;
  }

  /** Takes the entry at `seq` out and forgets those below it. */
  take(author: PeerId, seq: number): CheckedEntry | undefined {
    const mine = this.#byAuthor.get(author);
    if (!mine) return undefined;
    const found = mine.get(seq);
    for (const [at, entry] of mine) {
      if (at <= seq) this.#remove(mine, at, entry);
    }
    if (mine.size === 0) this.#byAuthor.delete(author);
    return found;
  }

  /** Forgets everything of `author`. */
  drop(author: PeerId): void {
    const mine = this.#byAuthor.get(author);
    if (!mine) return;
    for (const [at, entry] of mine) this.#remove(mine, at, entry);
    this.#byAuthor.delete(author);
  }

  #remove(mine: Map<number, CheckedEntry>, at: number, entry: CheckedEntry): void {
    mine.delete(at);
    this.#count--;
    this.#bytes -= entry.envelope.frame.byteLength;
  }
}
