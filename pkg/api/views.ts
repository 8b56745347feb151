/**
 * The shapes of the HTTP API: what a node tells of itself. One zod schema each; the OpenAPI document, the server's checks, the
 * client's checks and the types all come from it. Keys are snake_case because these objects are the wire form.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { MESSAGE_TYPES } from "@bzzz/wire";
import { TASK_STATES } from "./states.ts";
import { agentId, atMs, authorViewSchema, binaryTypeSchema, count, peerId } from "./view_parts.ts";

export { authorViewSchema, binaryTypeSchema } from "./view_parts.ts";
export type { AuthorView } from "./view_parts.ts";
export {
  actionSchema,
  decisionSchema,
  requestRecordSchema,
  requestStateSchema,
  requestViewSchema,
} from "./request_views.ts";
export type { RequestRecord, RequestView } from "./request_views.ts";

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
  leadership: z.object({
    term: count.describe("The newest term known; 0 before the first"),
    leader: authorViewSchema.optional().describe("Who leads it; missing when nobody is known to"),
  }),
  journal: z.object({
    cursor: count.describe("Cursor of the newest entry; 0 when empty"),
    entries: count,
    authors: count,
  }),
  tasks: z.record(z.string(), count).describe("Number of tasks by state"),
  requests: z.object({
    pending: count.describe("All that can be answered"),
    for_me: count.describe("Of these, those that wait for the person of this node and are not put off"),
  }),
  person_key: z.object({
    state: z.enum(["none", "open", "locked", "unlocked"]).describe("As the state of `/identity`"),
    unlocked_until_ms: atMs.optional().describe("When it is locked if nobody uses it"),
  }).optional().describe("The key of a portal's person; missing for an agent"),
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

export const personSchema = z.enum(["here", "away", "busy"]);
/** Whether a person is there, as they say themselves. */
export type PersonPresence = z.infer<typeof personSchema>;

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
  person: personSchema.optional().describe("Of a portal: what its person said last; missing when they never did"),
  last_seen_at_ms: atMs.optional(),
}).openapi("Agent");
/** A member with what it can do and how busy it is. */
export type AgentView = z.infer<typeof agentViewSchema>;

export const taskStateSchema = z.enum(TASK_STATES);

const usedSchema = z.object({
  tokens: count,
  money: count.describe("Millionths of the mesh's unit of account"),
});

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
  dependencies: z.array(z.string()).optional(),
  budgets: z.object({
    time_ms: count.optional(),
    tokens: count.optional(),
    money: count.optional(),
    hops: count.optional(),
  }).optional(),
  used: usedSchema.optional()
    .describe(
      "What it and the tasks delegated from it have used, as their agents tell, since it was posted or tried again; " +
        "this counts against the budgets. Missing when nobody told of any",
    ),
  plan: z.object({ window_ms: count }).optional(),
  plan_entry: z.string().optional().describe("The message with the plan that is discussed or carried out"),
  review: z.object({ role: z.string().optional() }).optional(),
  rights: z.array(z.string()).optional(),
  parent: z.string().optional(),
  attempt: count.describe("The number of the try, 0 before the first"),
  token: count.describe("Fencing token: grows with every claim"),
  version: count.describe("Decided changes so far, as far as this node has heard"),
  spent: count.describe("Tries that failed, were lost or rejected"),
  holder: authorViewSchema.optional(),
  attempts: z.array(z.object({
    token: count,
    attempt: count,
    holder: authorViewSchema,
    claimed_at_ms: atMs,
    outcome: z.string().optional(),
    reason: z.string().optional(),
    used: usedSchema.optional().describe("What this claim has used, as its agent tells"),
  })).describe("Every claim, the first in front"),
  session: z.string().optional().describe("Thread that it shares with the tasks it depends on"),
  superseded: z.array(z.object({ entry_id: z.string(), author: authorViewSchema, kind: z.string() }))
    .describe("Results that came too late, or from a node that did not hold it"),
  progress: z.object({ percent: z.number().optional(), text: z.string(), at_ms: atMs }).optional(),
  blocked_on: z.string().optional().describe("Request the task waits for"),
  result: z.object({
    entry_id: z.string().describe("The entry that tells it: what a review of it names"),
    summary: z.string(),
    output: z.string(),
    duration_ms: z.number(),
  }).optional(),
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

export const electionViewSchema = z.object({
  role: z.enum(["leader", "candidate", "follower", "leaving"])
    .describe("What this node is; candidate: it knows no leader that lives, leaving: it gives its term back"),
  term: count.describe("The newest term known; 0 before the first leader"),
  leader: authorViewSchema.optional().describe("Who leads; missing: nobody that is known to live"),
  silent_ms: count.optional().describe("Since the leader, another node, was last heard of"),
  lease_ms: count.describe("Lease of the term: it ends 0.75 of it after its last renewal, and may be taken after 1.25"),
  deposed_by: authorViewSchema.optional().describe("By whose order the leader must go"),
  is_electable: z.boolean().describe("Whether this node stands"),
  candidates: z.array(authorViewSchema.extend({ score: z.int().min(0).max(100) }))
    .describe("Nodes that stand and are here, the first to try in front"),
}).openapi("Election");
/** Who leads, who would be next. */
export type ElectionView = z.infer<typeof electionViewSchema>;
