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
import { decodeVarint } from "./varint.ts";

/** What one peer may send through gossip; every field has the default of `constants.ts`. */
export interface GossipLimits {
  readonly bytesPerSecond?: number;
  readonly burstBytes?: number;
  readonly messagesPerSecond?: number;
  readonly burstMessages?: number;
  /** How long a peer may press against the limit before it is dropped. */
  readonly patienceMs?: number;
}

interface Rates {
  readonly bytes: TokenBucket;
  readonly messages: TokenBucket;
  readonly patience: TokenBucket;
}

const WAIT_MS = 20;

/**
 * Slows a peer down to its rate and tells when it has pressed against it for too long. The limits belong to the peer,
 * not to the connection: coming back does not refill them. At most 1,024 peers are tracked.
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
    const messages = Math.min(cost.messages, this.#limits.burstMessages);
    for (const [bucket, amount] of [[rates.bytes, cost.bytes], [rates.messages, messages]] as const) {
      while (!bucket.take(this.#clock.monotonicMs(), amount)) {
        if (!rates.patience.take(this.#clock.monotonicMs(), WAIT_MS)) return "flood";
        await this.#clock.sleep(WAIT_MS, { signal });
      }
    }
    return "go";
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
    };
    this.#rates.set(peer, rates);
    return rates;
  }
}

/**
 * Fields at the top level of a protobuf message: each message, subscription and control block of a gossip RPC is one.
 * Stops at `limit`; a malformed rest counts as one, the decoder behind will refuse it.
 */
export function countRpcItems(rpc: Uint8Array, limit: number): number {
  let count = 0;
  let at = 0;
  while (at < rpc.byteLength && count < limit) {
    count++;
    const tag = decodeVarint(rpc, at);
    if (typeof tag === "string" || (tag.length & 7) !== 2) return count;
    const size = decodeVarint(rpc, at + tag.size);
    if (typeof size === "string") return count;
    at += tag.size + size.size + size.length;
  }
  return count;
}
