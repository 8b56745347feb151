import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { Buffer } from "node:buffer";
import { type Bytes, concatBytes, hexDecode, LruMap, type Random } from "@bzzz/base";
import { CryptoError } from "./errors.ts";

/** Bytes of an Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32;
/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;
/** Bytes of the seed from which a signing key is derived (RFC 8032 section 5.1.5). */
export const SEED_BYTES = 32;

/** DER around a raw key: PKCS#8 and SubjectPublicKeyInfo of id-Ed25519 (RFC 8410 sections 4 and 7). */
const PKCS8_PREFIX = hexDecode("302e020100300506032b657004220420") ?? new Uint8Array();
const SPKI_PREFIX = hexDecode("302a300506032b6570032100") ?? new Uint8Array();

/** Parsed public keys that are kept: more than any mesh has members. */
const PUBLIC_KEY_CACHE = 1024;

/** An Ed25519 private key that signs and never shows itself in a log or in JSON. */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The 64-byte signature of `message`; deterministic. Prefix the message with `domainMessage` first. @throws CryptoError "invalid_key" once wiped */
  sign(message: Uint8Array): Uint8Array;
  /** A copy of the 32-byte secret seed, for the key file alone. */
  exportSeed(): Uint8Array;
  /**
   * Overwrites the seed and lets the key go: it signs nothing from then on. What the runtime's own library holds of the key
   * is freed with it, when memory is collected. Idempotent.
   */
  wipe(): void;
}

class Ed25519SigningKey implements SigningKey {
  readonly publicKey: Uint8Array;
  #key: KeyObject | undefined;
  readonly #seed: Uint8Array;

  constructor(seed: Uint8Array) {
    this.#seed = new Uint8Array(seed);
    const key = Buffer.from(concatBytes(PKCS8_PREFIX, seed));
    const parsed = createPrivateKey({ key, format: "der", type: "pkcs8" });
    key.fill(0);
    this.#key = parsed;
    const spki = createPublicKey(parsed).export({ format: "der", type: "spki" });
    this.publicKey = new Uint8Array(spki.subarray(SPKI_PREFIX.length));
  }

  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#required()));
  }

  exportSeed(): Bytes {
    this.#required();
    return new Uint8Array(this.#seed);
  }

  wipe(): void {
    this.#key = undefined;
    this.#seed.fill(0);
  }

  #required(): KeyObject {
    if (this.#key) return this.#key;
    throw new CryptoError("invalid_key", "Cannot use the signing key: it was wiped");
  }
}

/** A new key from `random`, which must be the system's source outside tests. */
export function createSigningKey(random: Random): SigningKey {
  return new Ed25519SigningKey(random.bytes(SEED_BYTES));
}

/** The key of a stored seed. @throws CryptoError "invalid_key" when `seed` is not 32 bytes */
export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  if (seed.byteLength !== SEED_BYTES) {
    throw new CryptoError(
      "invalid_key",
      `Cannot load signing key: seed has ${seed.byteLength} bytes, not ${SEED_BYTES}`,
    );
  }
  return new Ed25519SigningKey(seed);
}

const publicKeys = new LruMap<string, KeyObject>(PUBLIC_KEY_CACHE);

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.byteLength).toString("latin1");
  const cached = publicKeys.get(name);
  if (cached) return cached;
  const key = Buffer.from(concatBytes(SPKI_PREFIX, publicKey));
  const parsed = createPublicKey({ key, format: "der", type: "spki" });
  publicKeys.set(name, parsed);
  return parsed;
}

/**
 * Whether `signature` is `publicKey`'s over exactly these bytes. Never throws: a key or signature of a wrong length,
 * or a key that is no point of the curve, is simply false. The last 1024 keys stay parsed.
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.byteLength !== PUBLIC_KEY_BYTES || signature.byteLength !== SIGNATURE_BYTES) return false;
  try {
    return verify(null, message, publicKeyObject(publicKey), signature);
  } catch {
    return false; // the library throws on keys that are not points; to the caller that is a bad signature
  }
}
