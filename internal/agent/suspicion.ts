import type { Clock, PeerId, Random, TaskId, Timer } from "@bzzz/base";
import type { TaskBoard } from "@bzzz/coordinator";
import { MAX_SUSPECTS, SUSPECT_LEASES, SUSPECT_PERIOD_MS } from "./constants.ts";

/** What tasks of others are doubted by. */
export interface SuspicionDeps {
  readonly clock: Pick<Clock, "nowMs" | "setPeriodic">;
  readonly random: Pick<Random, "float">;
  readonly board: Pick<TaskBoard, "list">;
  readonly self: PeerId;
  /** Asks about the task. */
  readonly ask: (taskId: TaskId) => void;
}

/** A few tasks of others at a time that have not changed for long: does their holder still renew? Only the voters know. */
export class Suspicion {
  readonly #deps: SuspicionDeps;
  readonly #leaseMs: number;
  #timer: Timer | undefined;

  constructor(deps: SuspicionDeps, options: { readonly leaseMs: number }) {
    this.#deps = deps;
    this.#leaseMs = options.leaseMs;
  }

  start(): void {
    this.#timer = this.#deps.clock.setPeriodic(SUSPECT_PERIOD_MS, () => this.#look(), { unref: true });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const { clock, random, board, self, ask } = this.#deps;
    const beforeMs = clock.nowMs() - SUSPECT_LEASES * this.#leaseMs;
    const old = board.list().filter(({ holder, updatedAt, state }) =>
      holder !== undefined && holder !== self && state !== "blocked" && updatedAt.ms < beforeMs
    );
    for (let n = 0; n < MAX_SUSPECTS && old.length > 0; n++) {
      const [view] = old.splice(Math.floor(random.float() * old.length), 1);
      if (view) ask(view.taskId);
    }
  }
}
