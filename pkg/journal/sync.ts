import {
  type Clock,
  CounterMap,
  createDeadline,
  errorMessage,
  type PeerId,
  type Random,
  randomPick,
  TaskGroup,
  type Timer,
} from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { StoreError } from "@bzzz/store";
import {
  MAX_PULLS,
  MAX_QUEUED_PULLS,
  MAX_SERVED,
  MAX_SERVED_PER_PEER,
  MAX_VECTOR_AUTHORS,
  SYNC_BUSY_RETRY_MS,
  SYNC_GAP_DELAY_MS,
  SYNC_PERIOD_MS,
  SYNC_PROTOCOL,
  SYNC_REFUSED_AUTHOR_MS,
  SYNC_SECOND_LOOK_MS,
  SYNC_STORE_PAUSE_MS,
  SYNC_TOTAL_TIMEOUT_MS,
} from "./constants.ts";
import { SyncError } from "./errors.ts";
import { encodeSyncMessage } from "./sync_codec.ts";
import { pull, type PullResult, serve } from "./sync_exchange.ts";
import type { PeerStream, StreamOpener } from "./sync_types.ts";
import type { Journal } from "./types.ts";

/** What sync needs. */
export interface SyncDeps {
  readonly journal: Journal;
  readonly streams: StreamOpener;
  /** Admitted peers that are connected now. */
  readonly peers: () => readonly PeerId[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told about a peer that sent what no honest peer sends; the exchange with it has ended. */
  readonly penalise: (peer: PeerId, reason: string) => void;
}

/** Numbers for health and metrics. */
export interface SyncStats {
  readonly pulling: number;
  readonly queued: number;
  readonly serving: number;
  /** Monotonic milliseconds since a pull ended well; undefined before the first. */
  readonly lastPullAgeMs: number | undefined;
  /** "pull.ok", "pull.failed", "pull.entries", "pull.bytes", "serve.ok", "serve.failed", "serve.busy". */
  readonly counters: ReadonlyMap<string, number>;
}

/** Repairs what gossip lost: pulls on connect, after a gap, and every 10 s from a random peer. */
export interface SyncService {
  /** Serves the protocol and begins to pull. */
  start(): void;
  /** Ends exchanges and timers; resolves when none runs any more. Idempotent. */
  stop(): Promise<void>;
  /** Both sides call this when they have admitted each other: pulls now, and once more after gossip has settled. */
  peerConnected(peer: PeerId): void;
  /**
   * The connection to a peer is gone: asks one of the others for what it published while nobody knew, as they did not
   * pass it on to who seemed to be its neighbour.
   */
  peerLost(): void;
  /** Asks `peer` soon; requests for one peer are merged, at most 2 pulls run at once. */
  requestPull(peer: PeerId): void;
  /** One exchange now, outside the queue. @throws SyncError, StoreError, TimeoutError */
  pullNow(peer: PeerId, options?: { signal?: AbortSignal }): Promise<PullResult>;
  stats(): SyncStats;
}

/** Plain settings of sync. */
export interface SyncOptions {
  /** Milliseconds between two pulls from a random peer; 10 s unless told. */
  readonly periodMs?: number;
}

/** Creates the sync service of a journal; nothing happens before `start`. */
export function createSync(deps: SyncDeps, options: SyncOptions = {}): SyncService {
  return new Sync(deps, options);
}

class Sync implements SyncService {
  readonly #deps: SyncDeps;
  readonly #periodMs: number;
  readonly #counters = new CounterMap();
  readonly #stopped = new AbortController();
  readonly #tasks: TaskGroup;
  /** Peers to ask; those in `#pulling` are asked now. Both hold a peer when it is to be asked again. */
  readonly #queue = new Set<PeerId>();
  readonly #pulling = new Set<PeerId>();
  readonly #timers = new Map<string, Timer>();
  /** Authors without a grant here, and until when they are not asked for; as many as a vector holds. */
  readonly #unwantedUntilMs = new Map<PeerId, number>();
  readonly #serving = new Map<PeerId, number>();
  /** When a connected peer was asked last, well or in vain. */
  readonly #askedAtMs = new Map<PeerId, number>();
  #pausedUntilMs = -Infinity;
  #lastPullMs: number | undefined;
  #periodic: Timer | undefined;
  #isStarted = false;

