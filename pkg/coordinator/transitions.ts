import type { TaskEvent, TaskRefusal, TaskState } from "./types.ts";

/** A cell of the table: the next state, or why there is none. */
export type Transition = { readonly to: TaskState } | { readonly refuse: TaskRefusal };

const to = (state: TaskState): Transition => ({ to: state });
const refuse = (reason: TaskRefusal): Transition => ({ refuse: reason });

const FINISHED: Readonly<Record<TaskEvent, Transition>> = {
  claim: refuse("already_finished"),
  contest: refuse("already_finished"),
  progress: refuse("already_finished"),
  block: refuse("already_finished"),
  resume: refuse("already_finished"),
  resume_last: refuse("already_finished"),
  complete: refuse("already_finished"),
  fail_retry: refuse("already_finished"),
  fail_final: refuse("already_finished"),
  release: refuse("already_finished"),
  cancel: refuse("already_finished"),
};

/**
 * The life of a task, all of it: state × event → state or a named refusal. A `claim` of a held task is a takeover from
 * an absent holder; a `contest` is a rival claim of the same attempt that ranks higher.
 */
export const TRANSITIONS: Readonly<Record<TaskState, Readonly<Record<TaskEvent, Transition>>>> = {
  announced: {
    claim: to("claimed"),
    contest: refuse("not_held"),
    progress: refuse("not_held"),
    block: refuse("not_held"),
    resume: refuse("not_held"),
    resume_last: refuse("not_held"),
    complete: refuse("not_held"),
    fail_retry: refuse("not_held"),
    fail_final: refuse("not_held"),
    release: refuse("not_held"),
    cancel: to("cancelled"),
  },
  claimed: {
    claim: to("claimed"),
    contest: to("claimed"),
    progress: to("executing"),
    block: to("blocked"),
    resume: refuse("not_blocked"),
    resume_last: refuse("not_blocked"),
    complete: to("completed"),
    fail_retry: to("announced"),
    fail_final: to("failed"),
    release: to("announced"),
    cancel: to("cancelled"),
  },
  executing: {
    claim: to("claimed"),
    contest: to("claimed"),
    progress: to("executing"),
    block: to("blocked"),
    resume: refuse("not_blocked"),
    resume_last: refuse("not_blocked"),
    complete: to("completed"),
    fail_retry: to("announced"),
    fail_final: to("failed"),
    release: to("announced"),
    cancel: to("cancelled"),
  },
  blocked: {
    claim: to("claimed"),
    contest: to("claimed"),
    progress: to("blocked"),
    block: to("blocked"),
    resume: to("blocked"),
    resume_last: to("executing"),
    complete: to("completed"),
    fail_retry: to("announced"),
    fail_final: to("failed"),
    release: to("announced"),
    cancel: to("cancelled"),
  },
  completed: FINISHED,
  failed: FINISHED,
  cancelled: FINISHED,
};

/** True for states that nothing leaves. */
export function isFinished(state: TaskState): boolean {
  return TRANSITIONS[state] === FINISHED;
}
