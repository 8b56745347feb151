import type { Clock, Timer } from "@bzzz/base";

/** Measures how late the event loop runs its timers. Start it once; stop it or its timer stays. */
export class EventLoopMonitor implements Disposable {
  readonly #clock: Pick<Clock, "monotonicMs" | "setPeriodic">;
  readonly #periodMs: number;
  #timer: Timer | undefined;
  #lastTickMs = 0;
  #lastLagMs = 0;
  #maxLagMs = 0;

  /** `periodMs` between measurements, 500 unless told. */
  constructor(deps: { clock: Pick<Clock, "monotonicMs" | "setPeriodic"> }, options: { periodMs?: number } = {}) {
    this.#clock = deps.clock;
    this.#periodMs = options.periodMs ?? 500;
  }

  /** Idempotent. */
  start(): void {
    if (this.#timer) return;
    this.#lastTickMs = this.#clock.monotonicMs();
    this.#timer = this.#clock.setPeriodic(this.#periodMs, () => this.#tick(), { unref: true });
  }

  /**
   * How late the loop is now, in milliseconds: the lateness of the last tick, or that of the tick that is overdue if it is worse.
   * One hiccup is forgotten at the next tick, so that a probe sees what is, not what was.
   */
  lagMs(): number {
    if (!this.#timer) return 0;
    return Math.max(this.#lastLagMs, this.#overdueMs());
  }

  /** The worst lag since the last call of this; for a gauge that a scraper reads. */
  takeMaxLagMs(): number {
    const max = Math.max(this.#maxLagMs, this.lagMs());
    this.#maxLagMs = 0;
    return max;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #overdueMs(): number {
    return Math.max(0, this.#clock.monotonicMs() - this.#lastTickMs - this.#periodMs);
  }

  #tick(): void {
    this.#lastLagMs = this.#overdueMs();
    this.#maxLagMs = Math.max(this.#maxLagMs, this.#lastLagMs);
    this.#lastTickMs = this.#clock.monotonicMs();
  }
}
