import { mayAuthor } from "@bzzz/agentid";
import { LruMap, type TaskId } from "@bzzz/base";
import { foldTask, isFinished, taskEntryOf, type TaskState, type TaskView } from "@bzzz/coordinator";
import type { IssueTask, IssueTaskDraft, MeshTasks, SourcedTask } from "@bzzz/github";
import type { EntryKind } from "@bzzz/wire";
import { FacadeError, queryTask } from "../facade/queries.ts";
import { TaskDesk, type TaskDeskDeps } from "../facade/task_desk.ts";
import type { TaskDecisions } from "../task_decisions.ts";

/** What the tasks of a mesh are read from and posted to. */
export interface JournalMeshTasksDeps extends TaskDeskDeps {
  readonly decisions: Pick<TaskDecisions, "read">;
}

const PREFIX = "github:";
/** Tasks that have ended lately and are looked at once more: a few hundred requests at the start of a term. */
const MAX_RECENT = 100;
/** A change that is older is no news. */
const LONG_AGO_MS = 24 * 3_600_000;
/** Tasks whose state is remembered, so that only a change of it is told. */
const MAX_REMEMBERED = 10_000;

/** Tasks of issues, in this node's journal and on its board. */
export class JournalMeshTasks implements MeshTasks {
  readonly #deps: JournalMeshTasksDeps;
  readonly #desk: TaskDesk;

  constructor(deps: JournalMeshTasksDeps) {
    this.#deps = deps;
    this.#desk = new TaskDesk(deps);
  }

  find(taskId: TaskId): IssueTask | undefined {
    const view = this.#deps.readModel.task(taskId) ?? this.#forgotten(taskId);
    return view && issueTaskOf(view);
  }

  recent(endedAfterMs: number): readonly SourcedTask[] {
    const sourced = this.#deps.readModel.board.list().filter((view) => view.clientId?.startsWith(PREFIX));
    const ended = sourced.filter((view) => isFinished(view.state) && view.updatedAt.ms > endedAfterMs)
      .sort((a, b) => b.updatedAt.ms - a.updatedAt.ms).slice(0, MAX_RECENT);
    return [...sourced.filter((view) => !isFinished(view.state)), ...ended].flatMap(sourcedOf);
  }

  async post({ taskId, ...draft }: IssueTaskDraft): Promise<void> {
    this.#assertMay("task_posted", "post a task for an issue");
    await this.#desk.postAs(taskId, { ...draft, requiredCapabilities: [...draft.requiredCapabilities] });
  }

  async cancel(taskId: TaskId, reason: string): Promise<void> {
    this.#assertMay("task_cancelled", "cancel the task of an issue");
    await this.#desk.cancel(taskId, reason);
  }

  onChanged(listener: (task: SourcedTask) => void, options: { readonly signal: AbortSignal }): void {
    const known = new LruMap<TaskId, string>(MAX_REMEMBERED);
    this.#deps.readModel.events.on("task:changed", ({ view }) => {
      const [task] = sourcedOf(view);
      if (!task) return;
      // what sync brings of long ago was told long ago, or goes on and is looked at in every round
      if (view.updatedAt.ms < this.#deps.clock.nowMs() - LONG_AGO_MS) return;
      const { state } = issueTaskOf(view);
      const stand = isFinished(view.state) ? `${state} ${view.version}` : state;
      if (known.get(task.taskId) === stand) return;
      known.set(task.taskId, stand);
      listener(task);
    }, options);
  }

  /** A task that ended so long ago that the board has forgotten it; the journal has not. */
  #forgotten(taskId: TaskId): TaskView | undefined {
    const { journal, readModel, decisions } = this.#deps;
    const entries = queryTask(journal, taskId);
    return foldTask(
      entries.flatMap((entry) => taskEntryOf(entry, readModel.grantAt(entry), decisions.read) ?? []),
    );
  }

  #assertMay(kind: EntryKind, what: string): void {
    const { local, clock } = this.#deps;
    const { membership, identity, grant } = local;
    const decision = mayAuthor(kind, membership.grantOf(identity.peerId, clock.nowMs()) ?? grant);
    if (!decision.allow) throw new FacadeError("not_allowed", `Cannot ${what}: ${decision.reason}`);
  }
}

function sourcedOf({ clientId, taskId }: TaskView): SourcedTask[] {
  return clientId?.startsWith(PREFIX) ? [{ clientId, taskId }] : [];
}

function issueTaskOf(view: TaskView): IssueTask {
  const { taskId, version, result, reason } = view;
  return {
    taskId,
    version,
    state: stateOf(view.state),
    ...(result ? { summary: result.summary } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}

function stateOf(state: TaskState): IssueTask["state"] {
  switch (state) {
    case "announced":
      return "open";
    case "completed":
    case "failed":
    case "cancelled":
    case "expired":
      return state;
    default:
      return "held"; // somebody has it, or its result waits for a review
  }
}
