import type { Clock, TaskId, Timer } from "@bzzz/base";

/** One timer a task at most: a new one takes the place of the one before. */
export class TaskTimers {
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #timers = new Map<TaskId, Timer>();

  constructor(clock: Pick<Clock, "setTimer">) {
    this.#clock = clock;
  }

  set(taskId: TaskId, delayMs: number, fn: () => void): void {
    this.cancel(taskId);
    const onDue = () => {
      this.#timers.delete(taskId);
      fn();
    };
    this.#timers.set(taskId, this.#clock.setTimer(delayMs, onDue));
  }

  cancel(taskId: TaskId): void {
    this.#timers.get(taskId)?.cancel();
    this.#timers.delete(taskId);
  }

  /** Cancels all of them. */
  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
