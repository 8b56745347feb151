import { type Clock, errorMessage, type PeerId, TaskGroup, type Timer } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { PARALLEL_TRANSFERS, REPAIR_DELAY_MS, REPAIR_PERIOD_MS, REPLICAS, REPUBLISH_PERIOD_MS } from "./constants.ts";
import type { ContentExchange } from "./content_exchange.ts";
import type { ContentHash } from "./content_hash.ts";
import type { Dht } from "./dht.ts";
import type { DiskContent } from "./disk_content.ts";
import { keepersOf } from "./placement.ts";

/** What of the mesh refers to content: everything in it is to exist `REPLICAS` times. */
export interface Catalog {
  hashes(): Iterable<ContentHash>;
  has(hash: ContentHash): boolean;
  /** The most sealed bytes that what refers to it says it has; undefined for what nothing refers to. */
  maxBytesOf(hash: ContentHash): number | undefined;
}

/** What the replicator stands on. */
export interface ReplicatorDeps {
  readonly content: DiskContent;
  readonly exchange: ContentExchange;
  readonly dht?: Dht;
  readonly self: PeerId;
  readonly reachable: () => readonly PeerId[];
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Brings a content here from whoever has it. */
  readonly fetch: (hash: ContentHash) => Promise<boolean>;
  readonly onFinished: (result: { readonly missing: number; readonly underReplicated: number }) => void;
}

/** How long a content that was written here is kept although nothing refers to it yet: its entry is being written. */
const FRESH_MS = 60 * 60_000;
/** Contents that wait to be copied elsewhere; beyond, the next repair does it. */
const MAX_WAITING_COPIES = 4096;

/**
 * Has every content of the catalog kept by its keepers: copies what was written here to them at once, brings here what this
 * node is to keep, and lets go what others keep. All nodes do the same, so a disk that was lost fills again, and a node
 * that left is made up for.
 */
export class Replicator {
  readonly #deps: ReplicatorDeps;
  readonly #tasks: TaskGroup;
  readonly #stopping = new AbortController();
  /** Written here and not known to be at its keepers, with the monotonic time of writing. */
  readonly #fresh = new Map<ContentHash, number>();
  readonly #toCopy: ContentHash[] = [];
  readonly #provided = new Map<ContentHash, number>();
  #copiers = 0;
  #repairing: Promise<void> | undefined;
  #isWanted = false;
  #soon: Timer | undefined;
  #period: Timer | undefined;
  #missing = 0;
  #underReplicated = 0;

  constructor(deps: ReplicatorDeps) {
    this.#deps = deps;
    this.#tasks = new TaskGroup((error, what) => deps.logger.warn("Content could not be copied", { what }, error));
  }

  start(): void {
    const { clock } = this.#deps;
    this.#period = clock.setPeriodic(REPAIR_PERIOD_MS, () => this.#run(), { unref: true });
    this.changed();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the node is stopping"));
    this.#soon?.cancel();
    this.#period?.cancel();
    await this.#tasks.settled();
  }

  /** A content was written here: its keepers get it now. */
  written(hash: ContentHash): void {
    this.#fresh.set(hash, this.#deps.clock.monotonicMs());
    if (this.#stopping.signal.aborted || this.#toCopy.length >= MAX_WAITING_COPIES) return;
    this.#toCopy.push(hash);
    if (this.#copiers >= PARALLEL_TRANSFERS) return;
    this.#copiers++;
    this.#tasks.run("copying", async () => {
      try {
        for (let next = this.#toCopy.shift(); next; next = this.#toCopy.shift()) await this.#copyOut(next);
      } finally {
        this.#copiers--;
      }
    });
  }

  /** Repairs soon; further calls until then change nothing. */
  changed(): void {
    if (this.#soon || this.#stopping.signal.aborted) return;
    this.#soon = this.#deps.clock.setTimer(REPAIR_DELAY_MS, () => {
      this.#soon = undefined;
      this.#run();
    }, { unref: true });
  }

  /** Repairs now; when a repair is running, another one after it. */
  async repair(): Promise<void> {
    if (this.#repairing) {
      this.#isWanted = true;
      return await this.#repairing;
    }
    this.#repairing = this.#repairUntilDone();
    try {
      await this.#repairing;
    } finally {
      this.#repairing = undefined;
    }
  }

  stats(): { readonly missing: number; readonly underReplicated: number } {
    return { missing: this.#missing, underReplicated: this.#underReplicated };
  }

  #run(): void {
    this.#tasks.run("repair", () => this.repair());
  }

