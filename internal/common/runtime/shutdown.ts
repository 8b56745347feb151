import { abortable, type Clock, createDeadline, errorMessage, TaskGroup } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { type ExitStatus, exitStatus, exitStatusOf } from "@bzzz/cli";
import { isTimeout } from "./managed_service.ts";
import {
  assertShutdownPlan,
  DEFAULT_SHUTDOWN_PLAN,
  phaseBudgetMs,
  SHUTDOWN_PHASES,
  type ShutdownPhase,
  type ShutdownPlan,
} from "./shutdown_plan.ts";

/** Why a node goes. */
export type ShutdownReason =
  | { readonly kind: "signal"; readonly signal: string }
  /** A person quit, or a command was over. */
  | { readonly kind: "finished" }
  /** Somebody asked for it through the API. */
  | { readonly kind: "requested"; readonly by: string }
  /** Something broke that the node cannot run without. */
  | { readonly kind: "failed"; readonly error: unknown };

/** What a hook is given. `signal` aborts when the phase's time is up; nothing is waited for after that. */
export interface ShutdownContext {
  readonly signal: AbortSignal;
  readonly reason: ShutdownReason;
  readonly budgetMs: number;
}
/** Something to do before the node is gone. Must stop when its signal aborts. */
export type ShutdownHook = (context: ShutdownContext) => void | Promise<void>;

/** How one hook ended. */
export interface HookReport {
  readonly name: string;
  readonly phase: ShutdownPhase;
  readonly outcome: "done" | "failed" | "timed_out";
  readonly durationMs: number;
  readonly error?: unknown;
}

/** How it went. */
export interface ShutdownReport {
  readonly reason: ShutdownReason;
  readonly hooks: readonly HookReport[];
  readonly durationMs: number;
  /** Every hook was done in time. */
  readonly isClean: boolean;
  /** The error's own when the node goes because of one; else 0 when clean, 10 when something did not stop. */
  readonly exitStatus: ExitStatus;
}

/**
 * Takes a node down in phases within a fixed time: the specification's `shutdown.Manager`. It never ends the process itself
 * but through `forceExit`, which a second signal calls. Holds no timer until it is asked; nothing to close.
 */
