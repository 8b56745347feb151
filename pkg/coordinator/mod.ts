/**
 * Tasks: their state machine as one table, folded from entries in any order; who tries first; what a node does about
 * claims. Everything here is pure: no clock, no chance, no I/O.
 *
 * ```ts
 * const board = new TaskBoard();
 * const change = board.add(entry);
 * if (change.type === "changed") {
 *   const { state, effects } = decideClaims(before, { type: "task", task: { view: change.view, isAwaitingPerson: false } });
 * }
 * ```
 *
 * @module
 */
export {
  type CancelReason,
  type ClaimsConfig,
  type ClaimsDecision,
  type ClaimsEffect,
  type ClaimsEvent,
  type ClaimsState,
  createClaimsState,
  decideClaims,
  type OpenTask,
  type Scheduled,
} from "./claims.ts";
export { usedSlots } from "./claim_plan.ts";
export * from "./constants.ts";
export { applyTaskEntry, compareEntries, earlierHoldersOf, foldTask, mayCancel, spentAttempts } from "./fold_task.ts";
export {
  type Candidate,
  isCapable,
  rankCandidates,
  rendezvousScore,
  type Requirements,
  winsContest,
} from "./rendezvous.ts";
export { type BoardChange, compareUrgency, TaskBoard } from "./task_board.ts";
export { carriesAuthor, createTaskId } from "./task_id.ts";
export { isFinished, type Transition, TRANSITIONS } from "./transitions.ts";
export {
  type AttemptOutcome,
  type AttemptView,
  type Authority,
  type EntryStamp,
  type SupersededResult,
  TASK_EVENTS,
  TASK_KINDS,
  TASK_STATES,
  type TaskEntry,
  taskEntryOf,
  type TaskEvent,
  type TaskKind,
  type TaskRefusal,
  type TaskState,
  type TaskView,
} from "./types.ts";
