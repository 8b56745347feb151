import { createUlid } from "@bzzz/base";
import { ApiError } from "@bzzz/http";
import { fairPage, type Page } from "./fair_page.ts";
import type { FakeJournal, FakeJournalDeps } from "./fake_journal.ts";
import type { PostTaskInput, RetryTaskInput, ReviewTaskInput, TaskQuery } from "./inputs.ts";
import type { EntryView, TaskView } from "./views.ts";

/** A task that nobody has claimed. */
const UNCLAIMED = { attempt: 0, token: 0, version: 0, spent: 0, attempts: [], superseded: [] };

/** The tasks of a mesh in memory, which nobody claims. */
export class FakeTasks {
  readonly map = new Map<string, TaskView>();
  readonly #deps: FakeJournalDeps;
  readonly #journal: FakeJournal;

  constructor(journal: FakeJournal, deps: FakeJournalDeps) {
    this.#journal = journal;
    this.#deps = deps;
  }

  list({ state, limit, after }: TaskQuery): Page<TaskView> {
    const places = [...this.map.keys()];
    return fairPage([...this.map.values()].filter((task) => !state || task.state === state), {
      placeOf: ({ task_id: id, author, created_at_ms: atMs }) => ({
        owner: author.peer_id,
        atMs,
        counter: places.indexOf(id),
        id,
      }),
      first: "newest",
      limit,
      after,
      view: (task) => task,
    });
  }

  get(taskId: string): TaskView | undefined {
    return this.map.get(taskId);
  }

  history(taskId: string): readonly EntryView[] {
    return this.#journal.entries.filter((entry) => entry.task_id === taskId);
  }

  post(input: PostTaskInput): { task: TaskView; isNew: boolean } {
    const same = [...this.map.values()].find((task) => input.client_id && task.client_id === input.client_id);
    if (same && same.title !== input.title) {
      throw new ApiError("client_id_conflict", "Cannot post the task: its client_id names another one");
    }
    if (same) return { task: same, isNew: false };
    const now = this.#deps.clock.nowMs();
    const task: TaskView = {
      ...input,
      ...UNCLAIMED,
      task_id: createUlid(now, this.#deps.random),
      state: "announced",
      author: this.#deps.me,
      created_at_ms: now,
      updated_at_ms: now,
    };
    this.map.set(task.task_id, task);
    this.#journal.append("task_posted", { task_id: task.task_id, title: task.title }, {
      author: this.#deps.me,
      taskId: task.task_id,
    });
    return { task, isNew: true };
  }

  cancel(taskId: string, options: { reason: string }): TaskView {
    const task = this.map.get(taskId);
    if (!task) throw new ApiError("not_found", "Cannot cancel the task: there is none with that id");
    if (["completed", "failed", "cancelled"].includes(task.state)) {
      throw new ApiError("task_closed", `Cannot cancel the task: it is ${task.state}`, {
        details: { state: task.state },
      });
    }
    const cancelled: TaskView = { ...task, state: "cancelled", reason: options.reason };
    this.map.set(taskId, cancelled);
    this.#journal.append("task_cancelled", { task_id: taskId, reason: options.reason }, {
      author: this.#deps.me,
      taskId,
    });
    return cancelled;
  }

  retry(taskId: string, input: RetryTaskInput): TaskView {
    const task = this.#expect(taskId, "retry");
    if (!["failed", "cancelled", "expired"].includes(task.state)) {
      throw new ApiError("task_refused", `Cannot retry the task: it is ${task.state}, not at its end`);
    }
    return this.#replace({ ...task, state: "announced" }, "task_retried", input.reason);
  }

  review(taskId: string, { verdict, reason, result }: ReviewTaskInput): TaskView {
    const task = this.#expect(taskId, verdict);
    if (task.state !== "review") {
      throw new ApiError("task_refused", `Cannot ${verdict} the task: it is ${task.state}, not in review`);
    }
    if (result !== undefined && result !== task.result?.entry_id) {
      throw new ApiError("result_moved", `Cannot ${verdict} the task: another result stands by now; look at it again`);
    }
    return this.#replace({ ...task, state: verdict === "accept" ? "completed" : "announced" }, "task_reviewed", reason);
  }

  #expect(taskId: string, verb: string): TaskView {
    const task = this.map.get(taskId);
    if (!task) throw new ApiError("not_found", `Cannot ${verb} the task: there is none with that id`);
    return task;
  }

  #replace(task: TaskView, kind: string, reason: string): TaskView {
    this.map.set(task.task_id, task);
    this.#journal.append(kind, { task_id: task.task_id, reason }, { author: this.#deps.me, taskId: task.task_id });
    return task;
  }
}
