import { assertNever, type EntryId, type PeerId, type TaskId } from "@bzzz/base";
import { TAKEOVER_AFTER_LEASES } from "@bzzz/register";
import { mayReview, maySteer } from "./permissions.ts";
import { checkRights } from "./rights.ts";
import type { EntryFact, PostFact, TaskFacts } from "./task_facts.ts";
import type { TaskCommand, TaskTerms, TaskValue } from "./task_value.ts";

/** Why a voter that knows the facts does not accept. */
export type FactRefusal =
  | "capability_missing"
  | "deadline_open"
  | "deadline_passed"
  | "dependencies_open"
  | "entry_mismatch"
  | "entry_unknown"
  | "lease_live"
  | "member_unknown"
  | "not_allowed"
  | "objection_stands"
  | "plan_window_open"
  | "post_unknown"
  | "request_mismatch"
  | "request_open"
  | "request_unknown"
  | "rights_exceeded"
  | "role_required"
  | "terms_mismatch"
  | "too_many_delegations";

/** A voter's word. `retry`: not yet, it may become true by itself, after `afterMs` if that is known. */
export type TaskCheck =
  | { readonly ok: true }
  | { readonly refuse: FactRefusal }
  | { readonly retry: FactRefusal; readonly afterMs?: number };

const OK: TaskCheck = { ok: true };
const refuse = (code: FactRefusal): TaskCheck => ({ refuse: code });
const later = (code: FactRefusal, afterMs?: number): TaskCheck => ({
  retry: code,
  ...(afterMs === undefined ? {} : { afterMs: Math.max(1, Math.ceil(afterMs)) }),
});

/** One question to a voter: a transition that `decideTask` allows. */
export interface TaskQuestion {
  readonly taskId: TaskId;
  readonly previous: TaskValue | undefined;
  readonly command: TaskCommand;
  readonly actor: PeerId;
  /** Milliseconds since this voter first saw the lease of `previous`, by its monotonic clock. */
  readonly leaseAgeMs: number | undefined;
}

/** What only this voter knows about a transition. Pure in `facts`: asking changes nothing. */
export function checkTask(facts: TaskFacts, question: TaskQuestion): TaskCheck {
  const { command, actor, taskId } = question;
  switch (command.type) {
    case "claim":
      return checkClaim(facts, question, command);
    case "renew":
    case "plan":
      return OK;
    case "propose": {
      const isPlan = (entry: EntryFact) => entry.kind === "message_posted" && entry.messageType === "plan";
      return checkEntry(facts, question, command.plan, isPlan);
    }
    case "begin":
      return checkBegin(facts, question, command);
    case "block": {
      const request = facts.request(command.request);
      if (!request) return later("request_unknown");
      return request.task === taskId && request.openedBy === actor ? OK : refuse("request_mismatch");
    }
    case "resume": {
      const request = facts.request(command.request);
      if (!request) return later("request_unknown");
      return request.isOpen ? later("request_open") : OK;
    }
    case "complete":
      return checkEntry(facts, question, command.told, ({ kind }) => kind === "task_completed");
    case "fail":
      return checkEntry(facts, question, command.told, ({ kind }) => kind === "task_failed");
    case "release":
      return checkEntry(facts, question, command.told, ({ kind }) => kind === "task_released");
    case "accept":
    case "reject":
      return checkReview(facts, question, command.told);
    case "cancel":
      return checkSteering(facts, question, command, "task_cancelled");
    case "retry":
      return checkSteering(facts, question, command, "task_retried");
    case "expire":
      return checkExpiry(facts, question, command);
    default:
      return assertNever(command);
  }
}

function checkClaim(
  facts: TaskFacts,
  question: TaskQuestion,
  command: Extract<TaskCommand, { type: "claim" }>,
): TaskCheck {
  const { previous, actor, taskId } = question;
  const post = facts.post(taskId, command.post);
  if (!post) return later("post_unknown");
  if (!isSameTerms(termsOf(post.body), command.terms)) return refuse("terms_mismatch");
  const authority = facts.authority(actor);
  if (!authority) return later("member_unknown");
  if (authority.binaryType !== "agent") return refuse("not_allowed");
  const { requiredRole, requiredCapabilities } = post.body;
  if (requiredRole !== undefined && authority.role !== requiredRole) return refuse("role_required");
  const capabilities = facts.capabilities(actor);
  if (!capabilities) return later("member_unknown");
  if (!requiredCapabilities.every((name) => capabilities.includes(name))) return refuse("capability_missing");
  if (isPast(facts, post, previous)) return refuse("deadline_passed");
  const delegation = checkDelegation(facts, post);
  if (delegation) return delegation;
  for (const dependency of post.body.dependencies ?? []) {
    if (!facts.isCompleted(dependency)) return later("dependencies_open");
  }
  return checkLease(facts, question) ?? OK;
}

function checkDelegation(facts: TaskFacts, post: PostFact): TaskCheck | undefined {
  if (post.body.parent === undefined) return undefined;
  const parents = facts.parents(post.body);
  if (!parents) return later("post_unknown");
  const refusal = checkRights(post.body, parents);
  return refusal && refuse(refusal);
}

