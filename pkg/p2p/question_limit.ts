import { type Clock, LruMap, type PeerId, TokenBucket } from "@bzzz/base";
import type { StreamMessageEvent } from "@libp2p/interface";
import {
  MAX_DENIED_PEERS,
  MAX_ROUTING_FRAME_BYTES,
  ROUTING_BURST_QUESTIONS,
  ROUTING_QUESTIONS_PER_SECOND,
} from "./constants.ts";
import type { ReadableStreamSide } from "./frame_reader.ts";
import { MAX_VARINT_BYTES } from "./varint.ts";

/** A stream that can be ended. */
export type LimitedStream = Pick<ReadableStreamSide, "addEventListener"> & { abort(error: Error): void };

/**
 * Bounds what one peer may ask a router of contents. kad-dht keeps a timer of ten seconds and what it refers to for every message that
 * it read, 1.6 to 5 KiB, so a member that sends pings of three bytes as fast as it can would hold hundreds of MiB here.
 */
export class QuestionLimit {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #budgets = new LruMap<PeerId, TokenBucket>(MAX_DENIED_PEERS);

  constructor(deps: { readonly clock: Pick<Clock, "monotonicMs"> }) {
    this.#clock = deps.clock;
  }

  /** Ends `stream` as soon as the peer asks too much or too long a question; before its reader has seen that. */
  watch(peer: PeerId, stream: LimitedStream): void {
    const frames = new FrameCounter();
    const take = (questions: number): void => {
      if (this.#budgetOf(peer).take(this.#clock.monotonicMs(), questions)) return;
      stream.abort(new Error("too many questions at a time"));
    };
    stream.addEventListener("message", (event: StreamMessageEvent) => {
      const begun = frames.count(event.data.subarray());
      if (begun === undefined) stream.abort(new Error(`a question of more than ${MAX_ROUTING_FRAME_BYTES} bytes`));
      else if (begun > 0) take(begun);
    });
    take(1);
  }

  #budgetOf(peer: PeerId): TokenBucket {
    const known = this.#budgets.get(peer);
    if (known) return known;
    const budget = new TokenBucket({
      perSecond: ROUTING_QUESTIONS_PER_SECOND,
      burst: ROUTING_BURST_QUESTIONS,
      nowMs: this.#clock.monotonicMs(),
    });
    this.#budgets.set(peer, budget);
    return budget;
  }
}

/** Counts messages with their length in front, however they are cut. */
export class FrameCounter {
  /** Of the length that is being read. */
  #length = 0;
  #lengthBytes = 0;
  /** Of the message that is being read. */
  #restBytes = 0;

  /** Messages whose length ended in these bytes; undefined when one is too long, or its length is none. */
  count(bytes: Uint8Array): number | undefined {
    let begun = 0;
    for (let at = 0; at < bytes.byteLength;) {
      if (this.#restBytes > 0) {
        const skipped = Math.min(this.#restBytes, bytes.byteLength - at);
        this.#restBytes -= skipped;
        at += skipped;
        continue;
      }
      const byte = bytes[at++] ?? 0;
      this.#length |= (byte & 0x7f) << (7 * this.#lengthBytes++);
      if (byte >= 0x80 && this.#lengthBytes < MAX_VARINT_BYTES) continue;
      if (byte >= 0x80 || this.#length > MAX_ROUTING_FRAME_BYTES) return undefined;
      this.#restBytes = this.#length;
      this.#length = this.#lengthBytes = 0;
      begun++;
    }
    return begun;
  }
}
