import type { Clock, TaskId, Timer } from "@bzzz/base";
import { commandFor, type TaskAct, taskKey, type TaskValue } from "@bzzz/coordinator";
import type { Chance } from "../engine/chance.ts";
import type { Board } from "./board.ts";
import type { TaskCalls } from "./client.ts";
import type { Member } from "./crypto.ts";

/** Times that one process has a task tried again. */
const MAX_RETRIES = 2;

/** What a steward stands on. */
export interface StewardDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly member: Member;
  readonly client: TaskCalls;
  readonly board: Board;
  /** The agents may look at a task that is open again. */
  readonly wake: (task: TaskId) => void;
}

/**
 * Who judges results and has tasks tried again: the poster, and the master. It does not ask whose result it judges: that it may
 * not judge its own is for the voters to say.
 */
export class TaskSteward {
  readonly #deps: StewardDeps;
  readonly #options: { readonly node: number; readonly leaseMs: number; readonly maySteer: boolean };
  readonly #looks = new Map<TaskId, Timer>();
  readonly #retries = new Map<TaskId, number>();

  constructor(
    deps: StewardDeps,
    options: { readonly node: number; readonly leaseMs: number; readonly maySteer: boolean },
  ) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Looks after a task, if it is one of those. */
  watch(task: TaskId): void {
    const { board, member } = this.#deps;
    const post = board.postOf(task);
    const { rejections, deadlineMs, failures } = board.draftOf(task);
    if (!post || (!this.#options.maySteer && post.author !== member.peer)) return;
    if (rejections !== undefined || deadlineMs !== undefined || failures !== undefined) this.#lookSoon(task);
  }

  #lookSoon(task: TaskId): void {
    const { clock, chance } = this.#deps;
    this.#looks.get(task)?.cancel();
    const delayMs = chance.between(this.#options.leaseMs / 3, this.#options.leaseMs);
    this.#looks.set(task, clock.setTimer(delayMs, () => this.#look(task)));
  }

  #look(task: TaskId): void {
    this.#deps.client.read(taskKey(task), (outcome) => {
      const value = outcome.type === "value" ? outcome.value : undefined;
      if (value?.state === "completed" || value?.state === "cancelled") return;
      this.#lookSoon(task);
      if (value?.state === "review") this.#review(task, value);
      if (value?.state === "failed" || value?.state === "expired") this.#retry(task, value);
    });
  }

  #review(task: TaskId, value: TaskValue): void {
    const { board, member } = this.#deps;
    const told = board.write({ kind: "task_reviewed", author: member.peer, task });
    const { rejections = 0 } = board.draftOf(task);
    this.#submit(task, value, { type: value.spent < rejections ? "reject" : "accept", told });
  }

  #retry(task: TaskId, value: TaskValue): void {
    const retries = this.#retries.get(task) ?? 0;
    if (retries >= MAX_RETRIES) return;
    this.#retries.set(task, retries + 1);
    const { board, member, clock } = this.#deps;
    const told = board.write({ kind: "task_retried", author: member.peer, task });
    const { deadlineMs } = board.draftOf(task);
    const later = deadlineMs === undefined ? {} : { deadlineMs: clock.nowMs() + deadlineMs };
    this.#submit(task, value, { type: "retry", told, ...later });
  }

  #submit(task: TaskId, value: TaskValue, act: TaskAct): void {
    const { board, client, wake } = this.#deps;
    const command = commandFor(value, { post: value.post, terms: board.termsOf(task) }, act);
    client.submit(taskKey(task), command, (outcome) => {
      if (outcome.type === "decided" && outcome.value.state === "announced") wake(task);
    });
  }
}
