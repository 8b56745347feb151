/**
 * What a caller may send. Unknown keys are errors: a misspelt option must not be ignored.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { DECISION_OUTCOMES, DECISION_TYPES, MAX_ADDRESS_CHARACTERS, MAX_CITATIONS } from "@bzzz/ucxl";
import { VOTES } from "@bzzz/wire";
import { DECISION_STATES, MAX_LIST_ITEMS } from "./constants.ts";

/** A number in a query string. */
function queryNumber(options: { min: number; max: number }) {
  return z.coerce.number<string | number>().int().min(options.min).max(options.max)
    .openapi({ type: "integer", minimum: options.min, maximum: options.max });
}

// what is too long is refused by the parser, which says where
const address = z.string().max(4 * MAX_ADDRESS_CHARACTERS).describe("UCXL address, percent-encoded");
const pattern = address.describe('UCXL address with "any", "*" and "**" for what does not matter');
const limit = queryNumber({ min: 1, max: MAX_LIST_ITEMS }).default(100);
const reference = queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }).optional()
  .describe("Number of the version that ~~N and ^^N count from; the latest without it");
const after = address.optional().describe("Go on behind this address: `next` of the page before");
const temporal = z.string().max(64);

export const readQuerySchema = z.strictObject({ address, reference });
export const writeQuerySchema = z.strictObject({
  address,
  audience: z.string().max(1_024).optional()
    .describe("Roles it is meant for, separated by commas; this node's own role without it"),
});
export const importQuerySchema = writeQuerySchema.extend({
  type: z.string().max(127).optional().describe(
    "Media type of what is in the file; application/octet-stream without it",
  ),
});
export const deleteQuerySchema = z.strictObject({ address });
export const historyQuerySchema = z.strictObject({
  address,
  from: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }).default(1).describe("Number of the first version"),
  limit,
});
export const diffQuerySchema = z.strictObject({
  address,
  from: temporal.default("~~").describe("Temporal segment of the earlier version, counted from the later one"),
  to: temporal.default("*^").describe("Temporal segment of the later version"),
});
export const navigateQuerySchema = z.strictObject({
  address,
  op: temporal.optional().describe("Temporal segment; that of the address without it"),
  reference,
});
export const listQuerySchema = z.strictObject({ pattern, after, limit });
export const searchQuerySchema = z.strictObject({
  pattern: pattern.optional(),
  text: z.string().max(1_024).optional().describe("Words; all must be there, the last may be begun"),
  type: z.string().max(127).optional().describe('Media type, or "text/*"'),
  since: queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).optional().describe("Milliseconds since the epoch"),
  history: z.enum(["true", "false"]).default("false").describe("Words of old versions, too"),
  after,
  limit,
});
export const subscribeQuerySchema = z.strictObject({
  pattern: pattern.optional(),
  after: queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).optional()
    .describe("Start after this cursor; the header Last-Event-ID wins; without both, now"),
});
export const decisionsQuerySchema = z.strictObject({
  state: z.enum(DECISION_STATES).optional(),
  limit,
});
export const decisionQuerySchema = z.strictObject({ address });
export const proposeSchema = z.strictObject({
  title: z.string().trim().min(1).max(120),
  summary: z.string().max(4_096).default(""),
  type: z.enum(DECISION_TYPES).default("policy"),
  outcome: z.enum(DECISION_OUTCOMES).default("info"),
  options: z.array(z.string().min(1).max(200)).max(16).default([]),
  citations: z.array(z.strictObject({ address, quote: z.string().max(500).optional() })).max(MAX_CITATIONS).default([]),
  supersedes: address.optional(),
  task: z.string().min(1).max(64).default("decisions").describe("Task it belongs to"),
  audience: z.array(z.string().min(1).max(64)).max(16).optional().describe(
    "Who reads it, with the roles above; everybody who may vote",
  ),
  quorum: z.int().min(1).max(10_000).optional().describe(
    "Equal votes that close it; the majority of those who may vote and can read it",
  ),
  window_ms: z.int().min(1_000).max(365 * 24 * 3_600_000).default(24 * 3_600_000),
}).openapi("Propose");
export const voteSchema = z.strictObject({
  address,
  vote: z.enum(VOTES),
  reason: z.string().max(4_096).default("").describe("Sealed for those who may read the decision"),
  passphrase: z.string().min(1).max(1_024).optional().describe("Of the key of this node's person, where it is locked"),
}).openapi("Vote");
export const announceSchema = z.strictObject({ address }).openapi("Announce");
