import { type Bytes, hexEncode, type MeshId, type PeerId } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import { encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { z } from "zod";
import { MAX_PERSON_RECORD_BYTES, TRUST_VERSION } from "../constants.ts";
import { IdentityError } from "../errors.ts";
import { decodeRecord, type RecordDomain, signRecord, tryDecode, verifyRecordWith } from "../signed_record.ts";
import { keyOfHex } from "./person_id.ts";
import type { DeviceCertificate } from "./person_record.ts";

/** Signs a record with the key of a device: nothing but a schema's fields, for this mesh and device. @throws IdentityError "invalid_person" */
export function signByDevice(
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

/** The record in `bytes`, if the device of `certificate` signed it as a `domain`. */
export function readByDevice<T extends Bound>(
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
