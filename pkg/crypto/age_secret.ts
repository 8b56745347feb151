import { createPrivateKey, createPublicKey } from "node:crypto";
import { Buffer } from "node:buffer";
import { type Bytes, concatBytes, hexDecode, type Random } from "@bzzz/base";
import { bech32Decode, bech32Encode } from "./bech32.ts";
import { CryptoError } from "./errors.ts";

/** Bytes of the secret scalar behind an age identity. */
export const AGE_SECRET_BYTES = 32;

/** DER around a raw key: PKCS#8 of id-X25519, and the length of its SubjectPublicKeyInfo (RFC 8410). */
const PKCS8_PREFIX = hexDecode("302e020100300506032b656e04220420") ?? new Uint8Array();
const SPKI_PREFIX_BYTES = 12;

/** A new secret of an age identity, from `random`, which must be the system's source outside tests. */
export function createAgeSecret(random: Random): Bytes {
  return random.bytes(AGE_SECRET_BYTES).slice();
}

/** The recipient ("age1…") of a raw secret. @throws CryptoError "invalid_key" unless it has 32 bytes */
export function ageRecipientOfSecret(secret: Uint8Array): string {
  return bech32Encode("age", pointOfSecret(secret));
}

function pointOfSecret(secret: Uint8Array): Bytes {
  const der = derOf(secret);
  const spki = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }))
    .export({ format: "der", type: "spki" });
  der.fill(0);
  return new Uint8Array(spki.subarray(SPKI_PREFIX_BYTES));
}

/** The text form ("AGE-SECRET-KEY-1…"), for files that the `age` command reads. A text cannot be wiped: keep it short. */
export function ageIdentityText(secret: Uint8Array): string {
  assertSecret(secret);
  return bech32Encode("age-secret-key-", secret).toUpperCase();
}

/** The raw secret of a text form. @throws CryptoError "invalid_key" */
export function ageSecretOfText(identity: string): Bytes {
  const decoded = bech32Decode(identity);
  if (decoded?.prefix !== "age-secret-key-" || decoded.bytes.byteLength !== AGE_SECRET_BYTES) {
    throw new CryptoError("invalid_key", "Cannot read age identity: the text is not one");
  }
  return decoded.bytes;
}

/** An age identity that opens and cannot be read out: the secret is inside the platform's cryptography. */
export interface AgeOpener {
  readonly recipient: string;
  readonly key: CryptoKey;
  /** The recipient as a point of the curve. */
  readonly point: Uint8Array;
  /**
   * Where among the recipients of a file it was found last: files for the same roles name them in the same order, so the next one is
   * looked at there first. Only whoever opens with it changes that.
   */
  readonly lastFit: { place: number };
}

/**
 * Takes the secret in; the caller wipes its copy.
 *
 * @throws CryptoError "invalid_key" unless it has 32 bytes
 */
export async function createAgeOpener(secret: Uint8Array): Promise<AgeOpener> {
  const der = derOf(secret);
  try {
    const key = await crypto.subtle.importKey("pkcs8", der, { name: "X25519" }, false, ["deriveBits"]);
    const point = pointOfSecret(secret);
    return { recipient: bech32Encode("age", point), key, point, lastFit: { place: 0 } };
  } finally {
    der.fill(0);
  }
}

function derOf(secret: Uint8Array): Buffer<ArrayBuffer> {
  assertSecret(secret);
  return Buffer.from(concatBytes(PKCS8_PREFIX, secret));
}

function assertSecret(secret: Uint8Array): void {
  if (secret.byteLength === AGE_SECRET_BYTES) return;
  throw new CryptoError("invalid_key", `Cannot use age secret: it has ${secret.byteLength} bytes, not 32`);
}
