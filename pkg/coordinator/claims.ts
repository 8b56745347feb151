import { assertNever, type PeerId, type TaskId } from "@bzzz/base";
import { planFor, usedSlots } from "./claim_plan.ts";
import { CLAIM_RETRY_MS } from "./constants.ts";
import type { Candidate } from "./rendezvous.ts";
import { compareUrgency } from "./task_board.ts";
import { isFinished } from "./transitions.ts";
import type { TaskView } from "./types.ts";

/** What a node says of itself; plain data. */
export interface ClaimsConfig {
  readonly self: PeerId;
  readonly role: string;
  readonly capabilities: readonly string[];
  readonly maxTasks: number;
  /** Agent of rank r waits r times this, in milliseconds. */
  readonly stepMs: number;
  /** Milliseconds between a claim's commit and the start of work. */
  readonly settleMs: number;
  /** Milliseconds a task stays with a holder that is no longer present. */
  readonly leaseMs: number;
}

/** An open task, with what the task's own entries do not tell. */
export interface OpenTask {
  readonly view: TaskView;
  /** A request that the task waits for has no answer yet. */
  readonly isAwaitingPerson: boolean;
}

/** A timer that was asked for: what to do when it is due. */
export interface Scheduled {
  readonly purpose: "claim" | "start";
  readonly attempt: number;
}

/** What a node remembers to decide about claims. Make it with `createClaimsState`. */
export interface ClaimsState {
  readonly config: ClaimsConfig;
  /** Other agents that are present; this node is not among them. */
  readonly others: ReadonlyMap<PeerId, Candidate>;
  /** The journal has caught up with the mesh: claims and starts are allowed. */
  readonly isReady: boolean;
  /** Presence was watched for at least one timeout: who is not present is absent. */
  readonly isWarm: boolean;
  readonly isDraining: boolean;
  readonly open: ReadonlyMap<TaskId, OpenTask>;
  readonly scheduled: ReadonlyMap<TaskId, Scheduled>;
  /** The tasks of `scheduled` that are about to start: they take a slot. */
  readonly starting: ReadonlySet<TaskId>;
  /** More could be claimed than has a timer; planned again when the timers are used up. */
  readonly hasMore: boolean;
  /** Claims on their way to the journal. */
  readonly claiming: ReadonlyMap<TaskId, number>;
  /** The newest attempt this node has claimed, so that no attempt is claimed twice. */
  readonly claimed: ReadonlyMap<TaskId, number>;
  readonly running: ReadonlyMap<TaskId, { readonly attempt: number; readonly isCancelled: boolean }>;
  /** Attempts that ran here and ended; never started again, whatever became of their result. */
  readonly ended: ReadonlyMap<TaskId, number>;
}

/** What happened. */
export type ClaimsEvent =
  | { readonly type: "task"; readonly task: OpenTask }
  | {
    readonly type: "presence";
    readonly others: readonly Candidate[];
    readonly isReady: boolean;
    readonly isWarm: boolean;
  }
  | { readonly type: "due"; readonly taskId: TaskId; readonly scheduled: Scheduled; readonly nowMs: number }
  /** The claim is stored; whether it won, the next "task" event tells. */
  | { readonly type: "claim_stored"; readonly taskId: TaskId; readonly attempt: number }
  | { readonly type: "claim_failed"; readonly taskId: TaskId; readonly attempt: number }
  /** An execution is over. `parked`: it waits for a person without a process, and will be started again. */
  | { readonly type: "ended"; readonly taskId: TaskId; readonly attempt: number; readonly isParked: boolean }
  | { readonly type: "drain" };

/** What is to be done, as data. */
export type ClaimsEffect =
  | { readonly type: "schedule"; readonly taskId: TaskId; readonly delayMs: number; readonly scheduled: Scheduled }
  | { readonly type: "unschedule"; readonly taskId: TaskId }
  | { readonly type: "claim"; readonly taskId: TaskId; readonly attempt: number }
  | { readonly type: "start"; readonly taskId: TaskId; readonly attempt: number }
  /** Stop the work at once; the task is not this node's any more. */
  | { readonly type: "cancel"; readonly taskId: TaskId; readonly attempt: number; readonly reason: CancelReason }
  /** Give back what was claimed but not begun. */
  | { readonly type: "release"; readonly taskId: TaskId; readonly attempt: number; readonly reason: string }
  /** This node took over a task whose attempts are spent: fail it for good, without work. */
  | { readonly type: "exhaust"; readonly taskId: TaskId; readonly attempt: number }
  /** Ask people what becomes of a task that failed too often; may be repeated. */
  | { readonly type: "escalate"; readonly taskId: TaskId };
/** Why work on a task stops before its end. */
export type CancelReason = "lost" | "cancelled" | "finished";

