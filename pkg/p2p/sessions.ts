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
import { hostOf, type Session, type SessionLimits, SessionTable } from "./session_table.ts";
import type { Admission, P2pEvents } from "./types.ts";

/** A tick that comes later than this says that this process stood still, not the peers. */
const STALL_TOLERANCE_MS = 1000;
/** A peer that does not take our good-bye in this time is not waited for. */
const BYE_TIMEOUT_MS = 500;

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

/**
 * The state of every connection: runs the hello, admits or closes, beats and listens for beats, settles which of two
 * connections to one peer stays, and applies the limits once more where they cannot be outrun.
 */
export class Sessions {
  readonly #deps: SessionsDeps;
  /** Which connections there are. */
  readonly table: SessionTable;
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

  constructor(deps: SessionsDeps, limits: SessionLimits) {
    this.#deps = deps;
    this.table = new SessionTable(limits);
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
    for (const session of this.table.all()) session.expiry?.cancel();
    await this.#tasks.settled();
  }

  async #sayBye(): Promise<void> {
    const { clock } = this.#deps;
    const byes = this.table.all().map((session) => session.liveness?.sayBye());
    try {
      await withTimeout(clock, Promise.all(byes), { timeoutMs: BYE_TIMEOUT_MS, what: "saying good-bye" });
    } catch (error) {
      this.#deps.logger.debug("Some peers did not hear the good-bye", { reason: errorMessage(error) });
    }
  }

  /** Whether the author of something that `peer` lacks sends it there itself, as `peer` has told. */
  isNeighbour(peer: PeerId, author: PeerId): boolean {
    return this.#neighbours.isNeighbour(peer, author);
  }

  /** The peer of a connection that we have accepted, if it still may speak. */
  acceptedPeer(connection: Connection): PeerId | undefined {
    const session = this.table.get(connection);
    if (session?.state !== "accepted" && session?.state !== "admitted") return undefined;
    return this.#deps.admission.isAdmitted(session.peer) ? session.peer : undefined;
  }

  /** libp2p opened a connection. Those we dialled are greeted at once. */
  opened(connection: Connection): void {
    const peer = parsePeerId(connection.remotePeer.toString());
    // counted again here: several handshakes may have passed the door together
    if (!peer || (connection.direction === "inbound" && !this.table.hasRoomFor(hostOf(connection)))) {
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
    const isFirst = !this.table.isConnected(peer);
    this.table.add(session);
    session.expiry = this.#deps.clock.setTimer(ADMISSION_TIMEOUT_MS, () => {
      if (session.state !== "admitted") this.#refuse(session, "no_hello", "us");
    }, { unref: true });
    if (isFirst) this.#deps.events.emit("peer:connected", { peer });
    if (connection.direction === "outbound") this.#tasks.run("hello", () => this.#greet(session));
  }

  /** libp2p closed a connection. */
  closed(connection: Connection): void {
    const session = this.table.get(connection);
    if (!session) return;
    session.state = "closed";
    session.expiry?.cancel();
    session.outcome.resolve(false);
    const { peer } = session;
    this.table.remove(session);
    this.#deps.router.closed(peer, connection, this.table.admittedConnection(peer));
    if (this.table.isConnected(peer)) return;
    this.#neighbours.forget(peer);
    this.#neighbourhood++;
    this.#deps.events.emit("peer:disconnected", { peer });
    if (this.#announced.delete(peer)) this.#deps.onLost(peer);
  }

  /** Serves the hello protocol. */
  serveHello(stream: Stream, connection: Connection): void {
    const session = this.table.get(connection);
    if (!session || session.state !== "new" || session.control) {
      stream.abort(new Error("one hello per connection"));
      return;
    }
    this.#tasks.run("hello", () => this.#handshake(session, stream, answer));
  }

  /** Resolves when the hello on this connection has ended: whether the peer was admitted. */
  async outcomeOf(connection: Connection, options: { signal?: AbortSignal } = {}): Promise<boolean> {
    const session = this.table.get(connection);
    return session ? await abortable(session.outcome.promise, options.signal) : false;
  }

  /** Closes every connection to the peer at once. */
  drop(peer: PeerId, reason: string): void {
    for (const session of this.table.ofPeer(peer)) session.connection.abort(new Error(reason));
  }

  /** Looks again at who may speak: after a revocation, an expiry, a new grant. */
  review(): void {
    for (const session of this.table.all()) {
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
    const others = this.table.ofPeer(peer).filter((other) => other !== session && other.state === "admitted");
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
    for (const session of this.table.all()) {
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
    if (await liveness.beat(encodeNeighbours(this.table.admittedPeers()))) session.toldNeighbours = neighbourhood;
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
