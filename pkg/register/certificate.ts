import type { Bytes, MeshId, PeerId } from "@bzzz/base";
import { domainMessage, publicKeyFromPeerId, sha256, verifySignature } from "@bzzz/crypto";
import { encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import type { Ballot } from "./ballot.ts";
import { tryDecodeCbor } from "./codec.ts";
import { MAX_VALUE_BYTES, REGISTER_VERSION } from "./constants.ts";
import type { RegisterKey } from "./keys.ts";
import { certificate as certificateSchema } from "./schemas.ts";

/** A voter's word that it accepted: Ed25519 over `acceptStatement`. */
export interface VoterSignature {
  readonly voter: PeerId;
  readonly signature: Uint8Array;
}

/** Proof of a decision: a majority of one epoch's voters accepted these bytes at one ballot. */
export interface Certificate {
  readonly key: RegisterKey;
  readonly epoch: number;
  readonly ballot: Ballot;
  readonly value: Uint8Array;
  readonly signatures: readonly VoterSignature[];
}

/** How many of `count` voters are a majority. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** What a voter signs when it accepts: domain `bzzz/register-accept/1/<mesh>` over CBOR of key, epoch, ballot, value's hash. */
export function acceptStatement(mesh: MeshId, accept: Omit<Certificate, "signatures">): Bytes {
  const { key, epoch, ballot, value } = accept;
  const fields = { key, epoch, ballot: [ballot.counter, ballot.proposer], value_hash: sha256(value) };
  return domainMessage(`bzzz/register-accept/${REGISTER_VERSION}/${mesh}`, encodeCbor(fields));
}

/** Whether `signature` is `voter`'s over that statement. */
export function verifyAcceptSignature(
  mesh: MeshId,
  accept: Omit<Certificate, "signatures">,
  { voter, signature }: VoterSignature,
): boolean {
  const publicKey = publicKeyFromPeerId(voter);
  return publicKey !== undefined && verifySignature(publicKey, acceptStatement(mesh, accept), signature);
}

/**
 * Whether a certificate proves that `key` had this value: signed by a majority of `voters`, the voters of its epoch. Pure
 * and offline. A signature that does not count (a stranger's, a second one of a voter, a false one) is passed over.
 */
export function verifyCertificate(
  certificate: Certificate,
  expected: { readonly mesh: MeshId; readonly key: RegisterKey; readonly voters: readonly PeerId[] },
): boolean {
  if (certificate.key !== expected.key) return false;
  return countSignatures(certificate, expected) >= majorityOf(expected.voters.length);
}

/** How many of `voters` signed the certificate validly. */
export function countSignatures(
  certificate: Certificate,
  expected: { readonly mesh: MeshId; readonly voters: readonly PeerId[] },
): number {
  const counted = new Set<PeerId>();
  for (const signature of certificate.signatures) {
    if (counted.has(signature.voter) || !expected.voters.includes(signature.voter)) continue;
    if (verifyAcceptSignature(expected.mesh, certificate, signature)) counted.add(signature.voter);
  }
  return counted.size;
}

/** The bytes of a certificate, for an entry or a file. */
export function encodeCertificate(certificate: Certificate): Bytes {
  return encodeCbor(toSnakeCase(certificate));
}

/** Undefined unless `bytes` are a certificate; whether it proves anything is `verifyCertificate`'s to say. */
export function decodeCertificate(bytes: Uint8Array): Certificate | undefined {
  if (bytes.byteLength > MAX_VALUE_BYTES + 4096) return undefined;
  const parsed = certificateSchema().safeParse(toCamelCase(tryDecodeCbor(bytes)));
  return parsed.success ? parsed.data : undefined;
}