  constructor(deps: SyncDeps, options: SyncOptions) {
    this.#deps = deps;
    this.#periodMs = options.periodMs ?? SYNC_PERIOD_MS;
    this.#tasks = new TaskGroup((error, what) => deps.logger.error("Sync failed unexpectedly", { what }, error));
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { streams, journal, clock } = this.#deps;
    const signal = this.#stopped.signal;
    streams.handle(SYNC_PROTOCOL, (stream) => this.#serve(stream), { admission: "members", maxInboundStreams: 2 });
    journal.events.on("gap:found", ({ peer, cause }) => this.#pullAfterGap(peer, cause), { signal });
    journal.events.on("entry:stored", ({ entry }) => {
      // Somebody may have a grant now who had none before.
      if (entry.kind === "grant_issued") this.#unwantedUntilMs.clear();
    }, { signal });
    journal.events.on("state:changed", ({ state }) => {
      if (state === "must_catch_up") { for (const peer of this.#deps.peers()) this.requestPull(peer); }
    }, { signal });
    this.#periodic = clock.setPeriodic(this.#periodMs, () => this.#pullFromSomebody(), { unref: true });
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new SyncError("sync_ended", "Cannot sync: this node is stopping"));
    this.#periodic?.cancel();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#queue.clear();
    await this.#tasks.settled();
  }

  peerLost(): void {
    this.#askSomebody();
  }

  peerConnected(peer: PeerId): void {
    this.requestPull(peer);
    this.#later(`second look ${peer}`, SYNC_SECOND_LOOK_MS, () => this.requestPull(peer));
  }

  requestPull(peer: PeerId): void {
    if (this.#stopped.signal.aborted || !this.#isStarted) return;
    if (this.#deps.clock.monotonicMs() < this.#pausedUntilMs) return;
    if (this.#queue.size >= MAX_QUEUED_PULLS) {
      this.#counters.add("pull.dropped");
      return;
    }
    this.#queue.add(peer);
    this.#next();
  }

  async pullNow(peer: PeerId, options: { signal?: AbortSignal } = {}): Promise<PullResult> {
    const parent = options.signal ? AbortSignal.any([options.signal, this.#stopped.signal]) : this.#stopped.signal;
    parent.throwIfAborted();
    this.#askedAtMs.set(peer, this.#deps.clock.monotonicMs());
    using deadline = createDeadline(this.#deps.clock, { timeoutMs: SYNC_TOTAL_TIMEOUT_MS, what: "a sync", parent });
    const { signal } = deadline;
    const stream = await this.#deps.streams.open(peer, SYNC_PROTOCOL, { signal });
    try {
      const result = await pull(this.#deps, stream, { unwanted: this.#unwanted(), signal });
      await stream.close();
      this.#note(result);
      return result;
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(errorMessage(error)));
      this.#counters.add("pull.failed");
      if (error instanceof SyncError && (error.code === "sync_bad_frames" || error.code === "sync_protocol")) {
        this.#deps.penalise(peer, error.code);
      }
      if (error instanceof StoreError) {
        this.#pausedUntilMs = this.#deps.clock.monotonicMs() + SYNC_STORE_PAUSE_MS;
        // the period may fall into the pause, and the next one is far away
        this.#later("a disk with room again", SYNC_STORE_PAUSE_MS, () => this.#askSomebody());
      }
      throw error;
    }
  }

  stats(): SyncStats {
    const { clock } = this.#deps;
    return {
      pulling: this.#pulling.size,
      queued: this.#queue.size,
      serving: this.#servingTotal,
      lastPullAgeMs: this.#lastPullMs === undefined ? undefined : clock.monotonicMs() - this.#lastPullMs,
      counters: this.#counters.entries(),
    };
  }

  /** Now, whoever was asked a moment ago. */
  #askSomebody(): void {
    const peer = randomPick(this.#deps.random, this.#deps.peers());
    if (peer) this.requestPull(peer);
  }

  /**
   * Asks a random peer of those that were not asked for a period: everybody has its turn, and when one does not answer
   * another is asked at once. Otherwise peers that serve nothing would keep a lost entry away for many periods.
   */
  #pullFromSomebody(): void {
    const peers = this.#deps.peers();
    for (const peer of this.#askedAtMs.keys()) if (!peers.includes(peer)) this.#askedAtMs.delete(peer);
    const oldestMs = Math.min(...peers.map((peer) => this.#askedAtMs.get(peer) ?? -Infinity));
    if (this.#deps.clock.monotonicMs() - oldestMs < this.#periodMs / 2) return;
    const due = peers.filter((peer) => (this.#askedAtMs.get(peer) ?? -Infinity) === oldestMs);
    const peer = randomPick(this.#deps.random, due);
    if (peer) this.requestPull(peer);
  }

  #next(): void {
    for (const peer of this.#queue) {
      if (this.#pulling.size >= MAX_PULLS) return;
      if (this.#pulling.has(peer)) continue;
      this.#queue.delete(peer);
      this.#pulling.add(peer);
      this.#tasks.run("pull", async () => {
        try {
          await this.#pullUntilNothingComes(peer);
        } finally {
          this.#pulling.delete(peer);
          this.#next();
        }
      });
    }
  }

  /** Grants arrive as entries too: an author that was refused in one round may be welcome in the next. */
  async #pullUntilNothingComes(peer: PeerId): Promise<void> {
    try {
      while (true) {
        const { stored, refusedAuthors } = await this.pullNow(peer);
        if (stored === 0 || refusedAuthors.size === 0) return;
      }
    } catch (error) {
      if (error instanceof SyncError && error.code === "sync_busy") {
        const delayMs = SYNC_BUSY_RETRY_MS * (1 + this.#deps.random.float());
        this.#later(`busy ${peer}`, delayMs, () => this.requestPull(peer));
      }
      // Somebody else may have what this one did not give; a database that refuses writes is shown by its own health.
      if (!(error instanceof StoreError)) {
        this.#later("another peer", SYNC_GAP_DELAY_MS, () => this.#pullFromSomebody());
      }
      const level = error instanceof StoreError || this.#stopped.signal.aborted ? "trace" : "debug";
      this.#deps.logger[level]("Pull ended early", { peer, reason: errorMessage(error) });
    }
  }

  get #servingTotal(): number {
    let total = 0;
    for (const count of this.#serving.values()) total += count;
    return total;
  }

  async #serve(stream: PeerStream): Promise<void> {
    const peer = stream.remote;
    const mine = this.#serving.get(peer) ?? 0;
    const total = this.#servingTotal;
    // a second exchange of one peer takes no place that another peer's first could have
    const isCrowded = total >= MAX_SERVED || mine >= MAX_SERVED_PER_PEER || (mine > 0 && total >= MAX_SERVED / 2);
    if (this.#stopped.signal.aborted || isCrowded) {
      this.#counters.add("serve.busy");
      await stream.send(encodeSyncMessage({ type: "busy" }));
      return;
    }
    this.#serving.set(peer, mine + 1);
    const done = Promise.withResolvers<void>();
    this.#tasks.run("serve", () => done.promise); // so that stop() waits for it
    using deadline = createDeadline(this.#deps.clock, {
      timeoutMs: SYNC_TOTAL_TIMEOUT_MS,
      what: "serving a sync",
      parent: this.#stopped.signal,
    });
    try {
      await serve(this.#deps, stream, { signal: deadline.signal });
      this.#counters.add("serve.ok");
    } catch (error) {
      this.#counters.add("serve.failed");
      this.#deps.logger.debug("Peer could not be served", { peer, reason: errorMessage(error) });
      if (error instanceof SyncError && error.code === "sync_protocol") this.#deps.penalise(peer, error.code);
      stream.abort(error instanceof Error ? error : new Error(errorMessage(error)));
    } finally {
      const left = (this.#serving.get(peer) ?? 1) - 1;
      if (left > 0) this.#serving.set(peer, left);
      else this.#serving.delete(peer);
      done.resolve();
    }
  }

  #note(result: PullResult): void {
    this.#lastPullMs = this.#deps.clock.monotonicMs();
    this.#counters.add("pull.ok");
    this.#counters.add("pull.entries", result.stored);
    this.#counters.add("pull.bytes", result.bytes);
    // After a round that brought something the refused ones are asked for once more: their grants may be in it.
    if (result.stored > 0) return;
    const untilMs = this.#deps.clock.monotonicMs() + SYNC_REFUSED_AUTHOR_MS;
    for (const author of result.refusedAuthors) {
      if (this.#unwantedUntilMs.size < MAX_VECTOR_AUTHORS) this.#unwantedUntilMs.set(author, untilMs);
    }
  }

  #unwanted(): Set<PeerId> {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [author, untilMs] of this.#unwantedUntilMs) {
      if (nowMs >= untilMs) this.#unwantedUntilMs.delete(author);
    }
    return new Set([...this.#unwantedUntilMs.keys(), ...this.#deps.journal.pausedAuthors()]);
  }

  #pullAfterGap(peer: PeerId, cause: "missing" | "conflict"): void {
    // Gossip delivers out of order by a few milliseconds all the time; only a gap that stays is worth an exchange.
    this.#later(`gap ${peer}`, SYNC_GAP_DELAY_MS, () => {
      if (cause === "conflict" || this.#deps.journal.hasGaps()) this.requestPull(peer);
    });
  }

  /** One timer per name; a second one while it runs changes nothing. */
  #later(name: string, delayMs: number, work: () => void): void {
    if (this.#stopped.signal.aborted || this.#timers.has(name) || this.#timers.size >= 2 * MAX_QUEUED_PULLS) return;
    const timer = this.#deps.clock.setTimer(delayMs, () => {
      this.#timers.delete(name);
      work();
    }, { unref: true });
    this.#timers.set(name, timer);
  }
}
