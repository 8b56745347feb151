/**
 * The shapes of the HTTP API: what a node tells of itself. One zod schema each; the OpenAPI document, the server's checks, the
 * client's checks and the types all come from it. Keys are snake_case because these objects are the wire form.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { MESSAGE_TYPES, REQUEST_DECISIONS, REQUEST_KINDS } from "@bzzz/wire";
import { REQUEST_STATES, TASK_STATES } from "./states.ts";

const count = z.int().min(0);
const atMs = z.int().min(0).describe("Milliseconds since the epoch");
const peerId = z.string().describe("libp2p identity of a node, base58");
const agentId = z.string().describe("Name of an agent or person in the mesh");

/** What kind of program a node is. */
export const binaryTypeSchema = z.enum(["agent", "hap"]);

/** The node an entry, task or request came from; the names are missing when its grant is not known. */
export const authorViewSchema = z.object({
  peer_id: peerId,
  agent_id: agentId.optional(),
  role: z.string().optional(),
}).openapi("Author");
/** Who wrote something. */
export type AuthorView = z.infer<typeof authorViewSchema>;

export const nodeStateSchema = z.enum(["starting", "ready", "degraded", "stopping"]);

export const statusViewSchema = z.object({
  mesh: z.object({ id: z.string(), name: z.string() }),
  node: z.object({
    peer_id: peerId,
    agent_id: agentId,
    binary_type: binaryTypeSchema,
    role: z.string(),
    level: z.string().describe("Authority level of the role"),
  }),
  version: z.string(),
  protocol: z.object({ min: z.int(), max: z.int() }),
  state: nodeStateSchema,
  reasons: z.array(z.string()).describe("Why the node is not ready, in plain words"),
  is_insecure: z.boolean().describe("True in --dev mode"),
  started_at_ms: atMs,
  uptime_ms: count,
  addresses: z.array(z.string()).describe("Multiaddresses other nodes can dial"),
  peers: z.object({ connected: count, known: count }),
  journal: z.object({
    cursor: count.describe("Cursor of the newest entry; 0 when empty"),
    entries: count,
    authors: count,
  }),
  tasks: z.record(z.string(), count).describe("Number of tasks by state"),
  requests: z.object({ pending: count }),
}).openapi("Status");
/** What a node is and how it does. */
export type StatusView = z.infer<typeof statusViewSchema>;

const presenceSchema = z.enum(["ready", "working", "busy", "draining", "left", "failed", "unknown"])
  .describe(
    "What it last said of itself; left: it said good-bye, failed: it went silent without, unknown: never heard",
  );

export const peerViewSchema = z.object({
  peer_id: peerId,
  agent_id: agentId.optional(),
  role: z.string().optional(),
  binary_type: binaryTypeSchema.optional(),
  is_connected: z.boolean(),
  presence: presenceSchema,
  addresses: z.array(z.string()),
  latency_ms: z.number().min(0).optional(),
  connected_at_ms: atMs.optional(),
  last_seen_at_ms: atMs.optional(),
}).openapi("Peer");
/** A node this one is or was connected to. */
export type PeerView = z.infer<typeof peerViewSchema>;

export const memberViewSchema = z.object({
  peer_id: peerId,
  agent_id: agentId,
  binary_type: binaryTypeSchema,
  role: z.string(),
  level: z.string(),
  grant_id: z.string(),
  issuer: z.string().describe('"root", or the peer that issued the grant'),
  not_before_ms: atMs,
  not_after_ms: atMs,
  is_self: z.boolean(),
  is_connected: z.boolean(),
  revoked: z.object({ at_ms: atMs, reason: z.string() }).optional(),
}).openapi("Member");
/** Someone with a grant. */
export type MemberView = z.infer<typeof memberViewSchema>;

export const agentViewSchema = z.object({
  agent_id: agentId,
  peer_id: peerId,
  binary_type: binaryTypeSchema,
  role: z.string(),
  capabilities: z.array(z.string()),
  models: z.array(z.string()),
  software: z.string(),
  presence: presenceSchema,
  active_tasks: count,
  max_tasks: count,
  load: z.number().min(0).describe("0 idle, 1 full"),
  last_seen_at_ms: atMs.optional(),
}).openapi("Agent");
/** A member with what it can do and how busy it is. */
export type AgentView = z.infer<typeof agentViewSchema>;

export const taskStateSchema = z.enum(TASK_STATES);

export const taskViewSchema = z.object({
  task_id: z.string(),
  client_id: z.string().optional(),
  title: z.string(),
  description: z.string(),
  priority: z.int().min(0).max(9),
  state: taskStateSchema,
  author: authorViewSchema,
  required_role: z.string().optional(),
  required_capabilities: z.array(z.string()),
  deadline_ms: atMs.optional(),
  input: z.string().optional(),
  attempt: count,
  holder: authorViewSchema.optional(),
  progress: z.object({ percent: z.number().optional(), text: z.string(), at_ms: atMs }).optional(),
  blocked_on: z.string().optional().describe("Request the task waits for"),
  result: z.object({ summary: z.string(), output: z.string(), duration_ms: z.number() }).optional(),
  reason: z.string().optional().describe("Why it failed or was cancelled"),
  created_at_ms: atMs,
  updated_at_ms: atMs,
}).openapi("Task");
/** A task as it stands. */
export type TaskView = z.infer<typeof taskViewSchema>;

