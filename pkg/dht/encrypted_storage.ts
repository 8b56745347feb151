import { type Bytes, type Clock, CounterMap, type PeerId, TypedEventTarget } from "@bzzz/base";
import { assertAgeFile } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import { REPLICAS } from "./constants.ts";
import type { ContentExchange } from "./content_exchange.ts";
import { type ContentHash, parseContentHash } from "./content_hash.ts";
import type { Dht } from "./dht.ts";
import type { DiskContent, DiskContentStats } from "./disk_content.ts";
import { ranked } from "./placement.ts";
import { type Catalog, Replicator } from "./replicator.ts";

/** What the storage stands on. */
export interface EncryptedStorageDeps {
  readonly content: DiskContent;
  readonly exchange: ContentExchange;
  /** Where providers are looked for that this node is not connected to. */
  readonly dht?: Dht;
  readonly self: PeerId;
  /** Members that can be reached now, without this node. */
  readonly reachable: () => readonly PeerId[];
  /** Every content that something of the mesh refers to. */
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How the copies are. */
export interface ReplicationState {
  /** Copies that a content should have. */
  readonly wanted: number;
  /** Copies that the members here allow: fewer than wanted is degraded. */
  readonly possible: number;
  /** Contents with fewer copies than wanted, at the last look. */
  readonly underReplicated: number;
  /** Contents this node is to keep and does not have yet. */
  readonly missing: number;
}

/** Numbers for metrics. */
export interface EncryptedStorageStats extends DiskContentStats, ReplicationState {}

/** Past-tense facts. */
export interface EncryptedStorageEvents {
  /** A look at everything ended. */
  "repair:finished": { readonly missing: number; readonly underReplicated: number };
}

/** Providers asked for a content that none of the connected members has. */
const MAX_PROVIDERS = 8;
/** Fetches of different contents that readers may have going; one more waits for its turn like all. */
const MAX_READERS = 64;

/**
 * Sealed content by its hash: on this disk, on the disks of the members that are to keep it, and from there when it is asked
 * for (specification 3.1, `EncryptedStorage`). Nothing but age files gets in, so nothing in plaintext gets to a disk or a
 * wire.
 */
export class EncryptedStorage {
  readonly events = new TypedEventTarget<EncryptedStorageEvents>();
  /** "hit", "fetched", "missed". */
  readonly counters = new CounterMap();
  readonly #deps: EncryptedStorageDeps;
  readonly #replicator: Replicator;
  readonly #fetching = new Map<ContentHash, Promise<boolean>>();

  constructor(deps: EncryptedStorageDeps) {
    this.#deps = deps;
    this.#replicator = new Replicator({
      ...deps,
      fetch: (hash) => this.#fetchOnce(hash, {}),
      onFinished: (result) => this.events.emit("repair:finished", result),
    });
  }

  /** Serves others and begins to look after the copies. */
  start(): void {
    this.#deps.exchange.serve();
    this.#replicator.start();
  }

  async stop(): Promise<void> {
    await this.#replicator.stop();
  }

  /**
   * Keeps a sealed content here, and has it copied to the members that are to keep it; on this disk when it resolves, or
   * with `isLazy` no later than an entry that is appended to the journal from then on.
   *
   * @throws CryptoError "malformed" for what is no age file, "too_large"; DhtError "content_quota", "content_unavailable"
   */
  async put(sealed: Uint8Array, options: { readonly isLazy?: boolean } = {}): Promise<ContentHash> {
    assertAgeFile(sealed);
    const hash = await this.#deps.content.put(sealed, { isPinned: true, ...options });
    this.#replicator.written(hash);
    return hash;
  }

  /**
   * The content, verified: from this disk, or from whoever has it, and then kept here too. Undefined when nobody who can be
   * reached has it.
   *
   * @throws DhtError "content_quota", "content_unavailable"; `signal.reason`
   */
  async get(hash: string, options: { readonly signal?: AbortSignal } = {}): Promise<Bytes | undefined> {
    const name = parseContentHash(hash);
    if (!name) return undefined;
    const own = await this.#deps.content.get(name);
    if (own) {
      this.counters.add("hit");
      return own;
    }
    const isHere = await this.#fetchOnce(name, options);
    this.counters.add(isHere ? "fetched" : "missed");
    return isHere ? await this.#deps.content.get(name) : undefined;
  }

  /** The content if it is on this disk. @throws DhtError "content_unavailable" */
  async local(hash: string): Promise<Bytes | undefined> {
    const name = parseContentHash(hash);
    return name && await this.#deps.content.get(name);
  }

  /** The members that have a content now: this node, and those connected that say so. Empty for what is no hash. */
  async holders(hash: string, options: { readonly signal?: AbortSignal } = {}): Promise<PeerId[]> {
    const { content, exchange, reachable, self } = this.#deps;
    const name = parseContentHash(hash);
    if (!name) return [];
    const answers = await Promise.all(
      reachable().map(async (peer) => {
        const has = await exchange.which(peer, [name], options);
        return has?.includes(name) ? [peer] : [];
      }),
    );
    return [...await content.has(name) ? [self] : [], ...answers.flat()];
  }

  /** The members changed, or the catalog grew: look soon whether copies have to be made. */
  changed(): void {
    this.#replicator.changed();
  }

  /** Looks at everything now; resolves when what could be done was done. */
  async repair(): Promise<void> {
    await this.#replicator.repair();
  }

  /** How many copies there are to be and can be, and how it was at the last look. */
  replication(): ReplicationState {
    const possible = Math.min(REPLICAS, this.#deps.reachable().length + 1);
    return { wanted: REPLICAS, possible, ...this.#replicator.stats() };
  }

  async stats(): Promise<EncryptedStorageStats> {
    return { ...await this.#deps.content.stats(), ...this.replication() };
  }

  /** One fetch of a content at a time, whoever asks; a reader that gives up does not take it from the others. */
  async #fetchOnce(hash: ContentHash, options: { readonly signal?: AbortSignal }): Promise<boolean> {
    let fetching = this.#fetching.get(hash);
    if (!fetching) {
      if (this.#fetching.size >= MAX_READERS) return await this.#fetch(hash, options);
      fetching = this.#fetch(hash, options).finally(() => this.#fetching.delete(hash));
      this.#fetching.set(hash, fetching);
    }
    return await fetching;
  }

  async #fetch(hash: ContentHash, options: { readonly signal?: AbortSignal }): Promise<boolean> {
    const { exchange, dht, reachable, self, catalog } = this.#deps;
    const maxBytes = catalog.maxBytesOf(hash);
    const tried = new Set<PeerId>([self]);
    const ask = async (peers: readonly PeerId[]): Promise<boolean> => {
      for (const peer of peers) {
        if (tried.has(peer)) continue;
        tried.add(peer);
        options.signal?.throwIfAborted();
        if (await exchange.fetch(peer, hash, { isPinned: false, maxBytes, ...options }) === "kept") return true;
      }
      return false;
    };
    if (await ask(ranked(hash, reachable()))) return true;
    if (!dht) return false;
    return await ask(await dht.findProviders(hash, { limit: MAX_PROVIDERS, ...options }));
  }
}
