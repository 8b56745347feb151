import { MAX_ATTEMPTS, RETRY_STEP_MS } from "./constants.ts";
import type { ClaimsState, OpenTask } from "./claims.ts";
import { earlierHoldersOf, spentAttempts } from "./fold_task.ts";
import { type Candidate, isCapable, rankCandidates } from "./rendezvous.ts";
import type { TaskView } from "./types.ts";

/** What a node wants for one open task now. */
export type ClaimPlan =
  | { readonly type: "none" }
  | { readonly type: "claim"; readonly attempt: number; readonly delayMs: number }
  | { readonly type: "start"; readonly attempt: number; readonly delayMs: number }
  | { readonly type: "release"; readonly attempt: number; readonly reason: string }
  | { readonly type: "exhaust"; readonly attempt: number };

const NONE: ClaimPlan = { type: "none" };

/** Pure: the plan follows from the state alone, so that it can be made again after any event. */
export function planFor(state: ClaimsState, task: OpenTask): ClaimPlan {
  if (state.running.has(task.view.taskId) || state.claiming.has(task.view.taskId)) return NONE;
  if (task.view.holder === state.config.self) return planOwn(state, task);
  if (task.view.holder === undefined) return planClaim(state, task.view);
  return mayTakeOver(state, task) ? planClaim(state, task.view) : NONE;
}

/** Tasks that use up one of `maxTasks`: running, being claimed, or claimed and about to start. */
export function usedSlots(state: ClaimsState): number {
  return new Set([...state.running.keys(), ...state.claiming.keys(), ...state.starting]).size;
}

function planOwn(state: ClaimsState, { view, isAwaitingPerson }: OpenTask): ClaimPlan {
  const { attempt, taskId } = view;
  if (state.ended.get(taskId) === attempt) return NONE;
  // A person's answer is waited for without a process and across restarts.
  if (isAwaitingPerson) return NONE;
  if (state.isDraining) {
    return view.state === "blocked" ? NONE : { type: "release", attempt, reason: "the agent is stopping" };
  }
  if (!state.isReady) return NONE;
  if (spentAttempts(view) >= MAX_ATTEMPTS) return { type: "exhaust", attempt };
  if (state.scheduled.get(taskId)?.purpose !== "start" && usedSlots(state) >= state.config.maxTasks) return NONE;
  return { type: "start", attempt, delayMs: state.config.settleMs };
}

function planClaim(state: ClaimsState, view: TaskView): ClaimPlan {
  const { config } = state;
  const attempt = view.attempt + 1;
  if (state.isDraining || !state.isReady || (state.claimed.get(view.taskId) ?? 0) >= attempt) return NONE;
  if (!isCapable(view, config)) return NONE;
  const used = usedSlots(state);
  if (used >= config.maxTasks) return NONE;
  const scheduled = state.scheduled.get(view.taskId);
  // The rank counts when the wait begins; it needs no hashing again afterwards.
  if (scheduled?.purpose === "claim" && scheduled.attempt === attempt) return { type: "claim", attempt, delayMs: 0 };
  const self: Candidate = {
    peer: config.self,
    role: config.role,
    capabilities: config.capabilities,
    activeTasks: used,
    maxTasks: config.maxTasks,
    weight: config.maxTasks,
  };
  const ranked = rankCandidates({ ...view, earlierHolders: earlierHoldersOf(view) }, [self, ...state.others.values()]);
  const waitMs = view.holder === undefined ? spentAttempts(view) * RETRY_STEP_MS : config.leaseMs;
  return { type: "claim", attempt, delayMs: waitMs + ranked.indexOf(self) * config.stepMs };
}

/** The holder is known to be gone, and there is something to do that it does not do. */
function mayTakeOver(state: ClaimsState, { view, isAwaitingPerson }: OpenTask): boolean {
  return state.isWarm && view.holder !== undefined && !state.others.has(view.holder) && !isAwaitingPerson;
}
