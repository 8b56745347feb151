import { type Clock, type PeerId, TaskGroup, TypedEventTarget } from "@bzzz/base";
import { MAX_FRAME_BYTES } from "./constants.ts";
import { P2pError } from "./errors.ts";
import type { HandleOptions, P2pEvents, P2pNode, P2pStats, PeerInfo, PeerStream, StreamHandler } from "./types.ts";

/** Options of a `MemoryNetwork`. */
export interface MemoryNetworkOptions {
  /** One-way delay of every frame, in milliseconds; default 0. */
  readonly latencyMs?: number;
  /** Frames of one direction of one stream that may wait for their reader; default 64. `send` waits beyond. */
  readonly bufferFrames?: number;
}

/** Nodes that reach each other in memory. Frames of one stream stay in order; a cut resets what is open across it. */
export class MemoryNetwork {
  readonly clock: Clock;
  latencyMs: number;
  readonly bufferFrames: number;
  readonly #nodes = new Map<PeerId, MemoryNode>();
  readonly #cuts = new Set<string>();
  readonly #links = new Set<string>();
  readonly #streams = new Set<MemoryPipe>();

  constructor(deps: { clock: Clock }, options: MemoryNetworkOptions = {}) {
    this.clock = deps.clock;
    this.latencyMs = options.latencyMs ?? 0;
    this.bufferFrames = options.bufferFrames ?? 64;
  }

  /** A node that is started and connected with `connect`. */
  createNode(peerId: PeerId): MemoryNode {
    const node = new MemoryNode(this, peerId);
    this.#nodes.set(peerId, node);
    return node;
  }

