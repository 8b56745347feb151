import { abortable, BzzzError, type Clock, createDeadline, TypedEventTarget } from "@bzzz/base";

/** Where a breaker stands: calls pass; calls are refused; one call tries whether they may pass again. */
export type CircuitState = "closed" | "open" | "half_open";

/** A call that was refused because the service failed lately. Code `breaker_open`. */
export class BreakerOpenError extends BzzzError<"breaker_open"> {
  readonly serviceName: string;
  /** When it makes sense to try again, in milliseconds from now. */
  readonly retryAfterMs: number;

  constructor(serviceName: string, retryAfterMs: number) {
    const rounded = Math.ceil(retryAfterMs);
    super("breaker_open", `Cannot call "${serviceName}": it failed too often, the next try is in ${rounded} ms`, {
      details: { service: serviceName, retryAfterMs: rounded },
    });
    this.serviceName = serviceName;
    this.retryAfterMs = rounded;
  }
}

/** How a breaker judges. Times are on the monotonic clock. */
export interface BreakerOptions {
  readonly serviceName: string;
  /** Failures within `failureWindowMs` that open it. */
  readonly maxFailures: number;
  /** A failure this old no longer counts. */
  readonly failureWindowMs: number;
  /** How long it stays open before one call may try. The specification's `timeout`. */
  readonly openMs: number;
  /** Deadline of every call; missing it counts as a failure. */
  readonly callTimeoutMs: number;
  /**
   * Whether what a call threw says that the service is ill. Unless given, everything does; say no to refusals of bad input.
   * A call that its own caller aborted is never counted.
   */
  readonly isFailure?: (error: unknown) => boolean;
}

/** Changes of state, after the fact. */
export interface BreakerEvents {
  "breaker:opened": { readonly serviceName: string; readonly failures: number; readonly retryAfterMs: number };
  "breaker:half_opened": { readonly serviceName: string };
  "breaker:closed": { readonly serviceName: string };
}

/** Counts since the start. */
export interface BreakerMetrics {
  readonly state: CircuitState;
  /** Calls that were let through. */
  readonly calls: number;
  readonly successes: number;
  /** Counted failures, timeouts included. */
  readonly failures: number;
  readonly timeouts: number;
  /** Errors that `isFailure` did not count, and aborts by callers. */
  readonly ignored: number;
  readonly refused: number;
  /** Results of calls that began before the state changed; they move nothing. */
  readonly stale: number;
  readonly opened: number;
  /** Failures that count now. */
  readonly recentFailures: number;
}

/**
 * Keeps calls from a service that is failing (specification section 9.2; Nygard, "Release It!", 2007). Safe for calls that
 * overlap: the state is decided before the first await, a call's result counts only in the state in which it began, and in
 * half-open exactly one call tries while the others are refused. Has no timer of its own; nothing to close.
 */
export class ServiceCircuitBreaker {
  readonly events = new TypedEventTarget<BreakerEvents>();
  readonly #clock: Pick<Clock, "monotonicMs" | "setTimer">;
  readonly #options: BreakerOptions;
  readonly #counts = { calls: 0, successes: 0, failures: 0, timeouts: 0, ignored: 0, refused: 0, stale: 0, opened: 0 };
  #state: CircuitState = "closed";
  /** Grows with every change of state: what began under another number is stale. */
  #generation = 0;
  /** Monotonic times of counted failures; at most `maxFailures`, for then it opens. */
  #failedAtMs: number[] = [];
  #openedAtMs = 0;
  /** When the probe's deadline ends; undefined while none is under way. */
  #probeUntilMs: number | undefined;

  constructor(deps: { readonly clock: Pick<Clock, "monotonicMs" | "setTimer"> }, options: BreakerOptions) {
    for (const key of ["maxFailures", "failureWindowMs", "openMs", "callTimeoutMs"] as const) {
      if (!(options[key] > 0)) {
        throw new RangeError(`Cannot make a breaker for "${options.serviceName}": ${key} is not above 0`);
      }
    }
    this.#clock = deps.clock;
    this.#options = options;
  }

  /** The state of the last call: an open breaker turns half-open when somebody calls, not by itself. */
  get state(): CircuitState {
    return this.#state;
  }

