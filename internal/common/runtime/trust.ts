import {
  createInvite,
  decodeGrant,
  encodeJoinToken,
  type Grant,
  IdentityError,
  type Invite,
  issueGrant,
  issueRevocation,
  type Membership,
  parseRole,
  type PersonId,
  redeemInvite,
  revokeInvite,
  type Role,
  type SignedGrant,
} from "@bzzz/agentid";
import {
  abortable,
  type AgentId,
  BzzzError,
  type Clock,
  type PeerId,
  type Random,
  SerialQueue,
  TaskGroup,
} from "@bzzz/base";
import type { Journal, StoredEntry } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import type { Store } from "@bzzz/store";
import { TOPICS } from "@bzzz/wire";
import type { LocalIdentity } from "./agent.ts";
import { InviteBook, MAX_INVITES } from "./invite_book.ts";
import { MembershipStore } from "./membership_store.ts";
import type { AuthorityLevel, BinaryType } from "@bzzz/agentid";

/** A refusal of an act on the membership. The codes are those of the API. */
export class TrustError extends BzzzError<
  "not_allowed" | "not_found" | "already_revoked" | "invite_used" | "duplicate_agent_id" | "invalid_request"
> {}

/** What a newcomer brings to be let in. */
export interface JoinRequest {
  readonly inviteId: string;
  readonly proof: Uint8Array;
  readonly joiner: PeerId;
  readonly agentId: AgentId;
  readonly binaryType: BinaryType;
  readonly ageRecipient: string;
  /** Of a portal: whose it is. Whoever holds the invite says so, and is admitted as that person. */
  readonly person?: PersonId | undefined;
}

/** The answer to a newcomer. */
export type JoinAnswer =
  | { readonly ok: true; readonly grant: Uint8Array; readonly grants: readonly Uint8Array[] }
  | { readonly ok: false; readonly reason: string };

/** A grant of this node that no entry tells the mesh of yet. */
const UNPUBLISHED_KEY = "trust/unpublished";
/** Newcomers that wait at the same time. */
const MAX_WAITING_JOINS = 64;

/** Keeps a grant that was signed while no node ran until `TrustService.publishPending` has told the mesh of it. */
export function rememberToPublish(store: Pick<Store, "kv">, grant: Uint8Array): void {
  store.kv.set(UNPUBLISHED_KEY, grant);
}

/** What a node's own grant is worth. */
export type Standing = "valid" | "unknown" | "expired" | "revoked";

const STANDING_TEXTS: Readonly<Record<Exclude<Standing, "valid">, string>> = {
  unknown: "leads to an issuer this node does not know yet",
  expired: "has ended",
  revoked: "was revoked",
};

/** What the service consumes. */
export interface TrustDeps {
  readonly local: LocalIdentity;
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Keeps the roster on disk and in the journal: what is learned is stored, what this node decides is signed and published.
 */
export class TrustService {
  readonly #deps: TrustDeps;
  readonly #membership: Membership;
  readonly #stopped = new AbortController();
  readonly #invites: InviteBook;
  readonly #records: MembershipStore;
  readonly #joins = new SerialQueue({ capacity: MAX_WAITING_JOINS });
  readonly #tasks: TaskGroup;

  constructor(deps: TrustDeps) {
    this.#deps = deps;
    this.#membership = deps.local.membership;
    this.#tasks = new TaskGroup((error, what) => {
      if (!this.#stopped.signal.aborted) deps.logger.warn("A task of the roster failed", { what }, error);
    });
    this.#invites = new InviteBook({ kv: deps.store.kv, clock: deps.clock });
    this.#records = new MembershipStore({ ...deps, membership: this.#membership });
    const signal = this.#stopped.signal;
    this.#membership.on("record:accepted", (record) => this.#records.persist(record), { signal });
    deps.journal.events.on("entry:stored", ({ entry }) => this.#learn(entry), { signal });
  }

  /** Resolves when nothing that it began runs any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#tasks.settled();
  }

  /**
   * Refuses to start a node that nobody would hear. Not knowing who vouches for its issuer is no reason: a node that lost its
   * database learns that from the first peer it meets.
   * @throws IdentityError "grant_revoked", "grant_expired", "agent_id_taken" with the holder
   */
  assertStanding(): void {
    const { identity, mesh } = this.#deps.local;
    const standing = this.standing();
    if (standing === "revoked" || standing === "expired") {
      throw new IdentityError(
        `grant_${standing}`,
        `Cannot run as "${identity.agentId}": its grant ${STANDING_TEXTS[standing]}; ` +
          `ask an admin of mesh "${mesh.name}" for an invite, and join with --force`,
      );
    }
    if (standing === "unknown") {
      this.#deps.logger.warn("This node does not know yet who vouches for its grant; the first peer it meets tells it");
    }
    this.#membership.assertAgentIdFree(identity.agentId, identity.peerId, this.#deps.clock.nowMs());
  }

