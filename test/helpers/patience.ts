/**
 * Time in tests: how long they wait for what is no promise, and how a promise is measured on a busy machine.
 *
 * @module
 */
import assert from "node:assert/strict";

/** How long a test waits for a condition whose time nobody promised: long enough for a slow machine, in milliseconds. */
export const PATIENCE_MS = 60_000;

/** Pressure says that work waited, not for how long: no more than this part of the time is left out. */
const MOST_HELD_UP = 2 / 3;

/**
 * Measures what a program needed, without the time in which the machine kept ready work waiting:
 * pressure stall information of the kernel (`some` of processor and disk) and what a hypervisor gave to others (steal).
 * Where the kernel does not tell them, all time counts.
 */
export class Stopwatch {
  readonly #startedMs = performance.now();
  readonly #heldUpMs = heldUpMs();

  /** Milliseconds since it was made. */
  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** The same without what the machine held up. */
  get ownMs(): number {
    return this.#read().ownMs;
  }

  /** Fails when more than `limitMs` of the machine's own time have passed; the milliseconds of the wall otherwise. */
  within(limitMs: number, what: string): number {
    const { elapsedMs, ownMs } = this.#read();
    assert.ok(ownMs <= limitMs, `${what}: ${this}; at most ${limitMs} ms are promised`);
    return Math.round(elapsedMs);
  }

  toString(): string {
    const { elapsedMs, ownMs } = this.#read();
    return `${Math.round(elapsedMs)} ms, ${Math.round(elapsedMs - ownMs)} of them held up by the machine`;
  }

  #read(): { readonly elapsedMs: number; readonly ownMs: number } {
    const { elapsedMs } = this;
    return { elapsedMs, ownMs: elapsedMs - Math.min(heldUpMs() - this.#heldUpMs, elapsedMs * MOST_HELD_UP) };
  }
}

function heldUpMs(): number {
  return stallMs("/proc/pressure/cpu") + stallMs("/proc/pressure/io") + stealMs();
}

/** Microseconds after `total=` in the line `some`. */
function stallMs(path: string): number {
  return Number(/^some .*total=(\d+)/m.exec(textOf(path))?.[1] ?? 0) / 1_000;
}

/** The eighth figure of the line `cpu`, in hundredths of a second, of all processors together. */
function stealMs(): number {
  const ticks = Number(/^cpu +(?:\d+ +){7}(\d+)/.exec(textOf("/proc/stat"))?.[1] ?? 0);
  return ticks * 10 / navigator.hardwareConcurrency;
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // no Linux, or a kernel without it
  }
}
