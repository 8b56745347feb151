import type { EntryId, PeerId, RequestId, TaskId } from "@bzzz/base";
import { taskKey } from "@bzzz/coordinator";
import type { EventLoop } from "../engine/event_loop.ts";
import type { History } from "../engine/history.ts";
import type { Board } from "./board.ts";
import type { ClusterEvent } from "./events.ts";

/** What an agent says to people. */
export interface Talk {
  tellPlan(task: TaskId, author: PeerId): EntryId;
  ask(task: TaskId, author: PeerId): RequestId;
}

/** What people stand on. */
export interface PeopleDeps {
  readonly loop: EventLoop;
  readonly board: Board;
  readonly history: History<ClusterEvent>;
  /** Whose name is on what they write; the claims do not ask for it. */
  readonly self: PeerId;
  /** A plan is out: the processes that run hear of it, each in its time. */
  readonly spread: (plan: EntryId) => void;
}

/** Who objects to plans and answers what is asked, as the task's draft says. */
export class People implements Talk {
  readonly #deps: PeopleDeps;

  constructor(deps: PeopleDeps) {
    this.#deps = deps;
  }

  tellPlan(task: TaskId, author: PeerId): EntryId {
    const { board, loop, self, spread } = this.#deps;
    const plan = board.tellPlan(task, author);
    this.#tell(task, "plan", plan);
    spread(plan);
    const { objection } = board.draftOf(task);
    if (!objection) return plan;
    const { afterMs, takenBackAfterMs } = objection;
    loop.later(afterMs, () => {
      board.object(task, plan, self);
      this.#tell(task, "objection", plan);
      if (takenBackAfterMs === undefined) return;
      loop.later(takenBackAfterMs, () => {
        board.takeBack(task, plan, self);
        this.#tell(task, "taken_back", plan);
      });
    });
    return plan;
  }

  ask(task: TaskId, author: PeerId): RequestId {
    const { board, loop, self } = this.#deps;
    const request = board.ask(task, author);
    const { afterMs, isApproved } = board.draftOf(task).answer;
    loop.later(afterMs, () => {
      board.answer(request, isApproved, self);
      this.#tell(task, isApproved ? "approval" : "denial", request);
    });
    return request;
  }

  #tell(task: TaskId, what: "plan" | "objection" | "taken_back" | "approval" | "denial", id: string): void {
    this.#deps.history.add({ type: "told", key: taskKey(task), what, id });
  }
}

/** Since when one process knows of plans. A restart begins anew, as a node's does. */
export class PlanEars {
  readonly #monotonicMs: () => number;
  readonly #heardMs = new Map<EntryId, number>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  hear(plan: EntryId): void {
    if (!this.#heardMs.has(plan)) this.#heardMs.set(plan, this.#monotonicMs());
  }

  /** One that was heard by an earlier process is heard now. */
  ageMs(plan: EntryId): number {
    this.hear(plan);
    return this.#monotonicMs() - (this.#heardMs.get(plan) ?? this.#monotonicMs());
  }
}
