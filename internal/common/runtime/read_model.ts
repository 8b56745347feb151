import type { Grant, Membership, PersonId } from "@bzzz/agentid";
import type { RequestRecord } from "@bzzz/api";
import { type Clock, type PeerId, type TaskId, TypedEventTarget } from "@bzzz/base";
import { type DecisionReader, TASK_KINDS, TaskBoard, taskEntryOf, type TaskView } from "@bzzz/coordinator";
import {
  messageEntryOf,
  type RequestEntry,
  requestEntryOf,
  RequestInbox,
  type RequestView,
  SessionIndex,
  ThreadIndex,
} from "@bzzz/hmmm";
import type { Journal, StoredEntry } from "@bzzz/journal";
import type { EntryKind } from "@bzzz/wire";
import type { People } from "./people/people.ts";
import { PlanTimes } from "./task_facts.ts";

/** Where decisions are read; `TaskDecisions` fits. */
export interface DecisionSource {
  readonly read: DecisionReader;
  readonly events: Pick<TypedEventTarget<{ "voters:learned": undefined }>, "on">;
}

/** What is shown of the wording that a request names; or why nothing is. */
export type WordedRequest = Pick<NonNullable<RequestRecord["wording"]>, "listed" | "unlisted_because">;

/** Stakes that a rule of the policy has raised. */
export interface RaisedStakes {
  readonly stakes: RequestView["stakes"];
  readonly rule: string;
}

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
  "request_handled",
  "request_revoked",
  "request_performed",
  "message_posted",
  "agent_record",
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
  readonly inbox: RequestInbox;
  readonly threads = new ThreadIndex();
  readonly sessions = new SessionIndex();
  readonly plans: PlanTimes;
  /** What this node's policy makes of a request's stakes; never less than the asker proposes. Set by who has a policy. */
  stakesOf: (view: RequestView) => RaisedStakes | undefined = () => undefined;
  /** How this node's person wants to read a request that names a wording. Set by who has a library. */
  wordingOf: (view: RequestView, wording: NonNullable<RequestView["wording"]>) => WordedRequest = () => ({
    unlisted_because: "this node has no prompt library",
  });
  /** What members' newest records say that they can do. One per member. */
  readonly #capabilities = new Map<PeerId, { readonly seq: number; readonly names: readonly string[] }>();
  readonly #decisions: DecisionSource;
  readonly #people: Pick<People, "proofOf" | "isAbout" | "events">;
  readonly #journal: Journal;
  readonly #membership: Membership;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #stopped = new AbortController();

  constructor(deps: {
    journal: Journal;
    membership: Membership;
    clock: Pick<Clock, "nowMs" | "monotonicMs">;
    /** Reads what a certificate proves of a task, and tells when it can read more of them. */
    decisions: DecisionSource;
    /** Who stands behind answers. */
    people: Pick<People, "proofOf" | "isAbout" | "events">;
  }) {
    this.#people = deps.people;
    this.#decisions = deps.decisions;
    this.plans = new PlanTimes(deps.clock);
    this.#journal = deps.journal;
    this.#membership = deps.membership;
    this.#clock = deps.clock;
    this.inbox = new RequestInbox({
      entryAt: (cursor) => {
        const entry = deps.journal.entriesAfter(cursor - 1, { limit: 1, kinds: FOLDED_KINDS })[0];
        return entry?.cursor === cursor ? this.#requestEntry(entry) : undefined;
      },
    });
  }

  /** Folds what is on disk, then follows. Call once, before the network brings new entries. */
  start(): void {
    this.#replay(FOLDED_KINDS);
    const { signal } = this.#stopped;
    this.#journal.events.on("entry:stored", ({ entry }) => this.#fold(entry), { signal });
    this.#decisions.events.on("voters:learned", () => this.#replay(["task_decided"]), { signal });
    this.#people.events.on("person:changed", ({ person }) => this.#rejudge(person), { signal });
  }

  /** Folds what is on disk; entries that are known change nothing. */
  #replay(kinds: readonly EntryKind[]): void {
    for (let cursor = 0;;) {
      const chunk = this.#journal.entriesAfter(cursor, { limit: REPLAY_CHUNK, kinds });
      for (const entry of chunk) this.#fold(entry);
      const last = chunk.at(-1);
      if (!last || chunk.length < REPLAY_CHUNK) break;
      cursor = last.cursor;
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  task(taskId: TaskId): TaskView | undefined {
    return this.board.get(taskId);
  }

  /** What a member's newest record says that it can do; undefined while there is none. */
  capabilitiesOf(peer: PeerId): readonly string[] | undefined {
    return this.#capabilities.get(peer)?.names;
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
    if (entry.kind === "agent_record") return this.#foldRecord(entry);
    const request = this.#requestEntry(entry);
    if (request) {
      for (const view of this.inbox.add(request)) this.events.emit("request:changed", { view });
      return;
    }
    const message = messageEntryOf(entry, this.grantAt(entry));
    this.plans.hear(entry);
    if (message) this.threads.add(message);
  }

  #requestEntry(entry: StoredEntry): RequestEntry | undefined {
    return requestEntryOf(entry, this.grantAt(entry), this.#people.proofOf);
  }

  #rejudge(person: PersonId): void {
    const changed = this.inbox.rejudge(this.#people.proofOf, (entry) => this.#people.isAbout(person, entry));
    for (const view of changed) this.events.emit("request:changed", { view });
  }

  #foldRecord(entry: Extract<StoredEntry, { kind: "agent_record" }>): void {
    const { author, seq = 0 } = entry.envelope.header;
    if ((this.#capabilities.get(author)?.seq ?? -1) >= seq) return;
    this.#capabilities.set(author, { seq, names: entry.body.capabilities });
  }

  #foldTask(entry: StoredEntry): void {
    const task = taskEntryOf(entry, this.grantAt(entry), this.#decisions.read);
    if (!task) return;
    if (task.kind === "task_posted") this.sessions.add(task.body.taskId, task.body.dependencies ?? []);
    const change = this.board.add(task);
    if (change.type === "changed") this.events.emit("task:changed", { view: change.view });
  }
}
