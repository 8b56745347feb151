import {
  abortable,
  type Clock,
  createDeadline,
  equalBytes,
  errorMessage,
  parsePeerId,
  type PeerId,
  TaskGroup,
  type Timer,
  type TypedEventTarget,
  withTimeout,
} from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { Connection, Stream } from "@libp2p/interface";
import {
  ADMISSION_TIMEOUT_MS,
  BEAT_INTERVAL_MS,
  HELLO_PROTOCOL,
  MAX_HELLO_BYTES,
  MAX_UNADMITTED_CONNECTIONS,
  SILENCE_LOOK_MS,
} from "./constants.ts";
import { P2pError } from "./errors.ts";
import { answer, greet, type HandshakeResult } from "./handshake.ts";
import { type Hello, type HelloVerdict, incompatibility } from "./hello.ts";
import { Liveness } from "./liveness.ts";
import { encodeNeighbours, NeighbourBook } from "./neighbours.ts";
import { Libp2pPeerStream } from "./peer_stream.ts";
import type { RouterHost } from "./router_host.ts";
import { allowMemberStreams } from "./stream_quota.ts";
import type { Admission, P2pEvents, PeerInfo } from "./types.ts";

/** A tick that comes later than this says that this process stood still, not the peers. */
const STALL_TOLERANCE_MS = 1000;
/** A peer that does not take our good-bye in this time is not waited for. */
const BYE_TIMEOUT_MS = 500;

/** One connection and how far it has come: "accepted" by us, then "admitted" by both. */
interface Session {
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

/** What the sessions stand on. */
export interface SessionsDeps {
  readonly ownPeer: PeerId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly admission: Admission;
  readonly events: TypedEventTarget<P2pEvents>;
  readonly router: RouterHost;
  /** Our hello as of now, for this peer. */
  readonly hello: (peer: PeerId) => Hello;
  /** A peer was admitted and told these addresses and neighbours. */
  readonly onAdmitted: (peer: PeerId, hello: Hello) => void;
  /** The last connection to a peer that was admitted is gone. */
  readonly onLost: (peer: PeerId) => void;
  readonly onOffence: (peer: PeerId, reason: string) => void;
}

/** Limits of the sessions. */
export interface SessionsOptions {
  readonly maxConnections: number;
  readonly maxConnectionsPerIp: number;
}

/**
 * The state of every connection: runs the hello, admits or closes, beats and listens for beats, settles which of two
 * connections to one peer stays, and applies the limits once more where they cannot be outrun.
 */
export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #options: SessionsOptions;
  readonly #byConnection = new Map<string, Session>();
  readonly #byPeer = new Map<PeerId, Set<Session>>();
  /** Peers whose admission was announced and whose departure was not. */
  readonly #announced = new Set<PeerId>();
  readonly #neighbours = new NeighbourBook();
  /** Counts the changes of who is admitted. */
  #neighbourhood = 0;
  readonly #tasks: TaskGroup;
  readonly #stopping = new AbortController();
  #lastTickMs: number;
  #beatenAtMs = -Infinity;
  #ticker: Timer | undefined;

  constructor(deps: SessionsDeps, options: SessionsOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#lastTickMs = deps.clock.monotonicMs();
    this.#tasks = new TaskGroup((error, what) => deps.logger.debug("session task failed", { what }, error));
  }

  start(): void {
    this.#lastTickMs = this.#deps.clock.monotonicMs();
    this.#ticker = this.#deps.clock.setPeriodic(SILENCE_LOOK_MS, () => this.#tick(), { unref: true });
    this.#deps.admission.onChanged(() => this.review(), { signal: this.#stopping.signal });
  }

