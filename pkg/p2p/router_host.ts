import { afterThisTurn, type Clock, errorMessage, type PeerId, TaskGroup } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { Connection, Stream, StreamHandler, StreamHandlerOptions, Topology } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { MAX_GOSSIP_PART_ENTRIES, MAX_GOSSIP_RPC_BYTES, MAX_GOSSIP_RPC_ITEMS } from "./constants.ts";
import { P2pError } from "./errors.ts";
import type { FlowLimit } from "./flow_limit.ts";
import { FrameReader } from "./frame_reader.ts";
import { type RpcLimits, splitRpc } from "./gossip_rpc.ts";
import type { Libp2pComponents } from "./libp2p_factory.ts";

/** The parts of libp2p a gossip router is made of; its registrar knows admitted peers only. */
export interface RouterComponents extends
  Pick<
    Libp2pComponents,
    "privateKey" | "peerId" | "peerStore" | "registrar" | "connectionManager" | "logger"
  > {
  /** Tells the router of the peers that are admitted already. To be called once it runs: gossipsub ignores them before. */
  readonly announcePeers: () => void;
  /** How many entries a message counts for in the limits: 1 until this is told, which is to be done before the router runs. */
  readonly weighBy: (entriesIn: RpcLimits["entriesIn"]) => void;
  /** Tells apart who floods and who is flooded: see `FlowLimit`. */
  readonly flow: Pick<FlowLimit, "isPressing" | "note">;
  /** Whether `peer` has told that it is connected with `author`, who therefore sends it what it publishes. */
  readonly isNeighbour: (peer: PeerId, author: PeerId) => boolean;
}

/** First pause before a gossip stream that broke is opened anew, doubled up to the maximum. */
const REOPEN_BASE_MS = 100;
const REOPEN_MAX_MS = 5000;

interface RoutedPeer {
  connection: Connection;
  reopenMs: number;
}

/**
 * Stands between libp2p and the gossip router, so that the router
 * - hears of a peer only while it is admitted (no gossip reaches it, or leaves it, before the hello),
 * - reads each peer through a `FrameReader` and a `FlowLimit`: nothing is queued or decoded above the peer's rate, and
 *   what holds many entries comes in parts,
 * - is told to open its stream again when that broke, or could not be opened, and the peer is still here. gossipsub opens one
 *   outbound stream per peer and connect event; after a slow reader's overflow or a replaced connection it would stay
 *   silent towards that peer for ever.
 */
export class RouterHost {
  readonly components: RouterComponents;
  readonly #deps: RouterHostDeps;
  readonly #peers = new Map<PeerId, RoutedPeer>();
  readonly #topologies = new Map<string, Topology>();
  readonly #tasks: TaskGroup;
  readonly #stopping = new AbortController();
  #entriesIn: RpcLimits["entriesIn"] = () => 1;

  constructor(deps: RouterHostDeps) {
    this.#deps = deps;
    this.#tasks = new TaskGroup((error, what) => deps.logger.debug("gossip task failed", { what }, error));
    const { privateKey, peerId, peerStore, connectionManager, logger } = deps.components;
    const registrar = {
      handle: (protocol: string, handler: StreamHandler, options?: StreamHandlerOptions) =>
        deps.components.registrar.handle(protocol, this.#guard(handler), options),
      unhandle: (protocol: string) => deps.components.registrar.unhandle(protocol),
      register: (_protocol: string, topology: Topology) => Promise.resolve(this.#register(topology)),
      unregister: (id: string) => void this.#topologies.delete(id),
      getTopologies: () => [],
    };
    this.components = {
      privateKey,
      peerId,
      peerStore,
      connectionManager,
      logger,
      // gossipsub 17.1.1 uses exactly these five methods of a registrar (gossipsub.ts: start, stop, connect)
      registrar: registrar as unknown as Libp2pComponents["registrar"],
      weighBy: (entriesIn) => {
        this.#entriesIn = entriesIn;
      },
      flow: deps.flow,
      isNeighbour: deps.isNeighbour,
      announcePeers: () => {
        for (const [peer, routed] of this.#peers) this.#connect(peer, routed);
      },
    };
  }

  /** The peer is admitted on `connection`. */
  admitted(peer: PeerId, connection: Connection): void {
    const known = this.#peers.get(peer);
    if (known?.connection.status === "open") return;
    const routed = { connection, reopenMs: REOPEN_BASE_MS };
    this.#peers.set(peer, routed);
    this.#connect(peer, routed);
  }

  /** `connection` is gone; `next` is another admitted connection to the peer, if there is one. */
  closed(peer: PeerId, connection: Connection, next: Connection | undefined): void {
    const routed = this.#peers.get(peer);
    if (!routed || routed.connection !== connection) return;
    if (next) {
      routed.connection = next;
      this.#reopenLater(peer);
      return;
    }
    this.#peers.delete(peer);
    this.#topology()?.onDisconnect?.(peerIdFromString(peer));
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the node is stopping"));
    this.#peers.clear();
    await this.#tasks.settled();
  }

  #register(topology: Topology): string {
    const id = `router-${this.#topologies.size}`;
    this.#topologies.set(id, topology);
    return id;
  }

  /** gossipsub registers one topology per protocol version, all with the same callbacks: one call per peer is enough. */
  #topology(): Topology | undefined {
    return this.#topologies.values().next().value;
  }

  #connect(peer: PeerId, routed: RoutedPeer): void {
    const { connection } = routed;
    this.#topology()?.onConnect?.(connection.remotePeer, this.#watched(peer, routed, connection));
  }

