/**
 * UCXL, the address language of context: the one parser and printer, navigation in time, matching, differences between
 * versions, and what a decision is. Pure: no I/O, no clock, no chance.
 *
 * ```ts
 * import { formatAddress, parseAddress } from "@bzzz/ucxl";
 *
 * const address = parseAddress("ucxl://Basil:developer@shop:checkout/~~2/docs/plan.md");
 * console.log(formatAddress(address)); // ucxl://basil:developer@shop:checkout/~~2/docs/plan.md
 * ```
 *
 * @module
 */
export {
  type Address,
  addressKey,
  ANY,
  atTemporal,
  formatAddress,
  MAX_ADDRESS_CHARACTERS,
  MAX_PATH_BYTES,
  pathSegments,
  revisionOf,
} from "./address.ts";
export {
  type CountedVote,
  type Decision,
  DECISION_OUTCOMES,
  DECISION_TYPES,
  decisionPath,
  DECISIONS_FOLDER,
  MAX_CITATIONS,
  nameOf,
  parseDecision,
  slugOf,
  type Tally,
  tallyVotes,
} from "./decision.ts";
export { type AddressFault, pointAt, UcxlError, type UcxlErrorCode } from "./errors.ts";
export { diffJson, type Json, type JsonChange, MAX_JSON_CHANGES, parseJson } from "./json_diff.ts";
export { type DiffHunk, type DiffLine, diffLines } from "./line_diff.ts";
export { addressFault, parseAddress, parseConcrete, parseTemporal } from "./parse.ts";
export { encodeSegment } from "./parse_path.ts";
export { parsePatch, type Patch, PATCH_KINDS, PATCHES_FOLDER, patchPath } from "./patch.ts";
export { isPattern, literalPrefix, matchesAddress } from "./pattern.ts";
export { formatTemporal, LATEST, MAX_TEMPORAL_STEP, navigate, type Temporal, type Timeline } from "./temporal.ts";
