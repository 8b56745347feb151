import type { Clock, PeerId } from "@bzzz/base";
import {
  createJournal,
  createSync,
  type IngestResult,
  type Journal,
  JournalError,
  type SyncService,
  type WholeFile,
} from "@bzzz/journal";
import { OpenGate } from "@bzzz/journal/testing";
import { createNullLogger } from "@bzzz/logging";
import { type JournalStore, StoreError } from "@bzzz/store";
import { TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { SimDisk } from "../disk/sim_disk.ts";
import type { Chance } from "../engine/chance.ts";
import type { History } from "../engine/history.ts";
import type { NodeHost } from "../engine/node_host.ts";
import type { JournalFlaws } from "./cluster.ts";
import type { Connections, Endpoint } from "./connections.ts";
import type { JournalEvent } from "./events.ts";

/** A turn of the event loop with a commit in it. */
const COMMIT_DELAY_MS = 1;
const RESERVATION_PATH = "journal.seq";

/** What a node of the journal's world needs. */
export interface JournalNodeDeps {
  readonly host: NodeHost;
  readonly chance: Chance;
  readonly history: History<JournalEvent>;
  readonly connections: () => Connections;
  /** Hands a frame or a bundle to the gossip of this node; how many peers it went to. */
  readonly publish: (from: JournalNode, message: Uint8Array) => number;
}

/** The real journal and the real sync on a simulated machine, through crashes and restarts. */
export class JournalNode implements Endpoint {
  readonly index: number;
  readonly host: NodeHost;
  readonly peer: PeerId;
  readonly disk: SimDisk;
  readonly #deps: JournalNodeDeps;
  readonly #author: TestAuthor;
  readonly #flaws: JournalFlaws;
  readonly #reservations = new Map<string, string>();
  #journal: Journal | undefined;
  #sync: SyncService | undefined;
  #appends = 0;

  constructor(
    deps: JournalNodeDeps,
    options: { readonly index: number; readonly flaws: JournalFlaws },
  ) {
    this.#deps = deps;
    this.host = deps.host;
    this.index = options.index;
    this.#author = new TestAuthor(1000 + options.index);
    this.peer = this.#author.peer;
    const speed = deps.chance.fork(`disk ${options.index}`);
    const meanMs = speed.pick([0.5, 5, 50]);
    this.disk = new SimDisk({ ...options.flaws.disk, syncMs: () => speed.exponential(meanMs) });
    this.#flaws = options.flaws;
  }

  /** The journal of the process that runs; undefined when none does. */
  get journal(): Journal | undefined {
    return this.#journal;
  }

  start(): void {
    if (this.host.state !== "down") return;
    this.host.start();
    const { chance, history, host } = this.#deps;
    const clock = host.createClock();
    const random = chance.fork(`node ${this.index} start ${host.incarnation}`);
    const logger = createNullLogger();
    const journal = createJournal({
      store: this.#store(clock),
      key: this.#author.key,
      gate: new OpenGate(),
      clock,
      random,
      logger,
      publish: (_topic, message) => Promise.resolve(this.#deps.publish(this, message)),
      schedule: (flush) => void host.later(COMMIT_DELAY_MS, flush),
      reservationFile: this.#reservationFile(),
    }, { mesh: this.#author.mesh, reservationPath: RESERVATION_PATH });
    journal.events.on("fork:proved", ({ author, seq }) => {
      if (host.isRunning) history.add({ type: "fork_proved", node: this.index, author, seq });
    });
    const sync = createSync({
      journal,
      streams: this.#deps.connections().opener(this),
      peers: () => this.#deps.connections().peersOf(this.peer),
      clock,
      random,
      logger,
      penalise: (peer, reason) => history.add({ type: "penalised", node: this.index, peer, reason }),
    });
    this.#journal = journal;
    this.#sync = sync;
    if (!this.#flaws.isSyncOff) sync.start();
    journal.start();
    history.add({ type: "started", node: this.index, author: this.peer });
  }

  /** What `docs/operate.md` tells operators to do with an old copy of the disk. Only while no process runs. */
  emptyMark(): void {
    this.#reservations.set(RESERVATION_PATH, "restored");
  }

  /** The process is gone; the caller says what became of the disk. */
  crash(): void {
    if (this.host.state === "down") return;
    this.host.crash();
    this.#journal = undefined;
    this.#sync = undefined;
    this.#deps.connections().reset(this);
    this.#deps.history.add({ type: "crashed", node: this.index });
  }

  connected(peer: PeerId): void {
    this.#sync?.peerConnected(peer);
  }

  /** A message of gossip from `peer`: what is to become of it. */
  receive(message: Uint8Array, peer: PeerId): IngestResult["verdict"] {
    return this.#journal?.ingest(message, { peer, path: "live" }).verdict ?? "ignore";
  }

  /** A client of this node writes an entry and waits for its acknowledgement. */
  append(): void {
    const { host, history } = this.#deps;
    const journal = this.#journal;
    if (!journal || !host.isRunning) return;
    const { incarnation } = host;
    const text = `entry ${++this.#appends} of node ${this.index}`;
    const isAlive = (): boolean => host.incarnation === incarnation;
    journal.append({ kind: "message_posted", topic: TOPICS.coordination, body: { type: "message", text } }).then(
      ({ envelope: { id, header } }) => {
        if (!isAlive()) return;
        history.add({ type: "acknowledged", node: this.index, author: this.peer, seq: header.seq ?? 0, id });
      },
      (error) => {
        if (!isAlive()) return;
        if (!(error instanceof JournalError) && !(error instanceof StoreError)) throw error;
        history.add({ type: "refused", node: this.index, code: error.code });
      },
    );
  }

  #store(clock: Clock): JournalStore {
    const store = this.disk.open(clock);
    const { forgetsForks, altersFrames } = this.#flaws;
    const forks = forgetsForks ? { add: () => true, list: () => [] } : store.forks;
    const altered = (frame: Uint8Array): Uint8Array => frame.with(frame.length - 1, (frame.at(-1) ?? 0) ^ 1);
    const frames: JournalStore["entries"]["frames"] = (author, fromSeq, options) => {
      const all = store.entries.frames(author, fromSeq, options);
      return altersFrames ? all.map(altered) : all;
    };
    return { ...store, forks, entries: { ...store.entries, frames } };
  }

  /** Written with fsync and rename, so a power cut never takes it; one that hits in mid-turn comes before it. */
  #reservationFile(): WholeFile {
    const { host } = this.#deps;
    const { incarnation } = host;
    return {
      read: (path) => this.#reservations.get(path),
      write: (path, text) => {
        if (host.incarnation === incarnation) this.#reservations.set(path, text);
      },
    };
  }
}