export class ShutdownManager {
  readonly #clock: Pick<Clock, "monotonicMs" | "setTimer">;
  readonly #logger: Logger;
  readonly #forceExit: (status: ExitStatus) => void;
  readonly #plan: ShutdownPlan;
  readonly #hooks = new Map<ShutdownPhase, Map<string, ShutdownHook>>(
    SHUTDOWN_PHASES.map((phase) => [phase, new Map()]),
  );
  readonly #requested = new AbortController();
  readonly #finished = Promise.withResolvers<ShutdownReport>();
  readonly #underway: TaskGroup;

  /** @throws RangeError when the plan does not add up */
  constructor(
    deps: {
      readonly clock: Pick<Clock, "monotonicMs" | "setTimer">;
      readonly logger: Logger;
      /** `Deno.exit`, from the program's main. */
      readonly forceExit: (status: ExitStatus) => void;
    },
    plan: ShutdownPlan = DEFAULT_SHUTDOWN_PLAN,
  ) {
    assertShutdownPlan(plan);
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#forceExit = deps.forceExit;
    this.#plan = plan;
    this.#underway = new TaskGroup((error) => this.#finished.reject(error));
  }

  /** Aborts as soon as a shutdown is asked for: what runs for the life of the node takes this signal. */
  get signal(): AbortSignal {
    return this.#requested.signal;
  }

  /** Settles when the shutdown is over; pending until one is asked for. */
  get finished(): Promise<ShutdownReport> {
    return this.#finished.promise;
  }

  /**
   * Adds a hook; the hooks of one phase run side by side. Dispose the result to remove it.
   * @throws TypeError when the phase has a hook of that name, or the shutdown has begun
   */
  on(phase: ShutdownPhase, name: string, hook: ShutdownHook): Disposable {
    const hooks = this.#hooks.get(phase);
    if (!hooks || hooks.has(name) || this.#requested.signal.aborted) {
      throw new TypeError(
        `Cannot add shutdown hook "${name}" to phase "${phase}": it is taken, or the shutdown has begun`,
      );
    }
    hooks.set(name, hook);
    return { [Symbol.dispose]: () => void hooks.delete(name) };
  }

  /** Begins the shutdown unless it has begun; the first reason stays. Resolves with the report, never rejects. */
  request(reason: ShutdownReason): Promise<ShutdownReport> {
    if (!this.#requested.signal.aborted) {
      this.#logger.info("The node is shutting down", describeReason(reason));
      this.#requested.abort(new DOMException("The node is shutting down", "AbortError"));
      this.#underway.run("shutdown", async () => this.#finished.resolve(await this.#run(reason)));
    }
    return this.#finished.promise;
  }

  /**
   * Obeys signals until `signals` ends: the first begins the shutdown, the second ends the process at once with 130.
   * Signals are data here; `listenToSignals` has the real ones.
   */
  async watch(signals: AsyncIterable<string>): Promise<void> {
    for await (const signal of signals) {
      if (this.#requested.signal.aborted) {
        this.#logger.warn("The node ends at once: it was told a second time", { signal });
        this.#forceExit(exitStatus("interrupted"));
        return;
      }
      // The report is for who awaits `finished`; it never rejects.
      void this.request({ kind: "signal", signal });
    }
  }

  async #run(reason: ShutdownReason): Promise<ShutdownReport> {
    const beganMs = this.#clock.monotonicMs();
    const hooks: HookReport[] = [];
    for (const phase of SHUTDOWN_PHASES) {
      const budgetMs = phaseBudgetMs(this.#plan, phase, this.#clock.monotonicMs() - beganMs);
      const entries = [...this.#hooks.get(phase) ?? []];
      hooks.push(
        ...await Promise.all(entries.map(([name, hook]) => this.#runHook(phase, name, hook, reason, budgetMs))),
      );
    }
    const durationMs = this.#clock.monotonicMs() - beganMs;
    const isClean = hooks.every((hook) => hook.outcome === "done");
    const status = isClean ? exitStatus("ok") : exitStatus("service_failed");
    this.#logger.info("The node has shut down", { durationMs: Math.round(durationMs), isClean });
    return {
      reason,
      hooks,
      durationMs,
      isClean,
      exitStatus: reason.kind === "failed" ? exitStatusOf(reason.error) : status,
    };
  }

  async #runHook(
    phase: ShutdownPhase,
    name: string,
    hook: ShutdownHook,
    reason: ShutdownReason,
    budgetMs: number,
  ): Promise<HookReport> {
    const beganMs = this.#clock.monotonicMs();
    const durationMs = () => this.#clock.monotonicMs() - beganMs;
    try {
      using deadline = createDeadline(this.#clock, { timeoutMs: budgetMs, what: `shutdown hook "${name}"` });
      const { signal } = deadline;
      await abortable((async () => await hook({ signal, reason, budgetMs }))(), signal);
      return { name, phase, outcome: "done", durationMs: durationMs() };
    } catch (error) {
      const outcome = isTimeout(error) ? "timed_out" : "failed";
      this.#logger.warn("A shutdown hook did not end well", { hook: name, phase, outcome }, error);
      return { name, phase, outcome, durationMs: durationMs(), error };
    }
  }
}

function describeReason(reason: ShutdownReason): Readonly<Record<string, string>> {
  if (reason.kind === "signal") return { reason: reason.kind, signal: reason.signal };
  if (reason.kind === "requested") return { reason: reason.kind, by: reason.by };
  return reason.kind === "failed"
    ? { reason: reason.kind, error: errorMessage(reason.error) }
    : { reason: reason.kind };
}
