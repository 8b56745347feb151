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
import type { WordedRequest } from "../read_model.ts";
import { base64UrlEncode, type PeerId } from "@bzzz/base";
import { TASK_VALUE_CODEC, type TaskUse, type TaskView as BoardTask } from "@bzzz/coordinator";
import {
  type AnswerView,
  closedAs,
  isRequestFor,
  parseFormSchema,
  requestStateAt,
  type RequestView,
  snoozedUntil,
} from "@bzzz/hmmm";
import type { StoredEntry } from "@bzzz/journal";
import type { PeerInfo } from "@bzzz/p2p";
import type { PresenceRecord } from "@bzzz/presence";
import { decodeCertificate } from "@bzzz/register";
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
    body: { ...jsonBody(entry.body), ...decisionBody(entry) },
  };
}

/** What a decision's certificate certifies, in words; whether it proves it, `audit verify` and the folds say. */
function decisionBody(entry: StoredEntry): Record<string, unknown> {
  if (entry.kind !== "task_decided" || entry.body === null) return {};
  const certificate = decodeCertificate(entry.body.certificate);
  const value = certificate && TASK_VALUE_CODEC.decode(certificate.value);
  return certificate && value ? { epoch: certificate.epoch, value: toSnakeCase(value) } : {};
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

/** What a task's own entries do not tell. */
export interface TaskSurroundings {
  /** Thread that it shares with others. */
  readonly session?: string | undefined;
  /** By it and what was delegated from it. */
  readonly used: TaskUse;
}

export function taskView(task: BoardTask, grantOf: GrantLookup, { session, used }: TaskSurroundings): TaskView {
  const blockedOn = task.waitingFor[0];
  const { budgets } = task;
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
    ...(task.dependencies ? { dependencies: [...task.dependencies] } : {}),
    ...(budgets ? { budgets: toSnakeCase(budgets) as NonNullable<TaskView["budgets"]> } : {}), // the same members, renamed
    ...(used.tokens > 0 || used.money > 0 ? { used: { tokens: used.tokens, money: used.money } } : {}),
    ...(task.plan ? { plan: { window_ms: task.plan.windowMs } } : {}),
    ...(task.value?.plan === undefined ? {} : { plan_entry: task.value.plan }),
    ...(task.review ? { review: task.review.role === undefined ? {} : { role: task.review.role } } : {}),
    ...(task.rights ? { rights: [...task.rights] } : {}),
    ...(task.parent === undefined ? {} : { parent: task.parent }),
    attempt: task.attempt,
    token: task.token,
    version: task.version,
    spent: task.spent,
    attempts: task.attempts.map(({ token, attempt, holder, claimedAt, outcome, reason, used: own }) => ({
      token,
      attempt,
      holder: authorView(holder, grantOf),
      claimed_at_ms: claimedAt.ms,
      ...(outcome === undefined ? {} : { outcome }),
      ...(reason === undefined ? {} : { reason }),
      ...(own ? { used: { tokens: own.tokens, money: own.money } } : {}),
    })),
    ...(session === undefined ? {} : { session }),
    superseded: task.superseded.map(({ entry, author, kind }) => ({
      entry_id: entry,
      author: authorView(author, grantOf),
      kind,
    })),
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

/** The task state of A2A and the action of MCP that say the same (design, portal C.2). */
function mapped(request: RequestView, nowMs: number): Pick<RequestRecord, "a2a_state" | "mcp_action"> {
  const state = closedAs(request, nowMs);
  if (state === undefined) {
    if (request.kind === "notice") return {};
    return { a2a_state: request.kind === "auth" ? "auth-required" : "input-required" };
  }
  return { mcp_action: state === "answered" ? "accept" : state === "declined" ? "decline" : "cancel" };
}

function decided(answer: AnswerView, grantOf: GrantLookup): NonNullable<RequestRecord["answer"]> {
  const { decision, text, choice, reason, values, editedAction, editedDigest, scope, untilMs, auto, human } = answer;
  return {
    decision,
    ...(text === undefined ? {} : { text }),
    ...(choice === undefined ? {} : { choice }),
    ...(reason === undefined ? {} : { reason }),
    ...(values === undefined ? {} : { values: JSON.parse(values) as Record<string, unknown> }), // the fold has checked it
    ...(editedAction === undefined ? {} : { edited_action: editedAction }),
    ...(editedDigest === undefined ? {} : { edited_digest: editedDigest }),
    ...(scope === undefined ? {} : { scope }),
    ...(untilMs === undefined ? {} : { until_ms: untilMs }),
    ...(auto === undefined ? {} : { auto }),
    ...(human === undefined ? {} : { person: human.person }),
    by: authorView(answer.author, grantOf),
    at_ms: answer.answeredAt.ms,
    entry_id: answer.entry,
  };
}

/** A form as it was asked; one that cannot be read is left out, and its text is in the body's entry. */
function formOf({ schema }: RequestView): Pick<RequestRecord, "form"> {
  if (schema === undefined || !parseFormSchema(schema).ok) return {};
  return { form: JSON.parse(schema) as Record<string, unknown> }; // the parser has read it as an object
}

/** Nothing for an empty list: most requests have none of these. */
function listed<K extends string, T>(key: K, items: readonly T[] | undefined): { [P in K]?: T[] } {
  // A computed key widens to string; the one key is K.
  return items === undefined || items.length === 0 ? {} : { [key]: [...items] } as { [P in K]?: T[] };
}

/** `self` is the person or agent of this node; only a person is ever addressed. */
export function requestRecord(
  request: RequestView,
  options: {
    readonly nowMs: number;
    readonly self: Pick<Grant, "peer" | "agentId" | "role" | "level" | "binaryType">;
    grantOf: GrantLookup;
    /** By a rule of this node's policy. */
    raised?: { readonly stakes: RequestRecord["stakes"]; readonly rule: string } | undefined;
    worded?: WordedRequest | undefined;
  },
): RequestRecord {
  const { grantOf, self, nowMs } = options;
  const { answer, to, performed } = request;
  const snoozedUntilMs = snoozedUntil(request, self.peer, nowMs);
  const state = requestStateAt(request, nowMs);
  const isOpen = state === "pending" || state === "escalated";
  const attention = (all: RequestView["claims"]) =>
    all.filter((one) => isOpen && one.untilMs > nowMs)
      .map((one) => ({ by: authorView(one.author, grantOf), at_ms: one.at.ms, until_ms: one.untilMs }));
  return {
    request_id: request.requestId,
    digest: request.digest,
    kind: request.kind,
    state: isOpen && snoozedUntilMs !== undefined ? "snoozed" : state,
    stakes: options.raised?.stakes ?? request.stakes,
    ...(options.raised ? { stakes_raised_by: options.raised.rule } : {}),
    title: request.title,
    body: request.body,
    ...(request.wording ? { wording: { ...request.wording, ...options.worded } } : {}),
    allow: [...request.allow, ...request.offers ?? ["escalate"]],
    ...(request.action ? { action: request.action } : {}),
    ...formOf(request),
    ...listed("refs", request.refs),
    ...listed("on_behalf_of", request.onBehalfOf),
    ...listed("eligible", request.eligible),
    ...(request.humanPresent ? { human_present: true } : {}),
    ...(request.thread === undefined ? {} : { thread: request.thread }),
    ...(request.choices ? { choices: [...request.choices] } : {}),
    from: authorView(request.openedBy, grantOf),
    to: {
      ...(to.human ? { human: to.human } : {}),
      ...(to.role ? { role: to.role } : {}),
      ...(to.quorum ? { quorum: to.quorum } : {}),
    },
    is_addressed_to_me: isRequestFor(request, self, self.peer, nowMs),
    ...(request.taskId ? { task_id: request.taskId } : {}),
    opened_at_ms: request.openedAt.ms,
    ...(request.deadlineMs === undefined ? {} : { deadline_ms: request.deadlineMs }),
    on_timeout: request.onTimeout,
    ...(request.supersedes ? { supersedes: request.supersedes } : {}),
    ...(request.supersededBy ? { superseded_by: request.supersededBy } : {}),
    ...(answer ? { answer: decided(answer, grantOf) } : {}),
    ...(to.quorum ? listed("votes", request.votes.map((vote) => decided(vote, grantOf))) : {}),
    ...listed("late", request.late.map((late) => ({ ...decided(late, grantOf), closed_as: late.closedAs }))),
    ...(request.revoked
      ? { revoked: { by: request.revoked.by, at_ms: request.revoked.at.ms, reason: request.revoked.reason } }
      : {}),
    ...(isOpen && snoozedUntilMs !== undefined ? { snoozed_until_ms: snoozedUntilMs } : {}),
    ...listed("snoozed", attention(request.snoozes)),
    ...listed("claimed", attention(request.claims)),
    ...listed(
      "escalations",
      request.escalations.map(({ by, at, to, reason }) => ({
        by,
        at_ms: at.ms,
        to: { ...(to.human ? { human: to.human } : {}), ...(to.role ? { role: to.role } : {}) },
        ...(reason === undefined ? {} : { reason }),
      })),
    ),
    ...(performed ? { performed: { outcome: performed.outcome, text: performed.text, at_ms: performed.at.ms } } : {}),
    ...mapped(request, nowMs),
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
    ...(record.body.person === undefined ? {} : { person: record.body.person }),
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
