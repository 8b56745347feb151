import { assertNever, type PeerId } from "@bzzz/base";
import { MAX_ATTEMPTS } from "./constants.ts";
import type { TaskEvent, TransitionRefusal } from "./states.ts";
import { MIN_LEASE_MS, type TaskCommand, type TaskValue } from "./task_value.ts";
import { isHeld, TRANSITIONS } from "./transitions.ts";

/** Why a command changes nothing, as every voter sees it from the register alone. */
export type TaskRefusal =
  | TransitionRefusal
  /** The task has changed since the command was made; read it again. */
  | "stale_version"
  /** The token is not the newest: another has the task, or had it since. */
  | "stale_token"
  | "not_holder"
  | "already_holder"
  | "own_result"
  | "plan_required"
  | "post_required"
  | "stale_renewal"
  | "too_many_requests"
  | "wrong_post"
  | "wrong_request";

/** What a command makes of a value. `same`: it was applied before. */
export type TaskDecision =
  | { readonly next: TaskValue }
  | { readonly refuse: TaskRefusal }
  | { readonly same: true };

/** Requests one task may wait for at once. */
const MAX_WAITING = 32;

/**
 * Pure, and the same on every voter: the value that `command` of `actor` makes of `previous`. What only one voter knows
 * (its journal, its clocks) is asked in `checkTask`. `leaseId`: this very command's, for the lease that it may grant.
 */
export function decideTask(
  previous: TaskValue | undefined,
  command: TaskCommand,
  actor: PeerId,
  leaseId?: string,
): TaskDecision {
  if (!previous) return decideFirst(command, actor, leaseId);
  if (isApplied(previous, command, actor, leaseId)) return { same: true };
  const refusal = refusalOf(previous, command, actor);
  if (refusal !== undefined) return { refuse: refusal };
  const cell = TRANSITIONS[previous.state][eventOf(previous, command)];
  if ("refuse" in cell) return { refuse: cell.refuse };
  const { holder: _, leaseId: __, ...rest } = previous;
  const kept = isHeld(cell.to) && previous.holder !== undefined ? previous : rest;
  const next: TaskValue = {
    ...kept,
    ...(isHeld(cell.to) ? {} : { waitingFor: [] }),
    version: previous.version + 1,
    state: cell.to,
    by: actor,
  };
  return { next: withoutUndefined(applied(next, previous, command, { actor, leaseId })) };
}

/** The absent value: only what names the post makes something of it. */
function decideFirst(command: TaskCommand, actor: PeerId, leaseId: string | undefined): TaskDecision {
  if (command.version !== 0) return { refuse: "stale_version" };
  if (command.type !== "claim" && command.type !== "cancel" && command.type !== "expire") {
    return { refuse: "not_held" };
  }
  const absent: TaskValue = {
    version: 0,
    state: "announced",
    post: command.post,
    terms: command.terms,
    token: 0,
    attempt: 0,
    spent: 0,
    leaseMs: 0,
    renewals: 0,
    waitingFor: [],
    by: actor,
  };
  if (command.type === "claim" && command.token !== 0) return { refuse: "stale_token" };
  const decision = decideTask(absent, command, actor, leaseId);
  // a task that ends before its first claim never had a lease; the least that the schema takes stands for it
  return "next" in decision && decision.next.leaseMs === 0
    ? { next: { ...decision.next, leaseMs: MIN_LEASE_MS } }
    : decision;
}

/**
 * Whether the value is what this very command has made of it, so that saying it twice does no harm. Of two that grant a lease
 * the second is another: its sender would count the lease from when it sent the second, and voters from the first.
 */
function isApplied(value: TaskValue, command: TaskCommand, actor: PeerId, leaseId: string | undefined): boolean {
  if (value.version !== command.version + 1 || value.by !== actor) return false;
  switch (command.type) {
    case "claim":
      return value.holder === actor && value.token === command.token + 1 && value.renewals === 0 &&
        value.leaseId === leaseId && value.state === (command.isBegun ? "executing" : "claimed");
    case "renew":
      return value.token === command.token && value.renewals === command.renewals + 1 && value.leaseId === leaseId;
    case "plan":
      return value.token === command.token && value.state === "planning";
    case "propose":
      return value.token === command.token && value.plan === command.plan;
    case "begin":
      return value.token === command.token && value.state === "executing";
    case "block":
      return value.token === command.token && value.waitingFor.includes(command.request);
    case "resume":
      return value.token === command.token && value.state !== "planning" && !value.waitingFor.includes(command.request);
    case "complete":
    case "fail":
    case "release":
    case "accept":
    case "reject":
    case "cancel":
    case "retry":
      return value.told === command.told;
    case "expire":
      return value.state === "expired";
    default:
      return assertNever(command);
  }
}

