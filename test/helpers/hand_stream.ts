/**
 * One end of a stream of libp2p whose other end is the test: no connection, no sockets, no delays.
 *
 * @module
 */
import { concatBytes } from "@bzzz/base";
import { StreamCloseEvent, StreamMessageEvent } from "@libp2p/interface";
import type { Stream } from "@libp2p/interface";

/** The part of `Stream` that readers and writers of messages use (`@libp2p/utils` 7.4: `pbStream`). */
export class HandStream extends EventTarget {
  readonly log = Object.assign(() => {}, { error: () => {}, trace: () => {} });
  readonly readBufferLength = 0;
  readStatus: "readable" | "closed" = "readable";
  remoteWriteStatus: "writable" | "closed" = "writable";
  status: "open" | "closed" | "aborted" = "open";
  /** What came out of it, with the lengths in front. */
  readonly sent: Uint8Array[] = [];
  readonly #onSent: (stream: HandStream) => void;

  /** `onSent` hears of everything that is written to it. */
  constructor(onSent: (stream: HandStream) => void = () => {}) {
    super();
    this.#onSent = onSent;
  }

  /** As libp2p takes it; it looks at what it uses. */
  asStream(): Stream {
    return this as unknown as Stream;
  }

  /** The other side sends these bytes. */
  deliver(bytes: Uint8Array): void {
    if (this.status === "open") this.dispatchEvent(new StreamMessageEvent(bytes));
  }

  /** The other side sends nothing more. */
  end(): void {
    this.remoteWriteStatus = "closed";
    this.readStatus = "closed";
    this.dispatchEvent(new Event("remoteCloseWrite"));
  }

  send(data: Uint8Array | { subarray(): Uint8Array }): boolean {
    if (this.status !== "open") throw new Error("the stream is closed");
    this.sent.push(concatBytes(data.subarray()));
    this.#onSent(this);
    return true;
  }

  push(): void {}

  close(): Promise<void> {
    this.#finish("closed");
    return Promise.resolve();
  }

  closeRead(): Promise<void> {
    this.readStatus = "closed";
    return Promise.resolve();
  }

  abort(error: Error): void {
    this.#finish("aborted", error);
  }

  #finish(status: "closed" | "aborted", error?: Error): void {
    if (this.status !== "open") return;
    this.status = status;
    this.readStatus = "closed";
    this.remoteWriteStatus = "closed";
    this.dispatchEvent(new StreamCloseEvent(false, error));
  }
}

/** Bytes with their length in front, an unsigned varint. */
export function framed(bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = bytes.byteLength;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return concatBytes(Uint8Array.of(...length, rest), bytes);
}
