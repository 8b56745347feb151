import {
  type AuthorityLevel,
  type BinaryType,
  createInvite,
  decodeGrant,
  encodeJoinToken,
  type Grant,
  type Invite,
  issueGrant,
  type Membership,
  parseRole,
  type PersonId,
  redeemInvite,
  revokeInvite,
  type Role,
  type SignedGrant,
} from "@bzzz/agentid";
import { type AgentId, type Clock, type PeerId, type Random, SerialQueue } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { KeyValueStore } from "@bzzz/store";
import type { LocalIdentity } from "./agent.ts";
import { InviteBook, MAX_INVITES } from "./invite_book.ts";
import type { OwnStanding } from "./own_standing.ts";
import { asAsked, TrustError } from "./trust_error.ts";

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

/** Whom an invitation is for, and for how long it stands. */
export interface InviteTerms {
  readonly role: Role;
  readonly level?: AuthorityLevel;
  readonly binaryType?: BinaryType;
  readonly agentId?: AgentId;
  readonly ttlMs: number;
}

/** Newcomers that wait at the same time. */
const MAX_WAITING_JOINS = 64;

/** What letting newcomers in stands on. */
export interface NewcomersDeps {
  readonly local: LocalIdentity;
  readonly standing: OwnStanding;
  readonly kv: KeyValueStore;
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
  readonly logger: Logger;
  /** Tells the mesh of a new grant; it counts, here too, when this resolves. */
  readonly publish: (signed: SignedGrant) => Promise<void>;
}

/** The newcomers of this node: their invitations, and who is let in with one. */
export class Newcomers {
  readonly #deps: NewcomersDeps;
  readonly #membership: Membership;
  readonly #invites: InviteBook;
  readonly #joins = new SerialQueue({ capacity: MAX_WAITING_JOINS });

  constructor(deps: NewcomersDeps) {
    this.#deps = deps;
    this.#membership = deps.local.membership;
    this.#invites = new InviteBook(deps);
  }

  /**
   * A token for one newcomer; the invitation is on disk before the token exists.
   * @throws TrustError "not_allowed", "invalid_request", "duplicate_agent_id"
   */
  invite(
    terms: InviteTerms,
    addresses: readonly string[],
  ): { readonly invite: Invite; readonly token: string } {
    const { clock, random, local, standing } = this.#deps;
    standing.assertMaster("invite");
    if (parseRole(terms.role) === undefined) {
      throw new TrustError("invalid_request", `Cannot invite as role "${terms.role}": expected a-z, 0-9, "_" and "-"`);
    }
    if (terms.agentId) this.#assertFree(terms.agentId);
    const { invite, secret } = asAsked(() => createInvite(terms, { random, nowMs: clock.nowMs() }));
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

  /** The oldest first. */
  invites(): Invite[] {
    return this.#invites.list();
  }

  /** @throws TrustError "not_allowed", "not_found", "invite_used" */
  closeInvite(inviteId: string): Invite {
    this.#deps.standing.assertMaster("revoke an invite");
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
    const { local, clock, logger, standing } = this.#deps;
    const issuer = standing.grant();
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
    await this.#deps.publish(signed);
    logger.info("A newcomer was let in", { peer: request.joiner, role: invite.role });
    return this.#welcome(signed.grant);
  }

  #welcome(grant: Grant): JoinAnswer {
    const grants = this.#membership.grants();
    const own = grants.find((bytes) => decodeGrant(bytes)?.grant.id === grant.id);
    return own ? { ok: true, grant: own, grants } : { ok: false, reason: "grant_not_standing" };
  }

  #assertFree(agentId: AgentId): void {
    const holder = this.#membership.findAgentId(agentId, this.#deps.clock.nowMs());
    if (!holder) return;
    throw new TrustError("duplicate_agent_id", `Cannot invite "${agentId}": the name is held by ${holder.peer}`, {
      details: { holder: holder.peer },
    });
  }
}
