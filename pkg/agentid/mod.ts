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
  type NodeKeys,
  signingKeyPath,
} from "./node_keys.ts";
export { assertPassphrase, type KeyFile, listKeyFiles, lockKeyFiles, unlockKeyFiles } from "./key_lock.ts";
export { readSecretFileIfThere } from "./files.ts";
export { KEY_LOCK_LOG_N, type LockOptions } from "./secret_file.ts";
export {
  decodeRevocation,
  issueRevocation,
  type Revocation,
  type RevocationFields,
  type RevocationId,
  type SignedRevocation,
} from "./revocation.ts";
export * from "./roles.ts";
export type { MemberStatus, MemberView } from "./roster.ts";
export type { Issuer, RawRecord } from "./signed_record.ts";
export { parsePersonId, type PersonId } from "./schemas.ts";
export {
  type AnswerClaim,
  judgeAnswer,
  type PersonFault,
  personFaultText,
  type PersonJudgement,
  type PersonProof,
  proofFault,
} from "./person/judge_answer.ts";
export { judgeVote, type VoteClaim, type VoteJudgement } from "./person/judge_vote.ts";
export { type DeviceFault, type DeviceMoment, PersonBook, type PersonRecordResult } from "./person/person_book.ts";
export {
  certifyHere,
  type DevicePlace,
  ensurePerson,
  loadApprovalKey,
  loadMandate,
  loadNextRoot,
  loadPerson,
  loadPersonRoot,
  type PersonFiles,
  type PersonPaths,
  personPaths,
  relockPerson,
  replacePersonRoot,
  saveMandate,
  saveNextRoot,
  takeNextRoot,
} from "./person/person_files.ts";
export { areWordsOf, personIdOf, personWords, publicKeyOfPerson } from "./person/person_id.ts";
export {
  certifyDevice,
  type DeviceCertificate,
  type DeviceRevocation,
  type PersonRecord,
  type PersonRecordId,
  readPersonRecord,
  revokeDevice,
  succeedRoot,
  type Succession,
} from "./person/person_record.ts";
export { type Mandate, readMandate, signDecision, type SignedDecision, signMandate } from "./person/signed_answer.ts";
export { readVote, type SignedVote, signVote } from "./person/signed_vote.ts";