export const entryViewSchema = z.object({
  cursor: count.describe("Position in this node's journal; differs from node to node"),
  id: z.string().describe("SHA-256 of the signed bytes, hexadecimal"),
  kind: z.string(),
  topic: z.string(),
  author: authorViewSchema,
  seq: count,
  prev: z.string().optional(),
  hlc: z.object({ ms: atMs, counter: count }),
  thread: z.string().optional(),
  parent: z.string().optional(),
  task_id: z.string().optional(),
  body: z.record(z.string(), z.unknown()).nullable()
    .describe("As on the wire, keys in snake_case and bytes as base64url; null when pruned by retention"),
}).openapi("Entry");
/** One entry of the journal, decoded. */
export type EntryView = z.infer<typeof entryViewSchema>;

export const entryDetailViewSchema = entryViewSchema.extend({
  frame: z.string().describe("The signed frame as stored, base64url: enough to verify it elsewhere"),
}).openapi("EntryDetail");
/** An entry with its signed frame. */
export type EntryDetailView = z.infer<typeof entryDetailViewSchema>;

export const taskDetailViewSchema = taskViewSchema.extend({
  history: z.array(entryViewSchema).describe("Every entry about the task, oldest first"),
}).openapi("TaskDetail");
/** A task with its history. */
export type TaskDetailView = z.infer<typeof taskDetailViewSchema>;

export const messageViewSchema = z.object({
  id: z.string(),
  cursor: count,
  type: z.enum(MESSAGE_TYPES),
  topic: z.string(),
  author: authorViewSchema,
  text: z.string(),
  to: z.array(z.string()),
  refs: z.array(z.string()),
  severity: z.string().optional(),
  thread: z.string().optional(),
  parent: z.string().optional(),
  task_id: z.string().optional(),
  at_ms: atMs,
}).openapi("Message");
/** One message of a discussion. */
export type MessageView = z.infer<typeof messageViewSchema>;

export const requestStateSchema = z.enum(REQUEST_STATES);
export const decisionSchema = z.enum(REQUEST_DECISIONS);

/** What the mesh says about a request; the API adds `short_id`. */
export const requestRecordSchema = z.object({
  request_id: z.string(),
  digest: z.string().describe("SHA-256 over the canonical request; an answer carries it back"),
  kind: z.enum(REQUEST_KINDS),
  state: requestStateSchema,
  stakes: z.enum(["low", "normal", "high"]),
  title: z.string(),
  body: z.string(),
  allow: z.array(z.string()),
  choices: z.array(z.string()).optional(),
  from: authorViewSchema,
  to: z.object({ human: z.string().optional(), role: z.string().optional() }),
  is_addressed_to_me: z.boolean().describe("Whether this node's person or role may answer"),
  task_id: z.string().optional(),
  thread: z.string().optional(),
  opened_at_ms: atMs,
  deadline_ms: atMs.optional(),
  on_timeout: z.enum(["hold", "deny", "escalate"]),
  supersedes: z.string().optional(),
  answer: z.object({
    decision: decisionSchema,
    text: z.string().optional(),
    choice: z.string().optional(),
    reason: z.string().optional(),
    by: authorViewSchema,
    at_ms: atMs,
    entry_id: z.string(),
  }).optional(),
  closed_reason: z.string().optional().describe("Why it was withdrawn"),
});
/** A request to a person, as the mesh knows it. */
export type RequestRecord = z.infer<typeof requestRecordSchema>;

export const requestViewSchema = requestRecordSchema.extend({
  short_id: z.string().describe("Shortest end of request_id, from 4 characters, that no other pending request has"),
}).openapi("Request");
/** A request to a person, with its short id. */
export type RequestView = z.infer<typeof requestViewSchema>;

export const inviteViewSchema = z.object({
  invite_id: z.string(),
  role: z.string(),
  binary_type: binaryTypeSchema.optional(),
  agent_id: agentId.optional(),
  state: z.enum(["open", "used", "expired", "revoked"]),
  expires_at_ms: atMs,
  used_by: peerId.optional(),
}).openapi("Invite");
/** An invite without its secret. */
export type InviteView = z.infer<typeof inviteViewSchema>;

export const createdInviteViewSchema = inviteViewSchema.extend({
  token: z.string().describe("The join token; shown once, it carries the network key and a secret"),
}).openapi("CreatedInvite");
/** An invite with its token, shown once. */
export type CreatedInviteView = z.infer<typeof createdInviteViewSchema>;

export const errorViewSchema = z.object({
  error: z.object({
    code: z.string().describe("UCXL-<status>-<NAME>"),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
    request_id: z.string(),
    timestamp: z.string(),
  }),
}).openapi("Error");
/** The body of every refusal. */
export type ErrorView = z.infer<typeof errorViewSchema>;