  async stop(): Promise<void> {
    this.#ticker?.cancel();
    await this.#sayBye();
    this.#stopping.abort(new Error("the node is stopping"));
    for (const session of this.#byConnection.values()) session.expiry?.cancel();
    await this.#tasks.settled();
  }

  async #sayBye(): Promise<void> {
    const { clock } = this.#deps;
    const byes = [...this.#byConnection.values()].map((session) => session.liveness?.sayBye());
    try {
      await withTimeout(clock, Promise.all(byes), { timeoutMs: BYE_TIMEOUT_MS, what: "saying good-bye" });
    } catch (error) {
      this.#deps.logger.debug("Some peers did not hear the good-bye", { reason: errorMessage(error) });
    }
  }

  get connectionCount(): number {
    return this.#byConnection.size;
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

  /** Whether the author of something that `peer` lacks sends it there itself, as `peer` has told. */
  isNeighbour(peer: PeerId, author: PeerId): boolean {
    return this.#neighbours.isNeighbour(peer, author);
  }

  /** The peer of a connection that we have accepted, if it still may speak. */
  acceptedPeer(connection: Connection): PeerId | undefined {
    const session = this.#byConnection.get(connection.id);
    if (session?.state !== "accepted" && session?.state !== "admitted") return undefined;
    return this.#deps.admission.isAdmitted(session.peer) ? session.peer : undefined;
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
    if (this.#byConnection.size >= this.#options.maxConnections) return false;
    let fromHost = 0;
    let unadmitted = 0;
    for (const { connection, state } of this.#byConnection.values()) {
      if (connection.direction === "inbound" && hostOf(connection) === host) fromHost++;
      if (state === "new") unadmitted++;
    }
    return fromHost < this.#options.maxConnectionsPerIp && unadmitted < MAX_UNADMITTED_CONNECTIONS;
  }

  /** libp2p opened a connection. Those we dialled are greeted at once. */
  opened(connection: Connection): void {
    const peer = parsePeerId(connection.remotePeer.toString());
    // counted again here: several handshakes may have passed the door together
    if (!peer || (connection.direction === "inbound" && !this.hasRoomFor(hostOf(connection)))) {
      connection.abort(new Error(peer ? "too many connections" : "not an Ed25519 identity"));
      return;
    }
    const session: Session = {
      connection,
      peer,
      openedAtMs: this.#deps.clock.nowMs(),
      state: "new",
      theirs: undefined,
      control: undefined,
      liveness: undefined,
      toldNeighbours: -1,
      expiry: undefined,
      outcome: Promise.withResolvers(),
    };
    this.#byConnection.set(connection.id, session);
    const ofPeer = this.#byPeer.get(peer) ?? new Set();
    this.#byPeer.set(peer, ofPeer.add(session));
    session.expiry = this.#deps.clock.setTimer(ADMISSION_TIMEOUT_MS, () => {
      if (session.state !== "admitted") this.#refuse(session, "no_hello", "us");
    }, { unref: true });
    if (ofPeer.size === 1) this.#deps.events.emit("peer:connected", { peer });
    if (connection.direction === "outbound") this.#tasks.run("hello", () => this.#greet(session));
  }

  /** libp2p closed a connection. */
  closed(connection: Connection): void {
    const session = this.#byConnection.get(connection.id);
    if (!session) return;
    session.state = "closed";
    session.expiry?.cancel();
    session.outcome.resolve(false);
    this.#byConnection.delete(connection.id);
    const { peer } = session;
    const ofPeer = this.#byPeer.get(peer);
    ofPeer?.delete(session);
    this.#deps.router.closed(peer, connection, this.admittedConnection(peer));
    if (ofPeer?.size !== 0) return;
    this.#byPeer.delete(peer);
    this.#neighbours.forget(peer);
    this.#neighbourhood++;
    this.#deps.events.emit("peer:disconnected", { peer });
    if (this.#announced.delete(peer)) this.#deps.onLost(peer);
  }

  /** Serves the hello protocol. */
  serveHello(stream: Stream, connection: Connection): void {
    const session = this.#byConnection.get(connection.id);
    if (!session || session.state !== "new" || session.control) {
      stream.abort(new Error("one hello per connection"));
      return;
    }
    this.#tasks.run("hello", () => this.#handshake(session, stream, answer));
  }

  /** Resolves when the hello on this connection has ended: whether the peer was admitted. */
  async outcomeOf(connection: Connection, options: { signal?: AbortSignal } = {}): Promise<boolean> {
    const session = this.#byConnection.get(connection.id);
    return session ? await abortable(session.outcome.promise, options.signal) : false;
  }

  /** Closes every connection to the peer at once. */
  drop(peer: PeerId, reason: string): void {
    for (const session of [...this.#byPeer.get(peer) ?? []]) session.connection.abort(new Error(reason));
  }

  /** Looks again at who may speak: after a revocation, an expiry, a new grant. */
  review(): void {
    for (const session of [...this.#byConnection.values()]) {
      if (session.state !== "accepted" && session.state !== "admitted") continue;
      if (!this.#deps.admission.isAdmitted(session.peer)) this.#refuse(session, "grant_ended", "us");
    }
  }

  async #greet(session: Session): Promise<void> {
    let stream: Stream;
    using deadline = createDeadline(this.#deps.clock, {
      timeoutMs: ADMISSION_TIMEOUT_MS,
      what: "a hello",
      parent: this.#stopping.signal,
    });
    try {
      stream = await session.connection.newStream([HELLO_PROTOCOL], { signal: deadline.signal });
    } catch (error) {
      if (session.state === "new") this.#fail(session, error);
      return;
    }
    await this.#handshake(session, stream, greet);
  }

  async #handshake(session: Session, stream: Stream, run: typeof greet): Promise<void> {
    const { clock } = this.#deps;
    // not admitted yet: no more than a hello may be parked here
    const control = new Libp2pPeerStream({ clock, stream, remote: session.peer }, { maxFrameBytes: MAX_HELLO_BYTES });
    session.control = control;
    let result: HandshakeResult;
    using deadline = createDeadline(clock, {
      timeoutMs: ADMISSION_TIMEOUT_MS,
      what: "a hello",
      parent: this.#stopping.signal,
    });
    try {
      result = await run({
        stream: control,
        hello: () => this.#deps.hello(session.peer),
        judge: (theirs) => this.#judge(session, theirs),
        signal: deadline.signal,
      });
    } catch (error) {
      this.#fail(session, error);
      return;
    }
    if (!result.ours.ok) this.#refuse(session, result.ours.reason, "us");
    else if (!result.yours.ok) this.#refuse(session, result.yours.reason, "them");
    else await this.#admitted(session, result.theirs, control);
  }

  #judge(session: Session, theirs: Hello): HelloVerdict {
    const obstacle = incompatibility(this.#deps.hello(session.peer), theirs);
    if (obstacle !== undefined) return { ok: false, reason: obstacle };
    const verdict = this.#deps.admission.present(session.peer, theirs.credentials);
    if (!verdict.admitted) {
      return { ok: false, reason: verdict.reason, ...(verdict.proof ? { proof: verdict.proof } : {}) };
    }
    if (session.state === "new") session.state = "accepted";
    allowMemberStreams(session.connection);
    return { ok: true };
  }

  async #admitted(session: Session, theirs: Hello, control: Libp2pPeerStream): Promise<void> {
    if (session.state !== "accepted") return; // closed meanwhile
    const { peer, connection } = session;
    const others = [...this.#byPeer.get(peer) ?? []].filter((other) => other !== session && other.state === "admitted");
    const stale = others.filter((other) => other.theirs && !equalBytes(other.theirs.instance, theirs.instance));
    session.theirs = theirs;
    session.state = "admitted";
    const liveness = new Liveness({ clock: this.#deps.clock, stream: control });
    session.liveness = liveness;
    session.expiry?.cancel();
    session.outcome.resolve(true);
    // the peer has restarted: what is left of its former life would swallow messages
    for (const other of stale) other.connection.abort(new Error("the peer has restarted"));
    this.#deps.onAdmitted(peer, theirs);
    this.#deps.router.admitted(peer, connection);
    const twins = others.filter((other) => !stale.includes(other) && other.state === "admitted");
    this.#announced.add(peer);
    this.#neighbourhood++;
    if (twins.length === 0) this.#deps.events.emit("peer:admitted", { peer, software: theirs.software });
    for (const twin of twins) this.#settleTwins(session, twin);
    await this.#listen(session, liveness);
  }

  /** Both dialled at once: the connection of the smaller peer id stays, and whoever dialled the other closes it. */
  #settleTwins(session: Session, twin: Session): void {
    const { ownPeer } = this.#deps;
    const isOurs = (one: Session): boolean => one.connection.direction === "outbound";
    const loser = isOurs(session) === isOurs(twin)
      ? session
      : isOurs(session) === ownPeer < session.peer
      ? twin
      : session;
    if (!isOurs(loser)) return;
    this.#tasks.run("close twin", () => this.#closeGently(loser.connection));
  }

  async #listen(session: Session, liveness: Liveness): Promise<void> {
    const { peer, connection } = session;
    const { signal } = this.#stopping;
    try {
      await liveness.listen({
        signal,
        onFlood: () => this.#deps.onOffence(peer, "beat_flood"),
        onFrame: (frame) => this.#neighbours.learn(peer, frame),
        onBye: () => this.#deps.events.emit("peer:left", { peer }),
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#deps.logger.debug("connection lost", { peer, reason: errorMessage(error) });
    }
    if (session.state === "admitted") connection.abort(new Error("the peer ended its hello stream"));
  }

  #tick(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const lateMs = nowMs - this.#lastTickMs - SILENCE_LOOK_MS;
    this.#lastTickMs = nowMs;
    // timers come a little early or late: half a look of tolerance keeps the beats at their interval
    const isBeatDue = nowMs - this.#beatenAtMs >= BEAT_INTERVAL_MS - SILENCE_LOOK_MS / 2;
    if (isBeatDue) this.#beatenAtMs = nowMs;
    for (const session of [...this.#byConnection.values()]) {
      const { peer, connection, liveness } = session;
      if (session.state !== "admitted" || !liveness) continue;
      if (lateMs > STALL_TOLERANCE_MS) liveness.forgive(lateMs);
      if (!this.#deps.admission.isAdmitted(peer)) this.#refuse(session, "grant_ended", "us");
      else if (liveness.isSilent) {
        this.#deps.logger.info("peer went silent", { peer, silentMs: liveness.silentMs });
        connection.abort(new Error("silent"));
      } else if (isBeatDue) this.#tasks.run("beat", () => this.#beat(session, liveness));
    }
  }

  /** A beat, or who our neighbours are when that has changed: it says as well that we live. */
  async #beat(session: Session, liveness: Liveness): Promise<void> {
    const neighbourhood = this.#neighbourhood;
    if (session.toldNeighbours === neighbourhood) return void await liveness.beat();
    if (await liveness.beat(encodeNeighbours(this.admittedPeers()))) session.toldNeighbours = neighbourhood;
  }

  #fail(session: Session, error: unknown): void {
    if (this.#stopping.signal.aborted || session.state === "closed") return;
    this.#deps.logger.debug("hello failed", { peer: session.peer, reason: errorMessage(error) });
    if (error instanceof P2pError && error.code === "p2p_protocol_violation") {
      this.#deps.onOffence(session.peer, "bad_hello");
    }
    session.connection.abort(new Error("the hello failed"));
  }

  #refuse(session: Session, reason: string, by: "us" | "them"): void {
    if (session.state === "closed") return;
    const { peer, connection } = session;
    // a peer's reason is its own text: quoted as a field, never a message
    this.#deps.logger.info(by === "us" ? "peer refused" : "peer refused us", { peer, reason });
    this.#deps.events.emit("peer:refused", { peer, reason, by });
    if (session.state === "admitted") {
      connection.abort(new Error(reason));
      return;
    }
    session.state = "new";
    session.outcome.resolve(false);
    this.#tasks.run("close refused", () => this.#closeGently(connection));
  }

  /** Closed, not reset, so that a verdict on its way arrives; a second later it is over in any case. */
  async #closeGently(connection: Connection): Promise<void> {
    using deadline = createDeadline(this.#deps.clock, { timeoutMs: 1000, what: "closing a connection" });
    try {
      await connection.close({ signal: deadline.signal });
    } catch {
      connection.abort(new Error("closed"));
    }
  }
}

/** The IP address a connection comes from. */
function hostOf(connection: Connection): string | undefined {
  return connection.remoteAddr.getComponents().find(({ name }) => name === "ip4" || name === "ip6")?.value;
}
