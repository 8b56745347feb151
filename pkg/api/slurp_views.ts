/**
 * Derived context, as the API tells it.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { MAX_ADDRESS_CHARACTERS } from "@bzzz/ucxl";
import { authorViewSchema } from "./views.ts";

const count = z.int().min(0);
const atMs = z.number().min(0);
const citation = z.string().describe("UCXL address of one version");

export const slurpStatusViewSchema = z.object({
  is_enabled: z.boolean().describe("Whether this node derives while it leads"),
  state: z.enum(["off", "scanning", "working", "idle"]).describe("off: this node does not lead, or does not derive"),
  term: count.optional(),
  since_ms: atMs.optional().describe("When the work of this term began"),
  leader: authorViewSchema.optional().describe("Who leads, this node or another"),
  queued: count.describe("Tasks whose context waits to be derived"),
  replaying: count,
  last_success_at_ms: atMs.optional(),
  last_failure: z.object({ code: z.string(), at_ms: atMs }).optional(),
  breaker: z.enum(["closed", "open", "half_open"]),
  dead_letters: count,
  counters: z.record(z.string(), count),
  cache: z.object({ hits: count, misses: count }),
  summaries: z.object({
    by: z.string().describe("The command that makes them"),
    breaker: z.enum(["closed", "open", "half_open"]),
    per_hour: count,
    waiting: count.describe("Tasks with contents that are not summed up yet"),
  }).optional().describe("The model that long contents are summed up with; missing: rules alone"),
}).openapi("SlurpStatus");
/** How deriving stands. */
export type SlurpStatusView = z.infer<typeof slurpStatusViewSchema>;

const fieldSchema = z.object({
  name: z.string(),
  value: z.union([z.string(), z.array(z.string())]),
  level: z.string().describe("Whose word it is: project:task/path"),
  source: citation,
  by: z.literal("model").optional().describe("A model made it of the source; missing: rules found it there"),
});
export const slurpContextViewSchema = z.object({
  address: z.string(),
  role: z.string(),
  fields: z.array(fieldSchema),
  decisions: z.array(z.object({ citation, title: z.string(), type: z.string(), outcome: z.string() })),
  levels: z.array(z.string()).describe("Looked at, outermost first"),
  slices: z.array(z.object({
    subject: z.string(),
    term: count,
    derived_at_ms: atMs,
    sources: count,
    unread: count.describe("Sources of which the leader knew metadata alone"),
    is_complete: z.boolean(),
  })),
  is_complete: z.boolean(),
}).openapi("SlurpContext");
/** What this node's role needs to know about an address. */
export type SlurpContextView = z.infer<typeof slurpContextViewSchema>;

export const slurpGraphViewSchema = z.object({
  nodes: z.array(z.object({
    id: z.string().describe("Address of a decision, citation of a version"),
    kind: z.enum(["decision", "version"]),
    title: z.string().optional(),
    at_ms: atMs.optional(),
    hops: count,
  })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), kind: z.enum(["cites", "supersedes"]) })),
  is_complete: z.boolean(),
  evolution: z.array(z.object({ n: count, citation, written_at_ms: atMs, cited_by: z.array(z.string()) }))
    .describe("The newest versions of the address, oldest first"),
}).openapi("SlurpGraph");
/** The decisions around an address, and its versions. */
export type SlurpGraphView = z.infer<typeof slurpGraphViewSchema>;

const share = z.number().min(0).max(1);
export const slurpAlignmentViewSchema = z.object({
  address: z.string(),
  score: share,
  goals_source: citation,
  goals: z.array(z.object({
    name: z.string(),
    weight: z.number(),
    score: share,
    found: z.array(z.object({ word: z.string(), field: z.string() })),
    missing: z.array(z.string()),
  })),
}).openapi("SlurpAlignment");
/** How well an address serves goals, word by word. */
export type SlurpAlignmentView = z.infer<typeof slurpAlignmentViewSchema>;

export const deadLetterViewSchema = z.object({
  id: z.string(),
  project: z.string(),
  task: z.string(),
  code: z.string(),
  message: z.string(),
  attempts: count,
  failed_at_ms: atMs,
  term: count,
  events: z.array(z.object({
    idempotency_key: z.string(),
    type: z.string(),
    ucxl_agent: z.string(),
    ucxl_role: z.string(),
    ucxl_project: z.string(),
    ucxl_task: z.string(),
    ucxl_path: z.string(),
    ucxl_reference: citation,
    content_hash: z.string().optional(),
  })),
}).openapi("DeadLetter");
/** A derivation that was given up. */
export type DeadLetterView = z.infer<typeof deadLetterViewSchema>;

export const replayViewSchema = z.object({ waiting: count.describe("Dead letters that wait for their turn") })
  .openapi("Replay");
/** What a replay began. */
export type ReplayView = z.infer<typeof replayViewSchema>;

const number = (min: number, max: number) =>
  z.coerce.number<string | number>().int().min(min).max(max).openapi({ type: "integer", minimum: min, maximum: max });
// what is too long is refused by the parser, which says where
const address = z.string().max(4 * MAX_ADDRESS_CHARACTERS).describe("UCXL address, percent-encoded");
export const slurpContextQuerySchema = z.strictObject({
  address,
  max_depth: number(1, 64).optional().describe("Levels, at most slurp.max_depth"),
});
/** Which context. */
export type SlurpContextQuery = z.output<typeof slurpContextQuerySchema>;
export const slurpGraphQuerySchema = z.strictObject({
  address,
  hops: number(0, 32).default(2),
  direction: z.enum(["causes", "effects", "both"]).default("both").describe("What led here, what is affected, or both"),
});
/** Which part of the graph. */
export type SlurpGraphQuery = z.output<typeof slurpGraphQuerySchema>;
export const slurpAddressQuerySchema = z.strictObject({ address });
export const replaySchema = z.strictObject({
  id: z.string().min(1).max(64).optional().describe("All without it"),
}).openapi("ReplayDeadLetters");
