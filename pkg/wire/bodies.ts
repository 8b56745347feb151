import {
  type AgentId,
  type EntryId,
  parseAgentId,
  parseEntryId,
  parsePeerId,
  parseRequestId,
  parseTaskId,
  type PeerId,
  type RequestId,
  type TaskId,
} from "@bzzz/base";
import { z } from "zod";

/** Longest title; the envelope's maximum bounds the whole. */
export const MAX_TITLE_CHARACTERS = 120;
/** Longest text of a message, task or request. */
export const MAX_TEXT_CHARACTERS = 65_536;
/** Longest name of a role or a capability. */
export const MAX_NAME_CHARACTERS = 64;
/** Longest name of a model: registries put host and path in front of it. */
export const MAX_MODEL_CHARACTERS = 128;
/** Longest list in a body. */
export const MAX_LIST_ITEMS = 64;

const taskId = z.string().refine((s): s is TaskId => parseTaskId(s) === s, "expected a task id (ULID)");
const requestId = z.string().refine((s): s is RequestId => parseRequestId(s) === s, "expected a request id (ULID)");
const agentId = z.string().refine((s): s is AgentId => parseAgentId(s) === s, "expected an agent id");
const entryId = z.string().refine((s): s is EntryId => parseEntryId(s) === s, "expected an entry id");
const peerId = z.string().refine((s): s is PeerId => parsePeerId(s) === s, "expected a peer id");
const bytes = z.instanceof(Uint8Array);
const name = z.string().min(1).max(MAX_NAME_CHARACTERS);
const names = z.array(name).max(MAX_LIST_ITEMS);
const models = z.array(z.string().min(1).max(MAX_MODEL_CHARACTERS)).max(MAX_LIST_ITEMS);
const title = z.string().min(1).max(MAX_TITLE_CHARACTERS);
const text = z.string().max(MAX_TEXT_CHARACTERS);
const count = z.int().min(0).max(1_000_000);
const attempt = z.int().min(1).max(1000);
const atMs = z.int().min(0);

/** Kinds of a posted message: the acts of the HMMM layer, and plain talk. */
export const MESSAGE_TYPES = [
  "message",
  "plan",
  "question",
  "answer",
  "objection",
  "agreement",
  "concern",
  "memo",
  "summary",
] as const;

/** Kinds of a request to a person (design card of the portal, C.2). */
export const REQUEST_KINDS = ["question", "approval", "choice", "form", "review", "auth", "notice"] as const;

/** What may be answered to a request. */
export const REQUEST_DECISIONS = ["answer", "approve", "deny", "choose"] as const;

/** A schema that is made when it is needed first: a start needs three of the thirty, and each costs it a third of a millisecond. */
function once<S>(make: () => S): () => S {
  let made: S | undefined;
  return () => made ??= make();
}

