import type { PeerId } from "@bzzz/base";
import type { ContentHash } from "./content_hash.ts";
import type { Dht, DhtQuery } from "./dht.ts";
import { DhtError } from "./errors.ts";

/** What the nodes of one in-memory mesh share. */
export class MemoryDhtHub {
  readonly providers = new Map<ContentHash, Set<PeerId>>();
}

/** `Dht` without a network: for tests, and for one node alone. */
export class MemoryDht implements Dht {
  readonly #hub: MemoryDhtHub;
  readonly #self: PeerId;
  #isRunning = false;

  constructor(hub: MemoryDhtHub, options: { readonly self: PeerId }) {
    this.#hub = hub;
    this.#self = options.self;
  }

  start(): Promise<void> {
    this.#isRunning = true;
    return Promise.resolve();
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async provide(hash: ContentHash, query: DhtQuery = {}): Promise<void> {
    this.#assertRunning(query);
    const known = this.#hub.providers.get(hash) ?? new Set();
    this.#hub.providers.set(hash, known.add(this.#self));
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async findProviders(hash: ContentHash, options: DhtQuery & { readonly limit: number }): Promise<PeerId[]> {
    this.#assertRunning(options);
    return [...this.#hub.providers.get(hash) ?? []].filter((peer) => peer !== this.#self).slice(0, options.limit);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isRunning = false;
    return Promise.resolve();
  }

  #assertRunning({ signal }: DhtQuery): void {
    signal?.throwIfAborted();
    if (!this.#isRunning) throw new DhtError("dht_not_running", "Cannot use the DHT: it does not run");
  }
}
