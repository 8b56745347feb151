/**
 * From the domain's values to the views of the API: pure, one function per view.
 *
 * @module
 */
import type { Grant, Invite, MemberView as RosterMember } from "@bzzz/agentid";
import { inviteState } from "@bzzz/agentid";
import type {
  AgentView,
  AuthorView,
  EntryView,
  InviteView,
  MemberView,
  MessageView,
  PeerView,
  RequestRecord,
  TaskView,
} from "@bzzz/api";
import { base64UrlEncode, type PeerId } from "@bzzz/base";
import type { TaskView as BoardTask } from "@bzzz/coordinator";
import { isRequestFor, requestStateAt, type RequestView } from "@bzzz/hmmm";
import type { StoredEntry } from "@bzzz/journal";
import type { PeerInfo } from "@bzzz/p2p";
import type { PresenceRecord } from "@bzzz/presence";
import { toSnakeCase } from "@bzzz/wire";

/** What a peer is called, by its grant. */
export type GrantLookup = (peer: PeerId) => Pick<Grant, "agentId" | "role" | "binaryType"> | undefined;

export function authorView(peer: PeerId, grantOf: GrantLookup): AuthorView {
  const grant = grantOf(peer);
  return { peer_id: peer, ...(grant ? { agent_id: grant.agentId, role: grant.role } : {}) };
}

export function entryView(entry: StoredEntry, grantOf: GrantLookup): EntryView {
  const { id, header } = entry.envelope;
  return {
    cursor: entry.cursor,
    id,
    kind: entry.kind,
    topic: header.topic,
    author: authorView(header.author, grantOf),
    seq: header.seq ?? 0,
    ...(header.prev ? { prev: header.prev } : {}),
    hlc: { ms: header.hlc.ms, counter: header.hlc.counter },
    ...(header.thread ? { thread: header.thread } : {}),
    ...(header.parent ? { parent: header.parent } : {}),
    ...(header.task ? { task_id: header.task } : {}),
    body: jsonBody(entry.body),
  };
}

/** A body as JSON: wire names, bytes as base64url. */
function jsonBody(body: unknown): Record<string, unknown> {
  return bytesToText(toSnakeCase(body)) as Record<string, unknown>; // every schema of a body is an object
}

function bytesToText(value: unknown): unknown {
  if (value instanceof Uint8Array) return base64UrlEncode(value);
  if (Array.isArray(value)) return value.map(bytesToText);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bytesToText(item)]));
}

export function taskView(task: BoardTask, grantOf: GrantLookup): TaskView {
  const blockedOn = task.waitingFor[0];
  return {
    task_id: task.taskId,
    ...(task.clientId === undefined ? {} : { client_id: task.clientId }),
    title: task.title,
    description: task.description,
    priority: task.priority,
    state: task.state,
    author: authorView(task.postedBy, grantOf),
    ...(task.requiredRole === undefined ? {} : { required_role: task.requiredRole }),
    required_capabilities: [...task.requiredCapabilities],
    ...(task.deadlineMs === undefined ? {} : { deadline_ms: task.deadlineMs }),
    ...(task.input === undefined ? {} : { input: task.input }),
    attempt: task.attempt,
    ...(task.holder ? { holder: authorView(task.holder, grantOf) } : {}),
    ...(task.progress
      ? {
        progress: {
          ...(task.progress.percent === undefined ? {} : { percent: task.progress.percent }),
          text: task.progress.text,
          at_ms: task.progress.atMs,
        },
      }
      : {}),
    ...(blockedOn ? { blocked_on: blockedOn } : {}),
    ...(task.result
      ? {
        result: { summary: task.result.summary, output: task.result.output, duration_ms: task.result.durationMs },
      }
      : {}),
    ...(task.reason === undefined ? {} : { reason: task.reason }),
    created_at_ms: task.postedAt.ms,
    updated_at_ms: task.updatedAt.ms,
  };
}

