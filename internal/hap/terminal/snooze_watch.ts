import type { Clock, Timer } from "@bzzz/base";

/** Asks that are put off at once; the one that comes back last goes first. */
const MAX_PUT_OFF = 1_000;
/** Timers of the runtime end after 24 days; a longer time is waited for in steps. */
const MAX_STEP_MS = 3_600_000;

/** Tells when asks that were put off come back, each once. Stop it. */
export class SnoozeWatch {
  readonly #clock: Pick<Clock, "nowMs" | "setTimer">;
  readonly #back: (requestId: string) => void;
  /** Wall time by id. */
  readonly #ends = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(clock: Pick<Clock, "nowMs" | "setTimer">, back: (requestId: string) => void) {
    this.#clock = clock;
    this.#back = back;
  }

  /** Until when an ask is put off now, wall time; undefined: it is not, or is closed, and nothing is told of it. */
  note(requestId: string, untilMs: number | undefined): void {
    const known = this.#ends.get(requestId);
    if (known === untilMs) return;
    if (untilMs === undefined && known !== undefined && known <= this.#clock.nowMs()) return; // it is told in this moment
    this.#ends.delete(requestId);
    if (untilMs !== undefined) this.#ends.set(requestId, untilMs);
    if (this.#ends.size > MAX_PUT_OFF) {
      const [[last] = []] = [...this.#ends].sort(([, a], [, b]) => b - a);
      if (last !== undefined) this.#ends.delete(last);
    }
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#ends.clear();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#ends.size === 0) return;
    const leftMs = Math.min(...this.#ends.values()) - this.#clock.nowMs();
    this.#timer = this.#clock.setTimer(Math.max(0, Math.min(leftMs, MAX_STEP_MS)), () => this.#look());
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    const due = [...this.#ends].filter(([, untilMs]) => untilMs <= nowMs).map(([id]) => id);
    for (const id of due) this.#ends.delete(id);
    this.#arm();
    for (const id of due) this.#back(id);
  }
}
