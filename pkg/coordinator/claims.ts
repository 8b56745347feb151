import { assertNever, type TaskId } from "@bzzz/base";
import { planFor, usedSlots } from "./claim_plan.ts";
import { TELL_FOR_OTHERS_MS } from "./constants.ts";
import { compareUrgency } from "./task_board.ts";
import { isFinished } from "./transitions.ts";
import type { TaskView } from "./types.ts";

import type { ClaimsDecision, ClaimsEffect, ClaimsEvent, ClaimsState, OpenTask, Scheduled } from "./claims_types.ts";

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
    case "forgotten":
      return onForgotten(state, event.taskId);
    case "presence": {
      const others = new Map(event.others.filter((c) => c.peer !== state.config.self).map((c) => [c.peer, c]));
      const next = { ...state, others, isReady: event.isReady, isWarm: event.isWarm };
      return isSamePresence(state, next) ? { state: next, effects: [] } : replanAll(next);
    }
    case "due":
      return onDue(state, event.taskId, event.scheduled, event.nowMs);
    case "suspect":
      return replan({ ...state, suspects: new Set(state.suspects).add(event.taskId) }, event.taskId);
    case "claim_decided":
      return replan(withKnown({ ...state, claiming: dropped(state.claiming, event.taskId) }, event), event.taskId);
    case "claim_refused":
      return onRefused(state, event);
    case "ended":
      return replanAll(withEnd(state, event));
    case "drain":
      return state.isDraining ? { state, effects: [] } : replanAll({ ...state, isDraining: true });
    default:
      return assertNever(event);
  }
}

function onTask(state: ClaimsState, task: OpenTask): ClaimsDecision {
  const { taskId, token, holder, version } = task.view;
  const { self } = state.config;
  const over = isFinished(task.view.state);
  const effects: ClaimsEffect[] = [];
  let next: ClaimsState = {
    ...state,
    open: over ? without(state.open, taskId) : new Map(state.open).set(taskId, task),
    known: version >= (state.known.get(taskId) ?? 0) ? without(state.known, taskId) : state.known,
    ended: over ? without(state.ended, taskId) : state.ended,
    suspended: over || holder !== self ? dropped(state.suspended, taskId) : state.suspended,
    suspects: dropped(state.suspects, taskId),
  };
  const running = state.running.get(taskId);
  // how its work ended, this node had decided when it had; a cancellation may come from a person at this very node
  const isOwnWord = task.view.value?.by === self && task.view.token === running?.token &&
    task.view.state !== "cancelled" && task.view.state !== "expired";
  if (running && !running.isCancelled && !isOwnWord && (holder !== self || token !== running.token)) {
    const reason = task.view.state === "cancelled" ? "cancelled" : over ? "finished" : "lost";
    effects.push({ type: "cancel", taskId, token: running.token, reason });
    next = { ...next, running: new Map(next.running).set(taskId, { ...running, isCancelled: true }) };
  }
  const planned = over ? finishedPlan(next, task.view) : replan(next, taskId);
  return { state: planned.state, effects: [...effects, ...planned.effects] };
}

/** What is being worked on ends as it would. */
function onForgotten(state: ClaimsState, taskId: TaskId): ClaimsDecision {
  if (state.running.has(taskId) || state.claiming.has(taskId)) return { state, effects: [] };
  return unschedule({
    ...state,
    open: without(state.open, taskId),
    known: without(state.known, taskId),
    ended: without(state.ended, taskId),
    suspended: dropped(state.suspended, taskId),
    suspects: dropped(state.suspects, taskId),
  }, taskId);
}

function finishedPlan(state: ClaimsState, view: TaskView): ClaimsDecision {
  const cleared = unschedule(state, view.taskId);
  const delayMs = view.isExhausted ? tellsAfterMs(state, view) : undefined;
  if (delayMs === undefined) return cleared;
  return { state: cleared.state, effects: [...cleared.effects, { type: "escalate", taskId: view.taskId, delayMs }] };
}

