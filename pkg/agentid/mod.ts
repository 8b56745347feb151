/**
 * Who is who and who may what: roles, grants and revocations, membership, the keys in a data directory, invitations
 * and join tokens. Decisions are pure; only the file modules touch a disk.
 *
 * @module
 */
export { type AccessDecision, mayAuthor, mayPerform, type Operation, roleMay } from "./access.ts";
export { type AgentRecordFields, SharedAgentIdentity, verifyMessage } from "./agent_identity.ts";
export * from "./constants.ts";
export { IdentityError, type IdentityErrorCode } from "./errors.ts";
export {
  decodeGrant,
  type Grant,
  type GrantFields,
  type GrantId,
  issueGrant,
  type SignedGrant,
  type Signer,
} from "./grant.ts";
export {
  createInvite,
  createJoinProof,
  type Invite,
  type InviteId,
  inviteSchema,
  type InviteState,
  inviteState,
  type RedeemFault,
  redeemInvite,
  type Redemption,
  revokeInvite,
} from "./invite.ts";
export { decodeJoinToken, encodeJoinToken, type JoinToken, MAX_TOKEN_ADDRESSES } from "./join_token.ts";
export {
  type AddResult,
  type AuthorCheck,
  type AuthorClaim,
  type AuthorFault,
  Membership,
  type MembershipEvents,
  type RecordFault,
} from "./membership.ts";
export { createMesh, meshIdOf, type MeshRecord, NETWORK_KEY_BYTES, type NewMesh, parseMeshName } from "./mesh.ts";
export { loadGrant, loadMesh, loadRootKey, meshPaths, saveGrant, saveMesh, saveRootKey } from "./mesh_files.ts";
export {
  ageKeyPath,
  createNodeKeys,
  hasNodeKeys,
  type KeyLocation,
  loadNodeKeys,
  type LockOptions,
  type NodeKeys,
  signingKeyPath,
} from "./node_keys.ts";
export {
  decodeRevocation,
  issueRevocation,
  type Revocation,
  type RevocationFields,
  type RevocationId,
  type SignedRevocation,
} from "./revocation.ts";
export {
  AUTHORITY_LEVELS,
  type AuthorityLevel,
  BINARY_TYPES,
  type BinaryType,
  BUILTIN_ROLES,
  builtinLevel,
  levelAtLeast,
  parseRole,
  type Role,
} from "./roles.ts";
export type { MemberStatus, MemberView } from "./roster.ts";
export type { Issuer, RawRecord } from "./signed_record.ts";
