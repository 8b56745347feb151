import type { Clock, Timer } from "@bzzz/base";

/** Counts down working time: the clock stands still while the work waits for a person. */
export class WorkTimer {
  readonly #clock: Pick<Clock, "monotonicMs" | "setTimer">;
  readonly #onExpired: () => void;
  #leftMs: number;
  #pauses = 0;
  #running: { readonly timer: Timer; readonly sinceMs: number } | undefined;
  #isDone = false;

  constructor(clock: Pick<Clock, "monotonicMs" | "setTimer">, options: { budgetMs: number; onExpired: () => void }) {
    this.#clock = clock;
    this.#leftMs = options.budgetMs;
    this.#onExpired = options.onExpired;
    this.#resume();
  }

  /** Stops the countdown until as many `resume` calls have come. */
  pause(): void {
    this.#pauses++;
    if (!this.#running) return;
    this.#running.timer.cancel();
    this.#leftMs -= this.#clock.monotonicMs() - this.#running.sinceMs;
    this.#running = undefined;
  }

  resume(): void {
    this.#pauses = Math.max(0, this.#pauses - 1);
    this.#resume();
  }

  [Symbol.dispose](): void {
    this.#isDone = true;
    this.#running?.timer.cancel();
    this.#running = undefined;
  }

  #resume(): void {
    if (this.#pauses > 0 || this.#running || this.#isDone) return;
    const timer = this.#clock.setTimer(Math.max(0, this.#leftMs), this.#onExpired);
    this.#running = { timer, sinceMs: this.#clock.monotonicMs() };
  }
}
