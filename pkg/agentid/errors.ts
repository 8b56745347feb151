import { BzzzError } from "@bzzz/base";

/**
 * - "invalid_grant", "invalid_revocation", "invalid_mesh", "invalid_invite": values that cannot be issued.
 * - "grant_missing": the data directory has no grant that can be read. "grant_revoked", "grant_expired": it has one that does
 *   not count any more.
 * - "identity_mismatch": the data directory belongs to the other program, or to another agent id than was asked for.
 * - "invalid_agent_id": the text is no agent id.
 * - "not_a_master": the issuer's level does not let it do this.
 * - "agent_id_taken": another node of the mesh holds this agent id; the message names it.
 * - "key_missing", "key_permissions", "key_malformed", "passphrase_required", "wrong_passphrase": key files, the mesh's among
 *   them. "file_unwritable": one that the system does not let this program write.
 * - "already_exists": a file that must not be overwritten. "keys_busy": another process changes the key files.
 * - "mesh_missing", "mesh_malformed": the mesh part of a data directory.
 * - "token_malformed", "token_version": join tokens.
 * - "invalid_person": a person's record that cannot be signed. "person_missing": no person's key is here.
 */
export type IdentityErrorCode =
  | "invalid_grant"
  | "invalid_revocation"
  | "invalid_mesh"
  | "invalid_invite"
  | "invalid_agent_id"
  | "grant_missing"
  | "grant_revoked"
  | "grant_expired"
  | "identity_mismatch"
  | "not_a_master"
  | "agent_id_taken"
  | "key_missing"
  | "key_permissions"
  | "key_malformed"
  | "passphrase_required"
  | "wrong_passphrase"
  | "already_exists"
  | "file_unwritable"
  | "keys_busy"
  | "mesh_missing"
  | "mesh_malformed"
  | "token_malformed"
  | "token_version"
  | "invalid_person"
  | "person_missing";

/** A failure of identity or trust. Messages name files and peers, never key material. */
export class IdentityError extends BzzzError<IdentityErrorCode> {}
