/**
 * What a caller may send. Unknown keys are errors: a misspelt option must not be ignored.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { parseEntryId, parseTaskId } from "@bzzz/base";
import {
  ANSWER_SCOPES,
  MAX_ACTION_ARGUMENTS,
  MAX_DELEGATION_CHAIN,
  MAX_NAME_CHARACTERS,
  MAX_TEXT_CHARACTERS,
  MAX_TITLE_CHARACTERS,
  MESSAGE_TYPES,
  REQUEST_DECISIONS,
  REQUEST_KINDS,
  REQUEST_OFFERS,
  REQUEST_STAKES,
} from "@bzzz/wire";
import { MAX_LIST_ITEMS } from "./constants.ts";
import { binaryTypeSchema, decisionSchema, personSchema, requestStateSchema, taskStateSchema } from "./views.ts";

/** JSON can carry halves of surrogate pairs, which UTF-8 cannot: what is stored would not be what was sent. */
function words(maxCharacters: number): z.ZodString {
  return z.string().max(maxCharacters).refine((value) => value.isWellFormed(), "text that UTF-8 can hold");
}

const name = words(128).min(1);
/** Of a role or a capability: as long as the body of an entry takes. */
const label = words(MAX_NAME_CHARACTERS).min(1);
const reason = words(1_024);
/** As much as the body of an entry takes. */
const text = words(MAX_TEXT_CHARACTERS);

/** A number in a query string. */
function queryNumber(options: { min: number; max: number }) {
  return z.coerce.number<string | number>().int().min(options.min).max(options.max)
    .openapi({ type: "integer", minimum: options.min, maximum: options.max });
}

const taskId = z.string().refine((value) => parseTaskId(value) !== undefined, "a task id (26 characters)");
/** A year. */
const MAX_DURATION_MS = 31_622_400_000;

const limit = queryNumber({ min: 1, max: MAX_LIST_ITEMS }).default(100);
const cursor = queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** Where a page of a list begins. */
const after = words(128).optional().describe("`next_after` of the page before");

export const taskQuerySchema = z.strictObject({ state: taskStateSchema.optional(), limit, after });
/** Which tasks, checked. */
export type TaskQuery = z.output<typeof taskQuerySchema>;

export const postTaskSchema = z.strictObject({
  client_id: name.optional()
    .describe("Chosen by the caller: posting it again returns the first task and creates nothing"),
  title: words(MAX_TITLE_CHARACTERS).trim().min(1),
  description: text.default(""),
  priority: z.int().min(0).max(9).default(5),
  required_role: label.optional(),
  required_capabilities: z.array(label).max(32).default([]),
  deadline_ms: z.int().min(0).optional().describe("Milliseconds since the epoch"),
  input: text.optional().describe("Handed to the executor as it is"),
  dependencies: z.array(taskId).max(32).default([]).describe("Tasks that must be completed first"),
  budgets: z.strictObject({
    time_ms: z.int().min(1).max(MAX_DURATION_MS).optional(),
    tokens: z.int().min(0).optional(),
    money: z.int().min(0).optional().describe("In millionths of the unit of account"),
    hops: z.int().min(0).max(16).optional().describe("How deep it may be delegated"),
  }).optional().describe("What it may use; a part that is missing is not limited"),
  plan: z.strictObject({
    window_ms: z.int().min(0).max(86_400_000).default(30_000).describe("Time for objections"),
  }).optional().describe("The holder tells its plan first; a blocking objection stops it, silence is consent"),
  review: z.strictObject({ role: label.optional() }).optional()
    .describe("The result is judged before it counts, by this role if one is named"),
  rights: z.array(label).max(32).optional()
    .describe("Capabilities that may be used for it; a delegated task has at most its parent's"),
  parent: taskId.optional().describe("The task this one is a part of"),
}).openapi("PostTask");
/** A task to post, checked. */
export type PostTaskInput = z.output<typeof postTaskSchema>;

export const cancelTaskSchema = z.strictObject({ reason: reason.default("") }).openapi("CancelTask");

export const retryTaskSchema = z.strictObject({
  reason: reason.default(""),
  deadline_ms: z.int().min(0).optional().describe("A new deadline, milliseconds since the epoch"),
}).openapi("RetryTask");
/** How to try a task again, checked. */
export type RetryTaskInput = z.output<typeof retryTaskSchema>;

