import { RESUME_DELAY_MS, RETRY_STEP_MS } from "./constants.ts";
import type { ClaimsState, OpenTask } from "./claims_types.ts";
import { earlierHoldersOf } from "./fold_task.ts";
import { type Candidate, isCapable, rankCandidates } from "./rendezvous.ts";
import type { TaskView } from "./types.ts";

/** What a node wants for one open task now. `token` is the task's as the node knows it. */
export type ClaimPlan =
  | { readonly type: "none" }
  | { readonly type: "claim"; readonly token: number; readonly delayMs: number }
  | { readonly type: "start"; readonly token: number; readonly delayMs: number }
  | { readonly type: "release"; readonly token: number; readonly reason: string };

const NONE: ClaimPlan = { type: "none" };

/** Pure: the plan follows from the state alone, so that it can be made again after any event. */
export function planFor(state: ClaimsState, task: OpenTask): ClaimPlan {
  const { taskId, version, holder } = task.view;
  if (state.running.has(taskId) || state.claiming.has(taskId)) return NONE;
  // a voter has told of a newer value than the entries do: what follows from them is old
  if (version < (state.known.get(taskId) ?? 0)) return NONE;
  if (holder === state.config.self) return planOwn(state, task);
  if (task.view.state === "announced") return planClaim(state, task);
  return mayTakeOver(state, task) ? planClaim(state, task) : NONE;
}

/** Tasks that use up one of `maxTasks`: running, being claimed, or claimed and about to start. */
export function usedSlots(state: ClaimsState): number {
  return new Set([...state.running.keys(), ...state.claiming, ...state.starting]).size;
}

function planOwn(state: ClaimsState, { view, isAwaitingPerson }: OpenTask): ClaimPlan {
  const { token, taskId } = view;
  if (state.ended.get(taskId) === token) return NONE;
  // A person's answer is waited for without a process and across restarts.
  if (isAwaitingPerson) return NONE;
  if (state.isDraining) {
    // what is done already is decided at the next start, what waits for people is kept
    if (view.state === "blocked" || view.undecided) return NONE;
    return { type: "release", token, reason: "the agent is stopping" };
  }
  if (!state.isReady) return NONE;
  if (state.scheduled.get(taskId)?.purpose !== "start" && usedSlots(state) >= state.config.maxTasks) return NONE;
  return { type: "start", token, delayMs: state.suspended.has(taskId) ? RESUME_DELAY_MS : 0 };
}

function planClaim(state: ClaimsState, { view, hasOpenDependencies }: OpenTask): ClaimPlan {
  const { config } = state;
  const { token } = view;
  if (state.isDraining || !state.isReady || hasOpenDependencies) return NONE;
  if (!isCapable(view, config)) return NONE;
  const used = usedSlots(state);
  if (used >= config.maxTasks) return NONE;
  const scheduled = state.scheduled.get(view.taskId);
  // The rank counts when the wait begins; it needs no hashing again afterwards.
  if (scheduled?.purpose === "claim" && scheduled.token === token) return { type: "claim", token, delayMs: 0 };
  const self: Candidate = {
    peer: config.self,
    role: config.role,
    capabilities: config.capabilities,
    activeTasks: used,
    maxTasks: config.maxTasks,
    weight: config.maxTasks,
  };
  const ranked = rankCandidates({ ...view, earlierHolders: earlierHoldersOf(view) }, [self, ...state.others.values()]);
  return { type: "claim", token, delayMs: waitMs(view) + ranked.indexOf(self) * config.stepMs };
}

function waitMs(view: TaskView): number {
  return view.holder === undefined ? view.spent * RETRY_STEP_MS : 0;
}

/**
 * The holder seems to be gone, and there is something to do that it does not do. Whether it is, the voters say: they keep
 * the lease, and refuse until it is over.
 */
function mayTakeOver(state: ClaimsState, { view, isAwaitingPerson }: OpenTask): boolean {
  if (view.holder === undefined || isAwaitingPerson) return false;
  return state.suspects.has(view.taskId) || (state.isWarm && !state.others.has(view.holder));
}
