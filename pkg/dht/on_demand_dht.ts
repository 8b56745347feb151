import { errorMessage, type PeerId } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { ContentHash } from "./content_hash.ts";
import type { Dht, DhtQuery } from "./dht.ts";
import { DhtError } from "./errors.ts";

/**
 * A DHT that starts when it is needed first: while every member is connected to this node, all are asked directly, and there
 * is nothing a DHT could add. Until then nothing is provided, found or kept.
 */
export class OnDemandDht implements Dht {
  readonly #deps: { readonly inner: Dht; readonly isNeeded: () => boolean; readonly logger: Logger };
  #started: Promise<void> | undefined;
  #isStopped = false;

  constructor(deps: { readonly inner: Dht; readonly isNeeded: () => boolean; readonly logger: Logger }) {
    this.#deps = deps;
  }

  /** Whether it was needed, and runs. */
  get isRunning(): boolean {
    return this.#started !== undefined && !this.#isStopped;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async provide(hash: ContentHash, query?: DhtQuery): Promise<void> {
    if (await this.#isReady()) await this.#deps.inner.provide(hash, query);
  }

  async findProviders(hash: ContentHash, options: DhtQuery & { readonly limit: number }): Promise<PeerId[]> {
    return await this.#isReady() ? await this.#deps.inner.findProviders(hash, options) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#started?.catch(() => {}); // told when it was tried
    await this.#deps.inner[Symbol.asyncDispose]();
  }

  async #isReady(): Promise<boolean> {
    if (this.#isStopped) throw new DhtError("dht_not_running", "Cannot use the DHT: it was stopped");
    if (!this.#started && !this.#deps.isNeeded()) return false;
    this.#started ??= this.#deps.inner.start();
    try {
      await this.#started;
      return true;
    } catch (error) {
      this.#started = undefined; // the next one tries again
      this.#deps.logger.warn("The DHT could not be started; connected members are asked alone", {
        reason: errorMessage(error),
      });
      return false;
    }
  }
}
