import type { Bytes } from "@bzzz/base";
import { CryptoError, openContent, type Role, sealContent } from "@bzzz/crypto";
import type { RoleDirectory } from "./directory.ts";
import { RoleError } from "./errors.ts";
import type { Keyring } from "./keyring.ts";
import type { RoleKeyLedger } from "./ledger.ts";
import { exposure, type KeyMember } from "./plan.ts";

/** Seals content for roles, and opens what the roles of this node read. */
export interface ContentSealer {
  /**
   * A standard age file that the roles of `audience` and those above them open, with the keys they have now.
   *
   * @throws RoleError "unknown_role", "role_key_missing", "role_key_exposed"; CryptoError "too_large"
   */
  seal(bytes: Uint8Array, audience: readonly Role[]): Promise<Bytes>;
  /**
   * The content, or "denied" when the role this node has now does not read it.
   *
   * @throws CryptoError "malformed", "too_large": no age file, cut short or altered
   */
  open(sealed: Uint8Array): Promise<Bytes | "denied">;
  /** Grows whenever this node may open less than before: what was derived from content has to go. */
  readonly revocations: number;
}

/** What `RoleSealer` stands on. */
export interface RoleSealerDeps {
  readonly directory: RoleDirectory;
  readonly ledger: RoleKeyLedger;
  readonly keyring: Keyring;
  readonly roster: () => readonly KeyMember[];
  /** The roles whose keys this node may open with now: its own first; of a master all. */
  readonly ownRoles: () => readonly Role[];
  /** Called when content was not opened because no role of this node reads it. */
  readonly onDenied?: () => void;
}

/** `ContentSealer` with the role keys of the mesh. */
export class RoleSealer implements ContentSealer {
  readonly #deps: RoleSealerDeps;
  #couldOpen: ReadonlySet<Role> = new Set();
  #revocations = 0;

  constructor(deps: RoleSealerDeps) {
    this.#deps = deps;
  }

  async seal(bytes: Uint8Array, audience: readonly Role[]): Promise<Bytes> {
    return await sealContent(this.recipientsFor(audience), bytes);
  }

  async open(sealed: Uint8Array): Promise<Bytes | "denied"> {
    const { keyring, ownRoles, onDenied } = this.#deps;
    try {
      return await openContent(await keyring.openers(ownRoles()), sealed);
    } catch (error) {
      if (!(error instanceof CryptoError) || error.code !== "not_a_recipient") throw error;
      onDenied?.();
      return "denied";
    }
  }

  get revocations(): number {
    const canOpen = new Set(this.#deps.ownRoles());
    if (!this.#couldOpen.isSubsetOf(canOpen)) this.#revocations++;
    this.#couldOpen = canOpen;
    return this.#revocations + this.#deps.keyring.returned;
  }

  /** The newest recipients ("age1…") of everyone who reads what is meant for `audience`. @throws RoleError */
  recipientsFor(audience: readonly Role[]): string[] {
    const { directory, ledger, roster } = this.#deps;
    const { readers, unknown } = directory.roles().readersOf(audience);
    if (unknown.length > 0 || readers.length === 0) {
      const named = audience.length === 0 ? "no role is named" : `the mesh has no role "${unknown.join('", "')}"`;
      throw new RoleError("unknown_role", `Cannot seal content: ${named}`);
    }
    const members = roster();
    return readers.map((role) => {
      const key = ledger.current(role);
      if (!key) {
        throw new RoleError(
          "role_key_missing",
          `Cannot seal content: role "${role}" has no key yet; a node of an admin makes it, start one and try again`,
          { details: { role } },
        );
      }
      if (exposure(ledger, role, members, { byRevocation: true }).length > 0) {
        throw new RoleError(
          "role_key_exposed",
          `Cannot seal content: a former holder of role "${role}" has its key; a node of an admin replaces it, ` +
            "try again in a moment",
          { details: { role } },
        );
      }
      return key.recipient;
    });
  }
}
