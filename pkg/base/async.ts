import type { Clock } from "./clock.ts";
import { BzzzError } from "./errors.ts";
import type { Random } from "./random.ts";

/** A wait that exceeded its bound; `details` has `what` and `timeoutMs`. */
export class TimeoutError extends BzzzError<"timeout"> {}

/** Settles as `promise` does, or rejects with `TimeoutError` after `timeoutMs`. The work itself goes on unless it takes a signal. */
export async function withTimeout<T>(
  clock: Pick<Clock, "setTimer">,
  promise: Promise<T>,
  options: { timeoutMs: number; what: string },
): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = clock.setTimer(options.timeoutMs, () =>
    reject(
      new TimeoutError("timeout", `Cannot finish ${options.what}: no answer within ${options.timeoutMs} ms`, {
        details: { what: options.what, timeoutMs: options.timeoutMs },
      }),
    ));
  try {
    return await Promise.race([promise, expired]);
  } finally {
    timer.cancel();
  }
}

/** Aborts after `timeoutMs` on `clock`, or with `parent`. Dispose it when the wait is over. */
export function createDeadline(
  clock: Pick<Clock, "setTimer">,
  options: { timeoutMs: number; what: string; parent?: AbortSignal },
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const timer = clock.setTimer(
    options.timeoutMs,
    () =>
      controller.abort(
        new TimeoutError("timeout", `Cannot finish ${options.what}: no answer within ${options.timeoutMs} ms`),
      ),
  );
  const signal = options.parent ? AbortSignal.any([controller.signal, options.parent]) : controller.signal;
  return { signal, [Symbol.dispose]: () => timer.cancel() };
}

/** Rejects with `signal.reason` when it aborts before `promise` settles. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Runs jobs one after another. At most `capacity` wait; one more is refused with code "queue_full". */
export class SerialQueue {
  readonly #capacity: number;
  #waiting = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: { capacity: number }) {
    this.#capacity = options.capacity;
  }

  /** Jobs that run or wait. */
  get size(): number {
    return this.#waiting;
  }

  /** @throws BzzzError "queue_full" */
  run<T>(job: () => Promise<T> | T): Promise<T> {
    if (this.#waiting >= this.#capacity) {
      return Promise.reject(
        new BzzzError("queue_full", `Cannot queue another job: ${this.#capacity} already wait`),
      );
    }
    this.#waiting++;
    const result = this.#tail.then(job);
    this.#tail = result.then(() => this.#waiting--, () => this.#waiting--);
    return result;
  }

  /** Resolves when everything queued so far has settled. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}

/**
 * A bounded asynchronous queue of one consumer. When full, `push` drops the oldest item and returns it
 * ("drop_oldest"), or refuses the new one and returns it ("drop_newest").
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  readonly #overflow: "drop_oldest" | "drop_newest";
  readonly #items: T[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(options: { capacity: number; overflow: "drop_oldest" | "drop_newest" }) {
    this.#capacity = options.capacity;
    this.#overflow = options.overflow;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The item that was dropped, or undefined. Pushing to a closed queue drops the item. */
  push(item: T): T | undefined {
    if (this.#isClosed) return item;
    let dropped: T | undefined;
    if (this.#items.length >= this.#capacity) {
      if (this.#overflow === "drop_newest") return item;
      dropped = this.#items.shift();
    }
    this.#items.push(item);
    this.#wake?.();
    return dropped;
  }

  /** Ends the iteration once the items that are queued have been taken. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    while (true) {
      while (this.#items.length > 0) yield this.#items.shift() as T; // length was checked
      if (this.#isClosed) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
  }
}

/** Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015). */
export function backoffMs(random: Random, attempt: number, options: { baseMs: number; maxMs: number }): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + random.float() * (ceiling / 2);
}

/**
 * Owns promises that nobody awaits: failures go to `onError`, and `settled()` waits for all of them at shutdown.
 */
export class TaskGroup {
  readonly #pending = new Set<Promise<void>>();
  readonly #onError: (error: unknown, what: string) => void;

  constructor(onError: (error: unknown, what: string) => void) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Runs `work`; a rejection is reported with `what`. */
  run(what: string, work: () => Promise<void>): void {
    const tracked = work().catch((error) => this.#onError(error, what)).finally(() => {
      this.#pending.delete(tracked);
    });
    this.#pending.add(tracked);
  }

  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}
