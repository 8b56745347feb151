import type { Clock, PeerId } from "@bzzz/base";
import type { Connection, StreamHandler, StreamHandlerOptions, Topology } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { P2pError } from "./errors.ts";
import type { Libp2pComponents } from "./libp2p_factory.ts";
import { QuestionLimit } from "./question_limit.ts";

/** The parts of libp2p a router of contents (Kademlia) is made of; it meets admitted peers only, in both directions. */
export type RoutingComponents =
  & Pick<
    Libp2pComponents,
    | "peerId"
    | "privateKey"
    | "registrar"
    | "addressManager"
    | "peerStore"
    | "connectionManager"
    | "datastore"
    | "events"
    | "logger"
  >
  & { readonly ping: { ping(peer: Libp2pComponents["peerId"]): Promise<number> } };

/** What a `RoutingHost` stands on. */
export interface RoutingHostDeps {
  readonly components: Libp2pComponents;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly ping: RoutingComponents["ping"];
  /** The peer of a connection that we have accepted. */
  readonly acceptedPeer: (connection: Connection) => PeerId | undefined;
  /** A connection to a peer on which both have accepted each other. */
  readonly admittedConnection: (peer: PeerId) => Connection | undefined;
  /** Whether a new connection ended in being admitted. */
  readonly outcomeOf: (connection: Connection, options: { signal?: AbortSignal }) => Promise<boolean>;
  readonly admittedPeers: () => readonly PeerId[];
}

/**
 * Stands between libp2p and a router of contents: nothing reaches it, or leaves it, but to peers that are admitted. libp2p
 * would tell it of a peer before the hello, and let it open streams on connections that are not judged yet. What one of
 * them asks is bounded by `QuestionLimit`.
 */
export class RoutingHost {
  readonly components: RoutingComponents;
  readonly #deps: RoutingHostDeps;
  readonly #questions: QuestionLimit;
  readonly #topologies = new Map<string, Topology>();
  #registered = 0;

  constructor(deps: RoutingHostDeps) {
    this.#deps = deps;
    this.#questions = new QuestionLimit(deps);
    const { components } = deps;
    const { peerId, privateKey, addressManager, peerStore, datastore, events, logger } = components;
    const registrar = {
      handle: (protocol: string, handler: StreamHandler, options?: StreamHandlerOptions) =>
        components.registrar.handle(protocol, this.#guard(handler), options),
      unhandle: (protocol: string) => components.registrar.unhandle(protocol),
      register: (_protocol: string, topology: Topology) => Promise.resolve(this.#register(topology)),
      unregister: (id: string) => void this.#topologies.delete(id),
    };
    const connectionManager = {
      openStream: async (peer: Libp2pComponents["peerId"], protocol: string, options: { signal?: AbortSignal }) =>
        await (await this.#admitted(peer, options)).newStream([protocol], options),
      isDialable: components.connectionManager.isDialable.bind(components.connectionManager),
    };
    this.components = {
      peerId,
      privateKey,
      addressManager,
      peerStore: withoutAddresses(peerStore),
      datastore,
      events,
      logger,
      ping: deps.ping,
      // kad-dht 16.4.5 uses exactly these four methods of a registrar and these two of a connection manager
      registrar: registrar as unknown as Libp2pComponents["registrar"],
      connectionManager: connectionManager as unknown as Libp2pComponents["connectionManager"],
    };
  }

  /** The peer is admitted. */
  admitted(peer: PeerId): void {
    for (const topology of this.#topologies.values()) this.#tell(topology, peer);
  }

  #register(topology: Topology): string {
    const id = `routing-${++this.#registered}`;
    this.#topologies.set(id, topology);
    for (const peer of this.#deps.admittedPeers()) this.#tell(topology, peer);
    return id;
  }

  #tell(topology: Topology, peer: PeerId): void {
    const connection = this.#deps.admittedConnection(peer);
    if (connection) topology.onConnect?.(peerIdFromString(peer), connection);
  }

  #guard(handler: StreamHandler): StreamHandler {
    return (stream, connection) => {
      const peer = this.#deps.acceptedPeer(connection);
      if (!peer) return stream.abort(new Error("not admitted"));
      this.#questions.watch(peer, stream);
      return handler(stream, connection);
    };
  }

  async #admitted(peer: Libp2pComponents["peerId"], options: { signal?: AbortSignal }): Promise<Connection> {
    const known = this.#deps.admittedConnection(peer.toString() as PeerId); // libp2p's text of a peer id is ours
    if (known) return known;
    const connection = await this.#deps.components.connectionManager.openConnection(peer, options);
    if (await this.#deps.outcomeOf(connection, options)) return connection;
    throw new P2pError("p2p_not_admitted", `Cannot route over ${peer.toString()}: the hello was refused`);
  }
}

/**
 * A peer store that takes no addresses from a router of contents: what a member says of itself there has no end, and how
 * members are reached is told by the hello and by presence.
 */
function withoutAddresses(peerStore: RoutingComponents["peerStore"]): RoutingComponents["peerStore"] {
  return new Proxy(peerStore, {
    get(target, name) {
      if (name === "merge") {
        const merge: RoutingComponents["peerStore"]["merge"] = (
          peer,
          { multiaddrs: _, addresses: __, ...rest },
          options,
        ) => target.merge(peer, rest, options);
        return merge;
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
