import { type Branded, type Bytes, type MeshId, once, utf8Encode } from "@bzzz/base";
import { domainMessage, SIGNATURE_BYTES, type SigningKey, verifySignature } from "@bzzz/crypto";
import { encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { z } from "zod";
import { DEVICE_CERTIFICATE_TTL_MS, MAX_PERSON_ITEMS, MAX_PERSON_RECORD_BYTES, TRUST_VERSION } from "../constants.ts";
import { IdentityError } from "../errors.ts";
import { atMs, meshId, peerId, type PersonId, personId, publicKey, reason, seq } from "../schemas.ts";
import { decodeRecord, recordId, signRecord, tryDecode, verifyRecordWith } from "../signed_record.ts";
import { personIdOf, publicKeyOfPerson } from "./person_id.ts";

/** A record of a person: SHA-256 over its signed bytes, as 64 hexadecimal digits. */
export type PersonRecordId = Branded<"PersonRecordId">;

const common = once(() => ({ v: z.literal(TRUST_VERSION), mesh: meshId(), person: personId(), issuedAtMs: atMs() }));

/** What a person's root key signs, and nothing else. */
const payloadSchema = once(() =>
  z.discriminatedUnion("type", [
    // this key, on the node of this peer, decides for the person
    z.object({
      ...common(),
      type: z.literal("certificate"),
      peer: peerId(),
      key: publicKey(),
      notBeforeMs: atMs(),
      notAfterMs: atMs(),
    }).refine((p) => p.notBeforeMs < p.notAfterMs, "not_before_ms must be before not_after_ms"),
    // ends every certificate of a device that was signed until then; its decisions up to lastSeq stay
    z.object({ ...common(), type: z.literal("revocation"), peer: peerId(), lastSeq: seq(), reason: reason() }),
    // another root key takes this one's place; what devices decided up to these numbers stays
    z.object({
      ...common(),
      type: z.literal("succession"),
      next: personId(),
      // the next key's own signature that it follows this one: else anybody could make themselves the past of another
      consent: z.instanceof(Uint8Array).refine((b) => b.byteLength === SIGNATURE_BYTES, "expected a signature"),
      kept: z.array(z.object({ peer: peerId(), lastSeq: seq() })).max(MAX_PERSON_ITEMS),
    }).refine((p) => p.next !== p.person, "a key cannot follow itself"),
  ])
);

type Payload = z.infer<ReturnType<typeof payloadSchema>>;

/** A record that carries the signature of the root key it names. Whether that root counts, the roster says. */
export type PersonRecord = Payload & { readonly id: PersonRecordId; readonly bytes: Bytes };
/** Makes a key on one node a device of its person. */
export type DeviceCertificate = Extract<PersonRecord, { type: "certificate" }>;
/** Takes that back. */
export type DeviceRevocation = Extract<PersonRecord, { type: "revocation" }>;
/** Names the root key that follows. */
export type Succession = Extract<PersonRecord, { type: "succession" }>;

type Fields<T extends Payload["type"]> = Omit<Extract<Payload, { type: T }>, "v" | "type" | "person">;

/** Signs the certificate of a device; a year unless `notAfterMs` is given. @throws IdentityError "invalid_person" */
export function certifyDevice(
  root: SigningKey,
  fields: Omit<Fields<"certificate">, "notBeforeMs" | "notAfterMs"> & { readonly notAfterMs?: number },
): DeviceCertificate {
  const { issuedAtMs, notAfterMs = issuedAtMs + DEVICE_CERTIFICATE_TTL_MS } = fields;
  return sign(root, { ...fields, type: "certificate", notBeforeMs: issuedAtMs, notAfterMs }) as DeviceCertificate; // of its type
}

/** Signs that a device decides for its person no more. @throws IdentityError "invalid_person" */
export function revokeDevice(root: SigningKey, fields: Fields<"revocation">): DeviceRevocation {
  return sign(root, { ...fields, type: "revocation" }) as DeviceRevocation; // of its type
}

/** Signs, with both keys, that `next` follows `root`. @throws IdentityError "invalid_person" */
export function succeedRoot(
  root: SigningKey,
  next: SigningKey,
  fields: Omit<Fields<"succession">, "next" | "consent">,
): Succession {
  const consent = new Uint8Array(next.sign(consentMessage(fields.mesh, personIdOf(root))));
  return sign(root, { ...fields, type: "succession", next: personIdOf(next), consent }) as Succession; // of its type
}

/** Reads a record and checks its signature; undefined when it is none, or is not signed by the root it names. */
export function readPersonRecord(bytes: Uint8Array, mesh: MeshId): PersonRecord | undefined {
  const raw = decodeRecord(bytes, MAX_PERSON_RECORD_BYTES);
  const parsed = raw && payloadSchema().safeParse(toCamelCase(tryDecode(raw.payload)));
  if (!raw || !parsed?.success || parsed.data.mesh !== mesh) return undefined;
  const { data } = parsed;
  if (!verifyRecordWith(publicKeyOfPerson(data.person), "person", mesh, raw)) return undefined;
  if (data.type === "succession" && !isConsented(data)) return undefined;
  return { ...data, id: recordId("person", mesh, raw.payload) as PersonRecordId, bytes: bytes.slice() }; // by definition
}

function isConsented({ mesh, person, next, consent }: Extract<Payload, { type: "succession" }>): boolean {
  return verifySignature(publicKeyOfPerson(next), consentMessage(mesh, person), consent);
}

function consentMessage(mesh: MeshId, person: PersonId): Bytes {
  return domainMessage(`bzzz/person-follows/${TRUST_VERSION}/${mesh}`, utf8Encode(person));
}

function sign(root: SigningKey, fields: DistributiveOmit<Payload, "v" | "person">): PersonRecord {
  const parsed = payloadSchema().safeParse({ ...fields, v: TRUST_VERSION, person: personIdOf(root) });
  if (!parsed.success) {
    const why = z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, " ");
    throw new IdentityError("invalid_person", `Cannot sign a ${fields.type} of a person: ${why}`);
  }
  const payload = encodeCbor(toSnakeCase(parsed.data));
  const { mesh } = parsed.data;
  return {
    ...parsed.data,
    id: recordId("person", mesh, payload) as PersonRecordId, // by definition
    bytes: signRecord(root, "person", mesh, payload),
  };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
