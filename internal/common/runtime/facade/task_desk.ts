import type { PostTaskInput } from "@bzzz/api";
import { BzzzError, type Clock, parseTaskId, type Random, SerialQueue, type TaskId } from "@bzzz/base";
import { createTaskId, isFinished, mayCancel, type TaskView } from "@bzzz/coordinator";
import type { Journal } from "@bzzz/journal";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import type { MeshReadModel } from "../read_model.ts";

/** Refusals of the desk, by the codes of the API. */
export class TaskDeskError extends BzzzError<
  "not_found" | "task_closed" | "client_id_conflict" | "invalid_request" | "not_allowed"
> {}

/** What the desk stands on. */
export interface TaskDeskDeps {
  readonly local: LocalIdentity;
  readonly journal: Journal;
  readonly readModel: MeshReadModel;
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
}

/** Posts and cancellations that wait at the same time; one more is refused with "queue_full". */
const MAX_WAITING_ACTS = 1000;

/**
 * Posts and cancels tasks of this node. What depends on what is there goes one at a time: a client id is used once, and a
 * task cancelled once, also by callers at once.
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
      if (!isSame(known, draft)) {
        throw new TaskDeskError(
          "client_id_conflict",
          `Cannot post the task: client id "${draft.clientId}" was used for task ${known.taskId} with other content`,
          { details: { task_id: known.taskId } },
        );
      }
      return { task: known, isNew: false };
    });
  }

  /** @throws TaskDeskError "not_found", "task_closed", "not_allowed" */
  async cancel(reference: string, reason: string): Promise<TaskView> {
    return await this.#acts.run(() => this.#cancel(reference, reason));
  }

  async #cancel(reference: string, reason: string): Promise<TaskView> {
    const { journal, readModel, local, clock } = this.#deps;
    const id = parseTaskId(reference);
    const task = id && readModel.task(id);
    if (!task) throw new TaskDeskError("not_found", `Cannot cancel task "${reference}": there is none`);
    if (isFinished(task.state)) {
      throw new TaskDeskError("task_closed", `Cannot cancel task ${task.taskId}: it is ${task.state}`);
    }
    const { taskId } = task;
    const authority = local.membership.grantOf(journal.self, clock.nowMs());
    if (!mayCancel(task, { author: journal.self, ...(authority ? { authority } : {}) })) throw mayNotCancel(taskId);
    await journal.append({
      kind: "task_cancelled",
      topic: TOPICS.coordination,
      task: taskId,
      body: { taskId, reason: reason.slice(0, 1024) },
    });
    const after = this.#view(taskId);
    if (after.state === "cancelled") return after;
    // What came in meanwhile, or the rules of the task, decided otherwise.
    if (isFinished(after.state)) {
      throw new TaskDeskError("task_closed", `Cannot cancel task ${taskId}: it is ${after.state}`);
    }
    throw mayNotCancel(taskId);
  }

  async #append(draft: TaskDraft): Promise<TaskView> {
    const { journal, clock, random } = this.#deps;
    assertAhead(draft, clock.nowMs());
    const taskId = createTaskId(clock.nowMs(), random, journal.self);
    await journal.append({
      kind: "task_posted",
      topic: TOPICS.coordination,
      task: taskId,
      body: { ...draft, taskId },
    });
    return this.#view(taskId);
  }

  #view(taskId: TaskId): TaskView {
    const view = this.#deps.readModel.task(taskId);
    if (!view) throw new TaskDeskError("not_found", `Cannot show task ${taskId}: the board has forgotten it`);
    return view;
  }
}

function mayNotCancel(taskId: TaskId): TaskDeskError {
  return new TaskDeskError("not_allowed", `Cannot cancel task ${taskId}: its poster, people and coordinators may`);
}

type TaskDraft = Omit<BodyOf<"task_posted">, "taskId">;

/** Only a new task must have time left: a post that is repeated may come late. */
function assertAhead({ deadlineMs }: TaskDraft, nowMs: number): void {
  if (deadlineMs === undefined || deadlineMs > nowMs) return;
  throw new TaskDeskError(
    "invalid_request",
    `Cannot post the task: deadline_ms is ${new Date(deadlineMs).toISOString()}, which has passed`,
  );
}

function draftOf(input: PostTaskInput): TaskDraft {
  return {
    title: input.title,
    description: input.description,
    priority: input.priority,
    requiredCapabilities: [...input.required_capabilities],
    ...(input.client_id === undefined ? {} : { clientId: input.client_id }),
    ...(input.required_role === undefined ? {} : { requiredRole: input.required_role }),
    ...(input.deadline_ms === undefined ? {} : { deadlineMs: input.deadline_ms }),
    ...(input.input === undefined
      ? {}
      : { input: typeof input.input === "string" ? input.input : JSON.stringify(input.input) }),
  };
}

function isSame(known: TaskView, draft: TaskDraft): boolean {
  return known.title === draft.title && known.description === draft.description && known.priority === draft.priority &&
    known.requiredRole === draft.requiredRole && known.deadlineMs === draft.deadlineMs && known.input === draft.input &&
    known.requiredCapabilities.join("\n") === draft.requiredCapabilities.join("\n");
}