/** A held task is let go of after `TAKEOVER_AFTER_LEASES` leases by this voter's clock, and not while people are asked. */
function checkLease(facts: TaskFacts, { previous, leaseAgeMs }: TaskQuestion): TaskCheck | undefined {
  if (previous?.holder === undefined) return undefined;
  const missingMs = TAKEOVER_AFTER_LEASES * previous.leaseMs - (leaseAgeMs ?? 0);
  if (missingMs > 0) return later("lease_live", missingMs);
  const isAsking = previous.waitingFor.some((id) => facts.request(id)?.isOpen ?? true);
  return isAsking ? later("request_open") : undefined;
}

function checkBegin(
  facts: TaskFacts,
  { previous, taskId, actor }: TaskQuestion,
  command: Extract<TaskCommand, { type: "begin" }>,
): TaskCheck {
  if (previous?.state !== "discussing") return OK;
  const plan = previous.plan === undefined ? undefined : facts.plan(taskId, previous.plan);
  if (!plan) return later("entry_unknown");
  if (command.approval !== undefined) {
    const approval = facts.request(command.approval);
    if (!approval || approval.isOpen) return later(approval ? "request_open" : "request_unknown");
    const isFor = approval.task === taskId && approval.openedBy === actor && approval.isApproved;
    return isFor ? OK : refuse("request_mismatch");
  }
  if (plan.isBlocked) return refuse("objection_stands");
  const missingMs = (previous.terms.planWindowMs ?? 0) - plan.ageMs;
  return missingMs > 0 ? later("plan_window_open", missingMs) : OK;
}

/** The entry that a command names must be here, of the right kind, about this task, and the actor's own. */
function checkEntry(
  facts: TaskFacts,
  { taskId, actor }: TaskQuestion,
  id: EntryId,
  isRight: (entry: EntryFact) => boolean,
): TaskCheck {
  const entry = facts.entry(id);
  if (!entry) return later("entry_unknown");
  return entry.author === actor && entry.task === taskId && isRight(entry) ? OK : refuse("entry_mismatch");
}

function checkReview(facts: TaskFacts, question: TaskQuestion, told: EntryId): TaskCheck {
  const { previous, actor, taskId } = question;
  const post = previous && facts.post(taskId, previous.post);
  if (!post) return later("post_unknown");
  const authority = facts.authority(actor);
  if (!authority) return later("member_unknown");
  if (!mayReview(post, actor, authority)) return refuse("not_allowed");
  return checkEntry(facts, question, told, ({ kind }) => kind === "task_reviewed");
}

function checkSteering(
  facts: TaskFacts,
  question: TaskQuestion,
  command: Extract<TaskCommand, { type: "cancel" | "retry" }>,
  kind: string,
): TaskCheck {
  const { previous, actor, taskId } = question;
  const id = command.type === "cancel" ? command.post : previous?.post;
  const post = id === undefined ? undefined : facts.post(taskId, id);
  if (!post) return later("post_unknown");
  if (command.type === "cancel" && !isSameTerms(termsOf(post.body), command.terms)) return refuse("terms_mismatch");
  if (!maySteer(post, actor, facts.authority(actor))) return refuse("not_allowed");
  if (command.type === "retry") {
    const deadlineMs = command.deadlineMs ?? previous?.deadlineMs ?? post.body.deadlineMs;
    if (deadlineMs !== undefined && facts.nowMs() > deadlineMs) return refuse("deadline_passed");
  }
  return checkEntry(facts, question, command.told, (entry) => entry.kind === kind);
}

function checkExpiry(
  facts: TaskFacts,
  question: TaskQuestion,
  command: Extract<TaskCommand, { type: "expire" }>,
): TaskCheck {
  const post = facts.post(question.taskId, command.post);
  if (!post) return later("post_unknown");
  if (!isSameTerms(termsOf(post.body), command.terms)) return refuse("terms_mismatch");
  const deadlineMs = question.previous?.deadlineMs ?? post.body.deadlineMs;
  if (deadlineMs === undefined) return refuse("deadline_open");
  if (!isPast(facts, post, question.previous)) return later("deadline_open", deadlineMs - facts.nowMs() + 1);
  return checkLease(facts, question) ?? OK;
}

function isPast(facts: TaskFacts, post: PostFact, previous: TaskValue | undefined): boolean {
  const deadlineMs = previous?.deadlineMs ?? post.body.deadlineMs;
  return deadlineMs !== undefined && facts.nowMs() > deadlineMs;
}

/** What of a post decides about the way of its task. */
export function termsOf(body: PostFact["body"]): TaskTerms {
  return {
    ...(body.plan ? { planWindowMs: body.plan.windowMs } : {}),
    isReviewed: body.review !== undefined,
  };
}

function isSameTerms(a: TaskTerms, b: TaskTerms): boolean {
  return a.planWindowMs === b.planWindowMs && a.isReviewed === b.isReviewed;
}

const TRANSIENT: ReadonlySet<string> = new Set<FactRefusal>([
  "deadline_open",
  "dependencies_open",
  "entry_unknown",
  "lease_live",
  "member_unknown",
  "plan_window_open",
  "post_unknown",
  "request_open",
  "request_unknown",
]);

/** Whether a refusal may end by itself: something has not come yet, or a time is not over. */
export function isTransient(code: string): boolean {
  return TRANSIENT.has(code);
}
