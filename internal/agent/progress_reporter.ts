import type { Clock, Timer } from "@bzzz/base";
import type { BodyOf } from "@bzzz/wire";
import { LATE_STEP_MS, MAX_PROGRESS_ENTRIES, PROGRESS_STEP_MS } from "./constants.ts";

/** One step, as an executor reports it. */
export type ProgressStep = Pick<BodyOf<"task_progress">, "percent" | "text">;

const MAX_TEXT_CHARACTERS = 4096;

/** What is told when the work begins. */
export const STARTED: ProgressStep = { percent: 0, text: "started" };

/**
 * Merges reports that come too fast, and ends them when there were too many; what has changed beside them is told on, once
 * a minute. Close it before the result is told.
 */
export class ProgressReporter {
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #tell: (step: ProgressStep) => void;
  #last: ProgressStep = STARTED;
  #next: ProgressStep | undefined;
  #timer: Timer | undefined;
  #count = 0;
  #isClosed = false;

  constructor(deps: { readonly clock: Pick<Clock, "setTimer">; readonly tell: (step: ProgressStep) => void }) {
    this.#clock = deps.clock;
    this.#tell = deps.tell;
  }

  report(percent: number | undefined, text: string): void {
    if (this.#isClosed || this.#count >= MAX_PROGRESS_ENTRIES) return;
    this.#last = { ...(percent === undefined ? {} : { percent }), text: text.slice(0, MAX_TEXT_CHARACTERS) };
    this.#tellAfter(PROGRESS_STEP_MS);
  }

  /** The step that was reported last; the beginning before the first. */
  get last(): ProgressStep {
    return this.#last;
  }

  /** Has the last step told again, with what has changed beside it. */
  again(): void {
    if (!this.#isClosed) this.#tellAfter(this.#count < MAX_PROGRESS_ENTRIES ? PROGRESS_STEP_MS : LATE_STEP_MS);
  }

  /** Takes nothing more; what waits is told by `flush` or never. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  /** Tells what waits. */
  flush(): void {
    const step = this.#next;
    this.#next = undefined;
    if (!step) return;
    this.#count++;
    this.#tell(step);
  }

  #tellAfter(delayMs: number): void {
    this.#next = this.#last;
    this.#timer ??= this.#clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.flush();
    });
  }
}
