import { errorMessage, type TaskId } from "@bzzz/base";
import {
  CLAIM_RETRY_MS,
  commandFor,
  isTransient,
  REFUSED_RETRY_MS,
  type TaskAct,
  taskKey,
  type TaskRegister,
  type TaskValue,
  type TaskView,
  termsOf,
} from "@bzzz/coordinator";
import type { Clock, PeerId } from "@bzzz/base";
import type { ClaimsEvent, TaskBoard } from "@bzzz/coordinator";
import type { Logger } from "@bzzz/logging";
import type { Certificate } from "@bzzz/register";
import { CATCH_UP_AFTER_MS } from "./constants.ts";

/** What claims are made with. */
export interface ClaimingDeps {
  readonly clock: Pick<Clock, "sleep">;
  /** Milliseconds that go on while the machine sleeps. */
  readonly awakeMs: () => number;
  readonly logger: Logger;
  readonly self: PeerId;
  readonly register: TaskRegister;
  readonly board: Pick<TaskBoard, "get">;
  /** Stores the entry that tells of a decision. */
  readonly tell: (taskId: TaskId, certificate: Certificate) => Promise<void>;
  /** Tells the coordinator what came of it. */
  readonly apply: (event: ClaimsEvent) => void;
  /** Runs work that the runner owns. */
  readonly run: (what: string, work: () => Promise<void>) => void;
  /** Aborts when the runner has stopped. */
  readonly stopped: AbortSignal;
}

/** Leases of claims that were just decided, until their work begins: claims that are never begun make room. */
const MAX_LEASES = 1_000;

/** Asks the registers of tasks that this node does not hold: to claim them, or to say that they have expired. */
export class Claiming {
  readonly #deps: ClaimingDeps;
  readonly #leaseMs: number;
  readonly #sentAtMs = new Map<string, number>();
  readonly #catchingUp = new Set<TaskId>();

  constructor(deps: ClaimingDeps, options: { readonly leaseMs: number }) {
    this.#deps = deps;
    this.#leaseMs = options.leaseMs;
  }

  /** When the claim of this token was sent, on `awakeMs`, if it was decided a moment ago. Told once. */
  takeSentAtMs(taskId: TaskId, token: number): number | undefined {
    const key = leaseKey(taskId, token);
    const sentAtMs = this.#sentAtMs.get(key);
    this.#sentAtMs.delete(key);
    return sentAtMs;
  }

  /** Claims the task as this node knows it, begun unless a plan comes first; the coordinator hears of the outcome. */
  async claim(taskId: TaskId, token: number): Promise<void> {
    const isPlanned = this.#deps.board.get(taskId)?.plan !== undefined;
    const leaseMs = this.#leaseMs;
    await this.#ask(taskId, token, { type: "claim", leaseMs, ...(isPlanned ? {} : { isBegun: true }) });
  }

  /** Says that the deadline of the task has passed. */
  async expire(taskId: TaskId, token: number): Promise<void> {
    await this.#ask(taskId, token, { type: "expire" });
  }

  async #ask(taskId: TaskId, token: number, act: TaskAct): Promise<void> {
    const { apply, logger } = this.#deps;
    try {
      apply(await this.#submit(taskId, token, act));
    } catch (error) {
      if (this.#deps.stopped.aborted) return;
      logger.warn("Cannot claim a task", { task: taskId, token, reason: errorMessage(error) });
      apply({ type: "claim_refused", taskId, token, afterMs: CLAIM_RETRY_MS });
    }
  }

  async #submit(taskId: TaskId, token: number, act: TaskAct): Promise<ClaimsEvent> {
    const { register, board, awakeMs, tell, self, logger, stopped } = this.#deps;
    const view = board.get(taskId);
    if (!view || view.token !== token) return { type: "claim_refused", taskId, token, afterMs: CLAIM_RETRY_MS };
    const reference = referenceOf(view);
    let sentAtMs = awakeMs();
    let outcome = await register.submit(taskKey(taskId), commandFor(view.value, reference, act), { signal: stopped });
    if (isRenewed(outcome, token)) {
      // renewals leave no entries: the holder is the same, and only the voters know how old its lease is
      sentAtMs = awakeMs();
      outcome = await register.submit(taskKey(taskId), commandFor(outcome.value, reference, act), { signal: stopped });
    }
    switch (outcome.type) {
      case "decided": {
        const { value, certificate } = outcome;
        if (value.holder === self) this.#remember(taskId, value.token, sentAtMs);
        await tell(taskId, certificate);
        return { type: "claim_decided", taskId, version: value.version };
      }
      case "undecided":
        logger.debug("A claim is undecided", { task: taskId, token, reason: outcome.reason });
        return { type: "claim_refused", taskId, token, afterMs: CLAIM_RETRY_MS };
      case "refused": {
        const { code, value, retryAfterMs } = outcome;
        logger.debug("A claim was refused", { task: taskId, token, code });
        const afterMs = isTransient(code) ? retryAfterMs ?? CLAIM_RETRY_MS : REFUSED_RETRY_MS;
        const isKnown = !value || (value.token === token && value.holder === view.holder);
        if (isKnown || value.version <= view.version) return { type: "claim_refused", taskId, token, afterMs };
        this.#catchUp(taskId, value.holder === self ? 0 : CATCH_UP_AFTER_MS);
        return { type: "claim_refused", taskId, token, afterMs: CLAIM_RETRY_MS, version: value.version };
      }
    }
  }

  #remember(taskId: TaskId, token: number, sentAtMs: number): void {
    this.#sentAtMs.set(leaseKey(taskId, token), sentAtMs);
    if (this.#sentAtMs.size <= MAX_LEASES) return;
    const oldest = this.#sentAtMs.keys().next();
    if (!oldest.done) this.#sentAtMs.delete(oldest.value);
  }

  /**
   * The register knows more than the entries: who had that decided tells of it, unless it has crashed in between. Then
   * this node reads the decision and tells it.
   */
  #catchUp(taskId: TaskId, afterMs: number): void {
    if (this.#catchingUp.has(taskId)) return;
    this.#catchingUp.add(taskId);
    const { run, clock, register, board, tell, stopped } = this.#deps;
    run("catch up with a register", async () => {
      try {
        const before = board.get(taskId)?.version ?? 0;
        await clock.sleep(afterMs, { signal: stopped });
        if ((board.get(taskId)?.version ?? 0) > before) return;
        const read = await register.read(taskKey(taskId), { signal: stopped });
        if (read.type === "value" && read.certificate && (read.value?.version ?? 0) > before) {
          await tell(taskId, read.certificate);
        }
      } catch (error) {
        if (!stopped.aborted) throw error;
      } finally {
        this.#catchingUp.delete(taskId);
      }
    });
  }
}

type Outcome = Awaited<ReturnType<TaskRegister["submit"]>>;

/** Refused for nothing but renewals: under this token the value has a newer version. */
function isRenewed(
  outcome: Outcome,
  token: number,
): outcome is Extract<Outcome, { type: "refused" }> & { readonly value: TaskValue } {
  return outcome.type === "refused" && outcome.code === "stale_version" && outcome.value?.token === token &&
    outcome.value.holder !== undefined;
}

/** What the first command of a task names of its post. */
export function referenceOf(
  view: TaskView,
): { readonly post: TaskView["post"]; readonly terms: ReturnType<typeof termsOf> } {
  return { post: view.post, terms: termsOf(view) };
}

function leaseKey(taskId: TaskId, token: number): string {
  return `${taskId}/${token}`;
}
