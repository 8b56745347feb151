import { BzzzError } from "@bzzz/base";

/** Why a task could not be done. */
export type ExecutorErrorCode =
  /** The task itself is unfit: its input, or no command for it. Trying again is of no use. */
  | "task_unfit"
  /** The work said that it failed. */
  | "work_failed"
  /** The program broke the protocol, or ended without a result. */
  | "protocol_broken"
  /** Time, output or memory. */
  | "limit_exceeded"
  /** More tokens or money than the task may use; people are asked. */
  | "budget_exhausted"
  /** The program could not be started. */
  | "start_failed"
  /** The voters do not let it go on: an objection stands, or a fact is not as the holder says. */
  | "not_permitted"
  /** A person was asked in a way that cannot be answered, or too often. */
  | "ask_refused";

/** A task that was not done; `isRetryable` says whether another attempt makes sense. */
export class ExecutorError extends BzzzError<ExecutorErrorCode> {
  readonly isRetryable: boolean;

  constructor(
    code: ExecutorErrorCode,
    message: string,
    options: { isRetryable: boolean; cause?: unknown; details?: Readonly<Record<string, string | number>> },
  ) {
    const { cause, details } = options;
    super(code, message, { ...(cause === undefined ? {} : { cause }), ...(details ? { details } : {}) });
    this.isRetryable = options.isRetryable;
  }
}

/** Why the runner stops an execution. */
export type StopReason =
  | "lost"
  | "cancelled"
  | "finished"
  | "parked"
  | "draining"
  /** The lease could not be renewed in time; the work may go on if nobody else has taken the task. */
  | "suspended"
  /** The executor has lost its means; another agent may have them. */
  | "unavailable";

/** The reason of the signal an executor gets when it must stop. */
export class ExecutionStopped extends BzzzError<"execution_stopped"> {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super("execution_stopped", `Cannot go on with the task: ${reason}`);
    this.reason = reason;
  }
}
