import { FairShare, type PeerId, type TaskId } from "@bzzz/base";
import { MAX_BOARD_BYTES, MAX_BOARD_PARTS } from "./constants.ts";
import { viewOf } from "./fold_task.ts";
import { addToRecord, bytesByAuthor, createTaskRecord, dropAuthor, type TaskRecord } from "./task_record.ts";
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

/** In which order an author's are given up. */
const RANKS = { words: 0, finished: 1, wordsOnOpen: 2, open: 3 } as const;

interface Slot {
  readonly record: TaskRecord;
  view: TaskView | undefined;
  /** Whose parts of it are on the books. */
  authors: readonly PeerId[];
}

/** Settings of a board. */
export interface TaskBoardOptions {
  /** Parts of tasks, one of each author. Default 40,000. */
  readonly capacity?: number;
  /** Of the heap, roughly. Default 128 MiB. */
  readonly maxBytes?: number;
  /** A task made room for others; whoever keeps something of it keeps it no longer. */
  readonly onForgotten?: (taskId: TaskId) => void;
}

/**
 * All tasks, folded as entries arrive in any order, without their long texts (`taskTextsOf`). Bounded in number and bytes, by
 * author: beyond the bounds who has most gives up what is its own, first what it told of others' tasks, then its finished
 * tasks, those touched longest ago first, and its open ones when nothing else is left. The journal still has them.
 */
export class TaskBoard {
  readonly #shares: FairShare;
  readonly #onForgotten: (taskId: TaskId) => void;
  readonly #slots = new Map<TaskId, Slot>();
  /** By the parent that a post names; as many as there are slots. */
  readonly #children = new Map<TaskId, Set<TaskId>>();
  /** Author and client id → the post that counts: the one of the lowest seq, of those that the records of the slots keep. */
  readonly #posts = new Map<string, { taskId: TaskId; seq: number }>();

  constructor(options: TaskBoardOptions = {}) {
    this.#onForgotten = options.onForgotten ?? (() => {});
    this.#shares = new FairShare({
      maxItems: options.capacity ?? MAX_BOARD_PARTS,
      maxBytes: options.maxBytes ?? MAX_BOARD_BYTES,
    });
  }

  /** Tasks and copies the board knows. */
  get size(): number {
    return this.#slots.size;
  }

  /** Takes one verified entry. */
  add(entry: TaskEntry): BoardChange {
    const { taskId } = entry.body;
    const slot = this.#slots.get(taskId) ?? { record: createTaskRecord(taskId), view: undefined, authors: [] };
    const keysBefore = clientKeys(slot.record.posts);
    if (!addToRecord(slot.record, entry)) return { type: "known", taskId };
    this.#slots.set(taskId, slot);
    this.#fold(slot);
    if (entry.kind === "task_posted") this.#register(slot.record, keysBefore);
    this.#note(taskId, slot);
    this.#makeRoom();
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

  #fold(slot: Slot): void {
    const before = slot.view?.parent;
    slot.view = viewOf(slot.record);
    this.#relate(slot.record.taskId, before, slot.view?.parent);
  }

  /** Puts down what each author has in a task. */
  #note(taskId: TaskId, slot: Slot): void {
    const owner = slot.view?.postedBy;
    const isOver = slot.view === undefined || isFinished(slot.view.state);
    const [own, words] = isOver ? [RANKS.finished, RANKS.words] : [RANKS.open, RANKS.wordsOnOpen];
    for (const author of slot.authors) this.#shares.delete(keyOf(taskId, author));
    const bytesOf = bytesByAuthor(slot.record, owner);
    for (const [author, bytes] of bytesOf) {
      const rank = author === owner ? own : words;
      this.#shares.set(keyOf(taskId, author), { owner: author, bytes, rank });
    }
    slot.authors = [...bytesOf.keys()];
  }

  #makeRoom(): void {
    for (let key = this.#shares.excess(); key !== undefined; key = this.#shares.excess()) {
      const [taskId, author] = key.split(" ") as [TaskId, PeerId]; // as `keyOf` put them together
      const slot = this.#slots.get(taskId);
      if (!slot) this.#shares.delete(key);
      else if (author === slot.view?.postedBy) this.#forget(taskId, slot);
      else this.#dropWords(taskId, slot, author);
    }
  }

  /** What the voters decided stays; a finished task whose result was among the words is forgotten, not shown without it. */
  #dropWords(taskId: TaskId, slot: Slot, author: PeerId): void {
    const { view: before, record } = slot;
    const keysBefore = clientKeys(record.posts);
    dropAuthor(record, author, before?.postedBy);
    this.#fold(slot);
    this.#register(record, keysBefore);
    const isLost = before?.result !== undefined && slot.view?.result === undefined;
    this.#note(taskId, slot);
    if (isLost || slot.authors.length === 0) this.#forget(taskId, slot);
  }

  #forget(taskId: TaskId, { record, view, authors }: Slot): void {
    this.#slots.delete(taskId);
    this.#onForgotten(taskId);
    for (const author of authors) this.#shares.delete(keyOf(taskId, author));
    this.#relate(taskId, view?.parent, undefined);
    for (const key of clientKeys(record.posts)) this.#forgetPost(key, taskId);
  }
}

/** Neither has a space in it. */
function keyOf(taskId: TaskId, author: PeerId): string {
  return `${taskId} ${author}`;
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
