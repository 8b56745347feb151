/**
 * Keys and secrets: Ed25519 signatures with domain separation, hashes, peer identities, age files, secret sharing.
 * The only importer of `age-encryption` and `shamir-secret-sharing`.
 *
 * @example
 * ```ts
 * import { createSystemRandom, utf8Encode } from "@bzzz/base";
 * import { createSigningKey, domainMessage, verifySignature } from "@bzzz/crypto";
 *
 * const key = createSigningKey(createSystemRandom());
 * const message = domainMessage("example/1", utf8Encode("hello"));
 * if (!verifySignature(key.publicKey, message, key.sign(message))) throw new Error("unreachable");
 * ```
 *
 * @module
 */
export {
  type AgeIdentity,
  ageRecipientOf,
  createAgeIdentity,
  DEFAULT_SCRYPT_LOG_N,
  isAgeRecipient,
  lockWithPassphrase,
  open,
  sealTo,
  unlockWithPassphrase,
} from "./age.ts";
export { CryptoError, type CryptoErrorCode } from "./errors.ts";
export { constantTimeEqual, domainMessage, hmacSha256, sha256 } from "./hashing.ts";
export { peerIdFromPublicKey, publicKeyFromPeerId } from "./peer_id.ts";
export { combineShares, MAX_SECRET_BYTES, splitSecret } from "./shamir.ts";
export {
  createSigningKey,
  PUBLIC_KEY_BYTES,
  SEED_BYTES,
  SIGNATURE_BYTES,
  type SigningKey,
  signingKeyFromSeed,
  verifySignature,
} from "./signing.ts";
