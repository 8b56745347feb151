import type { PeerId } from "@bzzz/base";

/** The part of `@bzzz/p2p`'s stream that sync uses: whole frames, in order, with back-pressure. */
export interface PeerStream {
  readonly remote: PeerId;
  send(frame: Uint8Array): Promise<void>;
  /** Undefined when the peer has closed its side. */
  receive(options?: { signal?: AbortSignal }): Promise<Uint8Array | undefined>;
  closeWrite(): Promise<void>;
  close(): Promise<void>;
  abort(error: Error): void;
}

/** The part of `@bzzz/p2p`'s node that sync uses. */
export interface StreamOpener {
  open(peer: PeerId, protocol: string, options: { signal?: AbortSignal }): Promise<PeerStream>;
  handle(
    protocol: string,
    handler: (stream: PeerStream) => Promise<void>,
    options?: { admission?: "members" | "anyone"; maxInboundStreams?: number },
  ): void;
}
