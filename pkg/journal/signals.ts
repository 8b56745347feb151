import { type Clock, type EntryId, LruMap, type PeerId } from "@bzzz/base";
import { compareHlc, type Envelope, type Hlc } from "@bzzz/wire";
import { MAX_STAMP_AHEAD_MS, SIGNAL_FRESH_MS, SIGNAL_MEMORY } from "./constants.ts";

/**
 * Keeps old signals out: each must be fresh, and later than the last one of its author. Remembers 4096 ids and authors,
 * the least recently heard go first; a signal that is heard again after that is still bounded by its freshness.
 */
export class SignalGuard {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #seen = new LruMap<EntryId, true>(SIGNAL_MEMORY);
  readonly #latest = new LruMap<PeerId, Hlc>(SIGNAL_MEMORY);

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
  }

  /** Cheap questions first: asked before the signature is verified, so nothing is remembered here. */
  fault(envelope: Envelope): "duplicate" | "stale" | "future" | "replayed" | undefined {
    if (this.#seen.get(envelope.id)) return "duplicate";
    const { hlc, author } = envelope.header;
    const nowMs = this.#clock.nowMs();
    if (hlc.ms < nowMs - SIGNAL_FRESH_MS) return "stale";
    if (hlc.ms > nowMs + MAX_STAMP_AHEAD_MS) return "future";
    const latest = this.#latest.get(author);
    return latest && compareHlc(hlc, latest) <= 0 ? "replayed" : undefined;
  }

  /** Remembers a signal whose signature was verified. */
  admit(envelope: Envelope): void {
    this.#seen.set(envelope.id, true);
    this.#latest.set(envelope.header.author, envelope.header.hlc);
  }
}
