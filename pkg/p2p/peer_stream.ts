import { type Clock, concatBytes, createDeadline, type PeerId, type Timer } from "@bzzz/base";
import type { MessageStream, Stream } from "@libp2p/interface";
import { MAX_FRAME_BYTES, STREAM_LINGER_MS, STREAM_STALL_TIMEOUT_MS, WRITE_HIGH_WATER_BYTES } from "./constants.ts";
import { P2pError } from "./errors.ts";
import { FrameReader } from "./frame_reader.ts";
import type { PeerStream } from "./types.ts";
import { encodeVarint } from "./varint.ts";

/** Up to here copying a frame behind its length costs less than sending the length by itself. */
const MAX_JOINED_BYTES = 64 * 1024;

/** `PeerStream` over a libp2p stream. */
export class Libp2pPeerStream implements PeerStream {
  readonly remote: PeerId;
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #stream: Stream;
  readonly #reader: FrameReader;
  readonly #maxFrameBytes: number;
  readonly #stallTimeoutMs: number;
  #linger: Timer | undefined;

  constructor(
    deps: { clock: Pick<Clock, "setTimer">; stream: Stream; remote: PeerId },
    options: { maxFrameBytes?: number; maxReceiveBytes?: number; stallTimeoutMs?: number } = {},
  ) {
    this.#clock = deps.clock;
    this.#stream = deps.stream;
    this.remote = deps.remote;
    this.#maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES;
    this.#stallTimeoutMs = options.stallTimeoutMs ?? STREAM_STALL_TIMEOUT_MS;
    this.#reader = new FrameReader(deps.stream, { maxFrameBytes: options.maxReceiveBytes ?? this.#maxFrameBytes });
    deps.stream.addEventListener("close", () => this.#linger?.cancel(), { once: true });
  }

  async send(frame: Uint8Array): Promise<void> {
    if (frame.byteLength > this.#maxFrameBytes) {
      throw new P2pError(
        "p2p_frame_too_large",
        `Cannot send a frame of ${frame.byteLength} bytes: the limit is ${this.#maxFrameBytes} bytes`,
        { details: { bytes: frame.byteLength, limit: this.#maxFrameBytes } },
      );
    }
    try {
      // each `send` is a frame of the multiplexer, an encryption and a write to the socket
      const length = encodeVarint(frame.byteLength);
      if (frame.byteLength <= MAX_JOINED_BYTES) this.#stream.send(concatBytes(length, frame));
      else [length, frame].forEach((part) => this.#stream.send(part));
    } catch (cause) {
      throw this.#failed("send to", cause);
    }
    if (this.#stream.writeBufferLength <= WRITE_HIGH_WATER_BYTES) return;
    using deadline = createDeadline(this.#clock, { timeoutMs: this.#stallTimeoutMs, what: "sending to a peer" });
    try {
      await writeBufferBelow(this.#stream, WRITE_HIGH_WATER_BYTES, deadline.signal);
    } catch (cause) {
      if (deadline.signal.aborted) this.#stream.abort(new Error("the reader stalled"));
      throw this.#failed("send to", cause);
    }
  }

  async receive(options: { signal?: AbortSignal } = {}): Promise<Uint8Array | undefined> {
    using deadline = createDeadline(this.#clock, {
      timeoutMs: this.#stallTimeoutMs,
      what: "waiting for a frame of a peer",
      ...(options.signal ? { parent: options.signal } : {}),
    });
    try {
      return await this.#reader.next({ signal: deadline.signal });
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (error instanceof P2pError) throw error;
      throw this.#failed("read from", error);
    }
  }

  async closeWrite(): Promise<void> {
    using deadline = createDeadline(this.#clock, { timeoutMs: this.#stallTimeoutMs, what: "closing a stream" });
    try {
      await this.#stream.close({ signal: deadline.signal });
    } catch (cause) {
      throw this.#failed("finish", cause);
    }
  }

  async close(): Promise<void> {
    try {
      await this.closeWrite();
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)));
    }
    this.#reader.release();
    if (this.#stream.status !== "open" || this.#linger) return;
    // the peer's half may stay open for ever: end it for both when it does
    this.#linger = this.#clock.setTimer(STREAM_LINGER_MS, () => this.abort(new Error("the peer did not close")), {
      unref: true,
    });
    await this.#discardRest();
  }

  abort(error: Error): void {
    this.#linger?.cancel();
    this.#stream.abort(error);
    this.#reader.release();
  }

  /** Reads on, into nothing, so that the peer's end of the stream is seen and the stream can finish. */
  async #discardRest(): Promise<void> {
    this.#stream.addEventListener("message", () => {});
    try {
      this.#stream.resume();
    } catch {
      // it closed meanwhile, which is what we want
    }
    await Promise.resolve();
  }

  #failed(what: string, cause: unknown): P2pError {
    return new P2pError("p2p_stream_failed", `Cannot ${what} ${this.remote}: the stream is ${this.#stream.status}`, {
      details: { peer: this.remote },
      cause,
    });
  }
}

/**
 * Resolves when at most `limitBytes` wait to be sent. Written out because libp2p's `onDrain()` keeps its first resolved
 * promise, so from the second call on it does not wait (@libp2p/utils 7.4.1).
 */
export async function writeBufferBelow(
  stream: Pick<MessageStream, "addEventListener" | "removeEventListener" | "writeBufferLength" | "status">,
  limitBytes: number,
  signal: AbortSignal,
): Promise<void> {
  while (stream.writeBufferLength > limitBytes) {
    signal.throwIfAborted();
    if (stream.status !== "open") throw new Error(`the stream is ${stream.status}`);
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => resolve();
    stream.addEventListener("drain", done);
    stream.addEventListener("idle", done);
    stream.addEventListener("close", done);
    signal.addEventListener("abort", done);
    try {
      await promise;
      await Promise.resolve(); // libp2p sends on in a microtask after "drain"
    } finally {
      stream.removeEventListener("drain", done);
      stream.removeEventListener("idle", done);
      stream.removeEventListener("close", done);
      signal.removeEventListener("abort", done);
    }
  }
}
