import type { Membership } from "@bzzz/agentid";
import { type Clock, type EntryId, LruMap, type PeerId, type TaskId } from "@bzzz/base";
import {
  type Authority,
  MAX_DELEGATIONS,
  type PlanFact,
  type ShortBody,
  type TaskBoard,
  type TaskFacts,
} from "@bzzz/coordinator";
import { closedAs, isSignedByPerson, type RequestInbox, type ThreadIndex, threadOfTask } from "@bzzz/hmmm";
import type { BodyOf, Envelope } from "@bzzz/wire";
import type { MeshReadModel } from "./read_model.ts";

/** An entry as a journal gives it. */
interface StoredFact {
  readonly envelope: Pick<Envelope, "id" | "header">;
  readonly kind: string;
  readonly body: unknown;
}

/** What a voter's facts are read from; all of it follows from its journal. */
export interface TaskFactsDeps {
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly board: Pick<TaskBoard, "get">;
  readonly inbox: Pick<RequestInbox, "get">;
  readonly threads: Pick<ThreadIndex, "get">;
  readonly plans: Pick<PlanTimes, "heardMs">;
  readonly entry: (id: EntryId) => StoredFact | undefined;
  /** The grant of a member as it is now. */
  readonly authority: (peer: PeerId) => Authority | undefined;
  /** What the newest record of a member says that it can do. */
  readonly capabilities: (peer: PeerId) => readonly string[] | undefined;
}

/** Plans whose first hearing is remembered; of an older one the window begins anew, which is late and not wrong. */
const MAX_PLANS = 10_000;

/** Since when this node knows of plans, by its monotonic clock: the objection window of a plan begins then. */
export class PlanTimes {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #heardMs = new LruMap<EntryId, number>(MAX_PLANS);

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Takes an entry of the journal; what is no plan is passed over. */
  hear(entry: StoredFact): void {
    const { id } = entry.envelope;
    if (typeOf(entry) === "plan" && this.#heardMs.get(id) === undefined) {
      this.#heardMs.set(id, this.#clock.monotonicMs());
    }
  }

  heardMs(id: EntryId): number | undefined {
    return this.#heardMs.get(id);
  }
}

/** What of a node the facts of its voter are read from. */
interface FactsSource {
  readonly clock: TaskFactsDeps["clock"];
  readonly journal: { get(id: EntryId): StoredFact | undefined };
  readonly readModel: Pick<MeshReadModel, "board" | "inbox" | "threads" | "plans" | "capabilitiesOf">;
  readonly membership: Pick<Membership, "grantOf">;
}

/** The facts of a node, as its journal, its read model and the grants of its members have them. */
export function taskFactsOf({ clock, journal, readModel, membership }: FactsSource): TaskFacts {
  return new JournalTaskFacts({
    clock,
    board: readModel.board,
    inbox: readModel.inbox,
    threads: readModel.threads,
    plans: readModel.plans,
    entry: (id) => journal.get(id),
    authority: (peer) => membership.grantOf(peer, clock.nowMs()),
    capabilities: (peer) => readModel.capabilitiesOf(peer),
  });
}

/** The facts of one voter's journal. */
export class JournalTaskFacts implements TaskFacts {
  readonly #deps: TaskFactsDeps;

  constructor(deps: TaskFactsDeps) {
    this.#deps = deps;
  }

  nowMs(): number {
    return this.#deps.clock.nowMs();
  }

  post(taskId: TaskId, post: EntryId): ReturnType<TaskFacts["post"]> {
    const entry = this.#deps.entry(post);
    if (entry?.kind !== "task_posted") return undefined;
    const body = entry.body as BodyOf<"task_posted">; // the journal decodes by kind
    return body.taskId === taskId ? { body, author: entry.envelope.header.author } : undefined;
  }

  authority(peer: PeerId): Authority | undefined {
    return this.#deps.authority(peer);
  }

  capabilities(peer: PeerId): readonly string[] | undefined {
    return this.#deps.capabilities(peer);
  }

  isCompleted(taskId: TaskId): boolean | undefined {
    const view = this.#deps.board.get(taskId);
    return view && view.state === "completed";
  }

  entry(id: EntryId): ReturnType<TaskFacts["entry"]> {
    const entry = this.#deps.entry(id);
    if (!entry) return undefined;
    const { author, task } = entry.envelope.header;
    return { kind: entry.kind, author, task, messageType: typeOf(entry) };
  }

  request(id: Parameters<TaskFacts["request"]>[0]): ReturnType<TaskFacts["request"]> {
    const request = this.#deps.inbox.get(id);
    return request && {
      task: request.taskId,
      openedBy: request.openedBy,
      isOpen: closedAs(request, this.nowMs()) === undefined,
      // whatever the asker asked for: a voter believes no approval that a person has not signed
      isApproved: request.answer?.decision === "approve" && isSignedByPerson(request, request.answer),
    };
  }

  plan(taskId: TaskId, plan: EntryId): PlanFact | undefined {
    const heardMs = this.#deps.plans.heardMs(plan);
    if (heardMs === undefined) return undefined;
    const thread = this.#deps.threads.get(threadOfTask(taskId));
    // an objection to an earlier plan says nothing of this one
    const isAgainst = (id: EntryId) =>
      thread?.messages.some((m) => m.id === id && (m.parent ?? plan) === plan) ?? false;
    return {
      ageMs: this.#deps.clock.monotonicMs() - heardMs,
      isBlocked: thread?.blockingObjections.some(isAgainst) ?? false,
    };
  }

  parents(body: ShortBody<"task_posted">): readonly ShortBody<"task_posted">[] | undefined {
    const parents: ShortBody<"task_posted">[] = [];
    for (let next = body.parent; next !== undefined && parents.length <= MAX_DELEGATIONS;) {
      const parent = this.#deps.board.get(next);
      if (!parent) return undefined;
      parents.push(parent);
      next = parent.parent;
    }
    return parents;
  }
}

function typeOf({ kind, body }: StoredFact): string | undefined {
  return kind === "message_posted" ? (body as BodyOf<"message_posted">).type : undefined; // the journal decodes by kind
}
