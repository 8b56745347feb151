import { type Clock, sleepOn, type Timer } from "@bzzz/base";
import type { EventLoop } from "./event_loop.ts";

/** How a node's clocks differ from true time. */
export interface ClockSkew {
  /** Milliseconds its monotonic clock counts in one true millisecond; 1 is right. */
  readonly rate: number;
  /** What its wall clock is ahead. */
  readonly wallOffsetMs: number;
}

/** `running`; `stopped`: SIGSTOP, its clocks go on; `asleep`: a suspended laptop, its monotonic clock stands still. */
export type HostState = "down" | "running" | "stopped" | "asleep";

/** Wall time at the start of every run. */
const START_MS = Date.UTC(2026, 0, 1);

/**
 * One machine with one process: it crashes and starts again, is stopped, sleeps, and has clocks of its own. What a process
 * planned dies with it; what falls due while it is stopped happens when it goes on.
 */
export class NodeHost {
  readonly name: string;
  readonly #loop: EventLoop;
  readonly #skew: ClockSkew;
  #state: HostState = "down";
  #incarnation = 0;
  #wallJumpMs = 0;
  /** True time that the monotonic clock did not see, and since when it stands still. */
  #sleptMs = 0;
  #sleepsSinceMs = 0;
  #postponed: (() => void)[] = [];

  constructor(loop: EventLoop, options: ClockSkew & { readonly name: string }) {
    this.#loop = loop;
    this.#skew = options;
    this.name = options.name;
  }

  get state(): HostState {
    return this.#state;
  }

  /** Counts the starts; what belongs to an earlier one is dead. */
  get incarnation(): number {
    return this.#incarnation;
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  start(): void {
    this.#state = "running";
    this.#incarnation++;
  }

  /** kill -9 or a power cut: nothing that was planned happens. */
  crash(): void {
    this.#wake();
    this.#state = "down";
    this.#incarnation++;
    this.#postponed = [];
  }

  pause(how: "stopped" | "asleep"): void {
    if (this.#state !== "running") return;
    this.#state = how;
    this.#sleepsSinceMs = this.#loop.nowMs;
  }

  resume(): void {
    if (this.#state !== "stopped" && this.#state !== "asleep") return;
    this.#wake();
    this.#state = "running";
    const postponed = this.#postponed;
    this.#postponed = [];
    for (const work of postponed) this.later(0, work);
  }

  /** Somebody sets this machine's wall clock. */
  jumpWall(byMs: number): void {
    this.#wallJumpMs += byMs;
  }

  /** Runs `work` in this process after true `delayMs`: never once it crashed, later while it does not run. */
  later(delayMs: number, work: () => void): Timer {
    const incarnation = this.#incarnation;
    const attempt = (): void => {
      if (incarnation !== this.#incarnation) return;
      if (this.isRunning) work();
      else this.#postponed.push(attempt);
    };
    return this.#loop.later(delayMs, attempt);
  }

  monotonicMs(): number {
    const asleepMs = this.#state === "asleep" ? this.#loop.nowMs - this.#sleepsSinceMs : 0;
    return (this.#loop.nowMs - this.#sleptMs - asleepMs) * this.#skew.rate;
  }

  /** As `monotonicMs`, but it goes on while the machine sleeps (Linux: CLOCK_BOOTTIME). */
  awakeMs(): number {
    return this.#loop.nowMs * this.#skew.rate;
  }

  /** What no node knows. */
  trueMs(): number {
    return this.#loop.nowMs;
  }

  /** The true time at which `awakeMs` is this. */
  trueMsOf(awakeMs: number): number {
    return awakeMs / this.#skew.rate;
  }

  wallMs(): number {
    const driftMs = this.#loop.nowMs * (this.#skew.rate - 1);
    return Math.floor(START_MS + this.#skew.wallOffsetMs + this.#wallJumpMs + this.#loop.nowMs + driftMs);
  }

  /** The clock of the process that runs now; its timers end with it. */
  createClock(): Clock {
    const setTimer = (delayMs: number, fn: () => void): Timer => this.#timer(delayMs, fn);
    return {
      nowMs: () => this.wallMs(),
      monotonicMs: () => this.monotonicMs(),
      setTimer,
      setPeriodic: (periodMs, fn) => this.#periodic(periodMs, fn),
      sleep: (delayMs, options) => sleepOn({ setTimer }, delayMs, options?.signal),
    };
  }

  #timer(delayMs: number, fn: () => void): Timer {
    const dueMs = this.monotonicMs() + Math.max(0, delayMs);
    let isCancelled = false;
    let pending: Timer | undefined;
    const wait = (): void => {
      const leftMs = dueMs - this.monotonicMs();
      pending = this.later(leftMs / this.#skew.rate, () => {
        if (isCancelled) return;
        // A sleep moved the due time; the tolerance is for fractions that floating point loses.
        if (this.monotonicMs() < dueMs - 1e-6) wait();
        else fn();
      });
    };
    wait();
    return {
      cancel: () => {
        isCancelled = true;
        pending?.cancel();
      },
    };
  }

  #periodic(periodMs: number, fn: () => void): Timer {
    let current: Timer;
    const plan = (): void => {
      current = this.#timer(periodMs, () => {
        plan();
        fn();
      });
    };
    plan();
    return { cancel: () => current.cancel() };
  }

  #wake(): void {
    if (this.#state === "asleep") this.#sleptMs += this.#loop.nowMs - this.#sleepsSinceMs;
  }
}
