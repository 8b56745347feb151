import type { Clock, Timer } from "@bzzz/base";
import { MAX_TIMER_MS } from "./constants.ts";
import { ExecutorError } from "./errors.ts";

/** When work has to end, by its task. */
export interface WorkLimitsOptions {
  /** Wall clock; what comes later is of no use to whoever set it. */
  readonly deadlineMs?: number | undefined;
  /** Milliseconds that the post allows, the waiting for people in it. */
  readonly timeMs?: number | undefined;
  /** Called once, with what to tell. */
  readonly onExceeded: (error: ExecutorError) => void;
}

/** The deadline of a task and its budget of time, watched while work on it goes on. Dispose it when that is over. */
export class WorkLimits implements Disposable {
  readonly #clock: Pick<Clock, "nowMs" | "setTimer">;
  readonly #onExceeded: (error: ExecutorError) => void;
  #deadlineTimer: Timer | undefined;
  #budgetTimer: Timer | undefined;

  constructor(clock: Pick<Clock, "nowMs" | "setTimer">, { deadlineMs, timeMs, onExceeded }: WorkLimitsOptions) {
    this.#clock = clock;
    this.#onExceeded = onExceeded;
    if (timeMs !== undefined && timeMs <= MAX_TIMER_MS) {
      this.#budgetTimer = clock.setTimer(timeMs, () => this.#exceeded(`its ${timeMs} ms are used up`));
    }
    if (deadlineMs !== undefined) this.#watchDeadline(deadlineMs);
  }

  [Symbol.dispose](): void {
    this.#deadlineTimer?.cancel();
    this.#budgetTimer?.cancel();
  }

  #watchDeadline(deadlineMs: number): void {
    const leftMs = deadlineMs - this.#clock.nowMs();
    if (leftMs < 0) return this.#exceeded(`its deadline ${new Date(deadlineMs).toISOString()} has passed`);
    const waitMs = Math.min(leftMs + 1, MAX_TIMER_MS);
    this.#deadlineTimer = this.#clock.setTimer(waitMs, () => this.#watchDeadline(deadlineMs));
  }

  #exceeded(state: string): void {
    this[Symbol.dispose]();
    const message = `Cannot go on with the task: ${state}`;
    this.#onExceeded(new ExecutorError("limit_exceeded", message, { isRetryable: false }));
  }
}
