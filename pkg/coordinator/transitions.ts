import type { TaskEvent, TaskState, TransitionRefusal } from "./states.ts";

/** A cell of the table: the next state, or why there is none. */
export type Transition = { readonly to: TaskState } | { readonly refuse: TransitionRefusal };
type Row = Readonly<Record<TaskEvent, Transition>>;

const to = (state: TaskState): Transition => ({ to: state });
const no = (reason: TransitionRefusal): Transition => ({ refuse: reason });
const ended = no("already_finished");

const FINISHED: Row = {
  claim: ended,
  claim_begin: ended,
  take_over: ended,
  take_over_begin: ended,
  take_over_final: ended,
  renew: ended,
  plan: ended,
  propose: ended,
  begin: ended,
  block: ended,
  resume: ended,
  resume_work: ended,
  resume_discussion: ended,
  complete: ended,
  submit: ended,
  accept: ended,
  reject_retry: ended,
  reject_final: ended,
  fail_retry: ended,
  fail_final: ended,
  release: ended,
  cancel: ended,
  expire: ended,
  retry: to("announced"),
};

/** What every held state has in common. */
const HELD = {
  claim: no("already_held"),
  claim_begin: no("already_held"),
  take_over: to("claimed"),
  take_over_begin: to("executing"),
  take_over_final: to("failed"),
  resume: no("not_blocked"),
  resume_work: no("not_blocked"),
  resume_discussion: no("not_blocked"),
  accept: no("not_in_review"),
  reject_retry: no("not_in_review"),
  reject_final: no("not_in_review"),
  fail_retry: to("announced"),
  fail_final: to("failed"),
  release: to("announced"),
  cancel: to("cancelled"),
  expire: to("expired"),
  retry: no("not_finished"),
} as const satisfies Partial<Row>;

const FREE = {
  renew: no("not_held"),
  plan: no("not_held"),
  propose: no("not_held"),
  begin: no("not_held"),
  block: no("not_held"),
  resume: no("not_held"),
  resume_work: no("not_held"),
  resume_discussion: no("not_held"),
  complete: no("not_held"),
  submit: no("not_held"),
  fail_retry: no("not_held"),
  fail_final: no("not_held"),
  release: no("not_held"),
  cancel: to("cancelled"),
  retry: no("not_finished"),
} as const satisfies Partial<Row>;

/**
 * The life of a task, all of it: state × event → state or a named refusal. Who may cause an event, with which token and
 * under which facts, is not in the table: see `decideTask` and `checkTask`.
 */
export const TRANSITIONS: Readonly<Record<TaskState, Row>> = {
  announced: {
    ...FREE,
    claim: to("claimed"),
    claim_begin: to("executing"),
    take_over: no("not_held"),
    take_over_begin: no("not_held"),
    take_over_final: no("not_held"),
    accept: no("not_in_review"),
    reject_retry: no("not_in_review"),
    reject_final: no("not_in_review"),
    expire: to("expired"),
  },
  claimed: {
    ...HELD,
    renew: to("claimed"),
    plan: to("planning"),
    propose: no("not_planning"),
    begin: to("executing"),
    block: no("not_begun"),
    complete: no("not_begun"),
    submit: no("not_begun"),
  },
  planning: {
    ...HELD,
    renew: to("planning"),
    plan: to("planning"),
    propose: to("discussing"),
    begin: no("not_planning"),
    block: no("not_begun"),
    complete: no("not_begun"),
    submit: no("not_begun"),
  },
  discussing: {
    ...HELD,
    renew: to("discussing"),
    plan: to("planning"),
    propose: no("not_planning"),
    begin: to("executing"),
    block: to("blocked"),
    complete: no("not_begun"),
    submit: no("not_begun"),
  },
  executing: {
    ...HELD,
    renew: to("executing"),
    plan: no("already_begun"),
    propose: no("already_begun"),
    begin: no("already_begun"),
    block: to("blocked"),
    complete: to("completed"),
    submit: to("review"),
  },
  blocked: {
    ...HELD,
    renew: to("blocked"),
    plan: no("is_blocked"),
    propose: no("is_blocked"),
    begin: no("is_blocked"),
    block: to("blocked"),
    resume: to("blocked"),
    resume_work: to("executing"),
    resume_discussion: to("discussing"),
    complete: no("is_blocked"),
    submit: no("is_blocked"),
  },
  review: {
    ...FREE,
    claim: no("in_review"),
    claim_begin: no("in_review"),
    take_over: no("in_review"),
    take_over_begin: no("in_review"),
    take_over_final: no("in_review"),
    accept: to("completed"),
    reject_retry: to("announced"),
    reject_final: to("failed"),
    expire: no("in_review"),
  },
  completed: { ...FINISHED, retry: ended },
  failed: FINISHED,
  cancelled: FINISHED,
  expired: FINISHED,
};

const FINISHED_STATES: ReadonlySet<TaskState> = new Set(["completed", "failed", "cancelled", "expired"]);

/** True for states that only a retry leaves. */
export function isFinished(state: TaskState): boolean {
  return FINISHED_STATES.has(state);
}

const HELD_STATES: ReadonlySet<TaskState> = new Set(["claimed", "planning", "discussing", "executing", "blocked"]);

/** True for states in which somebody holds the task. */
export function isHeld(state: TaskState): boolean {
  return HELD_STATES.has(state);
}
