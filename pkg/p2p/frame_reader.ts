import type { MessageStream, StreamCloseEvent, StreamMessageEvent } from "@libp2p/interface";
import { READ_AHEAD_BYTES } from "./constants.ts";
import { P2pError } from "./errors.ts";
import { decodeVarint, MAX_VARINT_BYTES } from "./varint.ts";

/** Chunks below this are copied together once more than a few wait: a peer may cut its frames into single bytes. */
const SMALL_CHUNK_BYTES = 1024;
const FEW_CHUNKS = 16;
const TAIL_BYTES = 16 * 1024;

/** The part of a libp2p stream that a reader touches. */
export type ReadableStreamSide = Pick<
  MessageStream,
  "addEventListener" | "removeEventListener" | "pause" | "resume" | "status" | "readBufferLength"
>;

/**
 * Reads length-prefixed frames from a libp2p stream with back-pressure.
 *
 * libp2p's own iteration of a stream collects every chunk in an unbounded queue and refills the sender's window at
 * once, whatever the consumer does: under a flood the queue is what grew to gigabytes (platform notes, "Memory under a
 * flood"). This reader pauses the stream when `readAheadBytes` wait here, so the sender runs out of window; and it
 * copies each frame into a buffer of its own, so that keeping a frame does not keep the 64 KiB it arrived in.
 */
export class FrameReader {
  readonly #stream: ReadableStreamSide;
  readonly #maxFrameBytes: number;
  readonly #readAheadBytes: number;
  #chunks: Uint8Array[] = [];
  /** A buffer of our own whose used part is the last chunk. */
  #tail: { readonly buffer: Uint8Array; used: Uint8Array; end: number } | undefined;
  #byteLength = 0;
  #isPaused = false;
  #isResuming = false;
  #isEnded = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #listeners = new AbortController();

