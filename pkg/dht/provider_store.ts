import { DhtError } from "./errors.ts";

/** A key of kad-dht's datastore: "/dht/provider/<multihash in base32>/<peer id>", or one of a record. */
interface StoreKey {
  toString(): string;
}

/** What kad-dht keeps of "this peer has that content". */
interface ProviderRecord {
  readonly key: StoreKey;
  readonly value: Uint8Array;
}

/** Records of one node, about 30 MiB; beyond, whoever has most of them here loses its oldest. */
const MAX_PROVIDER_RECORDS = 65_536;
/** Base32 of a SHA-256 multihash, 34 bytes: what names content. */
const MULTIHASH_CHARACTERS = 55;
const PROVIDER_PREFIX = "/dht/provider/";

/**
 * The part of a datastore that kad-dht 16.4.5 uses, in memory and bounded: provider records of contents alone. Kademlia's
 * other records are refused: nothing here reads one, and anybody can make any number of valid ones (of public keys). A
 * member that says it has everything pushes out its own word first, never that of the others.
 */
export class ProviderStore {
  readonly #maxRecords: number;
  readonly #byContent = new Map<string, Map<string, ProviderRecord>>();
  /** Contents that a peer says it has, the oldest word first. */
  readonly #byPeer = new Map<string, Set<string>>();
  #size = 0;

  constructor(options: { readonly maxRecords?: number } = {}) {
    this.#maxRecords = options.maxRecords ?? MAX_PROVIDER_RECORDS;
  }

  /** Records that are kept now. */
  get size(): number {
    return this.#size;
  }

  /** @throws DhtError "record_refused" for anything but a provider record of a content */
  put(key: StoreKey, value: Uint8Array): StoreKey {
    const path = pathOf(key);
    if (!path) throw new DhtError("record_refused", "Cannot keep a record: only who has which content is kept");
    const { content, peer } = path;
    this.#remove(content, peer);
    if (this.#size >= this.#maxRecords) this.#makeRoom();
    const providers = this.#byContent.get(content) ?? new Map<string, ProviderRecord>();
    this.#byContent.set(content, providers.set(peer, { key, value }));
    const contents = this.#byPeer.get(peer) ?? new Set<string>();
    this.#byPeer.set(peer, contents.add(content));
    this.#size++;
    return key;
  }

  /** Never finds anything: what is asked for by its key are Kademlia's other records. @throws an Error named NotFoundError */
  get(key: StoreKey): never {
    const error = new Error(`Cannot find record "${key.toString().slice(0, 200)}": none is kept`);
    error.name = "NotFoundError"; // what kad-dht looks at
    throw error;
  }

  delete(key: StoreKey): void {
    const path = pathOf(key);
    if (path) this.#remove(path.content, path.peer);
  }

  /** Records under "/dht/provider/<multihash>", or all. */
  *query({ prefix = "" }: { readonly prefix?: string }): Generator<ProviderRecord> {
    const content = prefix.startsWith(PROVIDER_PREFIX) ? prefix.slice(PROVIDER_PREFIX.length) : undefined;
    const found = content === undefined ? [...this.#byContent.values()] : [this.#byContent.get(content) ?? []];
    for (const providers of found) yield* [...providers.values()]; // a copy: whoever reads may delete meanwhile
  }

  #makeRoom(): void {
    let most: { readonly peer: string; readonly contents: ReadonlySet<string> } | undefined;
    for (const [peer, contents] of this.#byPeer) {
      if (!most || contents.size > most.contents.size) most = { peer, contents };
    }
    const oldest = most?.contents.values().next().value;
    if (most && oldest !== undefined) this.#remove(oldest, most.peer);
  }

  #remove(content: string, peer: string): void {
    const providers = this.#byContent.get(content);
    if (!providers?.delete(peer)) return;
    if (providers.size === 0) this.#byContent.delete(content);
    const contents = this.#byPeer.get(peer);
    contents?.delete(content);
    if (contents?.size === 0) this.#byPeer.delete(peer);
    this.#size--;
  }
}

function pathOf(key: StoreKey): { readonly content: string; readonly peer: string } | undefined {
  const text = key.toString();
  if (!text.startsWith(PROVIDER_PREFIX)) return undefined;
  const [content = "", peer = "", ...rest] = text.slice(PROVIDER_PREFIX.length).split("/");
  const isValid = content.length === MULTIHASH_CHARACTERS && peer !== "" && rest.length === 0;
  return isValid ? { content, peer } : undefined;
}