  /** Whether the others hear this node, as far as it knows. */
  standing(): Standing {
    const { identity } = this.#deps.local;
    const nowMs = this.#deps.clock.nowMs();
    const check = this.#membership.checkAuthor(identity.peerId, { hlcMs: nowMs, nowMs, path: "live" });
    if (check.ok) return "valid";
    return check.reason === "no_grant" || check.reason === "not_yet_valid" ? "unknown" : check.reason;
  }

  /** For the health checks: a node that is not heard must say so. */
  health(): { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string } {
    const standing = this.standing();
    if (standing === "valid") return { ok: true };
    const message = `The grant of "${this.#deps.local.identity.agentId}" ${
      STANDING_TEXTS[standing]
    }: peers do not hear it`;
    return { ok: false, code: `grant_${standing}`, message };
  }

  /** A token for one newcomer; the invitation is on disk before the token exists. */
  invite(
    input: { role: Role; level?: AuthorityLevel; binaryType?: BinaryType; agentId?: AgentId; ttlMs: number },
    addresses: readonly string[],
  ): { readonly invite: Invite; readonly token: string } {
    this.#assertMaster("invite");
    const { clock, random, local } = this.#deps;
    if (parseRole(input.role) === undefined) {
      throw new TrustError("invalid_request", `Cannot invite as role "${input.role}": expected a-z, 0-9, "_" and "-"`);
    }
    if (input.agentId) this.#assertFree(input.agentId);
    const { invite, secret } = this.#rephrase(() => createInvite(input, { random, nowMs: clock.nowMs() }));
    if (!this.#invites.makeRoom()) {
      throw new TrustError("invalid_request", `Cannot invite: ${MAX_INVITES} invites are open; revoke some first`);
    }
    this.#invites.save(invite);
    const token = encodeJoinToken({
      mesh: local.mesh,
      addresses,
      inviteId: invite.inviteId,
      secret,
      expiresMs: invite.expiresMs,
    });
    return { invite, token };
  }

  invites(): Invite[] {
    return this.#invites.list();
  }

  /** @throws TrustError "not_found", "invite_used" */
  closeInvite(inviteId: string): Invite {
    this.#assertMaster("revoke an invite");
    const invite = this.#invites.get(inviteId);
    if (!invite) throw new TrustError("not_found", `Cannot revoke invite "${inviteId}": there is none`);
    if (invite.usedBy) {
      throw new TrustError(
        "invite_used",
        `Cannot revoke invite "${inviteId}": ${invite.usedBy} has used it; revoke the member instead`,
      );
    }
    const closed = revokeInvite(invite, this.#deps.clock.nowMs());
    this.#invites.save(closed);
    return closed;
  }

  /**
   * Lets a newcomer in, once per invitation, durably before the answer. Reasons are ours and say nothing private.
   * @throws BzzzError "queue_full" when too many newcomers wait; JournalError, StoreError: nobody was let in, ask again
   */
  async admit(request: JoinRequest): Promise<JoinAnswer> {
    // one after the other: between looking whether a name is free and giving it away lies a commit
    return await this.#joins.run(() => this.#admit(request));
  }

  async #admit(request: JoinRequest): Promise<JoinAnswer> {
    const { local, clock, logger } = this.#deps;
    const issuer = this.#standingGrant();
    if (issuer?.level !== "master") return { ok: false, reason: "inviter_not_allowed" };
    const invite = this.#invites.get(request.inviteId);
    if (!invite) return { ok: false, reason: "unknown_invite" };
    const redeemed = redeemInvite(invite, {
      proof: request.proof,
      joiner: request.joiner,
      inviter: local.identity.peerId,
      binaryType: request.binaryType,
      agentId: request.agentId,
      nowMs: clock.nowMs(),
    });
    if (!redeemed.ok) {
      logger.warn("A newcomer was refused", { peer: request.joiner, reason: redeemed.reason, invite: invite.inviteId });
      return redeemed;
    }
    const holder = this.#membership.findAgentId(request.agentId, clock.nowMs());
    if (holder && holder.peer !== request.joiner) return { ok: false, reason: `agent_id_taken:${holder.peer}` };
    if (invite.usedBy) {
      // It asks again. A grant that has ended since does not come back with a spent token, one that was lost does.
      const known = this.#membership.grantOf(request.joiner, clock.nowMs());
      if (known) return this.#welcome(known);
      if (this.#membership.roster(clock.nowMs()).some((member) => member.peer === request.joiner)) {
        return { ok: false, reason: "used" };
      }
    }
    const signed = issueGrant({ key: local.keys.signingKey, grant: issuer }, {
      mesh: local.mesh.meshId,
      peer: request.joiner,
      agentId: request.agentId,
      binaryType: request.binaryType,
      role: invite.role,
      level: invite.level,
      ageRecipient: request.ageRecipient,
      issuedAtMs: clock.nowMs(),
      ...(request.binaryType === "hap" ? { person: request.person } : {}),
    });
    this.#invites.save(redeemed.invite);
    await this.publishGrant(signed);
    logger.info("A newcomer was let in", { peer: request.joiner, role: invite.role });
    return this.#welcome(signed.grant);
  }

