import type { PeerId } from "@bzzz/base";
import type { PeerStream, StreamOpener } from "@bzzz/journal";
import type { Chance } from "../engine/chance.ts";
import type { EventLoop } from "../engine/event_loop.ts";
import type { SimNetwork } from "../engine/network.ts";
import type { NodeHost } from "../engine/node_host.ts";
import { createSimStream, type SimStream } from "./streams.ts";

/**
 * A connection that carries nothing is noticed within these; one whose process ended is reset at once. Nodes beat every 1.5 s
 * and take 4.5 s of silence for an end (pkg/p2p/constants.ts); the last beat came up to 1.5 s before.
 */
const DETECTION_MS = { least: 3_000, most: 4_800 };
/** Redialling takes up to this. */
const RECONNECT_MS = 1_500;
/** What a cut swallows is sent again this often while the connection stands. */
const RETRANSMISSION_MS = 250;

type Handler = (stream: PeerStream) => Promise<void>;

/** A node as the connections see it. */
export interface Endpoint {
  readonly peer: PeerId;
  readonly host: NodeHost;
  /** The connection to `peer` stands now. */
  connected(peer: PeerId): void;
  /** It was lost, or the process at its other end is gone. */
  disconnected?(peer: PeerId): void;
}

interface Connection {
  readonly a: Endpoint;
  readonly b: Endpoint;
  isUp: boolean;
  /** Whether it will be up or down by the change that is under way; undefined: none is. */
  planned: boolean | undefined;
  /** Counts changes, so that a plan made before one is void. */
  epoch: number;
  /** Counts connections: what was sent on an earlier one never arrives. */
  session: number;
  readonly streams: Set<SimStream>;
}

/** Connections between all pairs, as TCP gives them: ordered, reliable, until they break; and dialled again. */
export class Connections {
  readonly #loop: EventLoop;
  readonly #network: SimNetwork;
  readonly #chance: Chance;
  readonly #pairs: Connection[] = [];
  readonly #endpoints: readonly Endpoint[];
  readonly #handlers = new Map<string, { readonly incarnation: number; readonly handler: Handler }>();

  constructor(
    deps: { readonly loop: EventLoop; readonly network: SimNetwork; readonly chance: Chance },
    endpoints: readonly Endpoint[],
  ) {
    this.#loop = deps.loop;
    this.#network = deps.network;
    this.#chance = deps.chance;
    this.#endpoints = endpoints;
    for (const [index, a] of endpoints.entries()) {
      for (const b of endpoints.slice(index + 1)) {
        this.#pairs.push({ a, b, isUp: false, planned: undefined, epoch: 0, session: 0, streams: new Set() });
      }
    }
  }

  /** Peers with a connection that stands. */
  peersOf(self: PeerId): PeerId[] {
    return this.#pairs.filter((pair) => pair.isUp && (pair.a.peer === self || pair.b.peer === self))
      .map(({ a, b }) => a.peer === self ? b.peer : a.peer);
  }

  /** Dials and drops, after something changed. */
  review(): void {
    for (const pair of this.#pairs) {
      const canTalk = this.#canTalk(pair);
      if (canTalk === pair.isUp) {
        pair.epoch++; // whatever was planned is off
        pair.planned = undefined;
        continue;
      }
      if (pair.planned === canTalk) continue;
      pair.planned = canTalk;
      const epoch = ++pair.epoch;
      const delayMs = canTalk
        ? this.#chance.between(50, RECONNECT_MS)
        : this.#chance.between(DETECTION_MS.least, DETECTION_MS.most);
      this.#loop.later(delayMs, () => {
        if (pair.epoch === epoch) this.#change(pair, canTalk);
      });
    }
  }

  /** A process has ended: its connections are reset. */
  reset(endpoint: Endpoint): void {
    for (const pair of this.#pairs) {
      if (!pair.isUp || (pair.a !== endpoint && pair.b !== endpoint)) continue;
      pair.epoch++;
      this.#change(pair, false);
    }
  }

  /** The network as one process sees it. */
  opener(self: Endpoint): StreamOpener {
    return {
      handle: (protocol, handler) =>
        void this.#handlers.set(`${self.peer} ${protocol}`, { incarnation: self.host.incarnation, handler }),
      open: (peer, protocol) => this.#open(self, peer, protocol),
    };
  }

  #open(self: Endpoint, peer: PeerId, protocol: string): Promise<PeerStream> {
    const pair = this.#pairs.find(({ a, b }) =>
      (a.peer === self.peer && b.peer === peer) || (b.peer === self.peer && a.peer === peer)
    );
    const other = this.#endpoints.find((endpoint) => endpoint.peer === peer);
    if (!pair?.isUp || !other) return Promise.reject(new Error("no connection"));
    const { promise, resolve, reject } = Promise.withResolvers<PeerStream>();
    const stream = createSimStream({
      left: self,
      right: other,
      carry: (from, to, deliver) => this.#carry(pair, from, to, deliver),
    });
    pair.streams.add(stream);
    stream.onEnd(() => pair.streams.delete(stream));
    this.#carry(pair, self, other, () => {
      const registered = this.#handlers.get(`${peer} ${protocol}`);
      if (registered?.incarnation !== other.host.incarnation) return stream.break(new Error("no such protocol"));
      registered.handler(stream.right).then(() => stream.right.close(), (error) => stream.right.abort(error));
    });
    stream.onEnd((error) => error && self.host.later(0, () => reject(error)));
    self.host.later(2 * this.#network.delayMs(), () => resolve(stream.left));
    return promise;
  }

  /** Delivers once, however often it must be sent again; not after the connection broke. Streams put it in order. */
  #carry(pair: Connection, from: Endpoint, to: Endpoint, deliver: () => void): void {
    const { session } = pair;
    const attempt = (): void => {
      if (!pair.isUp || pair.session !== session) return;
      const isHeld = !this.#network.isOpen(from.host.name, to.host.name) || to.host.state === "asleep";
      if (isHeld) this.#loop.later(RETRANSMISSION_MS, attempt);
      else to.host.later(0, deliver);
    };
    this.#loop.later(this.#network.delayMs(), attempt);
  }

  #canTalk({ a, b }: Connection): boolean {
    const isThere = (host: NodeHost): boolean => host.state === "running" || host.state === "stopped";
    return isThere(a.host) && isThere(b.host) &&
      this.#network.isOpen(a.host.name, b.host.name) && this.#network.isOpen(b.host.name, a.host.name);
  }

  #change(pair: Connection, isUp: boolean): void {
    pair.isUp = isUp;
    pair.planned = undefined;
    if (!isUp) {
      for (const stream of pair.streams) stream.break(new Error("the connection was lost"));
      pair.streams.clear();
      pair.a.host.later(0, () => pair.a.disconnected?.(pair.b.peer));
      pair.b.host.later(0, () => pair.b.disconnected?.(pair.a.peer));
      return;
    }
    pair.session++;
    pair.a.host.later(0, () => pair.a.connected(pair.b.peer));
    pair.b.host.later(0, () => pair.b.connected(pair.a.peer));
  }
}
