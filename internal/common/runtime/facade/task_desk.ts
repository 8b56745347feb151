import type { PostTaskInput, ReviewTaskInput } from "@bzzz/api";
import { BzzzError, type Clock, type EntryId, parseTaskId, type Random, SerialQueue, type TaskId } from "@bzzz/base";
import {
  createTaskId,
  isFinished,
  mayReview,
  maySteer,
  type TaskAct,
  type TaskRegister,
  taskTextsOf,
  type TaskView,
} from "@bzzz/coordinator";
import type { Journal } from "@bzzz/journal";
import { type BodyOf, type EntryKind, TOPICS } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import type { MeshReadModel } from "../read_model.ts";
import { decideTaskAct, type TaskActDeps } from "./task_acts.ts";
import { draftOf, isSame, type TaskDraft } from "./task_draft.ts";

/** Refusals of the desk, by the codes of the API. `task_refused` has the voters' code in its details. */
export class TaskDeskError extends BzzzError<
  | "not_found"
  | "task_closed"
  | "task_refused"
  | "result_moved"
  | "client_id_conflict"
  | "invalid_request"
  | "not_allowed"
  | "no_quorum"
> {}

/** What the desk stands on. */
export interface TaskDeskDeps {
  readonly local: LocalIdentity;
  readonly journal: Journal;
  readonly readModel: MeshReadModel;
  readonly register: TaskRegister;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs" | "sleep">;
  readonly random: Random;
}

/** Posts and decisions that wait at the same time; one more is refused with "queue_full". */
const MAX_WAITING_ACTS = 1000;

/**
 * Posts, cancels, retries and reviews tasks for this node's person or agent. What depends on what is there goes one at a
 * time: a client id is used once, also by callers at once. Words go to the journal first, then the register decides.
 */
export class TaskDesk {
  readonly #deps: TaskDeskDeps;
  readonly #acts = new SerialQueue({ capacity: MAX_WAITING_ACTS });

  constructor(deps: TaskDeskDeps) {
    this.#deps = deps;
  }

  /** Resolves when the task is on disk. @throws TaskDeskError "client_id_conflict", "invalid_request" */
  async post(input: PostTaskInput): Promise<{ readonly task: TaskView; readonly isNew: boolean }> {
    const draft = draftOf(input);
    // Without a client id there is nothing to wait for, and posts share a commit.
    if (draft.clientId === undefined) return { task: await this.#append(draft), isNew: true };
    return await this.#acts.run(async () => {
      const known = this.#deps.readModel.board.findPosted(this.#deps.local.identity.peerId, draft.clientId ?? "");
      if (!known) return { task: await this.#append(draft), isNew: true };
      const texts = taskTextsOf(known, (id) => this.#deps.journal.get(id));
      if (!isSame(known, texts, draft)) {
        throw new TaskDeskError(
          "client_id_conflict",
          `Cannot post the task: client id "${draft.clientId}" was used for task ${known.taskId} with other content`,
          { details: { task_id: known.taskId } },
        );
      }
      return { task: known, isNew: false };
    });
  }

  /**
   * Posts under an id that its source gives, the same whoever posts; a task that is there is left as it is. Resolves when it
   * is on disk.
   */
  async postAs(taskId: TaskId, draft: TaskDraft): Promise<void> {
    await this.#acts.run(async () => {
      if (!this.#deps.readModel.task(taskId)) await this.#append(draft, taskId);
    });
  }

