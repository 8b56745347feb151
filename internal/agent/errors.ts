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
  /** The program could not be started. */
  | "start_failed"
  /** A person was asked in a way that cannot be answered, or too often. */
  | "ask_refused";

/** A task that was not done; `isRetryable` says whether another attempt makes sense. */
export class ExecutorError extends BzzzError<ExecutorErrorCode> {
  readonly isRetryable: boolean;

  constructor(code: ExecutorErrorCode, message: string, options: { isRetryable: boolean; cause?: unknown }) {
    super(code, message, options.cause === undefined ? {} : { cause: options.cause });
    this.isRetryable = options.isRetryable;
  }
}

/** Why the runner stops an execution. */
export type StopReason = "lost" | "cancelled" | "finished" | "parked" | "draining";

/** The reason of the signal an executor gets when it must stop. */
export class ExecutionStopped extends BzzzError<"execution_stopped"> {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super("execution_stopped", `Cannot go on with the task: ${reason}`);
    this.reason = reason;
  }
}
