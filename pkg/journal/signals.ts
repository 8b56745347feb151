import { type Clock, type EntryId, LruMap, type PeerId, TokenBucket } from "@bzzz/base";
import { compareHlc, type Envelope, type Hlc } from "@bzzz/wire";
import { MAX_STAMP_AHEAD_MS, SIGNAL_BURST, SIGNAL_FRESH_MS, SIGNAL_MEMORY, SIGNALS_PER_SECOND } from "./constants.ts";

/**
 * Keeps old signals out: each must be fresh, and later than the last one of its author. Remembers 4096 ids and authors,
 * the least recently heard go first; a signal that is heard again after that is still bounded by its freshness. Each
 * author has a rate of its own: everybody plans anew for every presence that says something else.
 */
export class SignalGuard {
  readonly #clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly #seen = new LruMap<EntryId, true>(SIGNAL_MEMORY);
  readonly #latest = new LruMap<PeerId, Hlc>(SIGNAL_MEMORY);
  readonly #rates = new LruMap<PeerId, TokenBucket>(SIGNAL_MEMORY);

  constructor(clock: Pick<Clock, "nowMs" | "monotonicMs">) {
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

  /** Remembers a signal whose signature was verified; false when its author says too much. */
  admit(envelope: Envelope): boolean {
    const { author, hlc } = envelope.header;
    this.#seen.set(envelope.id, true);
    this.#latest.set(author, hlc);
    const nowMs = this.#clock.monotonicMs();
    let rate = this.#rates.get(author);
    if (!rate) {
      rate = new TokenBucket({ perSecond: SIGNALS_PER_SECOND, burst: SIGNAL_BURST, nowMs });
      this.#rates.set(author, rate);
    }
    return rate.take(nowMs);
  }
}
