import { type Branded, type Bytes, hexDecode, type MeshId, once, type PeerId } from "@bzzz/base";
import { encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { z } from "zod";
import { MAX_REVOCATION_BYTES, TRUST_VERSION } from "./constants.ts";
import { IdentityError } from "./errors.ts";
import { type GrantId, issuerOf, type Signer } from "./grant.ts";
import * as field from "./schemas.ts";
import { decodeRecord, type Issuer, type RawRecord, recordId, signRecord, tryDecode } from "./signed_record.ts";

/** A revocation: 64 lower-case hexadecimal digits of SHA-256 over its signed bytes. */
export type RevocationId = Branded<"RevocationId">;

/**
 * Ends one grant and every other grant of the same peer that was issued up to `issuedAtMs`. A later grant can readmit
 * the peer; a demotion is a revocation followed by a grant of the lower role.
 */
export interface Revocation {
  readonly v: number;
  readonly id: RevocationId;
  readonly mesh: MeshId;
  readonly grantId: GrantId;
  readonly peer: PeerId;
  readonly reason: string;
  /** Entries of `peer` up to and including this seq stay valid; 0 keeps none. */
  readonly lastSeq: number;
  /**
   * Ids of grants and revocations that `peer`, a master, had issued and that stay valid. What is not listed falls: the
   * issue date of anything else is the word of a key that is no longer trusted.
   */
  readonly kept: readonly string[];
  readonly issuedAtMs: number;
  readonly issuer: Issuer;
}

/** A revocation with the bytes that carry its signature. */
export interface SignedRevocation {
  readonly revocation: Revocation;
  readonly bytes: Bytes;
}

/** What the revoker decides; `Membership.planRevocation` fills it in. */
export type RevocationFields = Omit<Revocation, "v" | "id" | "issuer">;

const payloadSchema = once(() =>
  z.object({
    v: z.literal(TRUST_VERSION),
    mesh: field.meshId(),
    grantId: field.hash(),
    peer: field.peerId(),
    reason: field.reason(),
    lastSeq: z.int().min(0),
    kept: field.kept(),
    issuedAtMs: field.atMs(),
    issuer: field.issuer(),
  })
);

/**
 * Signs a revocation.
 *
 * @throws IdentityError "not_a_master", "invalid_revocation"
 */
export function issueRevocation(signer: Signer, fields: RevocationFields): SignedRevocation {
  const issuedBy = issuerOf(signer, fields.mesh, `revoke ${fields.peer}`);
  const { mesh, peer, reason, lastSeq, issuedAtMs } = fields;
  const grantId = hexDecode(fields.grantId);
  const kept = fields.kept.map((id) => hexDecode(id));
  const wire = { v: TRUST_VERSION, mesh, grantId, peer, reason, lastSeq, kept, issuedAtMs, issuer: issuedBy };
  const parsed = payloadSchema().safeParse(wire);
  if (!parsed.success) {
    const why = z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, " ");
    throw new IdentityError("invalid_revocation", `Cannot revoke ${fields.peer}: ${why}`);
  }
  const payload = encodeCbor(toSnakeCase(wire));
  return {
    revocation: toRevocation(parsed.data, payload),
    bytes: signRecord(signer.key, "revocation", fields.mesh, payload),
  };
}

/** Reads a revocation without believing it. Undefined when the bytes are too long, none, or of another version. */
export function decodeRevocation(
  bytes: Uint8Array,
): { readonly revocation: Revocation; readonly raw: RawRecord } | undefined {
  const raw = decodeRecord(bytes, MAX_REVOCATION_BYTES);
  if (!raw) return undefined;
  const parsed = payloadSchema().safeParse(toCamelCase(tryDecode(raw.payload)));
  return parsed.success ? { revocation: toRevocation(parsed.data, raw.payload), raw } : undefined;
}

function toRevocation(data: z.infer<ReturnType<typeof payloadSchema>>, payload: Uint8Array): Revocation {
  return {
    ...data,
    id: recordId("revocation", data.mesh, payload) as RevocationId, // by definition
    grantId: data.grantId as GrantId, // 64 hexadecimal digits, from `hash`
  };
}