/** The next state, and what the shell does about it. */
export interface ClaimsDecision {
  readonly state: ClaimsState;
  readonly effects: readonly ClaimsEffect[];
}

/** A node that knows nothing yet. */
export function createClaimsState(config: ClaimsConfig): ClaimsState {
  return {
    config,
    others: new Map(),
    isReady: false,
    isWarm: false,
    isDraining: false,
    open: new Map(),
    scheduled: new Map(),
    starting: new Set(),
    hasMore: false,
    claiming: new Map(),
    claimed: new Map(),
    running: new Map(),
    ended: new Map(),
  };
}

/** Pure: what a node does about claims after an event. */
export function decideClaims(state: ClaimsState, event: ClaimsEvent): ClaimsDecision {
  const decision = decide(state, event);
  const { hasMore, scheduled, starting } = decision.state;
  if (!hasMore || scheduled.size > starting.size) return decision;
  const refilled = replanAll(decision.state);
  return { state: refilled.state, effects: [...decision.effects, ...refilled.effects] };
}

function decide(state: ClaimsState, event: ClaimsEvent): ClaimsDecision {
  switch (event.type) {
    case "task":
      return onTask(state, event.task);
    case "presence": {
      const others = new Map(event.others.filter((c) => c.peer !== state.config.self).map((c) => [c.peer, c]));
      const next = { ...state, others, isReady: event.isReady, isWarm: event.isWarm };
      return isSamePresence(state, next) ? { state: next, effects: [] } : replanAll(next);
    }
    case "due":
      return onDue(state, event.taskId, event.scheduled, event.nowMs);
    case "claim_stored":
      return replan({ ...state, claiming: without(state.claiming, event.taskId) }, event.taskId);
    case "claim_failed":
      return onClaimFailed(state, event.taskId, event.attempt);
    case "ended":
      return replanAll({
        ...state,
        running: without(state.running, event.taskId),
        ended: event.isParked ? state.ended : new Map(state.ended).set(event.taskId, event.attempt),
      });
    case "drain":
      return state.isDraining ? { state, effects: [] } : replanAll({ ...state, isDraining: true });
    default:
      return assertNever(event);
  }
}

function onTask(state: ClaimsState, task: OpenTask): ClaimsDecision {
  const { taskId, attempt, holder } = task.view;
  const over = isFinished(task.view.state);
  const effects: ClaimsEffect[] = [];
  let next: ClaimsState = {
    ...state,
    open: over ? without(state.open, taskId) : new Map(state.open).set(taskId, task),
    claimed: over ? without(state.claimed, taskId) : state.claimed,
    ended: over ? without(state.ended, taskId) : state.ended,
  };
  const running = state.running.get(taskId);
  if (running && !running.isCancelled && (over || holder !== state.config.self || attempt !== running.attempt)) {
    const reason = task.view.state === "cancelled" ? "cancelled" : over ? "finished" : "lost";
    // The result of this very node ends its execution by itself.
    if (!(over && task.view.result?.by === state.config.self && task.view.attempt === running.attempt)) {
      effects.push({ type: "cancel", taskId, attempt: running.attempt, reason });
      next = { ...next, running: new Map(next.running).set(taskId, { ...running, isCancelled: true }) };
    }
  }
  const planned = over ? finishedPlan(next, task.view) : replan(next, taskId);
  return { state: planned.state, effects: [...effects, ...planned.effects] };
}

function finishedPlan(state: ClaimsState, view: TaskView): ClaimsDecision {
  const cleared = unschedule(state, view.taskId);
  const isMine = view.attempts.at(-1)?.holder === state.config.self;
  if (!view.isExhausted || !isMine) return cleared;
  return { state: cleared.state, effects: [...cleared.effects, { type: "escalate", taskId: view.taskId }] };
}

function onDue(state: ClaimsState, taskId: TaskId, due: Scheduled, nowMs: number): ClaimsDecision {
  const scheduled = state.scheduled.get(taskId);
  const task = state.open.get(taskId);
  if (scheduled?.purpose !== due.purpose || scheduled.attempt !== due.attempt) return { state, effects: [] };
  const next = withTimer(state, taskId, undefined);
  if (!task) return { state: next, effects: [] };
  const { deadlineMs } = task.view;
  const plan = planFor(next, task);
  if (plan.type === "claim" && due.purpose === "claim" && plan.attempt === due.attempt) {
    if (deadlineMs !== undefined && nowMs > deadlineMs) return { state: next, effects: [] };
    return {
      state: {
        ...next,
        claiming: new Map(next.claiming).set(taskId, due.attempt),
        claimed: new Map(next.claimed).set(taskId, due.attempt),
      },
      effects: [{ type: "claim", taskId, attempt: due.attempt }],
    };
  }
  if (plan.type === "start" && due.purpose === "start" && plan.attempt === due.attempt) {
    return {
      state: { ...next, running: new Map(next.running).set(taskId, { attempt: due.attempt, isCancelled: false }) },
      effects: [{ type: "start", taskId, attempt: due.attempt }],
    };
  }
  return replan(next, taskId);
}