export const reviewTaskSchema = z.strictObject({
  verdict: z.enum(["accept", "reject"]),
  reason: words(4_096).default(""),
  result: z.string().refine((value) => parseEntryId(value) !== undefined, "an entry id").optional().describe(
    "The result that was looked at, by `result.entry_id` of the task: when another stands by now it is refused with " +
      "result_moved. Without it the one that this node knows of is judged",
  ),
}).superRefine((input, context) => {
  if (input.verdict === "reject" && input.reason.trim() === "") {
    context.addIssue({ code: "custom", path: ["reason"], message: "a rejection needs a reason" });
  }
}).openapi("ReviewTask");
/** A judgement of a result, checked. */
export type ReviewTaskInput = z.output<typeof reviewTaskSchema>;

export const journalQuerySchema = z.strictObject({
  after: cursor.default(0).describe("Entries with a greater cursor"),
  limit,
  topic: name.optional().describe("Topic or its short name"),
  kind: name.optional(),
  task: name.optional(),
});
/** Which entries, checked. */
export type JournalQuery = z.output<typeof journalQuerySchema>;

export const messageQuerySchema = z.strictObject({
  after: cursor.optional().describe(
    "Messages with a greater cursor, oldest first; without it the newest, oldest first",
  ),
  limit,
  thread: name.optional(),
  topic: name.optional(),
});
/** Which messages, checked. */
export type MessageQuery = z.output<typeof messageQuerySchema>;

export const postMessageSchema = z.strictObject({
  text: text.min(1),
  type: z.enum(MESSAGE_TYPES).default("message"),
  topic: name.default("hmmm").describe("Topic or its short name"),
  to: z.array(label).max(64).default([]).describe("Agent ids or roles it is for; empty = everyone"),
  thread: name.optional(),
  parent: name.optional(),
  task_id: name.optional(),
  refs: z.array(words(1_024)).max(64).default([]),
  severity: z.enum(["blocking", "advisory"]).optional(),
  capabilities: z.array(label).max(32).optional().describe("A question to agents that have all of these"),
  ttl_ms: z.int().min(1_000).max(86_400_000).optional().describe("How long it is to be acted on; an hour unless given"),
}).openapi("PostMessage");
/** A message to post, checked. */
export type PostMessageInput = z.output<typeof postMessageSchema>;

export const requestQuerySchema = z.strictObject({
  state: z.union([requestStateSchema, z.literal(["open", "standing"])]).optional()
    .describe("open: all that can be answered; standing: approvals that hold for longer than once"),
  addressed_to: z.literal("me").optional().describe("Those for the person of this node alone"),
  limit: limit.describe("Of more, of each asker the oldest that wait, and the newest of all others"),
  after,
});
/** Which requests, checked. */
export type RequestQuery = z.output<typeof requestQuerySchema>;

const actionInputSchema = z.strictObject({
  verb: label,
  target: words(2_560).default(""),
  args: z.array(z.strictObject({ name: label, value: z.union([words(8_192), z.number(), z.boolean()]) }))
    .max(MAX_ACTION_ARGUMENTS).default([]),
  effect: words(4_096).default(""),
  reversible: z.boolean().optional(),
  cost: words(200).optional(),
});
const agentNames = z.array(label).max(64);

export const askSchema = z.strictObject({
  kind: z.enum(REQUEST_KINDS).default("question"),
  to: z.strictObject({
    human: label.optional(),
    role: label.optional(),
    quorum: z.strictObject({ n: z.int().min(1).max(64), of: z.int().min(1).max(64) })
      .refine(({ n, of }) => n <= of, "n is at most of").optional(),
  }).default({}).describe("Nobody named: everybody who may decide"),
  title: words(MAX_TITLE_CHARACTERS).trim().min(1),
  body: text.default(""),
  task_id: taskId.optional(),
  thread: words(128).min(1).optional(),
  refs: z.array(words(2_560).min(1)).max(64).default([]),
  allow: z.array(z.enum([...REQUEST_DECISIONS, ...REQUEST_OFFERS])).min(1).max(6).optional()
    .describe("What is offered; by its kind unless given"),
  stakes: z.enum(REQUEST_STAKES).default("normal"),
  choices: z.array(words(200).min(1)).min(1).max(64).optional(),
  form: z.record(z.string(), z.unknown()).optional().describe("A flat JSON Schema, as MCP's elicitation has it"),
  action: actionInputSchema.optional(),
  deadline_ms: z.int().min(0).optional().describe("Milliseconds since the epoch"),
  on_timeout: z.enum(["hold", "deny", "escalate"]).default("hold").describe("Silence never approves"),
  supersedes: words(26).optional().describe("The request that this one replaces"),
  on_behalf_of: agentNames.max(MAX_DELEGATION_CHAIN).default([]),
  eligible: agentNames.min(1).optional(),
  human_present: z.boolean().default(false),
  wording: z.strictObject({
    id: label,
    params: z.array(z.strictObject({ name: label, value: z.union([words(8_192), z.number(), z.boolean()]) })).max(64)
      .default([]),
  }).optional().describe("A wording of the reader's library"),
}).openapi("Ask");
/** A request to people, checked. */
export type AskInput = z.output<typeof askSchema>;

