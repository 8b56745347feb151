import { type Grant, IdentityError } from "@bzzz/agentid";
import type { Clock } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { LocalIdentity } from "./agent.ts";
import { TrustError } from "./trust_error.ts";

/** What a node's own grant is worth. */
export type Standing = "valid" | "unknown" | "expired" | "revoked";

const STANDING_TEXTS: Readonly<Record<Exclude<Standing, "valid">, string>> = {
  unknown: "leads to an issuer this node does not know yet",
  expired: "has ended",
  revoked: "was revoked",
};

/** What the standing is judged by. */
export interface OwnStandingDeps {
  readonly local: LocalIdentity;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
}

/** What this node may do by its own grant: be heard, and decide about members. */
export class OwnStanding {
  readonly #deps: OwnStandingDeps;

  constructor(deps: OwnStandingDeps) {
    this.#deps = deps;
  }

  /** Whether the others hear this node, as far as it knows. */
  now(): Standing {
    const { identity, membership } = this.#deps.local;
    const nowMs = this.#deps.clock.nowMs();
    const check = membership.checkAuthor(identity.peerId, { hlcMs: nowMs, nowMs, path: "live" });
    if (check.ok) return "valid";
    return check.reason === "no_grant" || check.reason === "not_yet_valid" ? "unknown" : check.reason;
  }

  /** For the health checks: a node that is not heard must say so. */
  health(): { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string } {
    const standing = this.now();
    if (standing === "valid") return { ok: true };
    const { agentId } = this.#deps.local.identity;
    const message = `The grant of "${agentId}" ${STANDING_TEXTS[standing]}: peers do not hear it`;
    return { ok: false, code: `grant_${standing}`, message };
  }

  /**
   * Refuses to start a node that nobody would hear. Not knowing who vouches for its issuer is no reason: a node that lost its
   * database learns that from the first peer it meets.
   * @throws IdentityError "grant_revoked", "grant_expired", "agent_id_taken" with the holder
   */
  assertHeard(): void {
    const { identity, mesh, membership } = this.#deps.local;
    const standing = this.now();
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
    membership.assertAgentIdFree(identity.agentId, identity.peerId, this.#deps.clock.nowMs());
  }

  /** The own grant while it counts. */
  grant(): Grant | undefined {
    const { identity, membership } = this.#deps.local;
    return membership.grantOf(identity.peerId, this.#deps.clock.nowMs());
  }

  /** The own grant, of one who decides about members. @throws TrustError "not_allowed" */
  assertMaster(what: string): Grant {
    const grant = this.grant();
    if (grant?.level === "master") return grant;
    const why = grant
      ? `has role "${grant.role}" (${grant.level}), and it takes level master`
      : "has no grant that counts";
    throw new TrustError("not_allowed", `Cannot ${what}: "${this.#deps.local.identity.agentId}" ${why}`);
  }
}
