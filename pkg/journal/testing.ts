/**
 * Journals, streams and networks for tests: real journals on real databases, connected in memory.
 *
 * @module
 */
import type { AuthorClaim, AuthorFault } from "@bzzz/agentid";
import type { Clock, MeshId, PeerId } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import type { SigningKey } from "@bzzz/crypto";
import { createNullLogger, type Logger } from "@bzzz/logging";
import { openStore, type Store, type StoreDeps } from "@bzzz/store";
import type { Topic } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { createJournal } from "./journal.ts";
import { createSync, type SyncService } from "./sync.ts";
import type { PeerStream, StreamOpener } from "./sync_types.ts";
import type { AuthorGate, AuthorGrant, Journal, JournalDeps, RetentionPolicy } from "./types.ts";

/** A gate whose answers a test may change; without a change everybody is an `admin`. */
export class OpenGate implements AuthorGate {
  readonly #grants = new Map<PeerId, AuthorGrant>();
  readonly #faults = new Map<PeerId, (claim: AuthorClaim) => AuthorFault | undefined>();

  /** From now on `peer` has this role. */
  assign(peer: PeerId, grant: AuthorGrant): void {
    this.#grants.set(peer, grant);
  }

  /** From now on `peer` is refused whenever `fault` says why; undefined lifts it. */
  refuse(peer: PeerId, fault: AuthorFault | ((claim: AuthorClaim) => AuthorFault | undefined) | undefined): void {
    if (fault === undefined) this.#faults.delete(peer);
    else this.#faults.set(peer, typeof fault === "string" ? () => fault : fault);
  }

