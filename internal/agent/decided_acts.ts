import { backoffMs, type Clock, type Random } from "@bzzz/base";
import { isTransient, type TaskAct, type TaskValue } from "@bzzz/coordinator";
import type { Logger } from "@bzzz/logging";
import { CHANGE_BACKOFF, CHANGE_PATIENCE_MS } from "./constants.ts";
import { ExecutionStopped, ExecutorError } from "./errors.ts";
import type { TaskHold } from "./hold.ts";

/** What they are decided with. */
export interface DecidedActsDeps {
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly random: Random;
  readonly logger: Pick<Logger, "warn">;
  readonly hold: Pick<TaskHold, "taskId" | "token" | "change">;
  /** Aborts when the work must stop. */
  readonly working: AbortSignal;
  /** Aborts when the runner has stopped. */
  readonly stopped: AbortSignal;
}

/** Has the voters decide what a holder does with its task, again and again while they cannot. */
export class DecidedActs {
  readonly #deps: DecidedActsDeps;

  constructor(deps: DecidedActsDeps) {
    this.#deps = deps;
  }

  /**
   * Has decided what is told already, for as long as it takes: a result is not given up because no quorum answers. Ends
   * with the runner ("suspended"); the next start finds the entry and decides it. "done" also when the word came too late.
   */
  async finish(act: TaskAct): Promise<"done" | "suspended"> {
    const { clock, random, logger, stopped, hold } = this.#deps;
    for (let tries = 1;; tries++) {
      const outcome = await hold.change(act);
      if (outcome.type === "decided") return "done";
      if (outcome.type === "refused" && !isTransient(outcome.code)) {
        logger.warn("The word on a task came too late", { task: hold.taskId, token: hold.token, code: outcome.code });
        return "done";
      }
      if (stopped.aborted) return "suspended";
      const asked = outcome.type === "refused" ? outcome.retryAfterMs : undefined;
      const delayMs = asked ?? backoffMs(random, tries, CHANGE_BACKOFF);
      await clock.sleep(delayMs, { signal: stopped }).catch(() => undefined); // the next look at `stopped` ends the loop
    }
  }

  /**
   * Has the register changed in the midst of the work, waiting for voters that have not heard of what it names.
   *
   * @throws ExecutionStopped "suspended" when they do not answer in two minutes; ExecutorError "not_permitted" with the
   * voters' code in its details; the reason of `working`
   */
  async change(act: TaskAct): Promise<TaskValue> {
    const { clock, random, working, hold } = this.#deps;
    const untilMs = clock.monotonicMs() + CHANGE_PATIENCE_MS;
    for (let tries = 1;; tries++) {
      working.throwIfAborted();
      const outcome = await hold.change(act);
      if (outcome.type === "decided") return outcome.value;
      working.throwIfAborted();
      if (outcome.type === "refused" && !isTransient(outcome.code)) throw refusedAct(act, outcome.code);
      const asked = outcome.type === "refused" ? outcome.retryAfterMs : undefined;
      if (asked === undefined && clock.monotonicMs() > untilMs) throw new ExecutionStopped("suspended");
      const delayMs = asked ?? backoffMs(random, tries, CHANGE_BACKOFF);
      await clock.sleep(delayMs, { signal: working });
    }
  }
}

function refusedAct(act: TaskAct, code: string): Error {
  const why = `the voters refuse "${act.type}": ${code}`;
  return new ExecutorError("not_permitted", `Cannot go on with the task: ${why}`, {
    isRetryable: true,
    details: { refusal: code },
  });
}
