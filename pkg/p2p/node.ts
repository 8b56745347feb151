import { BzzzError, CounterMap, type PeerId, TypedEventTarget } from "@bzzz/base";
import { peerIdFromPublicKey } from "@bzzz/crypto";
import type { Connection, Libp2p } from "@libp2p/interface";
import { Acquaintances } from "./acquaintances.ts";
import { parseAddress, peerOfAddress } from "./address.ts";
import { DEFAULT_MAX_CONNECTIONS, DEFAULT_MAX_CONNECTIONS_PER_IP, TARGET_CONNECTIONS } from "./constants.ts";
import { Dialer } from "./dialer.ts";
import { P2pError } from "./errors.ts";
import { FlowLimit } from "./flow_limit.ts";
import { createGater } from "./gater.ts";
import { buildLibp2p, type Libp2pComponents } from "./libp2p_factory.ts";
import { assertMayListen, explainListenFailure } from "./listening.ts";
import { tolerateLibraryFaults } from "./library_faults.ts";
import { type LanDiscovery, mdnsServiceTag, startLanDiscovery } from "./mdns.ts";
import { OffenceRegister } from "./offences.ts";
import { type RouterComponents, RouterHost } from "./router_host.ts";
import { type RoutingComponents, RoutingHost } from "./routing_host.ts";
import { Sessions } from "./sessions.ts";
import { StreamServer } from "./stream_server.ts";
import { releaseTimers } from "./timer_release.ts";
import type { HandleOptions, P2pEvents, P2pStats, PeerInfo, PeerStream, StreamHandler } from "./types.ts";
import type { P2pNodeDeps, P2pNodeOptions, RoutableP2pNode } from "./node_types.ts";

/** libp2p's job queues tell that they are empty after 1 ms; a stopped node is quiet when that has passed. */
const LIBRARY_TIMER_MS = 3;

interface Running {
  readonly libp2p: Libp2p;
  readonly sessions: Sessions;
  readonly router: RouterHost;
  readonly routing: RoutingHost;
  readonly dialer: Dialer;
  readonly components: Libp2pComponents;
  /** Settles when `lan` is there, or cannot be. */
  discovering: Promise<void>;
  lan: LanDiscovery | undefined;
}

/**
 * A node of the mesh on libp2p: TCP, network key, Noise, Yamux, identify, ping and, if asked for, mDNS.
 * Nothing happens before `start`.
 *
 * @example
 * ```ts
 * const node = createP2pNode({ signingKey, admission, clock, random, logger }, {
 *   meshId, networkKey, listen: ["0.0.0.0:9000"], bootstrap: ["hive-0.hive:9000"], mdns: true,
 * });
 * node.events.on("peer:admitted", ({ peer }) => log.info("peer joined", { peer }));
 * await node.start();
 * ```
 */
export function createP2pNode(deps: P2pNodeDeps, options: P2pNodeOptions): RoutableP2pNode {
  return new Libp2pNode(deps, options);
}

class Libp2pNode implements RoutableP2pNode {
  readonly peerId: PeerId;
  readonly events = new TypedEventTarget<P2pEvents>();
  readonly #deps: P2pNodeDeps;
  readonly #options: P2pNodeOptions;
  readonly #counters = new CounterMap();
  #guard: Disposable | undefined;
  readonly #offences: OffenceRegister;
  readonly #known: Acquaintances;
  readonly #software: string;
  readonly #streams: StreamServer;
  #running: Running | undefined;
  #stopped: Promise<void> | undefined;

