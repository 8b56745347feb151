import type { Grant } from "@bzzz/agentid";
import { BzzzError, type Clock, type Random } from "@bzzz/base";
import { type AgeOpener, can, type Role, RoleBasedAccess, type RoleDefinition, roleProblems } from "@bzzz/crypto";
import type { Journal, StoredEntry } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import {
  type ContentSealer,
  type EntryOrder,
  exposure,
  type KeyMember,
  Keyring,
  keyRolesOf,
  PatientSealer,
  RoleDirectory,
  type RoleKey,
  RoleKeyLedger,
  RoleSealer,
  ShareLedger,
} from "@bzzz/roles";
import { type EntryKind, TOPICS } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import type { AccessAudit } from "./access_audit.ts";
import { rolesEntryOf } from "./defined_roles.ts";
import { KeyMaster } from "./key_master.ts";

/** A refusal of an act on roles or keys. The codes are those of the API. */
export class RoleServiceError extends BzzzError<"not_allowed" | "not_found" | "invalid_request"> {}

/** What the service stands on. */
export interface RoleServiceDeps {
  readonly local: LocalIdentity;
  readonly journal: Journal;
  readonly audit: AccessAudit;
  /** The node's own age identity, opened. */
  readonly self: AgeOpener;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A key with what this node knows of it. */
export interface RoleKeyStatus extends RoleKey {
  readonly isCurrent: boolean;
  /** Whether this node was given it. */
  readonly isHeld: boolean;
  readonly holders: number;
  /** Whether somebody has it who is no longer to: a master replaces it soon. */
  readonly isExposed: boolean;
}

const FOLDED_KINDS: readonly EntryKind[] = ["roles_defined", "role_key_sealed", "admin_key_shared"];
/** Entries read from disk at once while the journal is replayed. */
const REPLAY_CHUNK = 500;

/** The roles of the mesh and their keys on this node: follows the journal, and does a master's part on a master's node. */
export class RoleService {
  readonly directory = new RoleDirectory();
  readonly ledger: RoleKeyLedger;
  readonly keyring: Keyring;
  readonly shares: ShareLedger;
  /** Seals and opens content with the keys of the mesh's roles; waits a little for keys that are on their way. */
  readonly sealer: ContentSealer;
  readonly #deps: RoleServiceDeps;
  readonly #master: KeyMaster;
  readonly #sealer: PatientSealer;
  readonly #stopped = new AbortController();

  constructor(deps: RoleServiceDeps) {
    this.#deps = deps;
    const { local, self, audit } = deps;
    this.ledger = new RoleKeyLedger({ ownRecipient: self.recipient });
    this.shares = new ShareLedger({ ownRecipient: self.recipient });
    this.keyring = new Keyring({ ledger: this.ledger, self });
    const roster = () => this.#roster();
    const sealer = new RoleSealer({
      directory: this.directory,
      ledger: this.ledger,
      keyring: this.keyring,
      roster,
      ownRoles: () => keyRolesOf(this.#grant(), this.ledger),
      onDenied: () =>
        audit.refused({
          resource: "context",
          operation: "read",
          subject: local.identity.peerId,
          reason: `content is not sealed to role ${this.#grant().role}`,
        }),
    });
    this.#sealer = new PatientSealer({ sealer, clock: deps.clock, stopped: this.#stopped.signal });
    this.sealer = this.#sealer;
    this.#master = new KeyMaster({
      ...deps,
      directory: this.directory,
      ledger: this.ledger,
      keyring: this.keyring,
      self: local.identity.peerId,
      roster,
    });
  }

