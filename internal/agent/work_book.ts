import type { PersonId } from "@bzzz/agentid";
import { type Clock, LruMap, type PeerId, type RequestId, type TaskId, type TypedEventTarget } from "@bzzz/base";
import {
  type DecisionReader,
  isFinished,
  MAX_BOARD_TASKS,
  MAX_DELEGATIONS,
  type OpenTask,
  TASK_KINDS,
  TaskBoard,
  taskEntryOf,
  type TaskView,
} from "@bzzz/coordinator";
import {
  type ActingFacts,
  type AnsweredEntry,
  closedAs,
  findStanding,
  isSignedByPerson,
  needsPerson,
  type ProofOf,
  type RequestEntry,
  requestEntryOf,
  RequestInbox,
  type RequestView,
} from "@bzzz/hmmm";
import { compareHlc, type EntryKind } from "@bzzz/wire";
import { answerOf, tryBeganAt } from "./asks.ts";
import { MAX_ASKS } from "./constants.ts";
import type { AgentEntry, AgentJournal, Answer, AuthorGrantView, AuthorLabel, EarlierAnswer } from "./types.ts";

/** Kinds of entries an agent acts on. */
export const WORK_KINDS: readonly EntryKind[] = [
  ...TASK_KINDS as ReadonlySet<EntryKind>, // task kinds are entry kinds
  "request_opened",
  "request_answered",
  "request_withdrawn",
  "request_handled",
  "request_revoked",
  "request_performed",
];

/** What an entry changed. */
export interface WorkChange {
  readonly task?: TaskView;
  /** Open tasks that waited for `task`. */
  readonly dependants: readonly TaskView[];
  readonly requests: readonly RequestView[];
  /** Tasks that made room. */
  readonly forgotten: readonly TaskId[];
}

/** Who stands behind answers; the runtime's `People` fits. */
export interface PeopleSource {
  readonly proofOf: ProofOf;
  /** Whether they still do. */
  readonly isStanding: ActingFacts["isStanding"];
  /** Whether an answer may be judged otherwise since a record of `person` came. */
  isAbout(person: PersonId, entry: AnsweredEntry): boolean;
  readonly events: Pick<TypedEventTarget<{ "person:changed": { readonly person: PersonId } }>, "on">;
}

/** What a work book reads entries with. */
export interface WorkBookDeps {
  /** Where what was read is read again. */
  readonly journal: Pick<AgentJournal, "entriesAfter">;
  readonly grantOf: (author: PeerId, atMs: number, seq: number | undefined) => AuthorGrantView | undefined;
  readonly people: PeopleSource;
  readonly readDecision: DecisionReader;
  readonly clock: Pick<Clock, "nowMs">;
}

/** Tasks that are told at once when the one they wait for is completed; more find out when presence changes next. */
const MAX_DEPENDANTS = 1_000;

