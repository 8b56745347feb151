/**
 * Storages of one mesh in memory: real files, real transfers, no sockets.
 *
 * @module
 */
import { type Clock, createSystemClock, type PeerId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import {
  ageRecipientOfSecret,
  createAgeSecret,
  peerIdFromPublicKey,
  sealContent,
  type SigningKey,
  signingKeyFromSeed,
} from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import { MemoryNetwork, type MemoryNode } from "@bzzz/p2p/testing";
import { openStore, type Store } from "@bzzz/store";
import { ContentExchange } from "./content_exchange.ts";
import type { ContentHash } from "./content_hash.ts";
import { DiskContent } from "./disk_content.ts";
import { EncryptedStorage } from "./encrypted_storage.ts";
import { MemoryDht, MemoryDhtHub } from "./memory_dht.ts";

export { MemoryDht, MemoryDhtHub } from "./memory_dht.ts";

/** The key of test node `n`, from 1. */
export function testKey(n: number): SigningKey {
  return signingKeyFromSeed(createSeededRandom(n).bytes(32));
}

/** The peer id of test node `n`. */
export function testPeer(n: number): PeerId {
  return peerIdFromPublicKey(testKey(n).publicKey);
}

/** A sealed file of about `bytes` bytes that nobody opens. */
export async function sealedFile(seed: number, bytes: number): Promise<Uint8Array> {
  const random = createSeededRandom(seed);
  // a seeded generator takes seconds for megabytes
  const content = new Uint8Array(bytes).fill(seed);
  content.set(random.bytes(Math.min(bytes, 32)));
  return await sealContent([ageRecipientOfSecret(createAgeSecret(random))], content);
}

/** One node of a `StorageMesh`. */
export interface StorageNode {
  readonly n: number;
  readonly peer: PeerId;
  readonly folder: string;
  readonly node: MemoryNode;
  readonly store: Store;
  readonly content: DiskContent;
  readonly exchange: ContentExchange;
  readonly storage: EncryptedStorage;
}

/** Nodes with a disk each. Disposing stops them and removes the disks. */
export class StorageMesh implements AsyncDisposable {
  readonly clock: Clock;
  readonly network: MemoryNetwork;
  readonly hub = new MemoryDhtHub();
  /** What the mesh refers to; every node sees the same. */
  readonly catalog = new Set<ContentHash>();
  /** Bytes that entries name, of what was written with `write`. */
  readonly namedBytes = new Map<ContentHash, number>();
  readonly nodes = new Map<number, StorageNode>();
  readonly #folders = new Map<number, string>();

  constructor(clock: Clock = createSystemClock()) {
    this.clock = clock;
    this.network = new MemoryNetwork({ clock });
  }

  /** A started node, connected to all others; with the disk it had, unless that was wiped. */
  async start(
    n: number,
    options: { readonly maxBytes?: number; readonly isConnected?: boolean } = {},
  ): Promise<StorageNode> {
    const peer = testPeer(n);
    const folder = this.#folders.get(n) ?? await Deno.makeTempDir({ prefix: "bzzz-storage-" });
    this.#folders.set(n, folder);
    const random = createSeededRandom(n);
    const node = this.network.createNode(peer);
    const store = openStore({ clock: this.clock, logger: createNullLogger() }, { path: `${folder}/journal.db` });
    const content = new DiskContent({ random, clock: this.clock, store }, {
      folder: `${folder}/content`,
      maxBytes: options.maxBytes ?? 2 ** 30,
    });
    const logger = createNullLogger();
    const exchange = new ContentExchange({
      streams: node,
      content,
      clock: this.clock,
      logger,
      penalise: (other, reason) => node.penalise(other, reason),
    });
    const dht = new MemoryDht(this.hub, { self: peer });
    await dht.start();
    const storage = new EncryptedStorage({
      content,
      exchange,
      dht,
      self: peer,
      reachable: () => node.peers().map((info) => info.peer),
      catalog: {
        hashes: () => this.catalog,
        has: (hash) => this.catalog.has(hash),
        maxBytesOf: (hash) => this.namedBytes.get(hash),
      },
      clock: this.clock,
      logger,
    });
    storage.start();
    if (options.isConnected !== false) {
      for (const other of this.nodes.values()) {
        this.network.connect(peer, other.peer);
      }
    }
    const started = { n, peer, folder, node, store, content, exchange, storage };
    this.nodes.set(n, started);
    return started;
  }

  /** Takes a node away, as kill -9 does; its disk stays. */
  async kill(n: number): Promise<void> {
    const node = this.nodes.get(n);
    if (!node) return;
    this.nodes.delete(n);
    await node.node.stop();
    await node.storage.stop();
    node.store.close();
  }

  /** Empties the disk of a node that does not run. */
  async wipe(n: number): Promise<void> {
    const folder = this.#folders.get(n);
    if (folder) await Deno.remove(folder, { recursive: true });
    this.#folders.delete(n);
  }

  /** Writes through a node and tells the mesh of it. */
  async write(node: StorageNode, sealed: Uint8Array): Promise<ContentHash> {
    const hash = await node.storage.put(sealed);
    this.catalog.add(hash);
    this.namedBytes.set(hash, sealed.byteLength);
    return hash;
  }

  /** How many of the running nodes have a content on their disks. */
  async copiesOf(hash: ContentHash): Promise<number> {
    let copies = 0;
    for (const { content } of this.nodes.values()) if (await content.get(hash)) copies++;
    return copies;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const n of [...this.nodes.keys()]) await this.kill(n);
    for (const folder of this.#folders.values()) await Deno.remove(folder, { recursive: true });
  }
}