  /** Folds what is on disk, then follows. */
  start(): void {
    const { journal, local } = this.#deps;
    for (let cursor = 0;;) {
      const chunk = journal.entriesAfter(cursor, { limit: REPLAY_CHUNK, kinds: FOLDED_KINDS });
      for (const entry of chunk) this.#fold(entry);
      const last = chunk.at(-1);
      if (!last || chunk.length < REPLAY_CHUNK) break;
      cursor = last.cursor;
    }
    const { signal } = this.#stopped;
    journal.events.on("entry:stored", ({ entry }) => this.#heard(entry), { signal });
    journal.events.on("state:changed", () => this.#master.wake(this.#firstCause()), { signal });
    const changed = () => {
      this.#sealer.changed();
      this.#master.wake("elsewhere");
    };
    local.membership.on("member:added", changed, { signal });
    local.membership.on("member:revoked", changed, { signal });
    this.#master.start();
    this.#master.wake(this.#firstCause());
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#master.stop();
    await this.#deps.audit.settled();
  }

  /** What this node may do and for whom it seals (specification 8.2). */
  access(): RoleBasedAccess {
    return new RoleBasedAccess(this.#grant(), this.directory.roles());
  }

  /** Every key of every role, without its secret. */
  keys(): RoleKeyStatus[] {
    const roster = this.#roster();
    return this.ledger.roles().flatMap((role) =>
      this.ledger.keys(role).map((key, at) => ({
        ...key,
        isCurrent: at === 0,
        isHeld: this.keyring.has(key),
        holders: this.ledger.holdersOf(key).length,
        isExposed: at === 0 && exposure(this.ledger, role, roster).length > 0,
      }))
    );
  }

  /**
   * Makes `roles` the own roles of the mesh, in place of those before, and makes their keys; on disk when it resolves.
   *
   * @throws RoleServiceError "not_allowed", "invalid_request"; JournalError, StoreError
   */
  async define(roles: readonly RoleDefinition[]): Promise<void> {
    this.#assertMay("role", "define the roles of the mesh");
    const [problem] = roleProblems(roles);
    if (problem) {
      throw new RoleServiceError(
        "invalid_request",
        `Cannot define role "${problem.role}": found ${problem.found}, expected ${problem.expected}`,
      );
    }
    await this.#deps.journal.append({
      kind: "roles_defined",
      topic: TOPICS.agents,
      body: {
        roles: roles.map((role) => ({
          ...role,
          canDecrypt: [...role.canDecrypt],
          capabilities: [...role.capabilities],
        })),
      },
    });
    for (const { name } of roles) if (!this.ledger.current(name)) await this.#master.makeKey(name, "created");
  }

  /**
   * Replaces the key of a role; on disk when it resolves. What was sealed before stays readable with the old one.
   *
   * @throws RoleServiceError "not_allowed", "not_found"; JournalError, StoreError
   */
  async rotate(role: Role): Promise<RoleKeyStatus> {
    this.#assertMay("role_key", `replace the key of role "${role.slice(0, 48)}"`);
    if (!this.directory.roles().get(role)) {
      throw new RoleServiceError(
        "not_found",
        `Cannot replace the key of role "${role.slice(0, 48)}": there is no such role`,
      );
    }
    const made = await this.#master.makeKey(role, this.ledger.current(role) ? "rotated" : "created");
    const status = this.keys().find((key) => key.recipient === made.recipient);
    if (!status) throw new TypeError("Unreachable: a key that was stored is in the ledger");
    return status;
  }

  /**
   * The secrets of a role's keys that this node has, new ones first, for the `age` command. Leaves a trace in the journal
   * first. The caller wipes them.
   *
   * @throws RoleServiceError "not_found" when this node has none; JournalError, StoreError
   */
  async exportKeys(role: Role): Promise<{ readonly key: RoleKey; readonly secret: Uint8Array }[]> {
    const held = this.ledger.keys(role).filter((key) => this.keyring.has(key));
    if (held.length === 0) {
      throw new RoleServiceError(
        "not_found",
        `Cannot export the key of role "${
          role.slice(0, 48)
        }": this node, whose role is "${this.#grant().role}", has none`,
      );
    }
    await this.#deps.audit.allowed({
      resource: "role_key",
      operation: "read",
      subject: this.#deps.local.identity.peerId,
      reason: "a holder exported it to a file",
      detail: role,
    });
    return await Promise.all(held.map(async (key) => ({ key, secret: await this.keyring.secretOf(key) })));
  }

  #heard(entry: StoredEntry): void {
    const isOwn = entry.envelope.header.author === this.#deps.local.identity.peerId;
    this.#fold(entry);
    if (FOLDED_KINDS.includes(entry.kind)) this.#sealer.changed();
    // who defines roles makes their keys itself
    if (entry.kind === "roles_defined" && !isOwn) this.#master.wake("elsewhere");
    if (entry.kind === "grant_issued" || entry.kind === "grant_revoked") {
      this.#master.wake(isOwn ? "here" : "elsewhere");
    }
  }

  #fold(entry: StoredEntry): void {
    const { hlc } = entry.envelope.header;
    const order: EntryOrder = { ms: hlc.ms, counter: hlc.counter, id: entry.envelope.id };
    const defined = rolesEntryOf(entry);
    if (defined) {
      this.directory.add(defined);
    } else if (entry.kind === "role_key_sealed") {
      const { role, generation, recipient, copies } = entry.body;
      this.ledger.add({ role, generation, recipient, copies, order });
    } else if (entry.kind === "admin_key_shared") this.shares.add({ ...entry.body, order });
  }

  /** A founder alone makes the first keys at once; who may not be alone first hears whether others have. */
  #firstCause(): "here" | "elsewhere" {
    return this.#roster().length <= 1 ? "here" : "elsewhere";
  }

  #grant(): Grant {
    const { membership, identity, grant } = this.#deps.local;
    return membership.grantOf(identity.peerId, this.#deps.clock.nowMs()) ?? grant;
  }

  #roster(): readonly KeyMember[] {
    return this.#deps.local.membership.roster(this.#deps.clock.nowMs());
  }

  #assertMay(resource: "role" | "role_key", what: string): void {
    const decision = can(resource, "administer", this.#grant());
    if (decision.allow) return;
    const { audit, local } = this.#deps;
    const { reason } = decision;
    audit.refused({ resource, operation: "administer", subject: local.identity.peerId, reason });
    throw new RoleServiceError("not_allowed", `Cannot ${what}: ${reason}`);
  }
}
