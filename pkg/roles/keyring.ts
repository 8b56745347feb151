import { type Bytes, TypedEventTarget } from "@bzzz/base";
import {
  type AgeOpener,
  ageRecipientOfSecret,
  createAgeOpener,
  CryptoError,
  openContent,
  type Role,
} from "@bzzz/crypto";
import { RoleError } from "./errors.ts";
import type { RoleKey, RoleKeyLedger } from "./ledger.ts";

/** What a keyring stands on. */
export interface KeyringDeps {
  readonly ledger: RoleKeyLedger;
  /** The node's own age identity, in memory; its copies of the keys are sealed to it. */
  readonly self: AgeOpener;
}

/** Changes of what can be opened. */
export interface KeyringEvents {
  "key:lent": Readonly<Record<string, never>>;
}

/**
 * The role keys this node was given, opened when they are needed first. On disk they are sealed to the node's own key, in
 * the entries that brought them; in memory they are inside the platform's cryptography.
 */
export class Keyring {
  readonly #deps: KeyringDeps;
  readonly events = new TypedEventTarget<KeyringEvents>();
  readonly #openers = new Map<string, AgeOpener>();
  readonly #damaged = new Set<string>();
  readonly #lent = new Set<AgeOpener>();
  #returned = 0;

  constructor(deps: KeyringDeps) {
    this.#deps = deps;
  }

  /** Whether this node was given a key, and its copy is not known to be damaged. */
  has(key: RoleKey): boolean {
    return this.#deps.ledger.ownCopy(key) !== undefined && !this.#damaged.has(key.recipient);
  }

  /** A further key to open with, until what this returns is disposed: then nothing of it is left here. */
  lend(opener: AgeOpener): Disposable {
    this.#lent.add(opener);
    this.events.emit("key:lent", {});
    return {
      [Symbol.dispose]: () => {
        if (this.#lent.delete(opener)) this.#returned++;
      },
    };
  }

  /** Keys that were lent and are not here any more: what was opened with them has to go. */
  get returned(): number {
    return this.#returned;
  }

  /** What this node can open with of the keys of `roles`, in their order, new ones first. */
  async openers(roles: readonly Role[]): Promise<AgeOpener[]> {
    const openers: AgeOpener[] = [];
    for (const key of roles.flatMap((role) => this.#deps.ledger.keys(role))) {
      const opener = await this.#opener(key);
      if (opener) openers.push(opener);
    }
    return [...openers, ...this.#lent];
  }

  /**
   * The secret of a key, to hand it on or to export it. The caller wipes it.
   *
   * @throws RoleError "not_a_holder" when this node was not given it, or its copy is damaged
   */
  async secretOf(key: RoleKey): Promise<Bytes> {
    const secret = await this.#secret(key);
    if (secret) return secret;
    throw new RoleError(
      "not_a_holder",
      `Cannot use key ${key.generation} of role "${key.role}": this node was not given it`,
    );
  }

  async #opener(key: RoleKey): Promise<AgeOpener | undefined> {
    const known = this.#openers.get(key.recipient);
    if (known) return known;
    const secret = await this.#secret(key);
    if (!secret) return undefined;
    try {
      const opener = await createAgeOpener(secret);
      this.#openers.set(key.recipient, opener);
      return opener;
    } finally {
      secret.fill(0);
    }
  }

  async #secret(key: RoleKey): Promise<Bytes | undefined> {
    const copy = this.#deps.ledger.ownCopy(key);
    if (!copy || this.#damaged.has(key.recipient)) return undefined;
    try {
      const secret = await openContent([this.#deps.self], copy);
      if (ageRecipientOfSecret(secret) === key.recipient) return secret;
      secret.fill(0);
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
    }
    // a copy does not get better: it is looked at once
    this.#damaged.add(key.recipient);
    return undefined;
  }
}
