/**
 * What a caller may send. Unknown keys are errors: a misspelt option must not be ignored.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, MESSAGE_TYPES } from "@bzzz/wire";
import { MAX_LIST_ITEMS } from "./constants.ts";
import { binaryTypeSchema, decisionSchema, requestStateSchema, taskStateSchema } from "./views.ts";

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

const limit = queryNumber({ min: 1, max: MAX_LIST_ITEMS }).default(100);
const cursor = queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER });

export const taskQuerySchema = z.strictObject({ state: taskStateSchema.optional(), limit });
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
}).openapi("PostTask");
/** A task to post, checked. */
export type PostTaskInput = z.output<typeof postTaskSchema>;

export const cancelTaskSchema = z.strictObject({ reason: reason.default("") }).openapi("CancelTask");

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
}).openapi("PostMessage");
/** A message to post, checked. */
export type PostMessageInput = z.output<typeof postMessageSchema>;

export const requestQuerySchema = z.strictObject({ state: requestStateSchema.optional(), limit });
/** Which requests, checked. */
export type RequestQuery = z.output<typeof requestQuerySchema>;

export const answerSchema = z.strictObject({
  request_digest: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
    .describe("Digest of the request as the person saw it"),
  decision: decisionSchema,
  text: text.optional(),
  choice: words(200).optional(),
  reason: reason.optional(),
}).superRefine((input, context) => {
  if (input.decision === "answer" && !input.text) {
    context.addIssue({ code: "custom", path: ["text"], message: "an answer needs text" });
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
export const stopSchema = z.strictObject({ reason: reason.default("") }).openapi("StopNode");

export const eventsQuerySchema = z.strictObject({
  after: cursor.optional().describe("Start after this cursor; the header Last-Event-ID wins; without both, now"),
  topic: name.optional(),
  kind: name.optional().describe("Entries of this kind only; several separated by commas"),
});
/** Where a stream of events begins and what it shows, checked. */
export type EventsQuery = z.output<typeof eventsQuerySchema>;
