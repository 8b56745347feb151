import type { PeerId } from "@bzzz/base";
import type { ContentHash } from "./content_hash.ts";

/** Options of everything that asks other nodes. */
export interface DhtQuery {
  readonly signal?: AbortSignal;
}

/**
 * Who has which content, found over other members when no connection leads to whom it takes. Nothing that it says is
 * believed: content is verified by its hash.
 */
export interface Dht extends AsyncDisposable {
  /** @throws DhtError "dht_not_running" when it was stopped */
  start(): Promise<void>;
  /** Says that this node has a content; the record lives for two days. @throws DhtError "dht_not_running" */
  provide(hash: ContentHash, query?: DhtQuery): Promise<void>;
  /** Members that said so, at most `limit`, without this node. @throws DhtError "dht_not_running" */
  findProviders(hash: ContentHash, options: DhtQuery & { readonly limit: number }): Promise<PeerId[]>;
}
