/**
 * Clocks, chance and waiting for tests.
 *
 * @module
 */
import { type Clock, createSystemClock, sleepOn, type Timer } from "./clock.ts";
import type { Random } from "./random.ts";

interface Pending {
  atMs: number;
  order: number;
  periodMs: number | undefined;
  fn: () => void;
}

/** A clock that stands still until `advance`. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Timers that wait. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  setTimer(delayMs: number, fn: () => void): Timer {
    return this.#add({ atMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, periodMs: undefined, fn });
  }

  setPeriodic(periodMs: number, fn: () => void): Timer {
    return this.#add({ atMs: this.#monotonicMs + periodMs, order: this.#order++, periodMs, fn });
  }

  sleep(delayMs: number, options?: { signal?: AbortSignal }): Promise<void> {
    return sleepOn(this, delayMs, options?.signal);
  }

  /** Moves the wall clock alone, as a person or NTP does. */
  jumpWall(byMs: number): void {
    this.#nowMs += byMs;
  }

  /** Runs every timer that falls due within `byMs`, in order, letting promises settle in between. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs;
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) {
      this.#moveTo(next.atMs);
      if (next.periodMs === undefined) this.#pending.delete(next);
      else next.atMs += next.periodMs;
      next.fn();
      await settle();
    }
    this.#moveTo(untilMs);
    await settle();
  }

  #add(pending: Pending): Timer {
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  #next(untilMs: number): Pending | undefined {
    let best: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.atMs > untilMs) continue;
      if (!best || pending.atMs < best.atMs || (pending.atMs === best.atMs && pending.order < best.order)) {
        best = pending;
      }
    }
    return best;
  }

  #moveTo(atMs: number): void {
    this.#nowMs += atMs - this.#monotonicMs;
    this.#monotonicMs = atMs;
  }
}

/** Lets every promise that can settle without time or I/O do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** The same numbers for the same seed (mulberry32); never for keys outside tests. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return { float, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(float() * 256)) };
}

/**
 * Waits until `condition` is true (checked every 10 ms) and returns its value.
 * Fails with `what` and the last state seen after `timeoutMs` of real time.
 */
export async function waitFor<T>(
  condition: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  options: { timeoutMs: number; what: string; state?: () => unknown },
): Promise<T> {
  const clock = createSystemClock();
  const untilMs = clock.monotonicMs() + options.timeoutMs;
  while (true) {
    const value = await condition();
    if (value) return value;
    if (clock.monotonicMs() > untilMs) {
      const state = options.state ? `: ${Deno.inspect(options.state(), { depth: 6 })}` : "";
      throw new Error(`Waited ${options.timeoutMs} ms for ${options.what}${state}`);
    }
    await clock.sleep(10);
  }
}
