import { once } from "@bzzz/base";
import type { AgentId, Branded, Bytes, MeshId, PeerId } from "@bzzz/base";
import { peerIdFromPublicKey, type SigningKey } from "@bzzz/crypto";
import { encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { z } from "zod";
import { DEFAULT_GRANT_TTL_MS, MAX_GRANT_BYTES, TRUST_VERSION } from "./constants.ts";
import { IdentityError } from "./errors.ts";
import { type AuthorityLevel, type BinaryType, builtinLevel, type Role } from "./roles.ts";
import {
  agentId,
  ageRecipient,
  atMs,
  binaryType,
  issuer,
  level,
  meshId,
  peerId,
  type PersonId,
  personId,
  role,
} from "./schemas.ts";
import { decodeRecord, type Issuer, type RawRecord, recordId, signRecord, tryDecode } from "./signed_record.ts";

/** A grant: 64 lower-case hexadecimal digits of SHA-256 over its signed bytes. */
export type GrantId = Branded<"GrantId">;

/**
 * The certificate that makes a node a member: who it is, what it may do, from when to when, and who says so. A decoded
 * grant is a claim; only `Membership` knows whether it counts.
 */
export interface Grant {
  readonly v: number;
  readonly id: GrantId;
  readonly mesh: MeshId;
  readonly peer: PeerId;
  readonly agentId: AgentId;
  readonly binaryType: BinaryType;
  readonly role: Role;
  readonly level: AuthorityLevel;
  /** Where content for this node is sealed to ("age1…"). */
  readonly ageRecipient: string;
  /** First and last moment (epoch) at which the grant is valid. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly issuer: Issuer;
  readonly issuedAtMs: number;
  /** Whose node it is; missing: nobody's, and what it decides counts for no person's decision. */
  readonly person?: PersonId | undefined;
}

/** A grant with the bytes that carry its signature. */
export interface SignedGrant {
  readonly grant: Grant;
  readonly bytes: Bytes;
}

/** Who signs: the root key itself, or a master with its own grant. */
export type Signer =
  | { readonly key: SigningKey; readonly issuer: "root" }
  | { readonly key: SigningKey; readonly grant: Grant };

/** What the issuer decides. Times are epoch milliseconds. */
export interface GrantFields {
  readonly mesh: MeshId;
  readonly peer: PeerId;
  readonly agentId: AgentId;
  readonly binaryType: BinaryType;
  readonly role: Role;
  /** Needed for an operator's own role; a built-in role has its own level. */
  readonly level?: AuthorityLevel;
  readonly ageRecipient: string;
  readonly issuedAtMs: number;
  /** `issuedAtMs` unless given. */
  readonly notBeforeMs?: number;
  /** A year unless given; never past the end of the issuer's own grant. */
  readonly ttlMs?: number;
  /** Of a portal: the person whom the issuer admits with it. */
  readonly person?: PersonId | undefined;
}

const payloadSchema = once(() =>
  z.object({
    v: z.literal(TRUST_VERSION),
    mesh: meshId(),
    peer: peerId(),
    agentId: agentId(),
    binaryType: binaryType(),
    role: role(),
    level: level(),
    ageRecipient: ageRecipient(),
    notBeforeMs: atMs(),
    notAfterMs: atMs(),
    issuer: issuer(),
    issuedAtMs: atMs(),
    // older nodes leave it out, and take the grant
    person: personId().optional(),
  }).refine((p) => p.person === undefined || p.binaryType === "hap", "only a portal is a person's")
    .refine((p) => p.notBeforeMs < p.notAfterMs, "not_before_ms must be before not_after_ms")
    .refine((p) => (builtinLevel(p.role) ?? p.level) === p.level, "a built-in role() has its own level")
);

/**
 * Signs a grant. Whether the signer was entitled is decided by every receiver; this only refuses what none would accept.
 *
 * @throws IdentityError "not_a_master", "invalid_grant"
 */
export function issueGrant(signer: Signer, fields: GrantFields): SignedGrant {
  const notBeforeMs = fields.notBeforeMs ?? fields.issuedAtMs;
  const wantedMs = notBeforeMs + (fields.ttlMs ?? DEFAULT_GRANT_TTL_MS);
  const authority = "grant" in signer ? signer.grant : undefined;
  if (authority && authority.notAfterMs <= notBeforeMs) {
    throw new IdentityError(
      "invalid_grant",
      `Cannot issue a grant for "${fields.agentId}": the grant of its issuer "${authority.agentId}" ends at ` +
        `${new Date(authority.notAfterMs).toISOString()}, before this one begins`,
    );
  }
  const notAfterMs = Math.min(wantedMs, authority?.notAfterMs ?? wantedMs);
  const parsed = payloadSchema().safeParse({
    v: TRUST_VERSION,
    mesh: fields.mesh,
    peer: fields.peer,
    agentId: fields.agentId,
    binaryType: fields.binaryType,
    role: fields.role,
    level: fields.level ?? builtinLevel(fields.role),
    ageRecipient: fields.ageRecipient,
    notBeforeMs,
    notAfterMs,
    issuer: issuerOf(signer, fields.mesh, `issue a grant for "${fields.agentId}"`),
    issuedAtMs: fields.issuedAtMs,
    ...(fields.person === undefined ? {} : { person: fields.person }),
  });
  if (!parsed.success) {
    const why = z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, " ");
    throw new IdentityError("invalid_grant", `Cannot issue a grant for "${fields.agentId}": ${why}`);
  }
  const payload = encodeCbor(toSnakeCase(parsed.data));
  const id = recordId("grant", fields.mesh, payload) as GrantId; // by definition
  return { grant: { ...parsed.data, id }, bytes: signRecord(signer.key, "grant", fields.mesh, payload) };
}

/** The name under which `signer` signs. @throws IdentityError "not_a_master" */
export function issuerOf(signer: Signer, mesh: MeshId, what: string): Issuer {
  if (!("grant" in signer)) return "root";
  const { grant } = signer;
  if (grant.level !== "master" || grant.mesh !== mesh) {
    throw new IdentityError(
      "not_a_master",
      `Cannot ${what}: "${grant.agentId}" has level "${grant.level}" in mesh ${grant.mesh}, level "master" is needed`,
    );
  }
  if (peerIdFromPublicKey(signer.key.publicKey) !== grant.peer) {
    throw new IdentityError("not_a_master", `Cannot ${what}: the grant of "${grant.agentId}" is for another key`);
  }
  return grant.peer;
}

/**
 * Reads a grant without believing it: neither the signature nor the chain is checked. Undefined when the bytes are too
 * long, no grant, of another version, or give a built-in role a level it does not have.
 */
export function decodeGrant(bytes: Uint8Array): { readonly grant: Grant; readonly raw: RawRecord } | undefined {
  const raw = decodeRecord(bytes, MAX_GRANT_BYTES);
  if (!raw) return undefined;
  // a node reads a grant once or twice: to compile a parser for them takes as long as to read some hundreds
  const parsed = payloadSchema().safeParse(toCamelCase(tryDecode(raw.payload)), { jitless: true });
  if (!parsed.success) return undefined;
  const id = recordId("grant", parsed.data.mesh, raw.payload) as GrantId; // by definition
  return { grant: { ...parsed.data, id }, raw };
}
