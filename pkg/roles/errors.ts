import { BzzzError } from "@bzzz/base";

/**
 * - "unknown_role": the mesh does not have the role.
 * - "role_key_missing": a reader of the content has no key yet; a master makes it.
 * - "role_key_exposed": a member that was revoked still has the newest key of a reader; a master replaces it in a moment.
 * - "not_a_holder": this node does not have the key.
 */
export type RoleErrorCode = "unknown_role" | "role_key_missing" | "role_key_exposed" | "not_a_holder";

/** A refusal of this package. Messages and details never hold key material. */
export class RoleError extends BzzzError<RoleErrorCode> {}
