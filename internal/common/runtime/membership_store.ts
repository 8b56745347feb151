import type { Membership } from "@bzzz/agentid";
import type { Logger } from "@bzzz/logging";
import { type Store, StoreError } from "@bzzz/store";

/** What the store of a membership stands on. */
export interface MembershipStoreDeps {
  readonly membership: Membership;
  readonly store: Pick<Store, "grants" | "transaction">;
  readonly logger: Logger;
}

/** Keeps the records that the roster accepts on disk: each as it comes, all of them again after one could not be stored. */
export class MembershipStore {
  readonly #deps: MembershipStoreDeps;
  /** Something that counts could not be stored yet. */
  #isBehind = false;

  /** Gives the roster what is on disk. @throws StoreError */
  constructor(deps: MembershipStoreDeps) {
    this.#deps = deps;
    const { membership, store } = deps;
    for (const bytes of store.grants.grants()) membership.addGrant(bytes);
    for (const bytes of store.grants.revocations()) membership.addRevocation(bytes);
    this.#persistAll();
  }

  /** A disk that is full must not end the node: peers show the record again, and it is stored with the next entry. */
  persist({ kind, bytes }: { readonly kind: "grant" | "revocation"; readonly bytes: Uint8Array }): void {
    const { store, logger } = this.#deps;
    try {
      if (kind === "grant") store.grants.addGrant(bytes);
      else store.grants.addRevocation(bytes);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (!this.#isBehind) logger.warn("A record of the roster could not be stored yet", { kind, reason: error.code });
      this.#isBehind = true;
    }
  }

  /** An entry was stored a moment ago, so there may be room again. */
  catchUp(): void {
    if (!this.#isBehind) return;
    try {
      this.#persistAll();
      this.#isBehind = false;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#deps.logger.debug("The roster could not be stored yet", { reason: error.code });
    }
  }

  #persistAll(): void {
    const { store, membership } = this.#deps;
    store.transaction(() => {
      for (const bytes of membership.grants()) store.grants.addGrant(bytes);
      for (const bytes of membership.revocations()) store.grants.addRevocation(bytes);
    });
  }
}
