import { type Clock, createDeadline, errorMessage, type PeerId, SerialQueue, TaskGroup } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import { HELLO_PROTOCOL, JOIN_PROTOCOL, MAX_STRANGER_FRAME_BYTES, STREAM_OPEN_TIMEOUT_MS } from "./constants.ts";
import { P2pError } from "./errors.ts";
import { type RedeemInvite, serveJoin } from "./join.ts";
import { Libp2pPeerStream } from "./peer_stream.ts";
import type { Sessions } from "./sessions.ts";
import type { HandleOptions, PeerStream, StreamHandler } from "./types.ts";

/** What a `StreamServer` stands on. */
export interface StreamServerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly penalise: (peer: PeerId, reason: string, weight?: number) => void;
}

/** Open streams of one protocol per connection, unless a handler says otherwise. */
const DEFAULT_MAX_INBOUND_STREAMS = 8;

/**
 * Keeps the handlers of all protocols, serves inbound streams to whom each admits, and opens outbound ones. Handlers
 * may be added before and after the node has started.
 */
export class StreamServer {
  readonly #deps: StreamServerDeps;
  readonly #handlers = new Map<string, { readonly handler: StreamHandler; readonly options: HandleOptions }>();
  readonly #tasks: TaskGroup;
  #running: { readonly libp2p: Libp2p; readonly sessions: Sessions } | undefined;

  constructor(deps: StreamServerDeps) {
    this.#deps = deps;
    this.#tasks = new TaskGroup((error, what) => {
      deps.logger.debug("stream failed", { what, reason: errorMessage(error) });
    });
  }

  /** Registers every handler with libp2p; those that come later are registered at once. */
  async start(libp2p: Libp2p, sessions: Sessions): Promise<void> {
    this.#running = { libp2p, sessions };
    await libp2p.handle(HELLO_PROTOCOL, (stream, connection) => sessions.serveHello(stream, connection), {
      maxInboundStreams: 1,
    });
    for (const protocol of this.#handlers.keys()) await this.#register(protocol);
  }

  /** Resolves when every handler has returned; the node has closed their streams. */
  async stop(): Promise<void> {
    await this.#tasks.settled();
  }

  handle(protocol: string, handler: StreamHandler, options: HandleOptions): void {
    if (this.#handlers.has(protocol)) throw new TypeError(`A handler of ${protocol} is there already`);
    this.#handlers.set(protocol, { handler, options });
    if (this.#running) this.#tasks.run("register", () => this.#register(protocol));
  }

  /** Serves invitations, one at a time. */
  handleJoins(redeem: RedeemInvite): void {
    const { clock, logger, penalise } = this.#deps;
    const queue = new SerialQueue({ capacity: 16 });
    const serve: StreamHandler = async (stream) => {
      const outcome = await serveJoin(stream, { clock, redeem, queue });
      if (outcome.ok) logger.info("peer joined the mesh", { peer: stream.remote });
      else {
        logger.info("join refused", { peer: stream.remote, reason: outcome.reason });
        // guessing secrets is hopeless at 256 bits, but it shall not be free either
        penalise(stream.remote, "join_refused", 2);
      }
    };
    this.handle(JOIN_PROTOCOL, serve, { admission: "anyone", maxInboundStreams: 1 });
  }

  /** @throws P2pError "p2p_stream_failed"; or `signal.reason` */
  async open(connection: Connection, peer: PeerId, protocol: string, signal?: AbortSignal): Promise<PeerStream> {
    using deadline = createDeadline(this.#deps.clock, {
      timeoutMs: STREAM_OPEN_TIMEOUT_MS,
      what: `opening ${protocol}`,
      ...(signal ? { parent: signal } : {}),
    });
    try {
      const stream = await connection.newStream([protocol], { signal: deadline.signal });
      return new Libp2pPeerStream({ clock: this.#deps.clock, stream, remote: peer });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new P2pError("p2p_stream_failed", `Cannot open ${protocol} to ${peer}: ${errorMessage(cause)}`, {
        details: { peer, protocol },
        cause,
      });
    }
  }

  async #register(protocol: string): Promise<void> {
    const served = this.#handlers.get(protocol);
    const running = this.#running;
    if (!served || !running) return;
    const { handler, options } = served;
    await running.libp2p.handle(protocol, (stream, connection) => {
      const peer = options.admission === "anyone"
        ? running.sessions.table.peerOf(connection)
        : running.sessions.acceptedPeer(connection);
      if (peer) this.#serve(stream, peer, handler, options);
      else stream.abort(new Error("not admitted"));
    }, { maxInboundStreams: options.maxInboundStreams ?? DEFAULT_MAX_INBOUND_STREAMS });
  }

  #serve(raw: Stream, peer: PeerId, handler: StreamHandler, { admission }: HandleOptions): void {
    const limits = admission === "anyone" ? { maxReceiveBytes: MAX_STRANGER_FRAME_BYTES } : {};
    const stream = new Libp2pPeerStream({ clock: this.#deps.clock, stream: raw, remote: peer }, limits);
    this.#tasks.run(raw.protocol, async () => {
      try {
        await handler(stream);
        await stream.close();
      } catch (error) {
        const isViolation = error instanceof P2pError && error.code === "p2p_protocol_violation";
        if (isViolation) this.#deps.penalise(peer, "protocol_violation");
        stream.abort(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }
    });
  }
}
