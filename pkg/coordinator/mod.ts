/**
 * Tasks: their state machine as one table; the rules by which voters decide; what the decisions and the entries beside
 * them tell, in any order; who tries first; what a node does about claims. Everything here is pure: no clock, no chance,
 * no I/O.
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
export { checkTask, type FactRefusal, isTransient, type TaskCheck, type TaskQuestion, termsOf } from "./check_task.ts";
export { decideClaims } from "./claims.ts";
export {
  type CancelReason,
  type ClaimsConfig,
  type ClaimsDecision,
  type ClaimsEffect,
  type ClaimsEvent,
  type ClaimsState,
  createClaimsState,
  type OpenTask,
  type Scheduled,
} from "./claims_types.ts";
export { usedSlots } from "./claim_plan.ts";
export * from "./constants.ts";
export { decideTask, eventOf, type TaskDecision, type TaskRefusal } from "./decide_task.ts";
export { earlierHoldersOf, foldTask } from "./fold_task.ts";
export { mayReview, maySteer } from "./permissions.ts";
export { type Candidate, isCapable, rankCandidates, rendezvousScore, type Requirements } from "./rendezvous.ts";
export { checkRights, type EffectiveRights, effectiveRights, type RightsRefusal, type TaskBudget } from "./rights.ts";
export { TASK_EVENTS, TASK_STATES, type TaskEvent, type TaskState, type TransitionRefusal } from "./states.ts";
export { commandFor, type PostReference, type TaskAct } from "./task_act.ts";
export { type BoardChange, compareUrgency, TaskBoard, type TaskBoardOptions } from "./task_board.ts";
export type { EntryFact, PlanFact, PostFact, RequestFact, TaskFacts } from "./task_facts.ts";
export {
  addUse,
  budgetLeft,
  type BudgetLimit,
  budgetLimits,
  type Claimed,
  exceededLimit,
  NO_USE,
  type ReportedUse,
  type TaskTree,
  type TaskUse,
  usedBy,
} from "./task_use.ts";
export { carriesAuthor, createTaskId } from "./task_id.ts";
export { compareEntries } from "./task_record.ts";
export { createTaskRules, TASK_KEY_PREFIX, taskKey, type TaskRegister } from "./task_rules.ts";
export {
  MAX_LEASE_MS,
  MIN_LEASE_MS,
  TASK_COMMAND_CODEC,
  TASK_VALUE_CODEC,
  type TaskCommand,
  type TaskTerms,
  type TaskValue,
} from "./task_value.ts";
export { type ShortBody, type TaskTexts, taskTextsOf } from "./task_texts.ts";
export { isFinished, isHeld, type Transition, TRANSITIONS } from "./transitions.ts";
export {
  type AttemptOutcome,
  type AttemptView,
  type Authority,
  type DecidedEntry,
  type DecisionReader,
  type EntryStamp,
  type SupersededResult,
  TASK_KINDS,
  type TaskEntry,
  taskEntryOf,
  type TaskKind,
  type TaskView,
  type ToldKind,
  type UndecidedResult,
} from "./types.ts";