  checkAuthor(peer: PeerId, claim: AuthorClaim): ReturnType<AuthorGate["checkAuthor"]> {
    const reason = this.#faults.get(peer)?.(claim);
    if (reason) return { ok: false, reason };
    return { ok: true, grant: this.#grants.get(peer) ?? { role: "admin", level: "master", binaryType: "agent" } };
  }
}

/** Settings of a test journal; what is absent is made up. */
export interface TestJournalOptions {
  /** The key's seed: journals of one mesh need different ones. Default 1. */
  readonly seed?: number;
  /** Default: the mesh of `TestAuthor`. */
  readonly mesh?: MeshId;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly gate?: AuthorGate;
  readonly publish?: JournalDeps["publish"];
  readonly schedule?: JournalDeps["schedule"];
  readonly retention?: RetentionPolicy;
  readonly maxFrameBytes?: number;
  readonly authorBytesPerDay?: number;
  readonly maxStoreBytes?: number;
  /** The disk: default one that has everything at once. */
  readonly syncFile?: StoreDeps["syncFile"];
  /** Called as each transaction begins, with nothing of it on disk yet: where a power cut hurts most. */
  readonly onTransaction?: () => void;
  /** False leaves `start` to the test. */
  readonly start?: boolean;
}

/** A journal with what it stands on. Disposing stops it and removes its files. */
export interface TestJournal extends AsyncDisposable {
  readonly journal: Journal;
  readonly store: Store;
  readonly key: SigningKey;
  readonly peer: PeerId;
  readonly mesh: MeshId;
  readonly clock: Clock;
  /** The temporary folder: `journal.db` and `journal.seq` are in it. */
  readonly folder: string;
  readonly reservationPath: string;
  /** What the default publisher was given, in order. */
  readonly published: { readonly topic: Topic; readonly frame: Uint8Array }[];
}

/** A started journal over a fresh database; commits happen in the next microtask, so `ManualClock` is enough. */
export function createTestJournal(options: TestJournalOptions = {}): TestJournal {
  const clock = options.clock ?? new ManualClock();
  const seed = options.seed ?? 1;
  const author = new TestAuthor(seed, options.mesh === undefined ? {} : { mesh: options.mesh });
  const logger = options.logger ?? createNullLogger();
  const folder = Deno.makeTempDirSync({ prefix: "bzzz-journal-" });
  const opened = openStore({ clock, logger, syncFile: options.syncFile ?? (() => Promise.resolve()) }, {
    path: `${folder}/journal.db`,
    ...(options.maxStoreBytes === undefined ? {} : { maxBytes: options.maxStoreBytes }),
  });
  const store: Store = options.onTransaction === undefined ? opened : {
    ...opened,
    transaction: (work, how) => {
      options.onTransaction?.();
      return opened.transaction(work, how);
    },
  };
  const published: { topic: Topic; frame: Uint8Array }[] = [];
  const reservationPath = `${folder}/journal.seq`;
  const journal = createJournal({
    store,
    key: author.key,
    gate: options.gate ?? new OpenGate(),
    clock,
    random: createSeededRandom(seed),
    logger,
    publish: options.publish ?? ((topic, frame) => {
      published.push({ topic, frame });
      return Promise.resolve(1);
    }),
    schedule: options.schedule ?? queueMicrotask,
  }, {
    mesh: author.mesh,
    reservationPath,
    ...(options.retention === undefined ? {} : { retention: options.retention }),
    ...(options.authorBytesPerDay === undefined ? {} : { authorBytesPerDay: options.authorBytesPerDay }),
    ...(options.maxFrameBytes === undefined ? {} : { maxFrameBytes: options.maxFrameBytes }),
  });
  if (options.start !== false) journal.start();
  return {
    journal,
    store,
    key: author.key,
    peer: author.peer,
    mesh: author.mesh,
    clock,
    folder,
    reservationPath,
    published,
    [Symbol.asyncDispose]: async () => {
      await journal.stop();
      store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/**
 * The journal that the same node would have on other files, its clock at the time of now; not started. Disposing closes the
 * database and leaves its files.
 */
export function reopenJournal(
  test: TestJournal,
  path: string,
  reservationPath: string,
): { readonly journal: Journal; readonly clock: ManualClock } & AsyncDisposable {
  const clock = new ManualClock(test.clock.nowMs());
  const store = openStore({ clock, logger: createNullLogger() }, { path });
  const journal = createJournal({
    store,
    key: test.key,
    gate: new OpenGate(),
    clock,
    random: createSeededRandom(1),
    logger: createNullLogger(),
    publish: () => Promise.resolve(1),
    schedule: queueMicrotask,
  }, { mesh: test.mesh, reservationPath });
  return {
    journal,
    clock,
    [Symbol.asyncDispose]: async () => {
      await journal.stop();
      store.close();
    },
  };
}

/** Frames on their way in one direction; at most `capacity` unread, then `push` waits. */
class Pipe {
  readonly #frames: Uint8Array[] = [];
  readonly #waiters = new Set<() => void>();
  #end: "open" | "closed" | Error = "open";

  async push(frame: Uint8Array, capacity: number): Promise<void> {
    while (this.#end === "open" && this.#frames.length >= capacity) await this.#changed();
    if (this.#end !== "open") throw this.#end instanceof Error ? this.#end : new Error("the stream was closed");
    this.#frames.push(frame.slice());
    this.#wake();
  }

  async pull(signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    while (true) {
      signal?.throwIfAborted();
      if (this.#end instanceof Error) throw this.#end;
      const frame = this.#frames.shift();
      if (frame) {
        this.#wake();
        return frame;
      }
      if (this.#end === "closed") return undefined;
      await this.#changed(signal);
    }
  }

  end(how: "closed" | Error): void {
    if (this.#end === "open" || how instanceof Error) this.#end = how;
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  async #changed(signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add(resolve);
    signal?.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    this.#waiters.delete(resolve);
  }
}

/** Frames that one side may have unread. */
const PIPE_CAPACITY = 2;

/** Two ends of one stream, with back-pressure after two unread frames. */
export function createStreamPair(left: PeerId, right: PeerId): { left: PeerStream; right: PeerStream } {
  const there = new Pipe();
  const back = new Pipe();
  const end = (remote: PeerId, out: Pipe, into: Pipe): PeerStream => ({
    remote,
    send: (frame) => out.push(frame, PIPE_CAPACITY),
    receive: (options) => into.pull(options?.signal),
    closeWrite: () => Promise.resolve(out.end("closed")),
    close: () => {
      out.end("closed");
      into.end("closed");
      return Promise.resolve();
    },
    abort: (error) => {
      out.end(error);
      into.end(error);
    },
  });
  return { left: end(right, there, back), right: end(left, back, there) };
}

/** Streams between the nodes of a test, in memory. */
export class TestStreams {
  readonly #handlers = new Map<string, (stream: PeerStream) => Promise<void>>();
  readonly #running = new Set<Promise<void>>();
  readonly #down = new Set<PeerId>();

  /** The network as `self` sees it. */
  opener(self: PeerId): StreamOpener {
    return {
      handle: (protocol, handler) => void this.#handlers.set(`${self} ${protocol}`, handler),
      open: (peer, protocol) => {
        const handler = this.#handlers.get(`${peer} ${protocol}`);
        if (!handler || this.#down.has(peer) || this.#down.has(self)) {
          return Promise.reject(new Error("no connection"));
        }
        const { left, right } = createStreamPair(self, peer);
        const running = handler(right)
          .then(() => right.close(), (error) => right.abort(error))
          .finally(() => this.#running.delete(running));
        this.#running.add(running);
        return Promise.resolve(left);
      },
    };
  }

  /** Cuts a node off, or brings it back. */
  setConnected(peer: PeerId, isConnected: boolean): void {
    if (isConnected) this.#down.delete(peer);
    else this.#down.add(peer);
  }

  /** Resolves when no handler runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}

/** A journal with its sync service on a shared `TestStreams`. */
export interface TestNode extends AsyncDisposable {
  readonly test: TestJournal;
  readonly sync: SyncService;
  readonly penalties: { readonly peer: PeerId; readonly reason: string }[];
}

/** A started node; `peers` says whom it may ask at random. */
export function createTestNode(
  streams: TestStreams,
  options: TestJournalOptions & { readonly peers?: () => readonly PeerId[] } = {},
): TestNode {
  const test = createTestJournal(options);
  const penalties: { peer: PeerId; reason: string }[] = [];
  const sync = createSync({
    journal: test.journal,
    streams: streams.opener(test.peer),
    peers: options.peers ?? (() => []),
    clock: test.clock,
    random: createSeededRandom(options.seed ?? 1),
    logger: options.logger ?? createNullLogger(),
    penalise: (peer, reason) => void penalties.push({ peer, reason }),
  });
  sync.start();
  return {
    test,
    sync,
    penalties,
    [Symbol.asyncDispose]: async () => {
      await sync.stop();
      await test[Symbol.asyncDispose]();
    },
  };
}
