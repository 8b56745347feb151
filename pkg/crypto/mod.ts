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
export {
  AGE_SECRET_BYTES,
  ageIdentityText,
  type AgeOpener,
  ageRecipientOfSecret,
  ageSecretOfText,
  createAgeOpener,
  createAgeSecret,
} from "./age_secret.ts";
export {
  AUTHORITY_LEVELS,
  type AuthorityLevel,
  BINARY_TYPES,
  type BinaryType,
  BUILTIN_ROLES,
  builtinLevel,
  levelAtLeast,
  lowerLevel,
  parseRole,
  type Role,
} from "./authority.ts";
export {
  assertAgeFile,
  MAX_CONTENT_BYTES,
  MAX_SEALED_BYTES,
  openContent,
  readAgeFile,
  sealContent,
} from "./content.ts";
export { CryptoError, type CryptoErrorCode } from "./errors.ts";
export { constantTimeEqual, domainMessage, hmacSha256, sha256 } from "./hashing.ts";
export { bindUlid, isUlidOf } from "./owned_id.ts";
export { peerIdFromPublicKey, publicKeyFromPeerId } from "./peer_id.ts";
export {
  type AccessDecision,
  accessMatrix,
  type AccessOperation,
  type AccessSubject,
  can,
  effectiveCapabilities,
  effectiveLevel,
  levelMay,
  type MatrixLine,
  type Resource,
  RoleBasedAccess,
} from "./rbac.ts";
export {
  combineShareBytes,
  combineShares,
  describeShare,
  MAX_SECRET_BYTES,
  splitSecret,
  splitSecretBytes,
} from "./shamir.ts";
export { ADMIN_ROLE, type RoleDefinition, type RoleProblem, roleProblems, RoleSet } from "./role_set.ts";
export {
  createSigningKey,
  PUBLIC_KEY_BYTES,
  SEED_BYTES,
  SIGNATURE_BYTES,
  type SigningKey,
  signingKeyFromSeed,
  verifySignature,
} from "./signing.ts";