function onClaimFailed(state: ClaimsState, taskId: TaskId, attempt: number): ClaimsDecision {
  const next = { ...state, claiming: without(state.claiming, taskId), claimed: without(state.claimed, taskId) };
  const task = next.open.get(taskId);
  if (!task || planFor(next, task).type !== "claim") return replan(next, taskId);
  const scheduled: Scheduled = { purpose: "claim", attempt };
  return {
    state: withTimer(next, taskId, scheduled),
    effects: [{ type: "schedule", taskId, delayMs: CLAIM_RETRY_MS, scheduled }],
  };
}

/** Brings the timers of one task in line with what is wanted now. */
function replan(state: ClaimsState, taskId: TaskId): ClaimsDecision {
  const task = state.open.get(taskId);
  if (!task) return unschedule(state, taskId);
  const plan = planFor(state, task);
  const scheduled = state.scheduled.get(taskId);
  switch (plan.type) {
    case "none":
      return unschedule(state, taskId);
    case "claim":
    case "start": {
      if (scheduled?.purpose === plan.type && scheduled.attempt === plan.attempt) return { state, effects: [] };
      const wanted: Scheduled = { purpose: plan.type, attempt: plan.attempt };
      return {
        state: withTimer(state, taskId, wanted),
        effects: [{ type: "schedule", taskId, delayMs: plan.delayMs, scheduled: wanted }],
      };
    }
    case "release":
    case "exhaust": {
      const cleared = unschedule({ ...state, ended: new Map(state.ended).set(taskId, plan.attempt) }, taskId);
      const effect: ClaimsEffect = plan.type === "release"
        ? { type: "release", taskId, attempt: plan.attempt, reason: plan.reason }
        : { type: "exhaust", taskId, attempt: plan.attempt };
      return { state: cleared.state, effects: [...cleared.effects, effect] };
    }
    default:
      return assertNever(plan);
  }
}

/**
 * Plans every open task anew, the urgent ones first. Once a few more claims are scheduled than there are free slots, the
 * rest waits until those are used up: it could not be taken anyway.
 */
function replanAll(state: ClaimsState): ClaimsDecision {
  let next: ClaimsState = { ...state, hasMore: false };
  const effects: ClaimsEffect[] = [];
  let budget = 8 + 4 * Math.max(0, state.config.maxTasks - usedSlots(state));
  for (const { view } of [...state.open.values()].sort((a, b) => compareUrgency(a.view, b.view))) {
    const isNew = view.holder === undefined && !next.scheduled.has(view.taskId);
    if (isNew && budget <= 0) {
      next = { ...next, hasMore: true };
      continue;
    }
    const decision = replan(next, view.taskId);
    if (isNew && decision.state.scheduled.has(view.taskId)) budget--;
    next = decision.state;
    effects.push(...decision.effects);
  }
  return { state: next, effects };
}

function unschedule(state: ClaimsState, taskId: TaskId): ClaimsDecision {
  if (!state.scheduled.has(taskId)) return { state, effects: [] };
  return {
    state: withTimer(state, taskId, undefined),
    effects: [{ type: "unschedule", taskId }],
  };
}

function withTimer(state: ClaimsState, taskId: TaskId, scheduled: Scheduled | undefined): ClaimsState {
  const starting = new Set(state.starting);
  if (scheduled?.purpose === "start") starting.add(taskId);
  else starting.delete(taskId);
  const timers = scheduled ? new Map(state.scheduled).set(taskId, scheduled) : without(state.scheduled, taskId);
  return { ...state, scheduled: timers, starting };
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) return map;
  const next = new Map(map);
  next.delete(key);
  return next;
}

/** Nothing that a plan depends on has changed. */
function isSamePresence(a: ClaimsState, b: ClaimsState): boolean {
  if (a.isReady !== b.isReady || a.isWarm !== b.isWarm || a.others.size !== b.others.size) return false;
  for (const [peer, was] of a.others) {
    const is = b.others.get(peer);
    if (!is || was.role !== is.role || was.isDraining !== is.isDraining || was.weight !== is.weight) return false;
    if (was.activeTasks < was.maxTasks !== is.activeTasks < is.maxTasks) return false;
    if (was.capabilities.join("\0") !== is.capabilities.join("\0")) return false;
  }
  return true;
}
