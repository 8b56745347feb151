import {
  type AgentId,
  type Branded,
  type Bytes,
  concatBytes,
  hexDecode,
  hexEncode,
  once,
  type PeerId,
  type Random,
  utf8Encode,
} from "@bzzz/base";
import { constantTimeEqual, domainMessage, hmacSha256, sha256 } from "@bzzz/crypto";
import { z } from "zod";
import { DEFAULT_INVITE_TTL_MS } from "./constants.ts";
import { IdentityError } from "./errors.ts";
import { type AuthorityLevel, type BinaryType, builtinLevel, parseRole, type Role } from "./roles.ts";
import { agentId, atMs, binaryType, level, peerId, role } from "./schemas.ts";

/** An invitation: 16 hexadecimal digits, no secret. */
export type InviteId = Branded<"InviteId">;
export const INVITE_ID = /^[0-9a-f]{16}$/;

const SECRET_BYTES = 32;
const PROOF_DOMAIN = "bzzz/join-proof/1";

/** An invitation as the inviter keeps it: plain data without the secret, so that reading it does not let one join. */
export const inviteSchema = once(() =>
  z.strictObject({
    inviteId: z.string().refine((s): s is InviteId => INVITE_ID.test(s), "expected an invitation id"),
    /** SHA-256 of the secret, hexadecimal. */
    secretHash: z.string().regex(/^[0-9a-f]{64}$/),
    role: role(),
    level: level(),
    /** Missing: either program may use it. */
    binaryType: binaryType().optional(),
    /** Missing: the newcomer names itself. */
    agentId: agentId().optional(),
    createdMs: atMs(),
    expiresMs: atMs(),
    usedBy: peerId().optional(),
    usedAtMs: atMs().optional(),
    revokedAtMs: atMs().optional(),
  })
);
/** What the inviter keeps of an invitation; see `inviteSchema`. */
export type Invite = Readonly<z.infer<ReturnType<typeof inviteSchema>>>;

/** What became of an invitation. */
export type InviteState = "open" | "used" | "expired" | "revoked";

/** Why a newcomer is not let in. */
export type RedeemFault = "used" | "expired" | "revoked" | "bad_proof" | "wrong_binary_type" | "wrong_agent_id";

/** What a newcomer brings. */
export interface Redemption {
  readonly proof: Uint8Array;
  readonly joiner: PeerId;
  readonly inviter: PeerId;
  readonly binaryType: BinaryType;
  readonly agentId: AgentId;
  readonly nowMs: number;
}

/**
 * A new invitation, and the secret that only its token carries.
 *
 * @throws IdentityError "invalid_invite"
 */
export function createInvite(
  fields: {
    role: Role;
    /** Needed for an operator's own role. */
    level?: AuthorityLevel;
    binaryType?: BinaryType;
    agentId?: AgentId;
    /** An hour unless given. */
    ttlMs?: number;
  },
  deps: { random: Random; nowMs: number },
): { readonly invite: Invite; readonly secret: Bytes } {
  const level = builtinLevel(fields.role) ?? fields.level;
  if (parseRole(fields.role) === undefined || level === undefined || (fields.level ?? level) !== level) {
    throw new IdentityError(
      "invalid_invite",
      `Cannot invite as role "${fields.role}" with level "${fields.level ?? "none"}": use a built-in role (admin, ` +
        "architect, reviewer, developer, observer) without a level, or a role of your own with one",
    );
  }
  const ttlMs = fields.ttlMs ?? DEFAULT_INVITE_TTL_MS;
  if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0) {
    throw new IdentityError("invalid_invite", `Cannot invite for ${ttlMs} ms: a time to live is a positive integer`);
  }
  const secret = deps.random.bytes(SECRET_BYTES);
  const invite: Invite = {
    inviteId: hexEncode(deps.random.bytes(8)) as InviteId, // 16 hexadecimal digits
    secretHash: hexEncode(sha256(secret)),
    role: fields.role,
    level,
    ...(fields.binaryType ? { binaryType: fields.binaryType } : {}),
    ...(fields.agentId ? { agentId: fields.agentId } : {}),
    createdMs: deps.nowMs,
    expiresMs: deps.nowMs + ttlMs,
  };
  return { invite, secret };
}

/** Closes an invitation; one that was used stays used. */
export function revokeInvite(invite: Invite, nowMs: number): Invite {
  return invite.usedBy || invite.revokedAtMs !== undefined ? invite : { ...invite, revokedAtMs: nowMs };
}

/** What became of `invite` by `nowMs`. */
export function inviteState(invite: Invite, nowMs: number): InviteState {
  if (invite.usedBy) return "used";
  if (invite.revokedAtMs !== undefined) return "revoked";
  return nowMs > invite.expiresMs ? "expired" : "open";
}

/**
 * The newcomer's proof that it holds the secret, for this inviter only: secret XOR HMAC(SHA-256(secret), context), as
 * in SCRAM (RFC 5802 section 3). The inviter needs only the hash to check it; a stranger who poses as the inviter
 * learns nothing from it, and it is worth nothing with another peer.
 */
export function createJoinProof(
  secret: Uint8Array,
  context: { inviteId: InviteId; joiner: PeerId; inviter: PeerId },
): Bytes {
  return xor(secret, hmacSha256(sha256(secret), proofContext(context)));
}

/**
 * Checks a newcomer against its invitation. On success the invitation is used up; the same newcomer may ask again, as
 * its answer may have been lost. The caller must store the invitation before it answers.
 */
export function redeemInvite(
  invite: Invite,
  redemption: Redemption,
): { readonly ok: true; readonly invite: Invite } | { readonly ok: false; readonly reason: RedeemFault } {
  if (!verifyJoinProof(invite, redemption)) return { ok: false, reason: "bad_proof" };
  if (invite.binaryType && invite.binaryType !== redemption.binaryType) {
    return { ok: false, reason: "wrong_binary_type" };
  }
  if (invite.agentId && invite.agentId !== redemption.agentId) return { ok: false, reason: "wrong_agent_id" };
  const state = inviteState(invite, redemption.nowMs);
  if (state === "used" && invite.usedBy === redemption.joiner) return { ok: true, invite };
  if (state !== "open") return { ok: false, reason: state };
  return { ok: true, invite: { ...invite, usedBy: redemption.joiner, usedAtMs: redemption.nowMs } };
}

function verifyJoinProof(invite: Invite, redemption: Redemption): boolean {
  const storedHash = hexDecode(invite.secretHash);
  if (!storedHash || redemption.proof.byteLength !== SECRET_BYTES) return false;
  const { joiner, inviter } = redemption;
  const context = proofContext({ inviteId: invite.inviteId, joiner, inviter });
  const secret = xor(redemption.proof, hmacSha256(storedHash, context));
  return constantTimeEqual(sha256(secret), storedHash);
}

function proofContext(context: { inviteId: InviteId; joiner: PeerId; inviter: PeerId }): Bytes {
  // ids have no spaces, so the boundaries are plain
  return domainMessage(PROOF_DOMAIN, utf8Encode(`${context.inviteId} ${context.joiner} ${context.inviter}`));
}

function xor(a: Uint8Array, b: Uint8Array): Bytes {
  return concatBytes(a.map((byte, i) => byte ^ (b[i] ?? 0)));
}