  /** A view of the connection whose outbound gossip stream is watched. */
  #watched(peer: PeerId, routed: RoutedPeer, connection: Connection): Connection {
    const newStream: Connection["newStream"] = async (protocols, options) => {
      try {
        const stream = await connection.newStream(protocols, options);
        // it may have been reset while it was being opened: gossipsub would keep it, and write into it for ever
        if (stream.status !== "open") throw new P2pError("p2p_stream_failed", `The gossip stream is ${stream.status}`);
        const openedAtMs = this.#deps.clock.monotonicMs();
        stream.addEventListener("close", () => {
          if (this.#deps.clock.monotonicMs() - openedAtMs > REOPEN_MAX_MS) routed.reopenMs = REOPEN_BASE_MS;
          this.#reopenLater(peer);
        }, { once: true });
        return stream;
      } catch (error) {
        this.#reopenLater(peer);
        throw error;
      }
    };
    const { remotePeer, remoteAddr, direction } = connection;
    // gossipsub 17.1.1 uses exactly these members of a connection (onPeerConnected, createOutboundStream)
    return {
      remotePeer,
      remoteAddr,
      direction,
      get status() {
        return connection.status;
      },
      newStream,
    } as unknown as Connection;
  }

  #reopenLater(peer: PeerId): void {
    const routed = this.#peers.get(peer);
    if (this.#stopping.signal.aborted || !routed) return;
    const pauseMs = routed.reopenMs;
    routed.reopenMs = Math.min(pauseMs * 2, REOPEN_MAX_MS);
    this.#tasks.run("reopen", async () => {
      try {
        await this.#deps.clock.sleep(pauseMs, { signal: this.#stopping.signal });
      } catch {
        return; // the node is stopping
      }
      if (this.#peers.get(peer) === routed && routed.connection.status === "open") this.#connect(peer, routed);
    });
  }

  #guard(handler: StreamHandler): StreamHandler {
    return async (stream, connection) => {
      const peer = this.#deps.acceptedPeer(connection);
      if (!peer) {
        stream.abort(new Error("not admitted"));
        return;
      }
      // the peer may be a moment ahead: it has our verdict and we wait for its own
      const routed = this.#peers.get(peer) ?? { connection, reopenMs: REOPEN_BASE_MS };
      this.#peers.set(peer, routed);
      await handler(this.#guardedStream(peer, stream), this.#watched(peer, routed, connection));
    };
  }

  /** A view of an inbound stream that yields whole RPCs at the peer's rate, and ends quietly whatever happens. */
  #guardedStream(peer: PeerId, stream: Stream): Stream {
    const reader = new FrameReader(stream, { maxFrameBytes: MAX_GOSSIP_RPC_BYTES });
    const closing = new AbortController();
    const signal = AbortSignal.any([closing.signal, this.#stopping.signal]);
    const read = (): AsyncGenerator<Uint8Array> => this.#rpcsOf(peer, stream, reader, signal);
    const end = (error: Error): void => {
      closing.abort(error);
      stream.abort(error);
      reader.release();
    };
    // gossipsub 17.1.1 iterates, closes and aborts an inbound stream, nothing else (stream.ts). Its close would leave
    // the peer writing into a stream that nobody reads: ours resets it, so the peer opens another
    return {
      [Symbol.asyncIterator]: read,
      close: () => Promise.resolve(end(new Error("the router closed the stream"))),
      abort: end,
    } as unknown as Stream;
  }

  async *#rpcsOf(peer: PeerId, stream: Stream, reader: FrameReader, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      while (true) {
        const rpc = await reader.next({ signal, withPrefix: true });
        if (!rpc) return;
        const parts = splitRpc(rpc, {
          maxItems: MAX_GOSSIP_RPC_ITEMS,
          maxEntries: MAX_GOSSIP_PART_ENTRIES,
          entriesIn: this.#entriesIn,
        });
        if (parts === "malformed") {
          this.#deps.onOffence(peer, "gossip_rpc");
          return;
        }
        if (parts === "too_many") {
          this.#deps.onFlood(peer, "gossip_rpc_items");
          return;
        }
        for (const [index, { bytes, entries }] of parts.entries()) {
          // what else there is to do has its turn between them
          if (index > 0) await new Promise<void>((resolve) => afterThisTurn(resolve));
          if (await this.#deps.flow.pass(peer, { bytes: bytes.byteLength, messages: entries }, signal) === "flood") {
            this.#deps.onFlood(peer, "gossip_flood");
            return;
          }
          yield bytes;
        }
      }
    } catch (error) {
      // an error here would make gossipsub forget the peer although another stream of it may be in use
      if (signal.aborted) return;
      if (error instanceof P2pError && error.code === "p2p_protocol_violation") {
        this.#deps.onOffence(peer, "gossip_frame");
      }
      this.#deps.logger.debug("gossip stream ended", { peer, reason: errorMessage(error) });
    } finally {
      reader.release();
      if (stream.status === "open") stream.abort(new Error("the reader ended"));
      if (!this.#stopping.signal.aborted && this.#peers.get(peer)?.connection.status === "open") {
        this.#deps.onInterrupted(peer);
      }
    }
  }
}

/** What a `RouterHost` stands on. */
export interface RouterHostDeps {
  readonly components: Libp2pComponents;
  readonly clock: Pick<Clock, "sleep" | "monotonicMs">;
  readonly logger: Logger;
  readonly flow: FlowLimit;
  /** The peer of a connection when it may speak, else undefined. */
  readonly acceptedPeer: (connection: Connection) => PeerId | undefined;
  readonly isNeighbour: (peer: PeerId, author: PeerId) => boolean;
  /** The peer sends more than anyone may. */
  readonly onFlood: (peer: PeerId, reason: string) => void;
  /** The peer's gossip ended while its connection lives. */
  readonly onInterrupted: (peer: PeerId) => void;
  /** The peer sent something malformed. */
  readonly onOffence: (peer: PeerId, reason: string) => void;
}
