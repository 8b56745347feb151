/**
 * Requests to people, as the API tells of them.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { ANSWER_SCOPES, REQUEST_DECISIONS, REQUEST_KINDS, REQUEST_STAKES } from "@bzzz/wire";
import { REQUEST_STATES } from "./states.ts";
import { atMs, authorViewSchema, count } from "./view_parts.ts";

export const requestStateSchema = z.enum(REQUEST_STATES);
export const decisionSchema = z.enum(REQUEST_DECISIONS);

/** What would be done, for an approval; as on the wire. */
export const actionSchema = z.object({
  verb: z.string(),
  target: z.string(),
  args: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number(), z.boolean()]) })),
  effect: z.string().describe("What it does, in words"),
  reversible: z.boolean().optional(),
  cost: z.string().optional(),
}).openapi("Action");

const decidedSchema = z.object({
  decision: decisionSchema,
  text: z.string().optional(),
  choice: z.string().optional(),
  reason: z.string().optional(),
  values: z.record(z.string(), z.unknown()).optional().describe("Of a form"),
  edited_action: actionSchema.optional().describe("What was approved instead"),
  edited_digest: z.string().optional(),
  scope: z.enum(ANSWER_SCOPES).optional().describe("For how long an approval is valid; once unless it says otherwise"),
  until_ms: atMs.optional(),
  auto: z.object({ rule: z.string(), policy: z.string().describe("SHA-256 of the policy's file") }).optional()
    .describe("Decided by a rule of the node's policy, without a person"),
  person: z.string().optional().describe(
    "First root key of the person who signed it, or let the rule decide; missing: nobody did, and agents do not act on it",
  ),
  by: authorViewSchema,
  at_ms: atMs,
  entry_id: z.string(),
});
const attentionSchema = z.object({ by: authorViewSchema, at_ms: atMs, until_ms: atMs });

const wordingSchema = z.object({
  id: z.string(),
  params: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number(), z.boolean()]) }))
    .describe("The asker's word"),
  listed: z.object({
    version: count,
    title: z.string(),
    explain: z.string().optional(),
    checklist: z.array(z.string()),
    quick_replies: z.array(z.object({
      key: z.string(),
      decision: z.enum(["deny", "answer", "choose"]),
      text: z.string(),
    })),
  }).optional().describe("How the library of this node's person puts it; what the asker says stands in quotes"),
  unlisted_because: z.string().optional().describe("Why the asker's own words stand alone"),
});

/** What the mesh says about a request; the API adds `short_id`. */
export const requestRecordSchema = z.object({
  request_id: z.string(),
  digest: z.string().describe("SHA-256 over the canonical request; an answer carries it back"),
  kind: z.enum(REQUEST_KINDS),
  state: requestStateSchema,
  stakes: z.enum(REQUEST_STAKES).describe("What the asker proposes, raised by this node's policy or wording"),
  stakes_raised_by: z.string().optional().describe("The rule of the policy that raised them, or the wording"),
  title: z.string(),
  body: z.string(),
  allow: z.array(z.string()).describe("What is offered: decisions, edit, escalate"),
  action: actionSchema.optional(),
  form: z.record(z.string(), z.unknown()).optional().describe("A flat JSON Schema, as MCP's elicitation has it"),
  refs: z.array(z.string()).optional().describe("What to read first"),
  on_behalf_of: z.array(z.string()).optional().describe("Who asked the asker; its word alone"),
  eligible: z.array(z.string()).optional().describe("Only these people may answer"),
  human_present: z.boolean().optional().describe("No policy may decide it"),
  choices: z.array(z.string()).optional(),
  from: authorViewSchema,
  to: z.object({
    human: z.string().optional(),
    role: z.string().optional(),
    quorum: z.object({ n: count, of: count }).optional(),
  }),
  wording: wordingSchema.optional().describe(
    "A wording that the asker names; it decides nothing, and is not signed for",
  ),
  is_addressed_to_me: z.boolean().describe("Whether this node's person or role may answer"),
  task_id: z.string().optional(),
  thread: z.string().optional(),
  opened_at_ms: atMs,
  deadline_ms: atMs.optional(),
  on_timeout: z.enum(["hold", "deny", "escalate"]),
  supersedes: z.string().optional(),
  superseded_by: z.string().optional(),
  answer: decidedSchema.optional().describe("What closed it"),
  votes: z.array(decidedSchema).optional().describe("Of a quorum: who has said what so far"),
  late: z.array(decidedSchema.extend({ closed_as: z.string() })).optional()
    .describe("Valid answers that came when it was closed; they decide nothing"),
  snoozed_until_ms: atMs.optional().describe("This node's person has put it off"),
  snoozed: z.array(attentionSchema).optional().describe("Who has put it off"),
  claimed: z.array(attentionSchema).optional().describe("Who says that they read it; it locks nothing"),
  escalations: z.array(z.object({
    by: z.string(),
    at_ms: atMs,
    to: z.object({ human: z.string().optional(), role: z.string().optional() }),
    reason: z.string().optional(),
  })).optional(),
  performed: z.object({ outcome: z.enum(["done", "failed"]), text: z.string(), at_ms: atMs }).optional()
    .describe("What came of it, as the asker tells; permitted is not executed"),
  revoked: z.object({ by: z.string(), at_ms: atMs, reason: z.string() }).optional()
    .describe("Who took the approval back; what it permits is not done from then on"),
  a2a_state: z.enum(["input-required", "auth-required"]).optional().describe("While it is open: the task state of A2A"),
  mcp_action: z.enum(["accept", "decline", "cancel"]).optional().describe("Once it is closed: the action of MCP"),
  closed_reason: z.string().optional().describe("Why it was withdrawn"),
});
/** A request to a person, as the mesh knows it. */
export type RequestRecord = z.infer<typeof requestRecordSchema>;

export const requestViewSchema = requestRecordSchema.extend({
  short_id: z.string().describe("Shortest end of request_id, from 4 characters, that no other pending request has"),
}).openapi("Request");
/** A request to a person, with its short id. */
export type RequestView = z.infer<typeof requestViewSchema>;
