import type { EntryId, PeerId } from "@bzzz/base";
import type { JournalStore } from "@bzzz/store";
import { decodeFrame, type Envelope, type Hlc } from "@bzzz/wire";
import type { VectorEntry } from "./types.ts";

/** Where an entry belongs relative to what is known of its author's log. */
export type Placement =
  /** The very next one. */
  | "next"
  /** Known already. */
  | "duplicate"
  /** There is another entry at this seq. */
  | "fork"
  /** Predecessors are missing. */
  | "gap"
  /** The next one, of another history: its author signed two, and one of their entries is still unknown here. */
  | "broken_chain"
  /** At or above a proven fork. */
  | "frozen";

interface ChainHead extends VectorEntry {
  readonly hlc: Hlc;
}

/**
 * The ends of all logs: as committed, and with what waits for the next commit. Decides where an entry belongs; changes
 * nothing on disk.
 */
export class Chains {
  readonly #store: JournalStore;
  readonly #committed = new Map<PeerId, ChainHead>();
  readonly #heads = new Map<PeerId, ChainHead>();
  /** Entries above the committed heads, by "author/seq". */
  readonly #pending = new Map<string, Envelope>();
  readonly #frozen = new Map<PeerId, number>();

  constructor(store: JournalStore) {
    this.#store = store;
    for (const fork of store.forks.list()) this.#frozen.set(fork.author, fork.seq);
    this.reset();
  }

  /** Forgets what was not stored. Of the log of `own` no more counts as committed than before: the rest may be lost. */
  reset(own?: PeerId): void {
    const durable = own === undefined ? undefined : { end: this.#committed.get(own) };
    this.#committed.clear();
    this.#heads.clear();
    this.#pending.clear();
    for (const { author, seq, id, hlcMs, hlcCounter } of this.#store.entries.heads()) {
      this.#committed.set(author, { seq, id, hlc: { ms: hlcMs, counter: hlcCounter } });
    }
    for (const [author, head] of this.#committed) this.#heads.set(author, head);
    if (own === undefined || !durable) return;
    if (durable.end) this.#committed.set(own, durable.end);
    else this.#committed.delete(own);
  }

  /** The end of a log, with what waits for the commit. */
  head(author: PeerId): VectorEntry | undefined {
    return this.#heads.get(author);
  }

  get committed(): ReadonlyMap<PeerId, ChainHead> {
    return this.#committed;
  }

  get frozen(): ReadonlyMap<PeerId, number> {
    return this.#frozen;
  }

  /** Stops the log of `author` at `seq`; what is stored stays. */
  freeze(author: PeerId, seq: number): void {
    this.#frozen.set(author, Math.min(seq, this.#frozen.get(author) ?? seq));
  }

  isFrozen(author: PeerId, seq: number): boolean {
    const at = this.#frozen.get(author);
    return at !== undefined && seq >= at;
  }

  place(envelope: Envelope, seq: number): Placement {
    const { author, prev } = envelope.header;
    const head = this.#heads.get(author);
    const last = head?.seq ?? 0;
    if (seq <= last) {
      if (this.#idAt(author, seq) === envelope.id) return "duplicate";
      return this.isFrozen(author, seq) ? "frozen" : "fork";
    }
    if (this.isFrozen(author, seq)) return "frozen";
    if (seq > last + 1) return "gap";
    return prev === head?.id ? "next" : "broken_chain";
  }

  /** The entry is taken and waits for its commit; it was placed "next". */
  advance(envelope: Envelope, seq: number): void {
    const { author, hlc } = envelope.header;
    this.#heads.set(author, { seq, id: envelope.id, hlc });
    this.#pending.set(`${author}/${seq}`, envelope);
  }

  /** These entries, in their order, are on disk. */
  commit(envelopes: readonly Envelope[]): void {
    for (const { id, header: { author, seq, hlc } } of envelopes) {
      if (seq === undefined) continue;
      this.#committed.set(author, { seq, id, hlc });
      this.#pending.delete(`${author}/${seq}`);
    }
  }

  /** What is known at (author, seq), committed or not. */
  envelopeAt(author: PeerId, seq: number): Envelope | undefined {
    const pending = this.#pending.get(`${author}/${seq}`);
    if (pending) return pending;
    const row = this.#store.entries.at(author, seq);
    const decoded = row && decodeFrame(row.frame);
    return decoded?.ok ? decoded.envelope : undefined;
  }

  #idAt(author: PeerId, seq: number): EntryId | undefined {
    const head = this.#heads.get(author);
    if (head?.seq === seq) return head.id;
    return this.#pending.get(`${author}/${seq}`)?.id ?? this.#store.entries.idAt(author, seq);
  }
}
