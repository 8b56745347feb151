import type { AgentId, PeerId } from "@bzzz/base";
import type { ChainedGrant } from "./chain.ts";
import { CLOCK_TOLERANCE_MS } from "./constants.ts";
import type { GrantId } from "./grant.ts";
import type { AuthorityLevel, BinaryType, Role } from "./roles.ts";
import type { Issuer } from "./signed_record.ts";

/** What became of a member's grant. */
export type MemberStatus = "active" | "not_yet_valid" | "expired" | "revoked";

/** One line of the roster: plain data, fit for JSON. */
export interface MemberView {
  readonly peer: PeerId;
  readonly agentId: AgentId;
  readonly binaryType: BinaryType;
  readonly role: Role;
  readonly level: AuthorityLevel;
  readonly ageRecipient: string;
  readonly status: MemberStatus;
  readonly grantId: GrantId;
  readonly issuer: Issuer;
  /** Grants between the root and this one, both ends counted: 1 when the root signed it. */
  readonly depth: number;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Of a revoked member; text from a peer. */
  readonly revokedReason?: string;
  readonly revokedAtMs?: number;
}

/** The view of one grant at `nowMs`, by the rules of `Membership.isAdmitted`. */
export function memberViewOf(entry: ChainedGrant, nowMs: number): MemberView {
  const { grant, depth } = entry;
  const ended = entry.endedBy.toSorted((a, b) => a.issuedAtMs - b.issuedAtMs || (a.id < b.id ? -1 : 1))[0];
  const { peer, agentId, binaryType, role, level, ageRecipient, issuer, notBeforeMs, notAfterMs } = grant;
  return {
    peer,
    agentId,
    binaryType,
    role,
    level,
    ageRecipient,
    status: ended ? "revoked" : statusAt(notBeforeMs, notAfterMs, nowMs),
    grantId: grant.id,
    issuer,
    depth,
    notBeforeMs,
    notAfterMs,
    ...(ended ? { revokedReason: ended.reason, revokedAtMs: ended.issuedAtMs } : {}),
  };
}

function statusAt(notBeforeMs: number, notAfterMs: number, nowMs: number): MemberStatus {
  if (nowMs < notBeforeMs - CLOCK_TOLERANCE_MS) return "not_yet_valid";
  return nowMs > notAfterMs + CLOCK_TOLERANCE_MS ? "expired" : "active";
}