  constructor(deps: P2pNodeDeps, options: P2pNodeOptions) {
    this.#deps = deps;
    this.#options = options;
    this.peerId = peerIdFromPublicKey(deps.signingKey.publicKey);
    this.#offences = new OffenceRegister({ clock: deps.clock, counters: this.#counters });
    this.events.on("peer:refused", ({ by, reason }) => {
      this.#counters.add(by === "us" ? `refused.${reason}` : "refused_by_peer"); // a peer's reason is its own text
    });
    this.#software = (options.software ?? "bzzz").slice(0, 64);
    this.#known = new Acquaintances({
      ...deps,
      ownPeer: this.peerId,
      isAdmitted: (peer) => this.isAdmitted(peer),
      isConnected: (peer) => this.isConnected(peer),
      addresses: () => this.addresses(),
    }, { meshId: options.meshId, software: this.#software });
    this.#streams = new StreamServer({
      clock: deps.clock,
      logger: deps.logger,
      penalise: (peer, reason, weight) => this.penalise(peer, reason, weight),
    });
    if (deps.redeem) this.#streams.handleJoins(deps.redeem);
  }

  async start(): Promise<void> {
    if (this.#running || this.#stopped) throw new TypeError("A P2pNode starts once");
    const { clock, logger, signingKey } = this.#deps;
    const listen = this.#options.listen.map(parseAddress);
    const announce = (this.#options.announce ?? []).map(parseAddress);
    for (const address of this.#options.bootstrap ?? []) this.#known.addBootstrap(address);
    await assertMayListen(listen);
    this.#guard = tolerateLibraryFaults((error) => {
      this.#counters.add("library_fault");
      logger.debug("libp2p failed in a callback of its own", {}, error);
    });
    const { libp2p, components } = await buildLibp2p({
      seed: signingKey.exportSeed(),
      networkKey: this.#options.networkKey,
      listen: listen.map(String),
      announce: announce.map(String),
      maxConnections: this.#options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      gater: createGater({
        isDenied: (peer) => this.#offences.isDenied(peer),
        hasRoomFor: (host) => this.#running?.sessions.table.hasRoomFor(host) ?? false,
        counters: this.#counters,
      }),
      software: this.#software,
    });
    const router = new RouterHost({
      components,
      clock,
      logger,
      flow: new FlowLimit({ clock }, this.#options.gossip),
      acceptedPeer: (connection) => this.#running?.sessions.acceptedPeer(connection),
      isNeighbour: (peer, author) => this.#running?.sessions.isNeighbour(peer, author) ?? false,
      onFlood: (peer, reason) => this.penalise(peer, reason, Infinity),
      onInterrupted: (peer) => {
        this.#counters.add("gossip.interrupted");
        this.events.emit("gossip:interrupted", { peer });
      },
      onOffence: (peer, reason) => this.penalise(peer, reason),
    });
    const sessions = this.#createSessions(router);
    const routing = new RoutingHost({
      components,
      clock,
      ping: libp2p.services.ping,
      acceptedPeer: (connection) => sessions.acceptedPeer(connection),
      admittedConnection: (peer) => sessions.table.admittedConnection(peer),
      outcomeOf: (connection, options) => sessions.outcomeOf(connection, options),
      admittedPeers: () => sessions.table.admittedPeers(),
    });
    this.events.on("peer:admitted", ({ peer }) => routing.admitted(peer));
    const dialer = this.#createDialer(libp2p, sessions);
    const running: Running = {
      libp2p,
      sessions,
      router,
      routing,
      dialer,
      components,
      discovering: Promise.resolve(),
      lan: undefined,
    };
    this.#running = running;
    libp2p.addEventListener("connection:open", ({ detail }) => sessions.opened(detail));
    libp2p.addEventListener("connection:close", ({ detail }) => sessions.closed(detail));
    try {
      await this.#streams.start(libp2p, sessions);
      await libp2p.start();
    } catch (error) {
      this.#running = undefined;
      releaseTimers(components);
      throw error instanceof BzzzError ? error : explainListenFailure(listen, error);
    }
    sessions.start();
    await dialer.start();
    // beside the start: it is never fatal, and a node that listens is ready without it
    if (this.#options.mdns) running.discovering = this.#discover(running);
  }

  /** Never rejects. */
  async #discover(running: Running): Promise<void> {
    const found = await startLanDiscovery({
      clock: this.#deps.clock,
      components: running.components,
      onFound: (peer, addresses) => this.#known.found(peer, addresses),
    }, { serviceTag: mdnsServiceTag(this.#options.meshId) });
    if (typeof found === "string") {
      this.#counters.add("mdns.unavailable");
      this.#warn("mdns_unavailable", `Cannot discover peers on this network: ${found}`);
    } else running.lan = found;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  addresses(): string[] {
    return this.#running?.libp2p.getMultiaddrs().map(String) ?? [];
  }

  peers(): PeerInfo[] {
    return this.#running?.sessions.table.infos() ?? [];
  }

  isConnected(peer: PeerId): boolean {
    return this.#running?.sessions.table.isConnected(peer) ?? false;
  }

  isAdmitted(peer: PeerId): boolean {
    return this.#deps.admission.isAdmitted(peer) && !this.#offences.isDenied(peer);
  }

  router(): RouterComponents {
    return this.#expectRunning().router.components;
  }

  routing(): RoutingComponents {
    return this.#expectRunning().routing.components;
  }

  async dial(address: string, options: { signal?: AbortSignal } = {}): Promise<PeerId> {
    const { dialer, sessions } = this.#expectRunning();
    const target = parseAddress(address);
    const connection = await dialer.dial([target.toString()], peerOfAddress(target), options.signal);
    const peer = sessions.table.peerOf(connection);
    if (!peer) throw new P2pError("p2p_dial_failed", `Cannot stay connected to ${address}: the connection was refused`);
    if (await sessions.outcomeOf(connection, options)) return peer;
    throw new P2pError("p2p_not_admitted", `Cannot stay connected to ${address}: the hello was refused or broken off`, {
      details: { peer },
    });
  }

  async open(peer: PeerId, protocol: string, options: { signal?: AbortSignal }): Promise<PeerStream> {
    const connection = await this.#connectionTo(peer, options.signal);
    return await this.#streams.open(connection, peer, protocol, options.signal);
  }

  handle(protocol: string, handler: StreamHandler, options: HandleOptions = {}): void {
    this.#streams.handle(protocol, handler, options);
  }

  rememberAddresses(peer: PeerId, addresses: readonly string[]): void {
    this.#known.remember(peer, addresses);
  }

  penalise(peer: PeerId, reason: string, weight = 1): void {
    if (this.#offences.isDenied(peer) || this.#offences.add(peer, reason, weight) === "tolerated") return;
    this.#deps.logger.warn("peer dropped", { peer, reason });
    this.events.emit("peer:dropped", { peer, reason });
    this.#running?.sessions.drop(peer, reason);
  }

  stats(): P2pStats {
    return {
      connections: this.#running?.sessions.table.size ?? 0,
      admittedPeers: this.#running?.sessions.table.admittedPeers().length ?? 0,
      knownPeers: this.#known.plan.size,
      deniedPeers: this.#offences.deniedCount,
      counters: this.#counters.entries(),
    };
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    if (!running) return this.#guard?.[Symbol.dispose]();
    await running.discovering;
    await running.lan?.stop();
    await running.dialer.stop();
    await running.router.stop();
    await running.sessions.stop();
    await running.libp2p.stop();
    releaseTimers(running.components);
    await this.#deps.clock.sleep(LIBRARY_TIMER_MS);
    await this.#streams.stop();
    this.#guard?.[Symbol.dispose]();
    this.#running = undefined;
  }

  #createSessions(router: RouterHost): Sessions {
    const { clock, logger, admission } = this.#deps;
    return new Sessions({
      ownPeer: this.peerId,
      clock,
      logger,
      admission,
      events: this.events,
      router,
      hello: (peer) => this.#known.hello(peer),
      onAdmitted: (peer, hello) => {
        this.#known.admitted(peer, hello);
        this.#running?.dialer.touch();
      },
      onLost: (peer) => this.#known.plan.disconnected(peer, clock.monotonicMs()),
      onOffence: (peer, reason) => this.penalise(peer, reason),
    }, {
      maxConnections: this.#options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      maxConnectionsPerIp: this.#options.maxConnectionsPerPeerIp ?? DEFAULT_MAX_CONNECTIONS_PER_IP,
    });
  }

  #createDialer(libp2p: Libp2p, sessions: Sessions): Dialer {
    const { clock, logger, addressBook } = this.#deps;
    const maxConnections = this.#options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
    return new Dialer({
      clock,
      logger,
      counters: this.#counters,
      libp2p,
      plan: this.#known.plan,
      addressBook,
      isConnected: (peer) => peer === this.peerId || sessions.table.isConnected(peer),
      isDenied: (peer) => this.#offences.isDenied(peer),
      isMember: (peer) => this.#deps.admission.isAdmitted(peer),
      outcomeOf: (connection, signal) => sessions.outcomeOf(connection, { signal }),
      hasEnough: () => sessions.table.size >= Math.min(TARGET_CONNECTIONS, maxConnections),
      isAlone: () => sessions.table.admittedPeers().length === 0,
      warn: ({ code, message }) => this.#warn(code, message),
    });
  }

  async #connectionTo(peer: PeerId, signal: AbortSignal | undefined): Promise<Connection> {
    const { sessions, dialer } = this.#expectRunning();
    const ready = sessions.table.admittedConnection(peer);
    if (ready) return ready;
    if (!this.isAdmitted(peer)) {
      throw new P2pError("p2p_not_admitted", `Cannot open a stream to ${peer}: it has no valid grant`);
    }
    const addresses = this.#known.plan.addressesOf(peer);
    if (addresses.length === 0) {
      throw new P2pError("p2p_not_connected", `Cannot open a stream to ${peer}: not connected and no address known`);
    }
    const connection = await dialer.dial(addresses, peer, signal);
    if (await sessions.outcomeOf(connection, signal ? { signal } : {})) return connection;
    throw new P2pError("p2p_not_admitted", `Cannot open a stream to ${peer}: the hello was refused`);
  }

  #warn(code: P2pEvents["warning"]["code"], message: string): void {
    this.#deps.logger.warn(message, { code });
    this.events.emit("warning", { code, message });
  }

  #expectRunning(): Running {
    if (this.#running) return this.#running;
    throw new P2pError("p2p_not_started", "Cannot use the peer-to-peer node: it is not running");
  }
}