/**
 * One agent asks people: whoever had the end decided, or whose result was sent back, since reviewers are often people. If
 * that one is gone, the first of those that are there, unless it turns out to have asked.
 */
function tellsAfterMs({ config: { self }, isWarm, others }: ClaimsState, view: TaskView): number | undefined {
  const last = view.attempts.at(-1);
  const teller = last?.outcome === "rejected" ? last.holder : view.value?.by;
  if (teller === self) return 0;
  const isFirst = teller !== undefined && !others.has(teller) && [...others.keys()].every((other) => self < other);
  return isWarm && isFirst ? TELL_FOR_OTHERS_MS : undefined;
}

function onDue(state: ClaimsState, taskId: TaskId, due: Scheduled, nowMs: number): ClaimsDecision {
  const scheduled = state.scheduled.get(taskId);
  const task = state.open.get(taskId);
  if (scheduled?.purpose !== due.purpose || scheduled.token !== due.token) return { state, effects: [] };
  const next = withTimer(state, taskId, undefined);
  if (!task) return { state: next, effects: [] };
  const { deadlineMs } = task.view;
  const { token } = due;
  const plan = planFor(next, task);
  if (plan.type !== due.purpose || plan.token !== token) return replan(next, taskId);
  if (plan.type === "start") {
    return {
      state: { ...next, running: new Map(next.running).set(taskId, { token, isCancelled: false }) },
      effects: [{ type: "start", taskId, token }],
    };
  }
  const type = deadlineMs !== undefined && nowMs > deadlineMs ? "expire" : "claim";
  return { state: { ...next, claiming: new Set(next.claiming).add(taskId) }, effects: [{ type, taskId, token }] };
}

function onRefused(state: ClaimsState, event: Extract<ClaimsEvent, { type: "claim_refused" }>): ClaimsDecision {
  const { taskId, token, afterMs } = event;
  const answered = { ...state, claiming: dropped(state.claiming, taskId), suspects: dropped(state.suspects, taskId) };
  const next = withKnown(answered, event);
  const task = next.open.get(taskId);
  const plan = task && planFor(next, task);
  if (plan?.type !== "claim" || plan.token !== token) return replan(next, taskId);
  const scheduled: Scheduled = { purpose: "claim", token };
  return {
    state: withTimer(next, taskId, scheduled),
    effects: [{ type: "schedule", taskId, delayMs: afterMs, scheduled }],
  };
}

/** Remembers how work ended while its task is open: of one that is over nothing more is started. */
function withEnd(state: ClaimsState, { taskId, token, outcome }: Extract<ClaimsEvent, { type: "ended" }>): ClaimsState {
  const how = state.open.has(taskId) ? outcome : "parked";
  return {
    ...state,
    running: without(state.running, taskId),
    ended: how === "done" ? new Map(state.ended).set(taskId, token) : state.ended,
    suspended: how === "suspended" ? new Set(state.suspended).add(taskId) : dropped(state.suspended, taskId),
  };
}

/** Remembers a version that the entries have not told yet. */
function withKnown(state: ClaimsState, { taskId, version }: { taskId: TaskId; version?: number }): ClaimsState {
  const told = state.open.get(taskId)?.view.version;
  if (version === undefined || told === undefined || told >= version) return state;
  return { ...state, known: new Map(state.known).set(taskId, version) };
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
      if (scheduled?.purpose === plan.type && scheduled.token === plan.token) return { state, effects: [] };
      const wanted: Scheduled = { purpose: plan.type, token: plan.token };
      return {
        state: withTimer(state, taskId, wanted),
        effects: [{ type: "schedule", taskId, delayMs: plan.delayMs, scheduled: wanted }],
      };
    }
    case "release": {
      const { token, reason } = plan;
      const cleared = unschedule({ ...state, ended: new Map(state.ended).set(taskId, token) }, taskId);
      return { state: cleared.state, effects: [...cleared.effects, { type: "release", taskId, token, reason }] };
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

function dropped<K>(set: ReadonlySet<K>, key: K): ReadonlySet<K> {
  if (!set.has(key)) return set;
  const next = new Set(set);
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
