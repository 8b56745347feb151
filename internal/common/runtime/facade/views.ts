/**
 * From what a journal has, tasks and messages among it, to the views of the API: pure, one function per view.
 *
 * @module
 */
import type { Grant } from "@bzzz/agentid";
import type { AuthorView, EntryView, MessageView, TaskView } from "@bzzz/api";
import { base64UrlEncode, type PeerId } from "@bzzz/base";
import { TASK_VALUE_CODEC, type TaskTexts, type TaskUse, type TaskView as BoardTask } from "@bzzz/coordinator";
import type { StoredEntry } from "@bzzz/journal";
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
  /** Missing when its post is not in the journal any more. */
  readonly texts: TaskTexts | undefined;
}

export function taskView(task: BoardTask, grantOf: GrantLookup, { session, used, texts }: TaskSurroundings): TaskView {
  const blockedOn = task.waitingFor[0];
  const { budgets } = task;
  return {
    task_id: task.taskId,
    ...(task.clientId === undefined ? {} : { client_id: task.clientId }),
    title: task.title,
    description: texts?.description ?? "",
    priority: task.priority,
    state: task.state,
    author: authorView(task.postedBy, grantOf),
    ...(task.requiredRole === undefined ? {} : { required_role: task.requiredRole }),
    required_capabilities: [...task.requiredCapabilities],
    ...(task.deadlineMs === undefined ? {} : { deadline_ms: task.deadlineMs }),
    ...(texts?.input === undefined ? {} : { input: texts.input }),
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
    ...(task.result && task.value?.result
      ? {
        result: {
          entry_id: task.value.result,
          summary: task.result.summary,
          output: texts?.output ?? "",
          duration_ms: task.result.durationMs,
        },
      }
      : {}),
    ...(task.reason === undefined ? {} : { reason: task.reason }),
    created_at_ms: task.postedAt.ms,
    updated_at_ms: task.updatedAt.ms,
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
