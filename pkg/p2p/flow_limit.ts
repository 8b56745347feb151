import { type Clock, LruMap, type PeerId, TokenBucket } from "@bzzz/base";
import {
  GOSSIP_BURST_BYTES,
  GOSSIP_BURST_MESSAGES,
  GOSSIP_BYTES_PER_SECOND,
  GOSSIP_MESSAGES_PER_SECOND,
  GOSSIP_PATIENCE_MS,
  MAX_DENIED_PEERS,
  MAX_GOSSIP_RPC_BYTES,
} from "./constants.ts";

/** What one peer may send through gossip; every field has the default of `constants.ts`. */
export interface GossipLimits {
  readonly bytesPerSecond?: number;
  readonly burstBytes?: number;
  /** Entries, and what else counts as one: a message of gossip may hold several. */
  readonly messagesPerSecond?: number;
  readonly burstMessages?: number;
  /** How long a peer may press against the limit before it is dropped. */
  readonly patienceMs?: number;
}

interface Rates {
  readonly bytes: TokenBucket;
  readonly messages: TokenBucket;
  readonly patience: TokenBucket;
  /** When it had to wait last; -Infinity before the first time. */
  waitedAtMs: number;
  /** How long that took: on a busy machine several times what was asked for. */
  waitedMs: number;
  /** Entries of its own and of others that it handed over while it pressed; halved together, so that they stay recent. */
  own: number;
  relayed: number;
}

const WAIT_MS = 20;
/** Of one wait, the most that uses a peer's patience up: a node that stood still for seconds blames nobody for them. */
const MAX_COUNTED_WAIT_MS = 10 * WAIT_MS;
/** A peer that waited within this time is pressing. */
const PRESSING_MS = 5000;
/** Entries of a pressing peer that are weighed. */
const WEIGHED_ENTRIES = 2048;

/**
 * Slows a peer down to its rate and tells when it has pressed against it for too long. The limits belong to the peer,
 * not to the connection: coming back does not refill them. At most 1,024 peers are tracked.
 *
 * A peer that presses with what others wrote is slowed down for as long as it lasts, and never a flood: it stands between
 * us and somebody who floods it, and to drop it would let one liar cut a node off from its honest neighbours (measured).
 */
export class FlowLimit {
  readonly #clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly #limits: Required<GossipLimits>;
  readonly #rates = new LruMap<PeerId, Rates>(MAX_DENIED_PEERS);

  constructor(deps: { clock: Pick<Clock, "monotonicMs" | "sleep"> }, limits: GossipLimits = {}) {
    this.#clock = deps.clock;
    this.#limits = {
      bytesPerSecond: limits.bytesPerSecond ?? GOSSIP_BYTES_PER_SECOND,
      // a burst below the largest RPC could never be paid
      burstBytes: Math.max(limits.burstBytes ?? GOSSIP_BURST_BYTES, MAX_GOSSIP_RPC_BYTES),
      messagesPerSecond: limits.messagesPerSecond ?? GOSSIP_MESSAGES_PER_SECOND,
      burstMessages: limits.burstMessages ?? GOSSIP_BURST_MESSAGES,
      patienceMs: limits.patienceMs ?? GOSSIP_PATIENCE_MS,
    };
  }

  /** Resolves "go" when the peer may send this much, "flood" when its patience is used up. */
  async pass(
    peer: PeerId,
    cost: { readonly bytes: number; readonly messages: number },
    signal: AbortSignal,
  ): Promise<"go" | "flood"> {
    const rates = this.#ratesOf(peer);
    // more than a burst at once is paid in full, a burst at a time: many entries in one message are no cheaper
    const payments: [TokenBucket, number][] = [[rates.bytes, cost.bytes]];
    for (let left = cost.messages; left > 0; left -= this.#limits.burstMessages) {
      payments.push([rates.messages, Math.min(left, this.#limits.burstMessages)]);
    }
    let hasWaited = false;
    for (const [bucket, amount] of payments) {
      while (!bucket.take(this.#clock.monotonicMs(), amount)) {
        const nowMs = this.#clock.monotonicMs();
        rates.waitedAtMs = nowMs;
        // what takes long to pay uses patience up, and is judged with the next: first it must be known whose it is
        const isPatient = rates.patience.take(nowMs, rates.waitedMs) || hasWaited;
        if (!isPatient && rates.own >= rates.relayed) return "flood";
        hasWaited = true;
        await this.#clock.sleep(WAIT_MS, { signal });
        rates.waitedMs = Math.min(this.#clock.monotonicMs() - nowMs, MAX_COUNTED_WAIT_MS);
      }
    }
    return "go";
  }

  /** Whether the peer had to wait lately: from then on `note` is to be told whose messages it brings. */
  isPressing(peer: PeerId): boolean {
    const waitedAtMs = this.#rates.get(peer)?.waitedAtMs ?? -Infinity;
    return this.#clock.monotonicMs() - waitedAtMs < PRESSING_MS;
  }

  /** New entries of a pressing peer: its own, or junk without an author, or such that it passes on for another. */
  note(peer: PeerId, isOwn: boolean, entries = 1): void {
    const rates = this.#rates.get(peer);
    if (!rates) return;
    if (isOwn) rates.own += entries;
    else rates.relayed += entries;
    if (rates.own + rates.relayed < WEIGHED_ENTRIES) return;
    rates.own /= 2;
    rates.relayed /= 2;
  }

  #ratesOf(peer: PeerId): Rates {
    const known = this.#rates.get(peer);
    if (known) return known;
    const nowMs = this.#clock.monotonicMs();
    const limits = this.#limits;
    const rates: Rates = {
      bytes: new TokenBucket({ perSecond: limits.bytesPerSecond, burst: limits.burstBytes, nowMs }),
      messages: new TokenBucket({ perSecond: limits.messagesPerSecond, burst: limits.burstMessages, nowMs }),
      patience: new TokenBucket({ perSecond: 200, burst: limits.patienceMs, nowMs }),
      waitedAtMs: -Infinity,
      waitedMs: WAIT_MS,
      own: 0,
      relayed: 0,
    };
    this.#rates.set(peer, rates);
    return rates;
  }
}