  async #repairUntilDone(): Promise<void> {
    do {
      this.#isWanted = false;
      await this.#repairOnce();
    } while (this.#isWanted && !this.#stopping.signal.aborted);
  }

  async #repairOnce(): Promise<void> {
    const { catalog, self, reachable, content, onFinished } = this.#deps;
    const peers = reachable();
    const members = [self, ...peers];
    const kept = new Map<ContentHash, readonly PeerId[]>();
    for (const hash of catalog.hashes()) kept.set(hash, keepersOf(hash, members));
    const own = [...kept].filter(([, keepers]) => keepers.includes(self)).map(([hash]) => hash);
    this.#missing = await this.#bringHere(own);
    const holders = await this.#whoHas(peers, kept);
    let underReplicated = 0;
    for (const [hash, keepers] of kept) {
      const isHere = await content.has(hash);
      const copies = (holders.get(hash) ?? 0) + (isHere ? 1 : 0);
      if (copies < Math.min(REPLICAS, members.length)) underReplicated++;
      if (keepers.includes(self)) await this.#keep(hash);
      else if (isHere && (holders.get(hash) ?? 0) >= keepers.length) await content.pin(hash, false);
      if (copies >= keepers.length) this.#fresh.delete(hash);
    }
    await this.#letGo();
    this.#underReplicated = underReplicated;
    onFinished({ missing: this.#missing, underReplicated });
  }

  /** How many of `hashes` are not here in the end. */
  async #bringHere(hashes: readonly ContentHash[]): Promise<number> {
    const lacking: ContentHash[] = [];
    for (const hash of hashes) if (!await this.#deps.content.has(hash)) lacking.push(hash);
    let missing = lacking.length;
    const queue = lacking.values();
    const work = async (): Promise<void> => {
      for (const hash of queue) {
        if (this.#stopping.signal.aborted) return;
        if (await this.#fetchQuietly(hash)) missing--;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_TRANSFERS }, work));
    return missing;
  }

  async #fetchQuietly(hash: ContentHash): Promise<boolean> {
    try {
      return await this.#deps.fetch(hash);
    } catch (error) {
      if (!this.#stopping.signal.aborted) {
        this.#deps.logger.debug("A content could not be brought here", { hash, reason: errorMessage(error) });
      }
      return false;
    }
  }

  /** How many of its keepers, this node aside, have each content. */
  async #whoHas(
    peers: readonly PeerId[],
    kept: ReadonlyMap<ContentHash, readonly PeerId[]>,
  ): Promise<Map<ContentHash, number>> {
    const { exchange } = this.#deps;
    const { signal } = this.#stopping;
    const holders = new Map<ContentHash, number>();
    for (const peer of peers) {
      const asked = [...kept].filter(([, keepers]) => keepers.includes(peer)).map(([hash]) => hash);
      if (signal.aborted) break;
      if (asked.length === 0) continue;
      for (const hash of await exchange.which(peer, asked, { signal }) ?? []) {
        holders.set(hash, (holders.get(hash) ?? 0) + 1);
      }
    }
    return holders;
  }

  async #keep(hash: ContentHash): Promise<void> {
    const { content, dht, clock } = this.#deps;
    await content.pin(hash, true);
    if (!dht || !await content.has(hash)) return;
    const saidMs = this.#provided.get(hash);
    const nowMs = clock.monotonicMs();
    if (saidMs !== undefined && nowMs - saidMs < REPUBLISH_PERIOD_MS) return;
    await dht.provide(hash, { signal: this.#stopping.signal });
    this.#provided.set(hash, nowMs);
  }

  /** What nothing refers to any more makes room when room is needed. */
  async #letGo(): Promise<void> {
    const { content, catalog, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    for (const [hash, writtenMs] of this.#fresh) if (nowMs - writtenMs > FRESH_MS) this.#fresh.delete(hash);
    for (const hash of await content.hashes()) {
      if (catalog.has(hash) || this.#fresh.has(hash)) continue;
      this.#provided.delete(hash);
      await content.pin(hash, false);
    }
  }

  async #copyOut(hash: ContentHash): Promise<void> {
    const { exchange, reachable, self } = this.#deps;
    const { signal } = this.#stopping;
    const keepers = keepersOf(hash, [self, ...reachable()]).filter((peer) => peer !== self);
    for (const peer of keepers) {
      if (signal.aborted) return;
      await exchange.offer(peer, hash, { signal });
    }
  }
}
