import type { PeerId } from "@bzzz/base";

/** The part of `@bzzz/p2p`'s stream that registers use: whole frames, in order, with back-pressure. */
export interface PeerStream {
  readonly remote: PeerId;
  send(frame: Uint8Array): Promise<void>;
  /** Undefined when the peer has closed its side. */
  receive(options?: { signal?: AbortSignal }): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
  abort(error: Error): void;
}

/** The part of `@bzzz/p2p`'s node that registers use. */
export interface StreamOpener {
  open(peer: PeerId, protocol: string, options: { signal?: AbortSignal }): Promise<PeerStream>;
  handle(
    protocol: string,
    handler: (stream: PeerStream) => Promise<void>,
    options?: { admission?: "members" | "anyone"; maxInboundStreams?: number },
  ): void;
}
