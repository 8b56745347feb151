/**
 * Who is who and who may what: roles, grants and revocations, membership, the keys in a data directory, invitations
 * and join tokens. Decisions are pure; only the file modules touch a disk.
 *
 * @example
 * ```ts
 * import { createMesh, issueGrant, mayAuthor, Membership } from "@bzzz/agentid";
 * import { createSystemClock, createSystemRandom, parseAgentId } from "@bzzz/base";
 * import { createAgeIdentity, createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
 *
 * const [clock, random] = [createSystemClock(), createSystemRandom()];
 * const mesh = createMesh({ name: "den", clock, random });
 * const node = createSigningKey(random);
 * const agentId = parseAgentId("builder-1");
 * if (!agentId) throw new Error("not an agent id");
 * const { grant, bytes } = issueGrant({ key: mesh.rootKey, issuer: "root" }, {
 *   mesh: mesh.meshId,
 *   peer: peerIdFromPublicKey(node.publicKey),
 *   agentId,
 *   binaryType: "agent",
 *   role: "developer",
 *   ageRecipient: (await createAgeIdentity()).recipient,
 *   issuedAtMs: clock.nowMs(),
 * });
 *
 * const membership = new Membership(mesh);
 * membership.addGrant(bytes);
 * console.log(membership.isAdmitted(grant.peer, clock.nowMs())); // true
 * console.log(mayAuthor("task_claimed", grant).allow); // true
 * console.log(mayAuthor("request_answered", grant).reason); // needs a person
 * ```
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
