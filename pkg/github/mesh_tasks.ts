import type { TaskId } from "@bzzz/base";
import type { IssueTask, IssueTaskDraft } from "./types.ts";

/** A task that names an issue as its client id. */
export interface SourcedTask {
  readonly clientId: string;
  readonly taskId: TaskId;
}

/** What the source needs of the mesh; the runtime has it. */
export interface MeshTasks {
  /** The task with this id, also one that ended long ago; undefined when nobody has posted it, as far as is known here. */
  find(taskId: TaskId): IssueTask | undefined;
  /** Tasks whose client id begins with "github:" and that go on, or have ended after a wall time. */
  recent(endedAfterMs: number): readonly SourcedTask[];
  /** Resolves when the task is on disk; one that is there already is left as it is. @throws BzzzError */
  post(draft: IssueTaskDraft): Promise<void>;
  /** Resolves when it is decided. @throws BzzzError "task_closed" (it has ended), "not_allowed", "no_quorum" */
  cancel(taskId: TaskId, reason: string): Promise<void>;
  /** Tells of such tasks that are in another state now. */
  onChanged(listener: (task: SourcedTask) => void, options: { readonly signal: AbortSignal }): void;
}