/** `self` is the person or agent of this node; only a person is ever addressed. */
export function requestRecord(
  request: RequestView,
  options: {
    readonly nowMs: number;
    readonly self: Pick<Grant, "peer" | "agentId" | "role" | "level" | "binaryType">;
    grantOf: GrantLookup;
  },
): RequestRecord {
  const { grantOf, self, nowMs } = options;
  const { answer } = request;
  return {
    request_id: request.requestId,
    digest: request.digest,
    kind: request.kind,
    state: requestStateAt(request, nowMs),
    stakes: request.stakes,
    title: request.title,
    body: request.body,
    allow: [...request.allow],
    ...(request.choices ? { choices: [...request.choices] } : {}),
    from: authorView(request.openedBy, grantOf),
    to: {
      ...(request.to.human ? { human: request.to.human } : {}),
      ...(request.to.role ? { role: request.to.role } : {}),
    },
    is_addressed_to_me: isRequestFor(request, self, self.peer, nowMs),
    ...(request.taskId ? { task_id: request.taskId } : {}),
    opened_at_ms: request.openedAt.ms,
    ...(request.deadlineMs === undefined ? {} : { deadline_ms: request.deadlineMs }),
    on_timeout: request.onTimeout,
    ...(request.supersedes ? { supersedes: request.supersedes } : {}),
    ...(answer
      ? {
        answer: {
          decision: answer.decision,
          ...(answer.text === undefined ? {} : { text: answer.text }),
          ...(answer.choice === undefined ? {} : { choice: answer.choice }),
          ...(answer.reason === undefined ? {} : { reason: answer.reason }),
          by: authorView(answer.author, grantOf),
          at_ms: answer.answeredAt.ms,
          entry_id: answer.entry,
        },
      }
      : {}),
    ...(request.withdrawnReason === undefined ? {} : { closed_reason: request.withdrawnReason }),
  };
}

export function messageView(
  entry: Extract<StoredEntry, { kind: "message_posted" }>,
  grantOf: GrantLookup,
): MessageView {
  const { id, header } = entry.envelope;
  const { body } = entry;
  return {
    id,
    cursor: entry.cursor,
    type: body.type,
    topic: header.topic,
    author: authorView(header.author, grantOf),
    text: body.text,
    to: [...(body.to ?? []), ...(header.toRoles ?? [])],
    refs: [...(body.refs ?? [])],
    ...(body.severity ? { severity: body.severity } : {}),
    ...(header.thread ? { thread: header.thread } : {}),
    ...(header.parent ? { parent: header.parent } : {}),
    ...(header.task ? { task_id: header.task } : {}),
    at_ms: header.hlc.ms,
  };
}

export function memberView(
  member: RosterMember,
  options: { readonly self: PeerId; readonly isConnected: boolean },
): MemberView {
  return {
    peer_id: member.peer,
    agent_id: member.agentId,
    binary_type: member.binaryType,
    role: member.role,
    level: member.level,
    grant_id: member.grantId,
    issuer: member.issuer,
    not_before_ms: member.notBeforeMs,
    not_after_ms: member.notAfterMs,
    is_self: member.peer === options.self,
    is_connected: options.isConnected,
    ...(member.revokedAtMs === undefined
      ? {}
      : { revoked: { at_ms: member.revokedAtMs, reason: member.revokedReason ?? "" } }),
  };
}

function presenceWord(record: PresenceRecord | undefined): PeerView["presence"] {
  if (!record) return "unknown";
  return record.liveness === "alive" ? record.body.status : record.liveness;
}

export function peerView(
  peer: PeerId,
  facts: {
    readonly info: PeerInfo | undefined;
    readonly record: PresenceRecord | undefined;
    readonly lastSeenAtMs: number | undefined;
    readonly grantOf: GrantLookup;
  },
): PeerView {
  const grant = facts.grantOf(peer);
  return {
    ...authorView(peer, facts.grantOf),
    ...(grant ? { binary_type: grant.binaryType } : {}),
    is_connected: facts.info !== undefined,
    presence: presenceWord(facts.record),
    addresses: facts.info ? [facts.info.address] : [...(facts.record?.body.addresses ?? [])],
    ...(facts.info ? { connected_at_ms: Math.floor(facts.info.connectedAtMs) } : {}),
    ...(facts.lastSeenAtMs === undefined ? {} : { last_seen_at_ms: Math.floor(facts.lastSeenAtMs) }),
  };
}

export function agentView(
  record: PresenceRecord,
  facts: { readonly software: string; readonly lastSeenAtMs: number | undefined },
): AgentView {
  return {
    agent_id: record.agentId,
    peer_id: record.peer,
    binary_type: record.binaryType === "hap" ? "hap" : "agent",
    role: record.role,
    capabilities: [...record.body.capabilities],
    models: [...record.body.models],
    software: facts.software,
    presence: presenceWord(record),
    active_tasks: record.body.activeTasks,
    max_tasks: record.body.maxTasks,
    load: record.body.load,
    ...(facts.lastSeenAtMs === undefined ? {} : { last_seen_at_ms: Math.floor(facts.lastSeenAtMs) }),
  };
}

export function inviteView(invite: Invite, nowMs: number): InviteView {
  return {
    invite_id: invite.inviteId,
    role: invite.role,
    ...(invite.binaryType ? { binary_type: invite.binaryType } : {}),
    ...(invite.agentId ? { agent_id: invite.agentId } : {}),
    state: inviteState(invite, nowMs),
    expires_at_ms: invite.expiresMs,
    ...(invite.usedBy ? { used_by: invite.usedBy } : {}),
  };
}
