import type { Grant, Membership } from "@bzzz/agentid";
import { type Clock, type TaskId, TypedEventTarget } from "@bzzz/base";
import { TASK_KINDS, TaskBoard, taskEntryOf, type TaskView } from "@bzzz/coordinator";
import { messageEntryOf, requestEntryOf, RequestInbox, type RequestView, ThreadIndex } from "@bzzz/hmmm";
import type { Journal, StoredEntry } from "@bzzz/journal";
import type { EntryKind } from "@bzzz/wire";

/** Emitted after the fold, for entries that came after the replay as well as during it. */
export interface ReadModelEvents {
  "task:changed": { readonly view: TaskView };
  "request:changed": { readonly view: RequestView };
}

const FOLDED_KINDS: readonly EntryKind[] = [
  ...TASK_KINDS as ReadonlySet<EntryKind>, // every task kind is an entry kind
  "request_opened",
  "request_answered",
  "request_withdrawn",
  "message_posted",
];
/** Entries read from disk at once while the journal is replayed. */
const REPLAY_CHUNK = 500;

/**
 * What the journal means: tasks, requests to people, threads. Folded from entries in any order, so a restart gives the
 * same answer from the same entries.
 */
export class MeshReadModel {
  readonly events = new TypedEventTarget<ReadModelEvents>();
  readonly board = new TaskBoard();
  readonly inbox = new RequestInbox();
  readonly threads = new ThreadIndex();
  readonly #journal: Journal;
  readonly #membership: Membership;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #stopped = new AbortController();

  constructor(deps: { journal: Journal; membership: Membership; clock: Pick<Clock, "nowMs"> }) {
    this.#journal = deps.journal;
    this.#membership = deps.membership;
    this.#clock = deps.clock;
  }

  /** Folds what is on disk, then follows. Call once, before the network brings new entries. */
  start(): void {
    for (let cursor = 0;;) {
      const chunk = this.#journal.entriesAfter(cursor, { limit: REPLAY_CHUNK, kinds: FOLDED_KINDS });
      for (const entry of chunk) this.#fold(entry);
      const last = chunk.at(-1);
      if (!last || chunk.length < REPLAY_CHUNK) break;
      cursor = last.cursor;
    }
    this.#journal.events.on("entry:stored", ({ entry }) => this.#fold(entry), { signal: this.#stopped.signal });
  }

  stop(): void {
    this.#stopped.abort();
  }

  task(taskId: TaskId): TaskView | undefined {
    return this.board.get(taskId);
  }

  /** The grant under which an entry was written, as history judges it. */
  grantAt(entry: StoredEntry): Grant | undefined {
    const { author, hlc, seq } = entry.envelope.header;
    const check = this.#membership.checkAuthor(author, {
      hlcMs: hlc.ms,
      ...(seq === undefined ? {} : { seq }),
      nowMs: this.#clock.nowMs(),
      path: "sync",
    });
    return check.ok ? check.grant : undefined;
  }

  #fold(entry: StoredEntry): void {
    if (TASK_KINDS.has(entry.kind)) this.#foldTask(entry);
    const request = requestEntryOf(entry, this.grantAt(entry));
    if (request) {
      for (const view of this.inbox.add(request)) this.events.emit("request:changed", { view });
      return;
    }
    const message = messageEntryOf(entry, this.grantAt(entry));
    if (message) this.threads.add(message);
  }

  #foldTask(entry: StoredEntry): void {
    const task = taskEntryOf(entry, this.grantAt(entry));
    if (!task) return;
    const change = this.board.add(task);
    if (change.type === "changed") this.events.emit("task:changed", { view: change.view });
  }
}
