import { BzzzError } from "@bzzz/base";

/** What this package refuses. */
export type ContextErrorCode =
  /** Nothing was ever stored at the address. */
  | "not_found"
  /** The version asked for says that the thing was deleted. */
  | "deleted"
  /** Something is there already. */
  | "already_exists"
  /** The latest version is another than the caller has seen. */
  | "precondition_failed"
  /** The content is sealed for roles that this node does not have. */
  | "not_a_recipient"
  /** The sealed content is neither here nor at a node that can be reached. */
  | "content_unavailable"
  /** The content is not what its author signed. */
  | "content_damaged"
  | "content_too_large"
  /** A vote came after the decision. */
  | "decision_closed"
  | "invalid_audience"
  | "invalid_media_type"
  /** A search or a difference of something that is no text. */
  | "not_text"
  /** The rules of the mesh refuse it. */
  | "not_allowed";

/** A refusal; `details` are flat facts. */
export class ContextError extends BzzzError<ContextErrorCode> {}
