import {
  abortable,
  BzzzError,
  createDeadline,
  errorMessage,
  TaskGroup,
  TimeoutError,
  TypedEventTarget,
} from "@bzzz/base";
import type { Clock, Timer } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { HealthError } from "./errors.ts";
import { evaluateHealth, foldOutcome, initialCheckState, livenessReasons } from "./status.ts";
import type { CheckOutcome, CheckState, HealthCheck, HealthStatus, LifecyclePhase, Liveness } from "./types.ts";

/** Reference 2.11. */
export const CHECK_DEFAULTS = { intervalMs: 15_000, timeoutMs: 3_000, failureThreshold: 3 } as const;
/** Reference 2.11: an event loop this late (ms) cannot serve; a restart may help. */
export const MAX_EVENT_LOOP_LAG_MS = 5_000;

const CHECK_NAME = /^[a-z][a-z0-9_.-]{0,63}$/;
const CODE = /^[a-z][a-z0-9_]{0,63}$/;

/** What a `HealthManager` tells: a change of the whole, and each change of a check's state. */
export interface HealthEvents {
  "health:changed": { readonly from: HealthStatus["status"]; readonly to: HealthStatus };
  "check:changed": { readonly from: CheckState["state"]; readonly to: CheckState };
}

interface Registered {
  readonly check: HealthCheck;
  state: CheckState;
  timer: Timer | undefined;
  /** A run that outlived its timeout and has not settled: another is not started on top of it. */
  isHung: boolean;
  isRunning: boolean;
}

/**
 * Runs checks on a clock and knows how the node is. It reports, it never ends the program: a fault that all nodes share
 * must not stop them all. Closed by `stop()`, or `await using`.
 */
export class HealthManager implements AsyncDisposable {
  /** Listeners are called synchronously, after the state has changed. */
  readonly events = new TypedEventTarget<HealthEvents>();
  readonly #clock: Pick<Clock, "nowMs" | "monotonicMs" | "setTimer">;
  readonly #logger: Logger;
  readonly #eventLoop: { lagMs(): number } | undefined;
  readonly #checks = new Map<string, Registered>();
  readonly #runs: TaskGroup;
  #stopping = new AbortController();
  #isStarted = false;
  #isAnnouncing = false;
  #phase: LifecyclePhase = "starting";
  #lastStatus: HealthStatus["status"];

  constructor(deps: {
    clock: Pick<Clock, "nowMs" | "monotonicMs" | "setTimer">;
    logger: Logger;
    eventLoop?: { lagMs(): number };
  }) {
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#eventLoop = deps.eventLoop;
    this.#runs = new TaskGroup((error, what) => this.#logger.error("A health check run broke", { what }, error));
    this.#lastStatus = this.status().status;
  }

