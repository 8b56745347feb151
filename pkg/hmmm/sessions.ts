import { LruMap, type TaskId } from "@bzzz/base";
import { MAX_SESSION_TASKS } from "./constants.ts";

/** The thread in which a task is discussed: its plan, objections, agreements, review. */
export function threadOfTask(taskId: TaskId): string {
  return `task/${taskId}`;
}

/** The task of such a thread, or undefined. */
export function taskOfThread(thread: string): string | undefined {
  return thread.startsWith("task/") ? thread.slice("task/".length) : undefined;
}

/**
 * Which tasks belong together, by their dependencies: all that hang together are one session, and its name follows from
 * them (the least task id), so that every node with the same posts gives it the same (S-13). A union-find (Tarjan 1975)
 * whose root is always the least, so that the order of arrival does not matter.
 */
export class SessionIndex {
  readonly #parent = new LruMap<TaskId, TaskId>(MAX_SESSION_TASKS);

  /** A post says that its task depends on others. */
  add(taskId: TaskId, dependencies: readonly TaskId[]): void {
    for (const dependency of dependencies) {
      const [a, b] = [this.#root(taskId), this.#root(dependency)];
      if (a === b) continue;
      const [least, other] = a < b ? [a, b] : [b, a];
      this.#parent.set(other, least);
      this.#parent.set(least, least);
    }
  }

  /** The thread that all tasks of a session share; undefined for a task that depends on none and has no dependants. */
  threadOf(taskId: TaskId): string | undefined {
    return this.#parent.get(taskId) === undefined ? undefined : `session/${this.#root(taskId)}`;
  }

  #root(taskId: TaskId): TaskId {
    let root = taskId;
    for (let up = this.#parent.get(root); up !== undefined && up !== root; up = this.#parent.get(root)) root = up;
    if (root !== taskId) this.#parent.set(taskId, root); // one step next time
    return root;
  }
}
