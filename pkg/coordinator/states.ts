/** Where a task stands. */
export const TASK_STATES = [
  /** Open to be claimed. */
  "announced",
  /** Held; nothing has begun. */
  "claimed",
  /** Held; the holder writes its plan. */
  "planning",
  /** Held; the plan is out, and others may object. */
  "discussing",
  /** Held; the work goes on. */
  "executing",
  /** Held; the work waits for people. */
  "blocked",
  /** Done by its holder, who let go of it; a reviewer must accept. */
  "review",
  "completed",
  "failed",
  "cancelled",
  /** Its deadline passed before its end; `retry` announces it again. */
  "expired",
] as const;
/** One of `TASK_STATES`. */
export type TaskState = (typeof TASK_STATES)[number];

/** What a command means to the state machine, once the value before it is known. */
export const TASK_EVENTS = [
  "claim",
  /** A claim that begins at once, of a task that wants no plan. */
  "claim_begin",
  /** Another claims a held task whose lease is over. */
  "take_over",
  "take_over_begin",
  /** The same, when the lost attempt was the last: the task has failed. */
  "take_over_final",
  "renew",
  /** The holder begins to plan, or goes back to it after an objection. */
  "plan",
  /** The plan is told; the objection window begins. */
  "propose",
  "begin",
  "block",
  /** One of several answers is there. */
  "resume",
  /** The last answer is there, and the work goes on where it stopped. */
  "resume_work",
  "resume_discussion",
  "complete",
  /** The same, for a task that is reviewed. */
  "submit",
  "accept",
  "reject_retry",
  "reject_final",
  "fail_retry",
  "fail_final",
  "release",
  "cancel",
  "expire",
  "retry",
] as const;
/** One of `TASK_EVENTS`. */
export type TaskEvent = (typeof TASK_EVENTS)[number];

/** Why a command of the table changes nothing. */
export type TransitionRefusal =
  | "already_finished"
  | "already_held"
  | "in_review"
  | "not_begun"
  | "not_blocked"
  | "not_finished"
  | "not_held"
  | "not_in_review"
  | "not_planning"
  | "is_blocked"
  | "already_begun"
  | "deadline_open";