  /**
   * Adds a check; on a started manager it runs at once. Dispose the result to remove it.
   * @throws HealthError `duplicate_check`; TypeError for a name or a number that is not one
   */
  register(check: HealthCheck): Disposable {
    if (!CHECK_NAME.test(check.name)) throw new TypeError(`Cannot register health check "${check.name}": bad name`);
    for (const value of [check.intervalMs, check.timeoutMs, check.failureThreshold]) {
      if (value !== undefined && !(value > 0)) {
        throw new TypeError(`Cannot register health check "${check.name}": ${value} is not above 0`);
      }
    }
    if (this.#checks.has(check.name)) {
      throw new HealthError("duplicate_check", `Cannot register health check "${check.name}": the name is taken`);
    }
    const entry: Registered = {
      check,
      state: initialCheckState(check, this.#clock.nowMs()),
      timer: undefined,
      isHung: false,
      isRunning: false,
    };
    this.#checks.set(check.name, entry);
    if (this.#isStarted) void this.#loop(entry);
    if (this.#lastStatus === "healthy") this.#announce(); // one more check that did not run yet makes nothing better, nor unhealthy
    return {
      [Symbol.dispose]: () => {
        entry.timer?.cancel();
        if (this.#checks.get(check.name) === entry) this.#checks.delete(check.name);
        this.#announce();
      },
    };
  }

  /** Every check runs now and then each `intervalMs`; resolves when each has run once. Idempotent. */
  async start(): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#stopping = new AbortController();
    await Promise.all([...this.#checks.values()].map((entry) => this.#loop(entry)));
  }

  /** Ends the runs; resolves when none is left. Idempotent. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#stopping.abort(new DOMException("The health checks stop", "AbortError"));
    for (const entry of this.#checks.values()) entry.timer?.cancel();
    await this.#runs.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Tells where the program is in its life. */
  setPhase(phase: LifecyclePhase): void {
    this.#phase = phase;
    this.#announce();
  }

  /** What is known now; runs nothing, so anybody may ask as often as he likes. */
  status(): HealthStatus {
    return evaluateHealth(this.#phase, [...this.#checks.values()].map((entry) => entry.state), this.#clock.nowMs());
  }

  /** Whether this very process needs a restart: its event loop and its own parts only. */
  liveness(): Liveness {
    const eventLoopLagMs = this.#eventLoop?.lagMs() ?? 0;
    const reasons = livenessReasons([...this.#checks.values()].map((entry) => entry.state));
    if (eventLoopLagMs >= MAX_EVENT_LOOP_LAG_MS) {
      reasons.push({
        check: "event_loop",
        code: "event_loop_late",
        message: `The event loop is ${Math.round(eventLoopLagMs)} ms late; ${MAX_EVENT_LOOP_LAG_MS} ms is the limit`,
        critical: true,
      });
    }
    return { isLive: reasons.length === 0, reasons, eventLoopLagMs };
  }

  /** Resolves after the first run. */
  #loop(entry: Registered): Promise<void> {
    const first = this.#runOnce(entry);
    this.#runs.run(entry.check.name, async () => {
      await first;
      if (!this.#isStarted || this.#checks.get(entry.check.name) !== entry) return;
      entry.timer?.cancel();
      entry.timer = this.#clock.setTimer(
        entry.check.intervalMs ?? CHECK_DEFAULTS.intervalMs,
        () => void this.#loop(entry),
        { unref: true },
      );
    });
    return first.catch(() => {}); // told by the group
  }

  async #runOnce(entry: Registered): Promise<void> {
    if (entry.isRunning) return;
    entry.isRunning = true;
    try {
      const startedMs = this.#clock.monotonicMs();
      const outcome = await this.#outcomeOf(entry);
      if (outcome === undefined) return; // stopped in the middle: says nothing about the part
      const before = entry.state;
      entry.state = foldOutcome(before, outcome, {
        nowMs: this.#clock.nowMs(),
        durationMs: this.#clock.monotonicMs() - startedMs,
        failureThreshold: entry.check.failureThreshold ?? CHECK_DEFAULTS.failureThreshold,
      });
      if (before.state !== entry.state.state) this.#changed(entry, before.state);
    } finally {
      entry.isRunning = false;
    }
  }

  async #outcomeOf(entry: Registered): Promise<CheckOutcome | undefined> {
    const { check } = entry;
    const timeoutMs = check.timeoutMs ?? CHECK_DEFAULTS.timeoutMs;
    const late: CheckOutcome = { ok: false, code: "check_timed_out", message: `No answer within ${timeoutMs} ms` };
    if (entry.isHung) return late;
    const stopping = this.#stopping.signal;
    if (stopping.aborted) return undefined;
    // Made when somebody waits: most checks only look, and at a start they are sixty at once.
    let deadline: ReturnType<typeof createDeadline> | undefined;
    const signal = () =>
      (deadline ??= createDeadline(this.#clock, { timeoutMs, what: `health check "${check.name}"`, parent: stopping }))
        .signal;
    let run: Promise<CheckOutcome> | undefined;
    try {
      const found = check.run({
        get signal() {
          return signal();
        },
      });
      if (found instanceof Promise) run = found;
      const outcome = found instanceof Promise ? await abortable(found, signal()) : found;
      return outcome.ok || CODE.test(outcome.code) ? outcome : { ...outcome, code: "check_failed" };
    } catch (error) {
      if (deadline?.signal.aborted) {
        // Whatever it throws or returns later is too late to say anything.
        entry.isHung = true;
        const settled = () => {
          entry.isHung = false;
        };
        Promise.resolve(run).then(settled, settled);
      }
      if (stopping.aborted) return undefined;
      if (error instanceof TimeoutError && deadline?.signal.aborted) return late;
      const code = error instanceof BzzzError && CODE.test(error.code) ? error.code : "check_failed";
      return { ok: false, code, message: errorMessage(error) };
    } finally {
      deadline?.[Symbol.dispose]();
    }
  }

  #changed(entry: Registered, from: CheckState["state"]): void {
    const to = entry.state;
    const fields = { check: to.name, critical: to.critical, from, to: to.state };
    if (to.state === "failing" && to.last && !to.last.ok) {
      this.#logger.warn("Health check fails", { ...fields, code: to.last.code, reason: to.last.message });
    } else if (from === "failing") this.#logger.info("Health check passes again", fields);
    this.events.emit("check:changed", { from, to });
    this.#announceSoon();
  }

  /** Once for all checks that change in one turn of the event loop: at a start sixty do. */
  #announceSoon(): void {
    if (this.#isAnnouncing) return;
    this.#isAnnouncing = true;
    queueMicrotask(() => {
      this.#isAnnouncing = false;
      this.#announce();
    });
  }

  #announce(): void {
    const status = this.status();
    const from = this.#lastStatus;
    if (from === status.status) return;
    this.#lastStatus = status.status;
    this.events.emit("health:changed", { from, to: status });
  }
}
