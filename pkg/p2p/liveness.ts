import { type Clock, TokenBucket } from "@bzzz/base";
import { SILENCE_TIMEOUT_MS } from "./constants.ts";
import type { PeerStream } from "./types.ts";

const BEAT = Uint8Array.of(0);
/** The peer stops on purpose; nothing comes after it. */
const BYE = Uint8Array.of(1);
/** Beats of an honest peer come every 1.5 s; a stalled link may deliver several at once. */
const FRAMES_PER_SECOND = 10;
const FRAME_BURST = 40;

/** The beats of one connection, on its hello stream: ours go out, theirs say that it lives. */
export class Liveness {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #stream: PeerStream;
  readonly #bucket: TokenBucket;
  #lastHeardMs: number;
  #isSending = false;

  constructor(deps: { clock: Pick<Clock, "monotonicMs">; stream: PeerStream }) {
    this.#clock = deps.clock;
    this.#stream = deps.stream;
    this.#lastHeardMs = deps.clock.monotonicMs();
    this.#bucket = new TokenBucket({
      perSecond: FRAMES_PER_SECOND,
      burst: FRAME_BURST,
      nowMs: this.#lastHeardMs,
    });
  }

  /** How long nothing has been heard. */
  get silentMs(): number {
    return this.#clock.monotonicMs() - this.#lastHeardMs;
  }

  get isSilent(): boolean {
    return this.silentMs > SILENCE_TIMEOUT_MS;
  }

  /** This process stood still for `ms`: that time counts for nobody. */
  forgive(ms: number): void {
    this.#lastHeardMs += ms;
  }

  /** Reads beats until the peer ends the stream. Unknown frames count as beats: a later version may say more. */
  async listen(
    options: {
      signal: AbortSignal;
      onFlood: () => void;
      onBye: () => void;
      /** Anything that says more than a beat or a bye. */
      onFrame: (frame: Uint8Array) => void;
    },
  ): Promise<void> {
    while (true) {
      const frame = await this.#stream.receive({ signal: options.signal });
      if (!frame) return;
      this.#lastHeardMs = this.#clock.monotonicMs();
      if (frame.byteLength > BYE.byteLength) options.onFrame(frame);
      else if (frame[0] === BYE[0]) options.onBye();
      if (!this.#bucket.take(this.#lastHeardMs)) options.onFlood();
    }
  }

  /**
   * Says that this node stops on purpose, and ends our side. On the same stream as its end, so that the peer reads it
   * before it sees the connection go; gossip's last words may be overtaken by that.
   */
  async sayBye(): Promise<void> {
    try {
      await this.#stream.send(BYE);
      await this.#stream.closeWrite();
    } catch {
      // the connection is gone: the peer knows already
    }
  }

  /** Sends one beat, or `frame` in its place; false when the one before is still waiting for room. */
  async beat(frame: Uint8Array = BEAT): Promise<boolean> {
    if (this.#isSending) return false;
    this.#isSending = true;
    try {
      await this.#stream.send(frame);
      return true;
    } catch {
      return false; // the stream is gone; whoever listens notices and closes the connection
    } finally {
      this.#isSending = false;
    }
  }
}