  /** @throws TaskDeskError "not_found", "task_closed", "not_allowed", "task_refused", "no_quorum" */
  async cancel(reference: string, reason: string): Promise<TaskView> {
    return await this.#acts.run(async () => {
      const task = this.#find(reference, "cancel");
      const { taskId } = task;
      if (isFinished(task.state)) throw closed("cancel", task);
      this.#assertSteers(task, "cancel");
      const body = { taskId, reason: reason.slice(0, MAX_REASON_CHARACTERS) };
      const told = await this.#tell("task_cancelled", taskId, body);
      return await this.#decide(taskId, "cancel", { type: "cancel", told });
    });
  }

  /**
   * Announces a task that failed, was cancelled or expired once more, with its tries counted anew.
   * @throws TaskDeskError "not_found", "task_closed" (it is completed), "invalid_request", "not_allowed", "task_refused",
   *   "no_quorum"
   */
  async retry(
    reference: string,
    options: { readonly reason: string; readonly deadlineMs?: number },
  ): Promise<TaskView> {
    return await this.#acts.run(async () => {
      const task = this.#find(reference, "retry");
      const { taskId } = task;
      if (task.state === "completed") throw closed("retry", task);
      if (!isFinished(task.state)) {
        throw new TaskDeskError("task_refused", `Cannot retry task ${taskId}: it is ${task.state}, not at its end`, {
          details: { reason: "not_finished", state: task.state },
        });
      }
      this.#assertSteers(task, "retry");
      assertAhead("retry", options.deadlineMs ?? task.deadlineMs, this.#deps.clock.nowMs());
      const told = await this.#tell("task_retried", taskId, {
        taskId,
        reason: options.reason.slice(0, MAX_REASON_CHARACTERS),
      });
      const { deadlineMs } = options;
      return await this.#decide(taskId, "retry", {
        type: "retry",
        told,
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
      });
    });
  }

  /**
   * Accepts the result of a task in review, or sends it back: the one that `result` names, or that this node knows of now, and
   * none that has come in its place.
   * @throws TaskDeskError "not_found", "not_allowed", "task_refused", "result_moved", "no_quorum"
   */
  async review(reference: string, { verdict, reason, result }: ReviewTaskInput): Promise<TaskView> {
    return await this.#acts.run(async () => {
      const task = this.#find(reference, verdict);
      const { taskId } = task;
      if (task.state !== "review") {
        throw new TaskDeskError(
          "task_refused",
          `Cannot ${verdict} task ${taskId}: it is ${task.state}, not in review`,
          {
            details: { reason: "not_in_review", state: task.state },
          },
        );
      }
      const standing = task.value?.result;
      if (result !== undefined && result !== standing) throw moved(verdict, taskId);
      const { journal, local, clock } = this.#deps;
      const authority = local.membership.grantOf(journal.self, clock.nowMs());
      if (!authority || !mayReview({ body: task, author: task.postedBy }, journal.self, authority)) {
        const who = task.review?.role === undefined
          ? "its poster, people and coordinators"
          : `role ${task.review.role}`;
        throw new TaskDeskError("not_allowed", `Cannot ${verdict} task ${taskId}: ${who} may`);
      }
      const told = await this.#tell("task_reviewed", taskId, { taskId, verdict, reason: reason.slice(0, 4096) });
      return await this.#decide(taskId, verdict, { type: verdict, told }, standing);
    });
  }

  #find(reference: string, verb: string): TaskView {
    const id = parseTaskId(reference);
    const task = id && this.#deps.readModel.task(id);
    if (!task) throw new TaskDeskError("not_found", `Cannot ${verb} task "${reference}": there is none`);
    return task;
  }

  #assertSteers(task: TaskView, verb: string): void {
    const { journal, local, clock } = this.#deps;
    const authority = local.membership.grantOf(journal.self, clock.nowMs());
    if (!maySteer({ author: task.postedBy }, journal.self, authority)) throw maySteerNot(verb, task.taskId);
  }

  async #tell<K extends EntryKind>(kind: K, task: TaskId, body: BodyOf<K>): Promise<EntryId> {
    const { envelope } = await this.#deps.journal.append({ kind, topic: TOPICS.coordination, task, body });
    return envelope.id;
  }

  /** The register decides what is told; the decision is told, too. */
  async #decide(taskId: TaskId, verb: string, act: TaskAct, result?: EntryId): Promise<TaskView> {
    const { readModel, register, clock, random } = this.#deps;
    const deps: TaskActDeps = { register, clock, random, view: () => readModel.task(taskId) };
    const outcome = await decideTaskAct(deps, taskId, act, { result });
    if (outcome.type === "decided") {
      await this.#tell("task_decided", taskId, { taskId, certificate: outcome.certificate });
      return this.#view(taskId);
    }
    if (outcome.type === "undecided") {
      throw new TaskDeskError(
        "no_quorum",
        `Cannot ${verb} task ${taskId} now: no majority of the voters answers; it is told, but not decided: try again`,
        { details: { reason: outcome.reason } },
      );
    }
    if (outcome.type === "moved") throw moved(verb, taskId);
    const { code } = outcome;
    if (code === "already_finished") throw closed(verb, readModel.task(taskId) ?? { taskId, state: "completed" });
    if (code === "not_allowed") throw maySteerNot(verb, taskId);
    throw new TaskDeskError("task_refused", `Cannot ${verb} task ${taskId}: the voters refuse it: ${code}`, {
      details: { task_id: taskId, reason: code },
    });
  }

  async #append(draft: TaskDraft, given?: TaskId): Promise<TaskView> {
    const { journal, clock, random } = this.#deps;
    assertAhead("post", draft.deadlineMs, clock.nowMs());
    this.#assertKnown(draft);
    const taskId = given ?? createTaskId(clock.nowMs(), random, journal.self);
    await journal.append({
      kind: "task_posted",
      topic: TOPICS.coordination,
      task: taskId,
      body: { ...draft, taskId },
    });
    return this.#view(taskId);
  }

  /** What a post names must be here: a dependency or parent that nobody has posted would hold the task for ever. */
  #assertKnown({ dependencies = [], parent }: TaskDraft): void {
    for (const id of [...dependencies, ...(parent === undefined ? [] : [parent])]) {
      if (this.#deps.readModel.task(id)) continue;
      throw new TaskDeskError(
        "invalid_request",
        `Cannot post the task: it depends on task "${id}", which is not known here`,
      );
    }
  }

  #view(taskId: TaskId): TaskView {
    const view = this.#deps.readModel.task(taskId);
    if (!view) throw new TaskDeskError("not_found", `Cannot show task ${taskId}: the board has forgotten it`);
    return view;
  }
}