/** Tasks and requests as the journal tells them, and how they belong together. */
export class WorkBook {
  readonly board: TaskBoard = new TaskBoard({ onForgotten: (taskId) => this.#forgotten.push(taskId) });
  readonly inbox: RequestInbox;
  readonly #requestsOfTask = new LruMap<TaskId, Set<RequestId>>(MAX_BOARD_TASKS);
  readonly #dependants = new LruMap<TaskId, Set<TaskId>>(MAX_BOARD_TASKS);
  readonly #deps: WorkBookDeps;
  /** Since the last entry. */
  #forgotten: TaskId[] = [];

  constructor(deps: WorkBookDeps) {
    this.#deps = deps;
    this.inbox = new RequestInbox({
      entryAt: (cursor) => {
        const entry = deps.journal.entriesAfter(cursor - 1, { limit: 1, kinds: WORK_KINDS })[0];
        return entry?.cursor === cursor ? this.#requestEntry(entry) : undefined;
      },
    });
  }

  /** Takes a stored entry; entries it knows change nothing. */
  add(entry: AgentEntry): WorkChange {
    const { author, hlc, seq } = entry.envelope.header;
    const grant = this.#deps.grantOf(author, hlc.ms, seq);
    this.#forgotten = [];
    const taskEntry = taskEntryOf(entry, grant, this.#deps.readDecision);
    const change = taskEntry && this.board.add(taskEntry);
    const requestEntry = this.#requestEntry(entry);
    const requests = requestEntry ? this.inbox.add(requestEntry) : [];
    for (const { taskId, requestId } of requests) if (taskId !== undefined) this.#link(taskId, requestId);
    if (change?.type !== "changed") return { requests, dependants: [], forgotten: this.#forgotten };
    const { view } = change;
    if (taskEntry?.kind === "task_posted") this.#rememberDependencies(view);
    const dependants = view.state === "completed" ? this.#dependantsOf(view.taskId) : [];
    return { task: view, requests, dependants, forgotten: this.#forgotten };
  }

  #requestEntry(entry: AgentEntry): RequestEntry | undefined {
    const { author, hlc, seq } = entry.envelope.header;
    return requestEntryOf(entry, this.#deps.grantOf(author, hlc.ms, seq), this.#deps.people.proofOf);
  }

  /** What is known of a person has changed: the requests that this changed. */
  rejudge(person: PersonId): readonly RequestView[] {
    const { people } = this.#deps;
    return this.inbox.rejudge(people.proofOf, (entry) => people.isAbout(person, entry));
  }

  /** A task with what its requests tell. */
  openTask(view: TaskView): OpenTask {
    return {
      view,
      isAwaitingPerson: view.waitingFor.some((id) => this.#isOpen(id)),
      hasOpenDependencies: view.dependencies?.some((id) => this.board.get(id)?.state !== "completed") ?? false,
    };
  }

  /** Wall time at which silence answers a request that the task waits for: nothing is told then. Undefined: none does. */
  silenceEndsAt(view: TaskView): number | undefined {
    const ends = view.waitingFor.flatMap((id) => {
      const request = this.inbox.get(id);
      const isDenied = request?.recordedState === "pending" && request.onTimeout === "deny";
      return isDenied && request.deadlineMs !== undefined ? [request.deadlineMs + 1] : [];
    });
    const nowMs = this.#deps.clock.nowMs();
    const coming = ends.filter((endMs) => endMs > nowMs); // what is over was heard
    return coming.length === 0 ? undefined : Math.min(...coming);
  }

  /** The posts of a delegated task's parents, the nearest in front, as far as they are known. */
  parentsOf(view: TaskView): TaskView[] {
    const parents: TaskView[] = [];
    for (let next = view.parent; next !== undefined && parents.length <= MAX_DELEGATIONS;) {
      const parent = this.board.get(next);
      if (!parent) break;
      parents.push(parent);
      next = parent.parent;
    }
    return parents;
  }

  /** What people were asked and told about a task. */
  requestsOf(taskId: TaskId): RequestView[] {
    return [...this.#requestsOfTask.get(taskId) ?? []].flatMap((id) => this.inbox.get(id) ?? []);
  }

  /** What people have answered to the nodes that held this task, the first answer in front. */
  answersOf(view: TaskView): EarlierAnswer[] {
    const holders = new Set(view.attempts.map(({ holder }) => holder));
    const beganAt = tryBeganAt(view);
    return this.requestsOf(view.taskId)
      .filter((request) => request.kind !== "notice" && holders.has(request.openedBy))
      .sort((a, b) => (a.answer?.answeredAt.ms ?? 0) - (b.answer?.answeredAt.ms ?? 0))
      .flatMap((request) => {
        const isSigned = request.answer &&
          (!needsPerson(request, request.answer) || isSignedByPerson(request, request.answer));
        const answer = isSigned ? this.answerOf(request) : undefined;
        const isOld = beganAt !== undefined && compareHlc(request.openedAt, beganAt) < 0;
        const { title, body } = request;
        return answer ? [{ ...answer, title, body, ...(isOld ? { isOfFailedTry: true } : {}) }] : [];
      });
  }

  /** The answer of a person with who gave it; undefined while there is none. */
  answerOf(view: RequestView): Answer | undefined {
    const answer = answerOf(view);
    return answer && view.answer ? { ...answer, by: this.labelOf(view.answer.author) } : undefined;
  }

  /** Who a peer is now. */
  labelOf(peer: PeerId): AuthorLabel {
    const grant = this.#deps.grantOf(peer, this.#deps.clock.nowMs(), undefined);
    return { name: grant?.agentId ?? peer, role: grant?.role };
  }

  /** What is known at this moment about who approves. */
  facts(): ActingFacts {
    const nowMs = this.#deps.clock.nowMs();
    const { grantOf, people: { isStanding } } = this.#deps;
    return { nowMs, grantOf: (peer) => grantOf(peer, nowMs, undefined), isStanding };
  }

  /** An approval for longer than once that covers this request, too. */
  standing(wanted: Pick<RequestView, "action" | "taskId" | "openedBy">): RequestView | undefined {
    if (!wanted.action) return undefined;
    const facts = this.facts();
    const lasting = this.inbox.list(facts.nowMs, "answered").filter(({ answer }) =>
      answer?.scope !== undefined && answer.scope !== "once"
    );
    return findStanding(lasting.flatMap(({ requestId }) => this.inbox.get(requestId) ?? []), wanted, facts);
  }

  /** A request that has not come yet is open: its answer may be on the way. */
  #isOpen(requestId: RequestId): boolean {
    const request = this.inbox.get(requestId);
    return request === undefined || closedAs(request, this.#deps.clock.nowMs()) === undefined;
  }

  #rememberDependencies({ taskId, dependencies = [] }: TaskView): void {
    for (const dependency of dependencies) {
      const known = this.#dependants.get(dependency) ?? new Set();
      if (known.size < MAX_DEPENDANTS) this.#dependants.set(dependency, known.add(taskId));
    }
  }

  #dependantsOf(taskId: TaskId): TaskView[] {
    return [...this.#dependants.get(taskId) ?? []].flatMap((id) => {
      const view = this.board.get(id);
      return view && !isFinished(view.state) ? [view] : [];
    });
  }

  #link(taskId: TaskId, requestId: RequestId): void {
    const known = this.#requestsOfTask.get(taskId) ?? new Set();
    // Attempts ask at most MAX_ASKS things; more come from nodes that have no part in the task.
    if (known.size < 8 * MAX_ASKS) this.#requestsOfTask.set(taskId, known.add(requestId));
  }
}