  constructor(stream: ReadableStreamSide, options: { maxFrameBytes: number; readAheadBytes?: number }) {
    this.#stream = stream;
    this.#maxFrameBytes = options.maxFrameBytes;
    this.#readAheadBytes = options.readAheadBytes ?? READ_AHEAD_BYTES;
    const { signal } = this.#listeners;
    stream.addEventListener("remoteCloseWrite", () => this.#onEnd(), { signal });
    stream.addEventListener("end", () => this.#onEnd(), { signal });
    stream.addEventListener("close", (event) => this.#onClose(event), { signal });
    stream.addEventListener("message", (event) => this.#onMessage(event), { signal });
  }

  /** Bytes that wait in this reader. */
  get bufferedBytes(): number {
    return this.#byteLength;
  }

  /** Pieces they wait in. */
  get bufferedChunks(): number {
    return this.#chunks.length;
  }

  /**
   * The next frame, with its length prefix when `withPrefix`; undefined at the end of the stream. One caller at a time.
   * @throws P2pError "p2p_stream_failed", "p2p_protocol_violation"; or `signal.reason`
   */
  async next(options: { signal?: AbortSignal; withPrefix?: boolean } = {}): Promise<Uint8Array | undefined> {
    while (true) {
      options.signal?.throwIfAborted();
      const frame = this.#take(options.withPrefix ?? false);
      if (frame) return frame;
      if (this.#failure) {
        throw new P2pError("p2p_stream_failed", "Cannot read from the stream: it was reset", { cause: this.#failure });
      }
      this.#resume();
      if (this.#hasFrame()) continue;
      if (this.#isEnded && this.#stream.readBufferLength === 0) {
        if (this.#byteLength === 0) return undefined;
        throw new P2pError("p2p_protocol_violation", "Cannot read a frame: the stream ended in the middle of it");
      }
      await this.#woken(options.signal);
    }
  }

  /** Stops listening and forgets what is buffered; the stream itself stays as it is. */
  release(): void {
    this.#listeners.abort();
    this.#chunks = [];
    this.#tail = undefined;
    this.#byteLength = 0;
    this.#isEnded = true;
    this.#wake?.();
  }

  #onMessage(event: StreamMessageEvent): void {
    if (event.data instanceof Uint8Array) this.#append(event.data);
    else for (const chunk of event.data) this.#append(chunk);
    if (!this.#isResuming) this.#pauseWhenFull();
    this.#wake?.();
  }

  #append(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#byteLength += chunk.byteLength;
    if (chunk.byteLength >= SMALL_CHUNK_BYTES || this.#chunks.length < FEW_CHUNKS) this.#chunks.push(chunk);
    else this.#appendSmall(chunk);
  }

  /** Many small chunks: copied together, as each object costs 200 bytes and keeps the 64 KiB that it arrived in. */
  #appendSmall(chunk: Uint8Array): void {
    const tail = this.#tail;
    if (tail && this.#chunks.at(-1) === tail.used && tail.buffer.byteLength - tail.end >= chunk.byteLength) {
      tail.buffer.set(chunk, tail.end);
      tail.end += chunk.byteLength;
      tail.used = tail.buffer.subarray(0, tail.end);
      this.#chunks[this.#chunks.length - 1] = tail.used;
      return;
    }
    const buffer = new Uint8Array(TAIL_BYTES);
    buffer.set(chunk);
    const used = buffer.subarray(0, chunk.byteLength);
    this.#tail = { buffer, used, end: chunk.byteLength };
    this.#chunks.push(used);
  }

  #onEnd(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  #onClose(event: StreamCloseEvent): void {
    this.#isEnded = true;
    if (event.error) this.#failure = event.error;
    this.#wake?.();
  }

  #pauseWhenFull(): void {
    if (this.#isPaused || this.#byteLength < this.#readAheadBytes || this.#stream.status !== "open") return;
    if (!this.#hasFrameOrFault()) return; // the rest of a long frame must come in, or it would never be whole
    try {
      this.#stream.pause();
      this.#isPaused = true;
    } catch {
      // the stream is closing: nothing more will arrive that could need a pause
    }
  }

  /** Called when the buffered bytes hold no whole frame: the rest must be let in, however long the frame is. */
  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // resume() first delivers what libp2p held back, then reopens the window: pausing inside it would be undone
    this.#isResuming = true;
    try {
      this.#stream.resume();
    } catch {
      // the stream is closing: its end or failure is reported by an event
    } finally {
      this.#isResuming = false;
    }
    this.#pauseWhenFull();
  }

  async #woken(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    signal?.addEventListener("abort", resolve as () => void, { once: true });
    try {
      await promise;
    } finally {
      this.#wake = undefined;
      signal?.removeEventListener("abort", resolve as () => void);
    }
  }

  #head(): { readonly length: number; readonly size: number } | undefined {
    const first = this.#chunks[0];
    if (!first) return undefined;
    let head = decodeVarint(first);
    if (head === "more" && this.#byteLength > first.byteLength) head = decodeVarint(this.#peek(MAX_VARINT_BYTES));
    if (head === "more") return undefined;
    if (head === "bad" || head.length > this.#maxFrameBytes) {
      const found = head === "bad" ? "a length prefix of over 4 bytes" : `a frame of ${head.length} bytes`;
      throw new P2pError(
        "p2p_protocol_violation",
        `Cannot read a frame: found ${found}, the limit is ${this.#maxFrameBytes} bytes`,
      );
    }
    return head;
  }

  #hasFrame(): boolean {
    const head = this.#head();
    return head !== undefined && this.#byteLength >= head.size + head.length;
  }

  #hasFrameOrFault(): boolean {
    try {
      return this.#hasFrame();
    } catch {
      return true; // the fault is thrown to the reader; until then nothing more is let in
    }
  }

  #take(withPrefix: boolean): Uint8Array | undefined {
    const head = this.#head();
    if (!head || this.#byteLength < head.size + head.length) return undefined;
    if (!withPrefix) this.#consume(head.size);
    return this.#consume(withPrefix ? head.size + head.length : head.length);
  }

  #peek(byteLength: number): Uint8Array {
    const out = new Uint8Array(Math.min(byteLength, this.#byteLength));
    let at = 0;
    for (const chunk of this.#chunks) {
      if (at >= out.byteLength) break;
      const part = chunk.subarray(0, out.byteLength - at);
      out.set(part, at);
      at += part.byteLength;
    }
    return out;
  }

  /** Removes and copies the first bytes; the caller has checked that they are there. */
  #consume(byteLength: number): Uint8Array {
    const out = new Uint8Array(byteLength);
    let at = 0;
    let used = 0;
    for (const chunk of this.#chunks) {
      if (at >= byteLength) break;
      const part = chunk.subarray(0, byteLength - at);
      out.set(part, at);
      at += part.byteLength;
      if (part.byteLength === chunk.byteLength) used++;
      else this.#chunks[used] = chunk.subarray(part.byteLength);
    }
    if (used > 0) this.#chunks.splice(0, used);
    this.#byteLength -= byteLength;
    return out;
  }
}