  /**
   * Says whose portal a member is, with a new grant that changes nothing else; on disk and signed when it resolves.
   * @throws TrustError "not_allowed", "not_found", "invalid_request" for what is no portal
   */
  async admitPerson(peer: PeerId, person: PersonId): Promise<void> {
    const issuer = this.#assertMaster("admit a person");
    const { local, clock } = this.#deps;
    const known = this.#membership.grantOf(peer, clock.nowMs());
    if (!known) throw new TrustError("not_found", `Cannot admit the person of ${peer}: it has no standing grant`);
    if (known.binaryType !== "hap") {
      throw new TrustError("invalid_request", `Cannot admit the person of "${known.agentId}": it is no portal`);
    }
    const signed = this.#rephrase(() =>
      issueGrant({ key: local.keys.signingKey, grant: issuer }, {
        mesh: local.mesh.meshId,
        peer,
        agentId: known.agentId,
        binaryType: known.binaryType,
        role: known.role,
        level: known.level,
        ageRecipient: known.ageRecipient,
        // the newest grant counts, also over one that was dated ahead
        issuedAtMs: Math.max(clock.nowMs(), known.issuedAtMs + 1),
        notBeforeMs: clock.nowMs(),
        ttlMs: known.notAfterMs - clock.nowMs(),
        person,
      })
    );
    await this.publishGrant(signed);
  }

  /** Tells the mesh of a grant this node signed. It counts from its entry on, here as everywhere. */
  async publishGrant(signed: SignedGrant): Promise<void> {
    await this.#deps.journal.append({ kind: "grant_issued", topic: TOPICS.agents, body: { grant: signed.bytes } });
  }

  /** Tells the mesh of a grant that was signed while no node ran. What fails now is tried at the next start. */
  publishPending(): void {
    const bytes = this.#deps.store.kv.get(UNPUBLISHED_KEY);
    if (!bytes) return;
    this.#tasks.run("publish a grant", async () => {
      const body = { grant: bytes.slice() };
      const told = this.#deps.journal.append({ kind: "grant_issued", topic: TOPICS.agents, body });
      // stopped in between: it is told once more at the next start, which changes nothing
      await abortable(told, this.#stopped.signal);
      this.#deps.store.kv.delete(UNPUBLISHED_KEY);
    });
  }

  /**
   * Ends a membership; on disk and signed when it resolves.
   * @throws TrustError "not_allowed", "not_found", "already_revoked", "invalid_request"
   */
  async revoke(peer: PeerId, reason: string): Promise<void> {
    const issuer = this.#assertMaster("revoke a member");
    const { local, journal, clock } = this.#deps;
    if (peer === local.identity.peerId) {
      throw new TrustError("invalid_request", "Cannot revoke this node itself: let another admin do it, or leave");
    }
    const lastSeq = journal.vector().get(peer)?.seq ?? 0;
    const plan = this.#membership.planRevocation(peer, { reason, lastSeq, nowMs: clock.nowMs() });
    if (!plan) throw new TrustError("already_revoked", `Cannot revoke ${peer}: it has no standing grant`);
    const signed = issueRevocation({ key: local.keys.signingKey, grant: issuer }, plan);
    await journal.append({ kind: "grant_revoked", topic: TOPICS.agents, body: { revocation: signed.bytes } });
  }

  #learn(entry: StoredEntry): void {
    this.#records.catchUp();
    const result = entry.kind === "grant_issued"
      ? this.#membership.addGrant(entry.body.grant)
      : entry.kind === "grant_revoked"
      ? this.#membership.addRevocation(entry.body.revocation)
      : undefined;
    if (result?.status === "rejected") {
      this.#deps.logger.warn("A master published a record that cannot count", {
        author: entry.envelope.header.author,
        reason: result.reason,
      });
    }
  }

  #welcome(grant: Grant): JoinAnswer {
    const grants = this.#membership.grants();
    const own = grants.find((bytes) => decodeGrant(bytes)?.grant.id === grant.id);
    return own ? { ok: true, grant: own, grants } : { ok: false, reason: "grant_not_standing" };
  }

  /** The own grant while it counts. */
  #standingGrant(): Grant | undefined {
    return this.#membership.grantOf(this.#deps.local.identity.peerId, this.#deps.clock.nowMs());
  }

  #assertMaster(what: string): Grant {
    const grant = this.#standingGrant();
    if (grant?.level === "master") return grant;
    const why = grant
      ? `has role "${grant.role}" (${grant.level}), and it takes level master`
      : "has no grant that counts";
    throw new TrustError("not_allowed", `Cannot ${what}: "${this.#deps.local.identity.agentId}" ${why}`);
  }

  #assertFree(agentId: AgentId): void {
    const holder = this.#membership.findAgentId(agentId, this.#deps.clock.nowMs());
    if (!holder) return;
    throw new TrustError("duplicate_agent_id", `Cannot invite "${agentId}": the name is held by ${holder.peer}`, {
      details: { holder: holder.peer },
    });
  }

  #rephrase<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (cause instanceof IdentityError) throw new TrustError("invalid_request", cause.message, { cause });
      throw cause;
    }
  }
}