  /**
   * Runs `operation` unless the breaker is open. `operation` gets a signal that aborts at its deadline or with `signal`; the
   * promise settles then even if the operation goes on.
   * @throws BreakerOpenError; TimeoutError "timeout"; the reason of `signal`; whatever `operation` throws
   */
  async call<T>(
    operation: (options: { readonly signal: AbortSignal }) => Promise<T>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    options.signal?.throwIfAborted();
    const isProbe = this.#admit();
    const generation = this.#generation;
    this.#counts.calls++;
    const { serviceName, callTimeoutMs: timeoutMs } = this.#options;
    using own = createDeadline(this.#clock, { timeoutMs, what: `call of "${serviceName}"` });
    const signal = options.signal ? AbortSignal.any([own.signal, options.signal]) : own.signal;
    try {
      const value = await abortable((async () => await operation({ signal }))(), signal);
      this.#settle(generation, isProbe, "success");
      return value;
    } catch (error) {
      this.#settle(generation, isProbe, this.#judge(error, own.signal, options.signal));
      throw error;
    }
  }

  metrics(): BreakerMetrics {
    this.#forgetOld();
    return { state: this.#state, ...this.#counts, recentFailures: this.#failedAtMs.length };
  }

  /** Lets this call in as a probe (true) or as one of many (false). @throws BreakerOpenError */
  #admit(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (this.#state === "closed") return false;
    if (this.#state === "open") {
      const remainingMs = this.#openedAtMs + this.#options.openMs - nowMs;
      if (remainingMs > 0) throw this.#refusal(remainingMs);
      this.#enter("half_open");
      this.events.emit("breaker:half_opened", { serviceName: this.#options.serviceName });
    }
    if (this.#probeUntilMs !== undefined) throw this.#refusal(Math.max(1, this.#probeUntilMs - nowMs));
    this.#probeUntilMs = nowMs + this.#options.callTimeoutMs;
    return true;
  }

  #refusal(retryAfterMs: number): BreakerOpenError {
    this.#counts.refused++;
    return new BreakerOpenError(this.#options.serviceName, retryAfterMs);
  }

  #judge(error: unknown, own: AbortSignal, caller: AbortSignal | undefined): "timeout" | "failure" | "ignored" {
    if (own.aborted && error === own.reason) return "timeout";
    if (caller?.aborted) return "ignored";
    return this.#options.isFailure?.(error) ?? true ? "failure" : "ignored";
  }

  #settle(generation: number, isProbe: boolean, result: "success" | "timeout" | "failure" | "ignored"): void {
    if (result === "success") this.#counts.successes++;
    else if (result === "ignored") this.#counts.ignored++;
    else this.#counts.failures++;
    if (result === "timeout") this.#counts.timeouts++;
    if (generation !== this.#generation) {
      this.#counts.stale++;
      return;
    }
    if (isProbe) this.#settleProbe(result);
    else if (result === "failure" || result === "timeout") this.#recordFailure();
  }

  #settleProbe(result: "success" | "timeout" | "failure" | "ignored"): void {
    this.#probeUntilMs = undefined;
    // An ignored error says nothing about the service: the next call tries again.
    if (result === "ignored") return;
    if (result !== "success") return this.#open(1);
    this.#enter("closed");
    this.events.emit("breaker:closed", { serviceName: this.#options.serviceName });
  }

  #recordFailure(): void {
    this.#forgetOld();
    this.#failedAtMs.push(this.#clock.monotonicMs());
    if (this.#failedAtMs.length >= this.#options.maxFailures) this.#open(this.#failedAtMs.length);
  }

  #open(failures: number): void {
    this.#enter("open");
    this.#openedAtMs = this.#clock.monotonicMs();
    this.#counts.opened++;
    const { serviceName, openMs } = this.#options;
    this.events.emit("breaker:opened", { serviceName, failures, retryAfterMs: openMs });
  }

  #enter(state: CircuitState): void {
    this.#state = state;
    this.#generation++;
    this.#failedAtMs = [];
    this.#probeUntilMs = undefined;
  }

  #forgetOld(): void {
    const sinceMs = this.#clock.monotonicMs() - this.#options.failureWindowMs;
    this.#failedAtMs = this.#failedAtMs.filter((atMs) => atMs > sinceMs);
  }
}
