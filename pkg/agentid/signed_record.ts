import { type Bytes, equalBytes, hexEncode, type MeshId, type PeerId } from "@bzzz/base";
import { domainMessage, publicKeyFromPeerId, sha256, type SigningKey, verifySignature } from "@bzzz/crypto";
import { decodeCbor, encodeCbor } from "@bzzz/wire";
import { TRUST_VERSION } from "./constants.ts";

/** What a record is signed as; part of the signed bytes, so one can never pass for the other. */
export type RecordDomain = "grant" | "revocation" | "person" | "decision" | "mandate" | "vote";

/** Who signed: the mesh's root key, or the node of that id. */
export type Issuer = "root" | PeerId;

/** The two parts of a signed record, decoded but not believed. */
export interface RawRecord {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

function signedBytes(domain: RecordDomain, mesh: MeshId, payload: Uint8Array): Bytes {
  return domainMessage(`bzzz/${domain}/${TRUST_VERSION}/${mesh}`, payload);
}

/** SHA-256 over the signed bytes, as 64 hexadecimal digits: the id of a record. */
export function recordId(domain: RecordDomain, mesh: MeshId, payload: Uint8Array): string {
  return hexEncode(sha256(signedBytes(domain, mesh, payload)));
}

/** CBOR array [payload, signature]. */
export function signRecord(key: SigningKey, domain: RecordDomain, mesh: MeshId, payload: Uint8Array): Bytes {
  return encodeCbor([payload, key.sign(signedBytes(domain, mesh, payload))]);
}

/** Undefined unless `bytes` is the one encoding of a payload and a 64-byte signature. */
export function decodeRecord(bytes: Uint8Array, maxBytes: number): RawRecord | undefined {
  if (bytes.byteLength > maxBytes) return undefined;
  const parts = tryDecode(bytes);
  if (!Array.isArray(parts) || parts.length !== 2) return undefined;
  const [payload, signature]: unknown[] = parts;
  if (!(payload instanceof Uint8Array) || !(signature instanceof Uint8Array)) return undefined;
  // one record has one spelling, so that its id stands for its bytes
  return equalBytes(encodeCbor([payload, signature]), bytes) ? { payload, signature } : undefined;
}

/** Whether the record carries the signature of the issuer it names. */
export function verifyRecord(
  domain: RecordDomain,
  mesh: MeshId,
  raw: RawRecord,
  issuer: Issuer,
  rootPublicKey: Uint8Array,
): boolean {
  const key = issuer === "root" ? rootPublicKey : publicKeyFromPeerId(issuer);
  return key !== undefined && verifyRecordWith(key, domain, mesh, raw);
}

/** Whether the record carries the signature of this public key. */
export function verifyRecordWith(key: Uint8Array, domain: RecordDomain, mesh: MeshId, raw: RawRecord): boolean {
  return verifySignature(key, signedBytes(domain, mesh, raw.payload), raw.signature);
}

/** The value of CBOR bytes, or undefined when they are not CBOR. */
export function tryDecode(bytes: Uint8Array): unknown {
  try {
    return decodeCbor(bytes);
  } catch {
    return undefined; // junk from outside is an expected outcome; the caller counts it
  }
}
