import { type Bytes, hexEncode, type MeshId, type PeerId } from "@bzzz/base";
import { sha256, type SigningKey } from "@bzzz/crypto";
import { type BodyOf, encodeCbor, ID_SCHEMAS, REQUEST_DECISIONS, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { z } from "zod";
import { MAX_MANDATE_RULES, MAX_PERSON_RECORD_BYTES, TRUST_VERSION } from "../constants.ts";
import { IdentityError } from "../errors.ts";
import { atMs, meshId, peerId, role } from "../schemas.ts";
import { decodeRecord, type RecordDomain, signRecord, tryDecode, verifyRecordWith } from "../signed_record.ts";
import { keyOfHex } from "./person_id.ts";
import type { DeviceCertificate } from "./person_record.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const pattern = z.string().min(1).max(2560);

/** What a device signs when its person has decided: this answer to this request, as this, at this time. */
const decisionSchema = z.object({
  v: z.literal(TRUST_VERSION),
  mesh: meshId,
  certificate: digest,
  device: peerId,
  role,
  requestId: ID_SCHEMAS.requestId,
  requestDigest: digest,
  decision: z.enum(REQUEST_DECISIONS),
  content: digest,
  atMs,
});
/** A decision as its device signed it. */
export type SignedDecision = z.infer<typeof decisionSchema>;

/** What a device signs when its person lets the rules of a policy approve: which actions, and until when. */
const mandateSchema = z.object({
  v: z.literal(TRUST_VERSION),
  mesh: meshId,
  certificate: digest,
  device: peerId,
  // of the policy's file, as answers by its rules name it
  policy: digest,
  rules: z.array(z.object({ rule: z.string().min(1).max(128), action: pattern, target: pattern.optional() }))
    .max(MAX_MANDATE_RULES),
  issuedAtMs: atMs,
  notAfterMs: atMs,
});
/** What rules may approve in a person's name. */
export type Mandate = z.infer<typeof mandateSchema>;

type AnswerBody = BodyOf<"request_answered">;

/** SHA-256 over what an answer says; every field that anybody acts on is in it, in this order. */
export function answerContentDigest(body: AnswerBody): string {
  const { text, choice, reason, values, editedDigest, scope, untilMs } = body;
  const fields = [text, choice, reason, values, editedDigest, scope, untilMs].map((field) => field ?? null);
  return hexEncode(sha256(encodeCbor(["bzzz/answer-content/1", ...fields])));
}

/** Signs a person's decision with the key of a device, and can sign nothing else. @throws IdentityError "invalid_person" */
export function signDecision(
  key: SigningKey,
  certificate: DeviceCertificate,
  answer: { readonly body: AnswerBody; readonly role: string; readonly atMs: number },
): Bytes {
  const { body, role, atMs } = answer;
  return sign(key, "decision", certificate, decisionSchema, {
    role,
    requestId: body.requestId,
    requestDigest: body.requestDigest,
    decision: body.decision,
    content: answerContentDigest(body),
    atMs,
  });
}

/** Signs that rules of a policy may approve. @throws IdentityError "invalid_person" */
export function signMandate(
  key: SigningKey,
  certificate: DeviceCertificate,
  fields: Pick<Mandate, "policy" | "rules" | "issuedAtMs" | "notAfterMs">,
): Bytes {
  return sign(key, "mandate", certificate, mandateSchema, fields);
}

/** The decision in `bytes`, if the device of `certificate` signed it. */
export function readDecision(bytes: Uint8Array, certificate: DeviceCertificate): SignedDecision | undefined {
  return read(bytes, "decision", certificate, decisionSchema);
}

/** The mandate in `bytes`, if the device of `certificate` signed it. */
export function readMandate(bytes: Uint8Array, certificate: DeviceCertificate): Mandate | undefined {
  return read(bytes, "mandate", certificate, mandateSchema);
}

function sign(
  key: SigningKey,
  domain: RecordDomain,
  certificate: DeviceCertificate,
  schema: z.ZodType<object>,
  fields: object,
): Bytes {
  if (hexEncode(key.publicKey) !== certificate.key) {
    throw new IdentityError("invalid_person", `Cannot sign a ${domain}: the certificate is for another key`);
  }
  const { mesh, peer: device, id } = certificate;
  const parsed = schema.safeParse({ ...fields, v: TRUST_VERSION, mesh, device, certificate: id });
  if (!parsed.success) {
    const why = z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, " ");
    throw new IdentityError("invalid_person", `Cannot sign a ${domain}: ${why}`);
  }
  const bytes = signRecord(key, domain, mesh, encodeCbor(toSnakeCase(parsed.data)));
  if (bytes.byteLength <= MAX_PERSON_RECORD_BYTES) return bytes;
  throw new IdentityError(
    "invalid_person",
    `Cannot sign a ${domain}: it has ${bytes.byteLength} bytes, more than ${MAX_PERSON_RECORD_BYTES}`,
  );
}

interface Bound {
  readonly mesh: MeshId;
  readonly device: PeerId;
  readonly certificate: string;
}

function read<T extends Bound>(
  bytes: Uint8Array,
  domain: RecordDomain,
  certificate: DeviceCertificate,
  schema: z.ZodType<T>,
): T | undefined {
  const raw = decodeRecord(bytes, MAX_PERSON_RECORD_BYTES);
  const parsed = raw && schema.safeParse(toCamelCase(tryDecode(raw.payload)));
  if (!raw || !parsed?.success) return undefined;
  const { mesh, device, certificate: id } = parsed.data;
  if (mesh !== certificate.mesh || device !== certificate.peer || id !== certificate.id) return undefined;
  return verifyRecordWith(keyOfHex(certificate.key), domain, mesh, raw) ? parsed.data : undefined;
}