function maySteerNot(verb: string, taskId: TaskId): TaskDeskError {
  return new TaskDeskError("not_allowed", `Cannot ${verb} task ${taskId}: its poster, people and coordinators may`);
}

function closed(verb: string, { taskId, state }: Pick<TaskView, "taskId" | "state">): TaskDeskError {
  return new TaskDeskError("task_closed", `Cannot ${verb} task ${taskId}: it is ${state}`, { details: { state } });
}

function moved(verb: string, taskId: TaskId): TaskDeskError {
  return new TaskDeskError(
    "result_moved",
    `Cannot ${verb} task ${taskId}: another result stands by now; look at it again`,
    { details: { task_id: taskId } },
  );
}

/** Only a new task must have time left: a post that is repeated may come late. */
function assertAhead(verb: string, deadlineMs: number | undefined, nowMs: number): void {
  if (deadlineMs === undefined || (deadlineMs > nowMs && deadlineMs <= nowMs + MAX_AHEAD_MS)) return;
  const when = deadlineMs > 8.64e15 ? "beyond any date" : new Date(deadlineMs).toISOString();
  const why = deadlineMs > nowMs ? "which is more than ten years away" : "which has passed";
  throw new TaskDeskError("invalid_request", `Cannot ${verb} the task: deadline_ms is ${when}, ${why}`);
}

/** A deadline further away is a mistake of the unit: seconds, or nanoseconds. */
const MAX_AHEAD_MS = 10 * 366 * 86_400_000;
const MAX_REASON_CHARACTERS = 1024;
