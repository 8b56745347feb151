import type { PeerId, Timer } from "@bzzz/base";
import type { Connection } from "@libp2p/interface";
import { MAX_UNADMITTED_CONNECTIONS } from "./constants.ts";
import type { Hello } from "./hello.ts";
import type { Liveness } from "./liveness.ts";
import type { Libp2pPeerStream } from "./peer_stream.ts";
import type { PeerInfo } from "./types.ts";

/** One connection and how far it has come: "accepted" by us, then "admitted" by both. */
export interface Session {
  readonly connection: Connection;
  readonly peer: PeerId;
  readonly openedAtMs: number;
  state: "new" | "accepted" | "admitted" | "closed";
  theirs: Hello | undefined;
  /** The hello stream, as soon as there is one. */
  control: Libp2pPeerStream | undefined;
  /** Since the admission. */
  liveness: Liveness | undefined;
  /** The state of our neighbours that the peer was told last. */
  toldNeighbours: number;
  expiry: Timer | undefined;
  /** Settles with whether the peer was admitted, at the latest when the connection closes. */
  readonly outcome: PromiseWithResolvers<boolean>;
}

/** Limits of the sessions. */
export interface SessionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerIp: number;
}

/** Which connections there are, and how far each has come. */
export class SessionTable {
  readonly #limits: SessionLimits;
  readonly #byConnection = new Map<string, Session>();
  readonly #byPeer = new Map<PeerId, Set<Session>>();

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byConnection.size;
  }

  /** All of them, as of now. */
  all(): Session[] {
    return [...this.#byConnection.values()];
  }

  get(connection: Connection): Session | undefined {
    return this.#byConnection.get(connection.id);
  }

  /** Those with one peer, as of now. */
  ofPeer(peer: PeerId): Session[] {
    return [...this.#byPeer.get(peer) ?? []];
  }

  add(session: Session): void {
    this.#byConnection.set(session.connection.id, session);
    this.#byPeer.set(session.peer, (this.#byPeer.get(session.peer) ?? new Set()).add(session));
  }

  remove(session: Session): void {
    const { connection, peer } = session;
    this.#byConnection.delete(connection.id);
    const ofPeer = this.#byPeer.get(peer);
    ofPeer?.delete(session);
    if (ofPeer?.size === 0) this.#byPeer.delete(peer);
  }

  /** Peers that we and who have accepted each other. */
  admittedPeers(): PeerId[] {
    return [...this.#byPeer.keys()].filter((peer) => this.admittedConnection(peer) !== undefined);
  }

  isConnected(peer: PeerId): boolean {
    return this.#byPeer.has(peer);
  }

  /** A connection to the peer on which both have accepted each other. */
  admittedConnection(peer: PeerId): Connection | undefined {
    for (const session of this.#byPeer.get(peer) ?? []) {
      if (session.state === "admitted" && session.connection.status === "open") return session.connection;
    }
    return undefined;
  }

  /** The peer of any connection we track. */
  peerOf(connection: Connection): PeerId | undefined {
    return this.#byConnection.get(connection.id)?.peer;
  }

  infos(): PeerInfo[] {
    const infos: PeerInfo[] = [];
    for (const [peer, sessions] of this.#byPeer) {
      const best = [...sessions].find((session) => session.state === "admitted") ?? sessions.values().next().value;
      if (!best) continue;
      infos.push({
        peer,
        isAdmitted: best.state === "admitted",
        direction: best.connection.direction,
        address: best.connection.remoteAddr.toString(),
        connectedAtMs: best.openedAtMs,
        software: best.theirs?.software,
      });
    }
    return infos;
  }

  /** Whether one more inbound connection from this host fits. */
  hasRoomFor(host: string | undefined): boolean {
    if (this.#byConnection.size >= this.#limits.maxConnections) return false;
    let fromHost = 0;
    let unadmitted = 0;
    for (const { connection, state } of this.#byConnection.values()) {
      if (connection.direction === "inbound" && hostOf(connection) === host) fromHost++;
      if (state === "new") unadmitted++;
    }
    return fromHost < this.#limits.maxConnectionsPerIp && unadmitted < MAX_UNADMITTED_CONNECTIONS;
  }
}

/** The IP address a connection comes from. */
export function hostOf(connection: Connection): string | undefined {
  return connection.remoteAddr.getComponents().find(({ name }) => name === "ip4" || name === "ip6")?.value;
}