  /** Connects and admits two nodes; both emit "peer:connected" and "peer:admitted". */
  connect(a: PeerId, b: PeerId): void {
    if (this.#links.has(pairKey(a, b)) || this.isCut(a, b)) return;
    this.#links.add(pairKey(a, b));
    for (const [self, other] of [[a, b], [b, a]] as const) {
      const events = this.#nodes.get(self)?.events;
      events?.emit("peer:connected", { peer: other });
      events?.emit("peer:admitted", { peer: other, software: "memory" });
    }
  }

  /** Connects every pair. */
  connectAll(): void {
    const peers = [...this.#nodes.keys()];
    for (const a of peers) for (const b of peers) if (a < b) this.connect(a, b);
  }

  /** Cuts the link: open streams fail, new ones cannot be opened, both see "peer:disconnected". */
  cut(a: PeerId, b: PeerId): void {
    this.#cuts.add(pairKey(a, b));
    this.disconnect(a, b);
  }

  /** Ends a cut and connects again. */
  heal(a: PeerId, b: PeerId): void {
    this.#cuts.delete(pairKey(a, b));
    this.connect(a, b);
  }

  /** Ends the connection, as a crash of the link does; `connect` brings it back. */
  disconnect(a: PeerId, b: PeerId): void {
    if (!this.#links.delete(pairKey(a, b))) return;
    for (const pipe of [...this.#streams]) if (pipe.isBetween(a, b)) pipe.reset(new Error("the link was cut"));
    this.#nodes.get(a)?.events.emit("peer:disconnected", { peer: b });
    this.#nodes.get(b)?.events.emit("peer:disconnected", { peer: a });
  }

  isCut(a: PeerId, b: PeerId): boolean {
    return this.#cuts.has(pairKey(a, b));
  }

  isLinked(a: PeerId, b: PeerId): boolean {
    return this.#links.has(pairKey(a, b));
  }

  /** Peers connected to `peer`. */
  neighbours(peer: PeerId): PeerId[] {
    return [...this.#nodes.keys()].filter((other) => other !== peer && this.isLinked(peer, other));
  }

  /** Streams that are open. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** A pair of stream ends; for `MemoryNode`. */
  openPipe(from: PeerId, to: PeerId): MemoryPipe {
    const pipe = new MemoryPipe(this, from, to, () => this.#streams.delete(pipe));
    this.#streams.add(pipe);
    return pipe;
  }

  nodeOf(peer: PeerId): MemoryNode | undefined {
    return this.#nodes.get(peer);
  }
}

/** One node of a `MemoryNetwork`: a `P2pNode` without sockets. */
export class MemoryNode implements P2pNode {
  readonly peerId: PeerId;
  readonly events = new TypedEventTarget<P2pEvents>();
  /** Offences in the order they were reported. */
  readonly penalties: { readonly peer: PeerId; readonly reason: string; readonly weight: number }[] = [];
  readonly #network: MemoryNetwork;
  readonly #handlers = new Map<string, { readonly handler: StreamHandler; readonly options: HandleOptions }>();
  readonly #known = new Map<PeerId, readonly string[]>();
  readonly #serving = new TaskGroup(() => {}); // how a handler failed is told to its stream

  constructor(network: MemoryNetwork, peerId: PeerId) {
    this.#network = network;
    this.peerId = peerId;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves when every handler has returned, as that of a real node. */
  async stop(): Promise<void> {
    for (const peer of this.#network.neighbours(this.peerId)) this.#network.disconnect(this.peerId, peer);
    await this.#serving.settled();
  }

  addresses(): string[] {
    return [`/memory/${this.peerId}`];
  }

  peers(): PeerInfo[] {
    return this.#network.neighbours(this.peerId).map((peer) => ({
      peer,
      isAdmitted: true,
      direction: this.peerId < peer ? "outbound" : "inbound",
      address: `/memory/${peer}`,
      connectedAtMs: 0,
      software: "memory",
    }));
  }

  isConnected(peer: PeerId): boolean {
    return this.#network.isLinked(this.peerId, peer);
  }

  isAdmitted(peer: PeerId): boolean {
    return this.isConnected(peer);
  }

  dial(address: string): Promise<PeerId> {
    const peer = address.replace("/memory/", "") as PeerId; // addresses are made by `addresses` alone
    if (!this.#network.nodeOf(peer) || this.#network.isCut(this.peerId, peer)) {
      return Promise.reject(new P2pError("p2p_dial_failed", `Cannot reach ${address}: no such node, or cut`));
    }
    this.#network.connect(this.peerId, peer);
    return Promise.resolve(peer);
  }

  rememberAddresses(peer: PeerId, addresses: readonly string[]): void {
    this.#known.set(peer, addresses);
  }

  penalise(peer: PeerId, reason: string, weight = 1): void {
    this.penalties.push({ peer, reason, weight });
  }

  stats(): P2pStats {
    const connections = this.#network.neighbours(this.peerId).length;
    return {
      connections,
      admittedPeers: connections,
      knownPeers: this.#known.size,
      deniedPeers: 0,
      counters: new Map(),
    };
  }

  open(peer: PeerId, protocol: string, options: { signal?: AbortSignal }): Promise<PeerStream> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const remote = this.#network.nodeOf(peer);
    if (!remote || !this.isConnected(peer)) {
      return Promise.reject(new P2pError("p2p_not_connected", `Cannot open a stream to ${peer}: not connected`));
    }
    const served = remote.#handlers.get(protocol);
    if (!served) {
      return Promise.reject(new P2pError("p2p_stream_failed", `Cannot open ${protocol} to ${peer}: not served there`));
    }
    const pipe = this.#network.openPipe(this.peerId, peer);
    const theirs = pipe.end(peer, this.peerId);
    remote.#serving.run(protocol, () =>
      served.handler(theirs).then(
        () => theirs.close(),
        (error) => theirs.abort(error instanceof Error ? error : new Error(String(error))),
      ));
    return Promise.resolve(pipe.end(this.peerId, peer));
  }

  handle(protocol: string, handler: StreamHandler, options: HandleOptions = {}): void {
    if (this.#handlers.has(protocol)) throw new TypeError(`A handler of ${protocol} is there already`);
    this.#handlers.set(protocol, { handler, options });
  }
}

interface Direction {
  readonly frames: Uint8Array[];
  inFlight: number;
  isClosed: boolean;
  isTorn: boolean;
}

/** Both directions of one stream in memory. */
export class MemoryPipe {
  readonly #network: MemoryNetwork;
  readonly #onEnd: () => void;
  readonly #peers: readonly [PeerId, PeerId];
  readonly #to = new Map<PeerId, Direction>();
  #failure: Error | undefined;
  #wakers: (() => void)[] = [];

  constructor(network: MemoryNetwork, from: PeerId, to: PeerId, onEnd: () => void) {
    this.#network = network;
    this.#peers = [from, to];
    this.#onEnd = onEnd;
    for (const peer of this.#peers) this.#to.set(peer, { frames: [], inFlight: 0, isClosed: false, isTorn: false });
  }

  isBetween(a: PeerId, b: PeerId): boolean {
    return this.#peers.includes(a) && this.#peers.includes(b);
  }

  reset(error: Error): void {
    this.#failure ??= error;
    this.#onEnd();
    this.#wake();
  }

  /** The end that `self` holds. */
  end(self: PeerId, remote: PeerId): PeerStream {
    const incoming = this.#direction(self);
    const outgoing = this.#direction(remote);
    const closeWrite = async (): Promise<void> => {
      await this.#delay();
      outgoing.isClosed = true;
      if (incoming.isClosed) this.#onEnd();
      this.#wake();
    };
    return {
      remote,
      send: (frame) => this.#send(outgoing, frame),
      receive: (options) => this.#receive(incoming, options?.signal),
      closeWrite,
      close: async () => {
        incoming.isTorn = true;
        if (!outgoing.isClosed && !this.#failure) await closeWrite();
      },
      abort: (error) => this.reset(error),
    };
  }

  #direction(peer: PeerId): Direction {
    const direction = this.#to.get(peer);
    if (!direction) throw new TypeError("A pipe has two ends");
    return direction;
  }

  async #send(direction: Direction, frame: Uint8Array): Promise<void> {
    if (frame.byteLength > MAX_FRAME_BYTES) {
      throw new P2pError("p2p_frame_too_large", `Cannot send a frame of ${frame.byteLength} bytes: too long`);
    }
    while (!this.#failure && direction.frames.length + direction.inFlight >= this.#network.bufferFrames) {
      await this.#changed();
    }
    if (this.#failure || direction.isClosed) {
      throw new P2pError("p2p_stream_failed", "Cannot send: the stream is closed", { cause: this.#failure });
    }
    direction.inFlight++;
    const copy = frame.slice();
    const arrive = (): void => {
      direction.inFlight--;
      if (this.#failure) return;
      if (!direction.isTorn) direction.frames.push(copy);
      this.#wake();
    };
    if (this.#network.latencyMs === 0) arrive();
    else this.#network.clock.setTimer(this.#network.latencyMs, arrive);
  }

  async #receive(direction: Direction, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    while (true) {
      signal?.throwIfAborted();
      const frame = direction.frames.shift();
      if (frame) {
        this.#wake();
        return frame;
      }
      if (this.#failure) {
        throw new P2pError("p2p_stream_failed", "Cannot receive: the stream was reset", { cause: this.#failure });
      }
      if (direction.isClosed && direction.inFlight === 0) return undefined;
      await this.#changed(signal);
    }
  }

  async #delay(): Promise<void> {
    if (this.#network.latencyMs > 0) await this.#network.clock.sleep(this.#network.latencyMs);
  }

  async #changed(signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    this.#wakers.push(wake);
    signal?.addEventListener("abort", wake, { once: true });
    await promise;
    signal?.removeEventListener("abort", wake);
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }
}

function pairKey(a: PeerId, b: PeerId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
