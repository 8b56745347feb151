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
  /** When it had to wait last; -Infinity before the first time. */
  waitedAtMs: number;
  /** Messages of its own and of others that it handed over while it pressed; halved together, so that they stay recent. */
  own: number;
  relayed: number;
}

const WAIT_MS = 20;
/** A peer that waited within this time is pressing. */
const PRESSING_MS = 5000;
/** Messages of a pressing peer that are weighed. */
const WEIGHED_MESSAGES = 2048;

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
    const messages = Math.min(cost.messages, this.#limits.burstMessages);
    for (const [bucket, amount] of [[rates.bytes, cost.bytes], [rates.messages, messages]] as const) {
      while (!bucket.take(this.#clock.monotonicMs(), amount)) {
        const nowMs = this.#clock.monotonicMs();
        rates.waitedAtMs = nowMs;
        if (!rates.patience.take(nowMs, WAIT_MS) && rates.own >= rates.relayed) return "flood";
        await this.#clock.sleep(WAIT_MS, { signal });
      }
    }
    return "go";
  }

  /** Whether the peer had to wait lately: from then on `note` is to be told whose messages it brings. */
  isPressing(peer: PeerId): boolean {
    const waitedAtMs = this.#rates.get(peer)?.waitedAtMs ?? -Infinity;
    return this.#clock.monotonicMs() - waitedAtMs < PRESSING_MS;
  }

  /** A new message of a pressing peer: its own, or junk without an author, or one that it passes on for another. */
  note(peer: PeerId, isOwn: boolean): void {
    const rates = this.#rates.get(peer);
    if (!rates) return;
    if (isOwn) rates.own++;
    else rates.relayed++;
    if (rates.own + rates.relayed < WEIGHED_MESSAGES) return;
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
      own: 0,
      relayed: 0,
    };
    this.#rates.set(peer, rates);
    return rates;
  }
}

/** Wire type of a protobuf field that has a length (protobuf encoding, "length-delimited records"). */
const LENGTH_DELIMITED = 2;
/** Field of a gossip RPC that holds one message; all fields of such a message have a length. */
const MESSAGE_FIELD = 2;

/**
 * How many items a gossip RPC has: each message, subscription and control block is one field at its top level. Stops at
 * `limit`. "malformed" when it, or a message in it, is not the protobuf that a gossip router writes: gossipsub itself would
 * drop it without a word.
 */
export function countRpcItems(rpc: Uint8Array, limit: number): number | "malformed" {
  let count = 0;
  for (const field of lengthDelimitedFields(rpc)) {
    if (field === "malformed") return field;
    if (++count >= limit) break;
    if (field.number !== MESSAGE_FIELD) continue;
    for (const part of lengthDelimitedFields(field.bytes)) if (part === "malformed") return part;
  }
  return count;
}

function* lengthDelimitedFields(
  bytes: Uint8Array,
): Generator<{ readonly number: number; readonly bytes: Uint8Array } | "malformed"> {
  for (let at = 0; at < bytes.byteLength;) {
    const tag = decodeVarint(bytes, at);
    const size = typeof tag === "string" ? tag : decodeVarint(bytes, at + tag.size);
    if (typeof tag === "string" || typeof size === "string" || (tag.length & 7) !== LENGTH_DELIMITED) {
      yield "malformed";
      return;
    }
    const from = at + tag.size + size.size;
    at = from + size.length;
    if (at > bytes.byteLength || tag.length >>> 3 === 0) {
      yield "malformed";
      return;
    }
    yield { number: tag.length >>> 3, bytes: bytes.subarray(from, at) };
  }
}
