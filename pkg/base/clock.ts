/**
 * Time is a dependency: the only place of the project that reads the system clock or sets a timer.
 *
 * @module
 */

/** A timer that was set; cancelling twice is harmless. */
export interface Timer {
  cancel(): void;
}

/** Wall time, monotonic time and timers. Everything that waits takes one, so that tests and the simulator own time. */
export interface Clock {
  /** Wall time in milliseconds since the epoch. May jump; for stamps only. */
  nowMs(): number;
  /** Milliseconds on a clock that never goes back; for durations and leases. */
  monotonicMs(): number;
  /** Calls `fn` once after `delayMs`. `unref` lets the process end while it is pending. */
  setTimer(delayMs: number, fn: () => void, options?: { unref?: boolean }): Timer;
  /** Calls `fn` every `periodMs` until cancelled. */
  setPeriodic(periodMs: number, fn: () => void, options?: { unref?: boolean }): Timer;
  /** Resolves after `delayMs`; rejects with `signal.reason` when aborted. */
  sleep(delayMs: number, options?: { signal?: AbortSignal }): Promise<void>;
}

function toTimer(handle: ReturnType<typeof setTimeout>, clear: (h: typeof handle) => void, unref = false): Timer {
  if (unref) handle.unref();
  return { cancel: () => clear(handle) };
}

/** The real clock of this machine. */
export function createSystemClock(): Clock {
  const clock: Clock = {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    setTimer: (delayMs, fn, options) => toTimer(setTimeout(fn, delayMs), clearTimeout, options?.unref),
    setPeriodic: (periodMs, fn, options) => toTimer(setInterval(fn, periodMs), clearInterval, options?.unref),
    sleep: (delayMs, options) => sleepOn(clock, delayMs, options?.signal),
  };
  return clock;
}

/** `sleep` in terms of `setTimer`, shared by every clock. */
export function sleepOn(clock: Pick<Clock, "setTimer">, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => {
    timer.cancel();
    reject(signal?.reason);
  };
  const timer = clock.setTimer(delayMs, () => {
    signal?.removeEventListener("abort", onAbort);
    resolve();
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  return promise;
}