export const handleSchema = z.strictObject({
  request_digest: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
  act: z.enum(["claim", "snooze", "escalate"]),
  until_ms: z.int().min(0).optional().describe(
    "Of a snooze, milliseconds since the epoch; a time that is past ends it",
  ),
  to: z.strictObject({ human: label.optional(), role: label.optional() }).optional()
    .describe("Of an escalation; nobody named: everybody who may decide"),
  reason: reason.optional(),
}).superRefine((input, context) => {
  if (input.act === "snooze" && input.until_ms === undefined) {
    context.addIssue({ code: "custom", path: ["until_ms"], message: "a snooze needs an end" });
  }
}).openapi("Handle");
/** What a person does with a request without answering it, checked. */
export type HandleInput = z.output<typeof handleSchema>;

export const revokeApprovalSchema = z.strictObject({ reason: reason.default("") }).openapi("RevokeApproval");
export const withdrawSchema = z.strictObject({ reason: reason.default("") }).openapi("Withdraw");

/** As much as a terminal takes. */
const passphrase = words(1_024).min(1);

export const answerSchema = z.strictObject({
  request_digest: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
    .describe("Digest of the request as the person saw it"),
  decision: decisionSchema,
  text: text.optional(),
  choice: words(200).optional(),
  reason: words(4_096).optional(),
  values: z.record(z.string(), z.unknown()).optional().describe("Of a form"),
  edited_action: actionInputSchema.optional().describe("Approve this instead; the verb stays"),
  scope: z.enum(ANSWER_SCOPES).optional(),
  until_ms: z.int().min(0).optional().describe("Of the scope until: milliseconds since the epoch"),
  passphrase: passphrase.optional().describe("Of this person's key, where it is locked; opens it for a while"),
}).superRefine((input, context) => {
  if (input.decision === "answer" && !input.text && !input.values) {
    context.addIssue({ code: "custom", path: ["text"], message: "an answer needs text, or the values of a form" });
  }
  if (input.decision === "choose" && !input.choice) {
    context.addIssue({ code: "custom", path: ["choice"], message: "a choice needs the chosen value" });
  }
}).openapi("Answer");
/** A decision about a request, checked. */
export type AnswerInput = z.output<typeof answerSchema>;

export const createInviteSchema = z.strictObject({
  role: name,
  binary_type: binaryTypeSchema.optional(),
  agent_id: name.optional(),
  ttl_ms: z.int().min(1_000).max(30 * 24 * 3_600_000).default(3_600_000),
}).openapi("CreateInvite");
/** Whom an invite is for and how long it lasts, checked. */
export type CreateInviteInput = z.output<typeof createInviteSchema>;

export const revokeMemberSchema = z.strictObject({ reason: words(256).default("") }).openapi("RevokeMember");
export const personPresenceSchema = z.strictObject({ person: personSchema }).openapi("PersonPresence");
export const electionOrderSchema = z.strictObject({ reason: reason.default("") }).openapi("ElectionOrder");
/** Why an election is ordered, checked. */
export type ElectionOrderInput = z.output<typeof electionOrderSchema>;
export const stopSchema = z.strictObject({ reason: reason.default("") }).openapi("StopNode");

export const eventsQuerySchema = z.strictObject({
  after: cursor.optional().describe("Start after this cursor; the header Last-Event-ID wins; without both, now"),
  topic: name.optional(),
  kind: name.optional().describe("Entries of this kind only; several separated by commas"),
});
/** Where a stream of events begins and what it shows, checked. */
export type EventsQuery = z.output<typeof eventsQuerySchema>;
