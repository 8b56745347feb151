import type { PeerId, TaskId } from "@bzzz/base";
import { MAX_BOARD_TASKS } from "./constants.ts";
import { viewOf } from "./fold_task.ts";
import { addToRecord, createTaskRecord, type TaskRecord } from "./task_record.ts";
import { isFinished } from "./transitions.ts";
import type { TaskEntry, TaskView } from "./types.ts";

/** What an entry did to the board. */
export type BoardChange =
  /** The view of `taskId` is another one now. */
  | { readonly type: "changed"; readonly taskId: TaskId; readonly view: TaskView }
  /** Kept, but the post that counts has not come. */
  | { readonly type: "waiting"; readonly taskId: TaskId }
  /** It makes no difference: seen before, or overtaken. */
  | { readonly type: "known"; readonly taskId: TaskId }
  /** Posted again under the client id of `original`; the copy is no task of its own. */
  | { readonly type: "copy"; readonly taskId: TaskId; readonly original: TaskId };

interface Slot {
  readonly record: TaskRecord;
  view: TaskView | undefined;
}

/**
 * All tasks, folded as entries arrive in any order. Bounded: beyond `capacity` tasks the finished ones that were touched
 * longest ago are forgotten (the journal still has them); open tasks are forgotten only when nothing else is left.
 */
export class TaskBoard {
  readonly #capacity: number;
  /** In order of last touch. */
  readonly #slots = new Map<TaskId, Slot>();
  /** By the parent that a post names; as many as there are slots. */
  readonly #children = new Map<TaskId, Set<TaskId>>();
  /** Author and client id → the post that counts: the one of the lowest seq, of those that the records of the slots keep. */
  readonly #posts = new Map<string, { taskId: TaskId; seq: number }>();

  constructor(options: { capacity?: number } = {}) {
    this.#capacity = options.capacity ?? MAX_BOARD_TASKS;
  }

  /** Tasks and copies the board knows. */
  get size(): number {
    return this.#slots.size;
  }

  /** Takes one verified entry. */
  add(entry: TaskEntry): BoardChange {
    const { taskId } = entry.body;
    const slot = this.#slots.get(taskId) ?? { record: createTaskRecord(taskId), view: undefined };
    const keysBefore = clientKeys(slot.record.posts);
    if (!addToRecord(slot.record, entry)) return { type: "known", taskId };
    this.#slots.delete(taskId);
    this.#slots.set(taskId, slot);
    const before = slot.view?.parent;
    slot.view = viewOf(slot.record);
    this.#relate(taskId, before, slot.view?.parent);
    if (entry.kind === "task_posted") this.#register(slot.record, keysBefore);
    this.#evict();
    if (!slot.view) return { type: "waiting", taskId };
    const original = this.originalOf(taskId);
    return original === taskId ? { type: "changed", taskId, view: slot.view } : { type: "copy", taskId, original };
  }

  /** The view of a task; a copy gives the view of its original. */
  get(taskId: TaskId): TaskView | undefined {
    return this.#slots.get(this.originalOf(taskId))?.view;
  }

  /** The task that a posting of the same author with the same client id made first; `taskId` itself when it is no copy. */
  originalOf(taskId: TaskId): TaskId {
    const view = this.#slots.get(taskId)?.view;
    if (view?.clientId === undefined) return taskId;
    return this.#posts.get(postKey(view.postedBy, view.clientId))?.taskId ?? taskId;
  }

  /** Tasks that were delegated from this one; copies are left out. */
  childrenOf(taskId: TaskId): TaskView[] {
    return [...this.#children.get(taskId) ?? []].flatMap((id) =>
      this.originalOf(id) === id ? this.#slots.get(id)?.view ?? [] : []
    );
  }

  /** The task an author posted under a client id: posting again must return it instead of a new one. */
  findPosted(author: PeerId, clientId: string): TaskView | undefined {
    const post = this.#posts.get(postKey(author, clientId));
    return post && this.#slots.get(post.taskId)?.view;
  }

  /** Views of all tasks, copies left out; the first to be worked on in front (priority, then age). */
  list(): TaskView[] {
    const views: TaskView[] = [];
    for (const [taskId, slot] of this.#slots) {
      if (slot.view && this.originalOf(taskId) === taskId) views.push(slot.view);
    }
    return views.sort(compareUrgency);
  }

  /** Brings the client ids of a task in line with the posts that its record keeps; `before` it had these. */
  #register({ taskId, posts }: TaskRecord, before: readonly string[]): void {
    const kept = clientKeys(posts);
    for (const key of before) if (!kept.includes(key)) this.#forgetPost(key, taskId);
    for (const { author, seq, body } of posts) {
      if (body.clientId === undefined) continue;
      const key = postKey(author, body.clientId);
      const known = this.#posts.get(key);
      if (!known || seq < known.seq) this.#posts.set(key, { taskId, seq });
    }
  }

  #forgetPost(key: string, taskId: TaskId): void {
    if (this.#posts.get(key)?.taskId === taskId) this.#posts.delete(key);
  }

  #relate(taskId: TaskId, before: TaskId | undefined, after: TaskId | undefined): void {
    if (before === after) return;
    const siblings = before === undefined ? undefined : this.#children.get(before);
    siblings?.delete(taskId);
    if (before !== undefined && siblings?.size === 0) this.#children.delete(before);
    if (after !== undefined) this.#children.set(after, (this.#children.get(after) ?? new Set()).add(taskId));
  }

  #evict(): void {
    if (this.#slots.size <= this.#capacity) return;
    let victim: TaskId | undefined;
    for (const [taskId, slot] of this.#slots) {
      victim ??= taskId;
      if (slot.view && isFinished(slot.view.state)) {
        victim = taskId;
        break;
      }
    }
    if (victim === undefined) return;
    const slot = this.#slots.get(victim);
    this.#slots.delete(victim);
    this.#relate(victim, slot?.view?.parent, undefined);
    for (const key of clientKeys(slot?.record.posts ?? [])) this.#forgetPost(key, victim);
  }
}

/** Higher priority first, then the older post, then the id. */
export function compareUrgency(a: TaskView, b: TaskView): number {
  return b.priority - a.priority || a.postedAt.ms - b.postedAt.ms || a.postedAt.counter - b.postedAt.counter ||
    (a.taskId < b.taskId ? -1 : 1);
}

function clientKeys(posts: TaskRecord["posts"]): string[] {
  return posts.flatMap(({ author, body: { clientId } }) => clientId === undefined ? [] : [postKey(author, clientId)]);
}

function postKey(author: PeerId, clientId: string): string {
  return `${author}\0${clientId}`;
}
