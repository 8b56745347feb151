import { hexDecode, parsePeerId, type PeerId } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { RoutingComponents } from "@bzzz/p2p";
import type { KadDHT } from "@libp2p/kad-dht";
import type { CID } from "multiformats/cid";
import { KAD_PROTOCOL } from "./constants.ts";
import type { ContentHash } from "./content_hash.ts";
import type { Dht, DhtQuery } from "./dht.ts";
import { DhtError } from "./errors.ts";
import { ProviderStore } from "./provider_store.ts";

/** What a `Libp2pDht` stands on. */
export interface Libp2pDhtDeps {
  /** The parts of a node that runs. */
  readonly routing: () => RoutingComponents;
  /** Whether a peer is a member: only members' word counts. */
  readonly isMember: (peer: PeerId) => boolean;
  readonly logger: Logger;
}

/** Plain settings of a `Libp2pDht`. */
export interface Libp2pDhtOptions {
  readonly self: PeerId;
  /** Ask only, answer nobody: for nodes that are here for a moment. Default false. */
  readonly isClient?: boolean;
}

/** Codec "raw" of a CID: the hash is over bytes without a structure. */
const RAW_CODEC = 0x55;
const SHA256_CODE = 0x12;
/** The routing table is refreshed by looking for oneself; the default of 5 minutes, and soon after the start. */
const QUERY_SELF_MS = 5 * 60_000;
const FIRST_QUERY_SELF_MS = 500;
/** One query, whoever asks: kad-dht waits for peers that answer slowly. */
const QUERY_TIMEOUT_MS = 10_000;
const MAX_STREAMS = 16;

/** `Dht` on libp2p's Kademlia under the mesh's own protocol name, over admitted members only. */
export class Libp2pDht implements Dht {
  readonly #deps: Libp2pDhtDeps;
  readonly #options: Libp2pDhtOptions;
  #running: { readonly kad: KadDHT; readonly cidOf: (hash: ContentHash) => CID } | undefined;
  #isStopped = false;

  constructor(deps: Libp2pDhtDeps, options: Libp2pDhtOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#isStopped) throw new DhtError("dht_not_running", "Cannot start the DHT: it was stopped");
    if (this.#running) return;
    // together a tenth of a second of a start, and 6 MiB: only who needs it pays
    const [{ kadDHT, passthroughMapper }, { CID }, { create }] = await Promise.all([
      import("@libp2p/kad-dht"),
      import("multiformats/cid"),
      import("multiformats/hashes/digest"),
    ]);
    const kad = kadDHT({
      protocol: KAD_PROTOCOL,
      clientMode: this.#options.isClient ?? false,
      peerInfoMapper: passthroughMapper, // the default drops the addresses of a LAN
      allowQueryWithZeroPeers: true,
      querySelfInterval: QUERY_SELF_MS,
      initialQuerySelfInterval: FIRST_QUERY_SELF_MS,
      maxInboundStreams: MAX_STREAMS,
      maxOutboundStreams: MAX_STREAMS,
    })({
      ...this.#deps.routing(),
      datastore: new ProviderStore() as unknown as RoutingComponents["datastore"], // the four methods that are used
    }) as KadDHT; // the instance behind the interface: it can be started and stopped
    await lifecycleOf(kad).start();
    const cidOf = (hash: ContentHash) =>
      CID.createV1(RAW_CODEC, create(SHA256_CODE, hexDecode(hash) ?? new Uint8Array()));
    this.#running = { kad, cidOf };
  }

  async provide(hash: ContentHash, query: DhtQuery = {}): Promise<void> {
    const { kad, cidOf } = this.#expectRunning();
    for await (const _ of kad.provide(cidOf(hash), bounded(query))) continue;
  }

  async findProviders(hash: ContentHash, options: DhtQuery & { readonly limit: number }): Promise<PeerId[]> {
    const { kad, cidOf } = this.#expectRunning();
    const found = new Set<PeerId>();
    for await (const event of kad.findProviders(cidOf(hash), bounded(options))) {
      if (event.name !== "PROVIDER") continue;
      for (const { id } of event.providers) {
        const peer = parsePeerId(id.toString());
        if (peer && peer !== this.#options.self && this.#deps.isMember(peer)) found.add(peer);
      }
      if (found.size >= options.limit) break;
    }
    return [...found].slice(0, options.limit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    const running = this.#running;
    this.#running = undefined;
    if (running) await lifecycleOf(running.kad).stop();
  }

  #expectRunning(): { readonly kad: KadDHT; readonly cidOf: (hash: ContentHash) => CID } {
    if (this.#running) return this.#running;
    throw new DhtError("dht_not_running", "Cannot use the DHT: it does not run");
  }
}

function bounded({ signal }: DhtQuery): { readonly signal: AbortSignal } {
  const timeout = AbortSignal.timeout(QUERY_TIMEOUT_MS);
  return { signal: signal ? AbortSignal.any([signal, timeout]) : timeout };
}

/** The instance has the two methods, its interface does not name them (kad-dht 16.4.5). */
function lifecycleOf(kad: KadDHT): { start(): Promise<void>; stop(): Promise<void> } {
  return kad as unknown as { start(): Promise<void>; stop(): Promise<void> };
}
