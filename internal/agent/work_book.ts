import { LruMap, type PeerId, type RequestId, type TaskId } from "@bzzz/base";
import { MAX_BOARD_TASKS, type OpenTask, TASK_KINDS, TaskBoard, taskEntryOf, type TaskView } from "@bzzz/coordinator";
import { requestEntryOf, RequestInbox, type RequestView } from "@bzzz/hmmm";
import type { EntryKind } from "@bzzz/wire";
import { answerOf } from "./asks.ts";
import { MAX_ASKS } from "./constants.ts";
import type { AgentEntry, AuthorGrantView, EarlierAnswer } from "./types.ts";

/** Kinds of entries an agent acts on. */
export const WORK_KINDS: readonly EntryKind[] = [
  ...TASK_KINDS as ReadonlySet<EntryKind>, // task kinds are entry kinds
  "request_opened",
  "request_answered",
  "request_withdrawn",
];

/** What an entry changed. */
export interface WorkChange {
  readonly task?: TaskView;
  readonly requests: readonly RequestView[];
}

/** Tasks and requests as the journal tells them, and how they belong together. */
export class WorkBook {
  readonly board: TaskBoard = new TaskBoard();
  readonly inbox: RequestInbox = new RequestInbox();
  readonly #requestsOfTask = new LruMap<TaskId, Set<RequestId>>(MAX_BOARD_TASKS);
  readonly #grantOf: (author: PeerId, atMs: number, seq: number | undefined) => AuthorGrantView | undefined;

  constructor(
    deps: { grantOf: (author: PeerId, atMs: number, seq: number | undefined) => AuthorGrantView | undefined },
  ) {
    this.#grantOf = deps.grantOf;
  }

  /** Takes a stored entry; entries it knows change nothing. */
  add(entry: AgentEntry): WorkChange {
    const { author, hlc, seq } = entry.envelope.header;
    const grant = this.#grantOf(author, hlc.ms, seq);
    const taskEntry = taskEntryOf(entry, grant);
    const change = taskEntry && this.board.add(taskEntry);
    const requestEntry = requestEntryOf(entry, grant);
    const requests = requestEntry ? this.inbox.add(requestEntry) : [];
    for (const { taskId, requestId } of requests) if (taskId !== undefined) this.#link(taskId, requestId);
    return change?.type === "changed" ? { task: change.view, requests } : { requests };
  }

  /** A task with what its requests tell. */
  openTask(view: TaskView): OpenTask {
    return { view, isAwaitingPerson: view.waitingFor.some((id) => this.#isOpen(id)) };
  }

  /** What people have answered to the nodes that held this task, the first answer in front. */
  answersOf(view: TaskView): EarlierAnswer[] {
    const holders = new Set(view.attempts.map(({ holder }) => holder));
    return [...this.#requestsOfTask.get(view.taskId) ?? []]
      .flatMap((id) => this.inbox.get(id) ?? [])
      .filter((request) => request.kind !== "notice" && holders.has(request.openedBy))
      .sort((a, b) => (a.answer?.answeredAt.ms ?? 0) - (b.answer?.answeredAt.ms ?? 0))
      .flatMap((request) => {
        const answer = answerOf(request);
        return answer ? [{ ...answer, title: request.title }] : [];
      });
  }

  /** A request that has not come yet is open: its answer may be on the way. */
  #isOpen(requestId: RequestId): boolean {
    const request = this.inbox.get(requestId);
    return request === undefined || request.recordedState === "pending";
  }

  #link(taskId: TaskId, requestId: RequestId): void {
    const known = this.#requestsOfTask.get(taskId) ?? new Set();
    // Attempts ask at most MAX_ASKS things; more come from nodes that have no part in the task.
    if (known.size < 8 * MAX_ASKS) this.#requestsOfTask.set(taskId, known.add(requestId));
  }
}