/** Bodies of entries: durable, chained records of an author's log. */
export const ENTRY_BODIES = {
  grant_issued: once(() => z.object({ grant: bytes })),
  grant_revoked: once(() => z.object({ revocation: bytes })),
  agent_record: once(() =>
    z.object({
      agentId,
      binaryType: name,
      role: name,
      capabilities: names,
      models,
      software: z.string().max(64),
      protocolMin: z.int().min(1),
      protocolMax: z.int().min(1),
    })
  ),
  message_posted: once(() =>
    z.object({
      type: z.enum(MESSAGE_TYPES),
      text: text.min(1),
      to: z.array(agentId).max(MAX_LIST_ITEMS).optional(),
      refs: z.array(z.string().max(2048)).max(MAX_LIST_ITEMS).optional(),
      severity: z.enum(["blocking", "advisory"]).optional(),
      hop: z.int().min(0).max(16).optional(),
      ttlMs: z.int().min(1).optional(),
    })
  ),
  task_posted: once(() =>
    z.object({
      taskId,
      clientId: z.string().min(1).max(128).optional(),
      title,
      description: text,
      priority: z.int().min(0).max(9),
      requiredRole: name.optional(),
      requiredCapabilities: names,
      deadlineMs: atMs.optional(),
      input: text.optional(),
    })
  ),
  task_claimed: once(() => z.object({ taskId, attempt })),
  task_progress: once(() =>
    z.object({
      taskId,
      attempt,
      percent: z.number().min(0).max(100).optional(),
      text: z.string().max(4096),
    })
  ),
  task_blocked: once(() => z.object({ taskId, attempt, requestId })),
  // which answer the holder goes on with: of two that came at once everybody takes this one
  task_resumed: once(() => z.object({ taskId, attempt, requestId, answer: entryId.optional() })),
  task_completed: once(() =>
    z.object({
      taskId,
      attempt,
      summary: z.string().max(4096),
      output: text,
      durationMs: z.number().min(0),
    })
  ),
  task_failed: once(() => z.object({ taskId, attempt, reason: z.string().max(4096), retryable: z.boolean() })),
  task_released: once(() => z.object({ taskId, attempt, reason: z.string().max(1024) })),
  task_cancelled: once(() => z.object({ taskId, reason: z.string().max(1024) })),
  request_opened: once(() =>
    z.object({
      requestId,
      kind: z.enum(REQUEST_KINDS),
      to: z.object({ human: agentId.optional(), role: name.optional() }),
      title,
      body: text,
      taskId: taskId.optional(),
      allow: z.array(z.enum(REQUEST_DECISIONS)).min(1).max(REQUEST_DECISIONS.length),
      stakes: z.enum(["low", "normal", "high"]),
      choices: z.array(z.string().min(1).max(200)).min(1).max(MAX_LIST_ITEMS).optional(),
      deadlineMs: atMs.optional(),
      // "approve" is not a legal value: silence never approves (C.2)
      onTimeout: z.enum(["hold", "deny", "escalate"]),
      supersedes: requestId.optional(),
    })
  ),
  request_answered: once(() =>
    z.object({
      requestId,
      requestDigest: z.string().regex(/^[0-9a-f]{64}$/),
      decision: z.enum(REQUEST_DECISIONS),
      text: text.optional(),
      choice: z.string().max(200).optional(),
      reason: z.string().max(4096).optional(),
    })
  ),
  request_withdrawn: once(() => z.object({ requestId, reason: z.string().max(1024) })),
  fork_proved: once(() => z.object({ first: bytes, second: bytes })),
} as const;

/** Bodies of signals: short-lived, unchained, may be lost. */
export const SIGNAL_BODIES = {
  presence: once(() =>
    z.object({
      status: z.enum(["ready", "working", "busy", "draining"]),
      activeTasks: count,
      maxTasks: count,
      capabilities: names,
      models,
      load: z.number().min(0),
      incarnation: z.string().max(32),
      addresses: z.array(z.string().max(256)).max(16),
    })
  ),
  leaving: once(() => z.object({ reason: z.string().max(256) })),
} as const;

const ALL_BODIES = { ...ENTRY_BODIES, ...SIGNAL_BODIES };

/** A kind of durable, chained record. */
export type EntryKind = keyof typeof ENTRY_BODIES;
/** A kind of short-lived message. */
export type SignalKind = keyof typeof SIGNAL_BODIES;
/** Any kind this version knows. */
export type Kind = EntryKind | SignalKind;
/** The body of a kind, in code's camelCase. */
export type BodyOf<K extends Kind> = z.infer<ReturnType<(typeof ALL_BODIES)[K]>>;
/** A kind with its body, as a discriminated union. */
export type AnyBody = { [K in Kind]: { readonly kind: K; readonly body: BodyOf<K> } }[Kind];

/** Whether this version knows `kind` as an entry. */
export function isEntryKind(kind: string): kind is EntryKind {
  return Object.hasOwn(ENTRY_BODIES, kind);
}

/** Whether this version knows `kind` as a signal. */
export function isSignalKind(kind: string): kind is SignalKind {
  return Object.hasOwn(SIGNAL_BODIES, kind);
}

/** The schema of a kind's body (camelCase). */
export function bodySchema(kind: Kind): z.ZodType {
  return ALL_BODIES[kind]();
}

/** Schemas of ids for other boundaries (HTTP, files), so that they are written once. */
export const ID_SCHEMAS = {
  taskId,
  requestId,
  agentId,
  peerId,
  entryId: z.string().refine((s) => parseEntryId(s) === s, "expected an entry id (64 hexadecimal digits)"),
} as const;
