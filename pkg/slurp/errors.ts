import { BzzzError } from "@bzzz/base";

/** What this package refuses. */
export type SlurpErrorCode =
  /** Contents that a derivation needs are at no node in reach. */
  | "sources_missing"
  /** The term ended while it was derived. */
  | "term_over"
  /** Only the leader does this. */
  | "not_the_leader"
  /** Nothing with that id, or no goals. */
  | "not_found"
  /** This node has nothing to do with deriving: `slurp.enabled` is false. */
  | "slurp_disabled";

/** A refusal; `details` are flat facts. */
export class SlurpError extends BzzzError<SlurpErrorCode> {}
