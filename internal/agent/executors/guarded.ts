import type { Clock, Timer } from "@bzzz/base";
import { BreakerOpenError, ServiceCircuitBreaker } from "@bzzz/runtime";
import { MAX_TIMER_MS } from "../constants.ts";
import { ExecutionStopped, ExecutorError } from "../errors.ts";
import type { ExecutionIo, ExecutionJob, ExecutionResult, Executor, PlanIo } from "../types.ts";

/** Starts that fail in a row before no more is claimed, the time in which they count, and the pause. */
const MAX_FAILURES = 3;
const FAILURE_WINDOW_MS = 60_000;
const OPEN_MS = 30_000;

/**
 * An executor whose means are gone (its program cannot be started) takes no more work for a while: the agent pauses its
 * claims, so that other agents get the tasks instead of their tries being spent here. Work that comes all the same is
 * given back. Dispose it with the agent.
 */
export class GuardedExecutor implements Executor, Disposable {
  readonly name: string;
  readonly #executor: Executor;
  readonly #breaker: ServiceCircuitBreaker;
  #resume: Timer | undefined;

  constructor(
    deps: {
      readonly clock: Pick<Clock, "monotonicMs" | "setTimer">;
      readonly executor: Executor;
      /** Claims pause, or may be made again: one of them then shows whether it works. */
      readonly onPaused: (isPaused: boolean) => void;
    },
  ) {
    const { clock, executor, onPaused } = deps;
    this.name = executor.name;
    this.#executor = executor;
    this.#breaker = new ServiceCircuitBreaker({ clock }, {
      serviceName: executor.name,
      maxFailures: MAX_FAILURES,
      failureWindowMs: FAILURE_WINDOW_MS,
      openMs: OPEN_MS,
      callTimeoutMs: MAX_TIMER_MS, // executors have limits of their own
      isFailure: (error) => error instanceof ExecutorError && error.code === "start_failed",
    });
    this.#breaker.events.on("breaker:opened", ({ retryAfterMs }) => {
      onPaused(true);
      this.#resume?.cancel();
      this.#resume = clock.setTimer(retryAfterMs, () => onPaused(false));
    });
  }

  async plan(job: ExecutionJob, io: PlanIo): Promise<string> {
    const executor = this.#executor;
    if (executor.plan) return await this.#guarded(async () => await executor.plan?.(job, io) ?? "");
    const why = `Cannot plan the task: the executor "${this.name}" makes no plans`;
    throw new ExecutorError("task_unfit", why, { isRetryable: false });
  }

  async run(job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult> {
    return await this.#guarded(() => this.#executor.run(job, io));
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      // the executor ends with `io.signal` by itself, when it has cleaned up
      return await this.#breaker.call(work);
    } catch (error) {
      throw error instanceof BreakerOpenError ? new ExecutionStopped("unavailable") : error;
    }
  }

  [Symbol.dispose](): void {
    this.#resume?.cancel();
  }
}