/** What is wrong with a command before the table is asked. */
function refusalOf(value: TaskValue, command: TaskCommand, actor: PeerId): TaskRefusal | undefined {
  if ("post" in command && command.post !== value.post) return "wrong_post";
  if (command.type === "claim") {
    if (command.token !== value.token) return "stale_token";
    if (value.holder === actor) return "already_holder";
  } else if ("token" in command) {
    if (command.token !== value.token) return "stale_token";
    if (value.holder === undefined) return closedRefusal(value, command);
    if (value.holder !== actor) return "not_holder";
  }
  if (command.version !== value.version) return "stale_version";
  switch (command.type) {
    case "claim":
      return command.isBegun && value.terms.planWindowMs !== undefined ? "plan_required" : undefined;
    case "renew":
      return command.renewals === value.renewals ? undefined : "stale_renewal";
    case "begin":
      return value.state === "claimed" && value.terms.planWindowMs !== undefined ? "plan_required" : undefined;
    case "block":
      return value.waitingFor.length >= MAX_WAITING ? "too_many_requests" : undefined;
    case "resume":
      return value.state === "blocked" && !value.waitingFor.includes(command.request) ? "wrong_request" : undefined;
    case "accept":
    case "reject":
      return value.state === "review" && value.worker === actor ? "own_result" : undefined;
    default:
      return undefined;
  }
}

/** The token is right but nobody holds the task: the table knows the word for it. */
function closedRefusal(value: TaskValue, command: TaskCommand): TaskRefusal {
  const cell = TRANSITIONS[value.state][eventOf(value, command)];
  return "refuse" in cell ? cell.refuse : "not_held";
}

/** What a command means to the table, given the value before it. */
export function eventOf(value: TaskValue, command: TaskCommand): TaskEvent {
  const isLast = value.spent + 1 >= MAX_ATTEMPTS;
  switch (command.type) {
    case "claim":
      if (value.holder === undefined) return command.isBegun ? "claim_begin" : "claim";
      if (isLast) return "take_over_final";
      return command.isBegun ? "take_over_begin" : "take_over";
    case "resume":
      if (value.waitingFor.some((id) => id !== command.request)) return "resume";
      return value.resumesTo === "discussing" ? "resume_discussion" : "resume_work";
    case "complete":
      return value.terms.isReviewed ? "submit" : "complete";
    case "fail":
      return command.isFinal || isLast ? "fail_final" : "fail_retry";
    case "reject":
      return isLast ? "reject_final" : "reject_retry";
    default:
      return command.type;
  }
}

/** Whose command it is, and the id of a lease that it grants. */
interface Grantee {
  readonly actor: PeerId;
  readonly leaseId: string | undefined;
}

/** The members of the next value that this command is about. */
function applied(next: TaskValue, before: TaskValue, command: TaskCommand, by: Grantee): Loose {
  switch (command.type) {
    case "claim":
      return claimed(next, before, command, by);
    case "renew":
      return { ...next, renewals: before.renewals + 1, leaseId: by.leaseId };
    case "propose":
      return { ...next, plan: command.plan };
    case "block":
      return {
        ...next,
        waitingFor: [...before.waitingFor.filter((id) => id !== command.request), command.request],
        resumesTo: before.resumesTo ?? (before.state === "discussing" ? "discussing" : "executing"),
      };
    case "resume": {
      const waitingFor = before.waitingFor.filter((id) => id !== command.request);
      return { ...next, waitingFor, resumesTo: waitingFor.length > 0 ? before.resumesTo : undefined };
    }
    case "complete":
      return { ...next, told: command.told, result: command.told, worker: by.actor, resumesTo: undefined };
    case "fail":
      return { ...next, told: command.told, spent: before.spent + 1, resumesTo: undefined };
    case "reject":
      return { ...next, told: command.told, spent: before.spent + 1, result: undefined, worker: undefined };
    case "release":
    case "accept":
    case "cancel":
      return { ...next, told: command.told, resumesTo: undefined };
    case "retry": {
      const { told, deadlineMs = before.deadlineMs } = command;
      return { ...next, told, deadlineMs, spent: 0, attempt: 0, result: undefined, worker: undefined };
    }
    case "plan":
    case "begin":
      return next;
    case "expire":
      return { ...next, resumesTo: undefined };
    default:
      return assertNever(command);
  }
}

function claimed(
  next: TaskValue,
  before: TaskValue,
  { leaseMs }: Extract<TaskCommand, { type: "claim" }>,
  { actor, leaseId }: Grantee,
): Loose {
  const spent = before.spent + (before.holder === undefined ? 0 : 1);
  const fresh = { spent, token: before.token + 1, renewals: 0, waitingFor: [], resumesTo: undefined, plan: undefined };
  // the lost try was the last: whoever noticed it has the task no more than the lost holder
  if (next.state === "failed") return { ...next, ...fresh, told: undefined };
  return { ...next, ...fresh, told: undefined, attempt: spent + 1, holder: actor, leaseMs, leaseId };
}

type Loose = { readonly [K in keyof TaskValue]: TaskValue[K] | undefined };

function withoutUndefined(value: Loose): TaskValue {
  // only members that the schema calls optional are set to undefined above
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as TaskValue;
}
