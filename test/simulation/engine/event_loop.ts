import type { Timer } from "@bzzz/base";
import { everythingSettled } from "./settle.ts";

interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/**
 * Virtual time: things happen one after another, at the moment they were planned for, and of one moment in the order they
 * were planned. Nothing else makes time pass, so a run of an hour takes milliseconds and is the same every time.
 */
export class EventLoop {
  /** A binary heap, the earliest first. */
  readonly #heap: Planned[] = [];
  #nowMs = 0;
  #order = 0;
  #steps = 0;

  /** True milliseconds since the start; no node sees this clock. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that ran so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Plans `run` for `delayMs` from now. */
  later(delayMs: number, run: () => void): Timer {
    const planned: Planned = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      run,
      isCancelled: false,
    };
    this.#push(planned);
    return { cancel: () => void (planned.isCancelled = true) };
  }

  /** Runs everything up to `untilMs`; for code without promises. @throws RangeError after `maxSteps` events */
  run(untilMs: number, options: { readonly maxSteps: number }): void {
    while (this.#step(untilMs, options.maxSteps)) { /* until time is up */ }
    this.#nowMs = untilMs;
  }

  /** The same, letting every promise settle after each event; for code with promises. */
  async runSettled(untilMs: number, options: { readonly maxSteps: number }): Promise<void> {
    while (this.#step(untilMs, options.maxSteps)) await everythingSettled();
    this.#nowMs = untilMs;
  }

  #step(untilMs: number, maxSteps: number): boolean {
    const next = this.#heap[0];
    if (!next || next.atMs > untilMs) return false;
    if (this.#steps >= maxSteps) throw new RangeError(`Cannot end the run: ${maxSteps} events at ${this.#nowMs} ms`);
    this.#pop();
    if (next.isCancelled) return true;
    this.#steps++;
    this.#nowMs = next.atMs;
    next.run();
    return true;
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.push(planned) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || isBefore(above, planned)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    while (true) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const smaller = right && left && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
      const below = heap[smaller];
      if (!below || isBefore(last, below)) break;
      heap[at] = below;
      at = smaller;
    }
    heap[at] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
