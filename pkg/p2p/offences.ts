import { type Clock, CounterMap, LruMap, type PeerId, TokenBucket } from "@bzzz/base";
import { DENY_MS, MAX_DENIED_PEERS, OFFENCE_BURST, OFFENCES_FORGIVEN_PER_SECOND } from "./constants.ts";

/** What an offence led to. */
export type OffenceOutcome = "tolerated" | "dropped";

/**
 * Counts offences per peer and keeps the list of those who are out. Both are bounded: the least recently seen peer is
 * forgotten first, which costs a hostile peer a new key per visit, and keys without a grant are not heard anyway.
 */
export class OffenceRegister {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #denyMs: number;
  readonly #buckets = new LruMap<PeerId, TokenBucket>(MAX_DENIED_PEERS);
  readonly #deniedUntilMs = new LruMap<PeerId, number>(MAX_DENIED_PEERS);
  readonly #counters: CounterMap;

  constructor(deps: { clock: Pick<Clock, "monotonicMs">; counters: CounterMap }, options: { denyMs?: number } = {}) {
    this.#clock = deps.clock;
    this.#counters = deps.counters;
    this.#denyMs = options.denyMs ?? DENY_MS;
  }

  /** Takes `weight` of what the peer has left; with nothing left it is denied from now on. */
  add(peer: PeerId, reason: string, weight: number): OffenceOutcome {
    const nowMs = this.#clock.monotonicMs();
    this.#counters.add(`offence.${reason}`);
    let bucket = this.#buckets.get(peer);
    if (!bucket) {
      bucket = new TokenBucket({ perSecond: OFFENCES_FORGIVEN_PER_SECOND, burst: OFFENCE_BURST, nowMs });
      this.#buckets.set(peer, bucket);
    }
    if (bucket.take(nowMs, weight)) return "tolerated";
    this.#deniedUntilMs.set(peer, nowMs + this.#denyMs);
    this.#buckets.delete(peer);
    this.#counters.add("dropped");
    return "dropped";
  }

  isDenied(peer: PeerId): boolean {
    const untilMs = this.#deniedUntilMs.get(peer);
    if (untilMs === undefined) return false;
    if (untilMs > this.#clock.monotonicMs()) return true;
    this.#deniedUntilMs.delete(peer);
    return false;
  }

  /** Peers on the list; some may have served their time. */
  get deniedCount(): number {
    return this.#deniedUntilMs.size;
  }
}
