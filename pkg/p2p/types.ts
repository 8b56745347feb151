import type { PeerId, TypedEventTarget } from "@bzzz/base";

/** One bidirectional stream of frames to one peer. Frames arrive whole and in order, or the stream fails. */
export interface PeerStream {
  readonly remote: PeerId;
  /**
   * Resolves when the frame is on its way and there is room for more (back-pressure of the reader, up to 30 s).
   * @throws P2pError "p2p_frame_too_large", "p2p_stream_failed"
   */
  send(frame: Uint8Array): Promise<void>;
  /**
   * The next frame in a buffer of its own, or undefined when the peer has closed its side. Waits at most 30 s.
   * @throws P2pError "p2p_stream_failed", "p2p_protocol_violation" (frame too long, or cut short)
   */
  receive(options?: { signal?: AbortSignal }): Promise<Uint8Array | undefined>;
  /** Says that nothing more will be sent; reading goes on. */
  closeWrite(): Promise<void>;
  /** Sends what is queued and ends both directions. Never rejects. */
  close(): Promise<void>;
  /** Ends both directions at once; the peer sees a reset. */
  abort(error: Error): void;
}

/** Who may open a stream of a protocol: peers with a valid grant, or whoever holds the network key. */
export type StreamAdmission = "members" | "anyone";

/** Options of `StreamOpener.handle`. */
export interface HandleOptions {
  /** Default "members". What is open to "anyone" receives frames of at most 4 KiB. */
  readonly admission?: StreamAdmission;
  /** Open streams of this protocol per connection; default 8. */
  readonly maxInboundStreams?: number;
}

/** Runs one inbound stream. Returning closes it, throwing resets it. */
export type StreamHandler = (stream: PeerStream) => Promise<void>;

/** Opens and serves streams: the narrow view that sync, registers and content take of the network. */
export interface StreamOpener {
  /**
   * A new stream to an admitted peer. Dials first when only its address is known. The caller closes it.
   * @throws P2pError "p2p_not_connected", "p2p_not_admitted", "p2p_dial_failed", "p2p_stream_failed"
   */
  open(peer: PeerId, protocol: string, options: { signal?: AbortSignal }): Promise<PeerStream>;
  /** Serves `protocol` until the node stops. One handler per protocol. */
  handle(protocol: string, handler: StreamHandler, options?: HandleOptions): void;
}

/** Signed bytes that prove memberships, as the hello carries them. */
export interface Credentials {
  /** The grant of the sender itself. */
  readonly grant: Uint8Array | undefined;
  readonly grants: readonly Uint8Array[];
  readonly revocations: readonly Uint8Array[];
}

/** Whether a peer may speak; `reason` is ours, never the peer's text, and `proof` the revocations of that peer. */
export type AdmissionVerdict = { readonly admitted: true } | {
  readonly admitted: false;
  readonly reason: string;
  readonly proof?: readonly Uint8Array[];
};

/** Decides who is heard. `createMembershipAdmission` makes one of a `Membership`. */
export interface Admission {
  isAdmitted(peer: PeerId): boolean;
  /** What this node shows to peers. */
  credentials(): Credentials;
  /** Learns what `peer` shows (each part verified) and decides about it. Must not throw on junk. */
  present(peer: PeerId, credentials: Credentials): AdmissionVerdict;
  /** Calls `listener` whenever a grant or revocation was learned, until `signal` aborts. */
  onChanged(listener: () => void, options: { signal: AbortSignal }): void;
}

/** One connected peer. */
export interface PeerInfo {
  readonly peer: PeerId;
  readonly isAdmitted: boolean;
  readonly direction: "inbound" | "outbound";
  /** The address of the connection. */
  readonly address: string;
  readonly connectedAtMs: number;
  /** Name and version it announced; a peer's text. */
  readonly software: string | undefined;
}

/** A remembered peer, for the address book. */
export interface RememberedPeer {
  readonly peer: PeerId;
  readonly addresses: readonly string[];
  /** When it was connected last; 0 = never. */
  readonly lastSeenMs: number;
}

/** Where addresses outlive the process. */
export interface AddressBook {
  load(): Promise<readonly RememberedPeer[]>;
  save(peers: readonly RememberedPeer[]): Promise<void>;
}

/** Events of a node. Details of refusals are ours; texts of peers appear only in `software`. */
export interface P2pEvents {
  /** The first connection to a peer is up; it is not admitted yet. */
  "peer:connected": { readonly peer: PeerId };
  /** The peer and we have accepted each other; also after it restarted. Member protocols work from here on. */
  "peer:admitted": { readonly peer: PeerId; readonly software: string };
  /** An admitted peer says that it stops on purpose; its connection goes next. */
  "peer:left": { readonly peer: PeerId };
  /** The last connection to a peer is gone. */
  "peer:disconnected": { readonly peer: PeerId };
  /** Gossip from a connected peer broke off and begins anew: what it sent meanwhile is missing here. */
  "gossip:interrupted": { readonly peer: PeerId };
  /** A hello ended in a refusal, by us or by them. */
  "peer:refused": { readonly peer: PeerId; readonly reason: string; readonly by: "us" | "them" };
  /** The peer misbehaved and stays out for a while. */
  "peer:dropped": { readonly peer: PeerId; readonly reason: string };
  /** Something is degraded and the node goes on. */
  "warning": { readonly code: "mdns_unavailable" | "address_book_failed"; readonly message: string };
}

/** What the node has done, for metrics. */
export interface P2pStats {
  readonly connections: number;
  readonly admittedPeers: number;
  readonly knownPeers: number;
  readonly deniedPeers: number;
  /**
   * Counters by name: "offence.<reason>", "dropped", "dial.ok", "dial.failed", "mdns.unavailable", "gossip.interrupted"; those turned away:
   * "inbound.no_room", "inbound.handshake_failed", "inbound.denied", "refused.<reason>" by us, "refused_by_peer".
   */
  readonly counters: ReadonlyMap<string, number>;
}

/** A node of the mesh: connections, admission, streams. Started once, stopped once. */
export interface P2pNode extends StreamOpener {
  readonly peerId: PeerId;
  readonly events: TypedEventTarget<P2pEvents>;
  /**
   * Listens and begins to dial. Resolves when listening; peers come later, as events.
   * @throws P2pError "p2p_listen_failed", naming the address and what to do
   */
  start(): Promise<void>;
  /** Closes every connection and timer. Idempotent. */
  stop(): Promise<void>;
  /** Multiaddrs this node can be reached at, each with its peer id; empty before `start`. */
  addresses(): string[];
  /** One entry per connected peer. */
  peers(): PeerInfo[];
  isConnected(peer: PeerId): boolean;
  /**
   * Connects to a multiaddr or host:port and resolves when both have admitted each other.
   * @throws P2pError "p2p_bad_address", "p2p_dial_failed", "p2p_not_admitted"
   */
  dial(address: string, options?: { signal?: AbortSignal }): Promise<PeerId>;
  /** Addresses to try for a peer, from any source. Kept in the address book once the peer was admitted. */
  rememberAddresses(peer: PeerId, addresses: readonly string[]): void;
  /** Counts an offence; a peer that keeps offending is dropped and denied for 60 s. `weight` defaults to 1. */
  penalise(peer: PeerId, reason: string, weight?: number): void;
  stats(): P2pStats;
}
