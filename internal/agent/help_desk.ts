import { type Clock, type EntryId, LruMap, type PeerId, type Timer } from "@bzzz/base";
import { type Candidate, CLAIM_STEP_MS, isCapable, rankCandidates } from "@bzzz/coordinator";
import { checkMessage, EMPTY_THREAD } from "@bzzz/hmmm";
import type { BodyOf } from "@bzzz/wire";
import { MAX_CALLS, MAX_HELPERS } from "./constants.ts";
import type { AgentEntry, AgentStatus } from "./types.ts";

/** An answer as an entry of the journal. */
export interface HelpReply {
  readonly body: BodyOf<"message_posted">;
  readonly thread: string;
  readonly parent: EntryId;
}

/** What the desk knows of the others, and how it speaks. */
export interface HelpDeskDeps {
  readonly clock: Pick<Clock, "nowMs" | "setTimer">;
  readonly status: () => AgentStatus;
  readonly others: () => readonly Candidate[];
  readonly reply: (draft: HelpReply) => void;
}

interface Call {
  readonly timer: Timer;
  answers: number;
}

/**
 * Answers calls for help (S-14): a question that names capabilities is for the agents that have all of them. They rank
 * themselves as for a task; rank r waits r × 150 ms, and whoever sees `MAX_HELPERS` answers is silent, so that twenty
 * agents make no storm. What was passed on too often or is too old is not answered, and nobody passes it on: gossip and
 * sync bring it to everybody. Dispose it with the agent.
 */
export class HelpDesk implements Disposable {
  readonly #deps: HelpDeskDeps;
  readonly #self: { readonly self: PeerId; readonly role: string; readonly capabilities: readonly string[] };
  /** Calls that are about to be answered; more at once are left to others. */
  readonly #calls = new Map<EntryId, Call>();
  /** Answers to calls that came before the call itself. */
  readonly #early = new LruMap<EntryId, number>(MAX_CALLS);

  constructor(
    deps: HelpDeskDeps,
    options: { readonly self: PeerId; readonly role: string; readonly capabilities: readonly string[] },
  ) {
    this.#deps = deps;
    this.#self = options;
  }

  /** Takes a message as it is stored. */
  hear(entry: AgentEntry): void {
    const { id, header: { author, hlc, parent, thread } } = entry.envelope;
    const body = entry.body as BodyOf<"message_posted">; // the journal decodes by kind
    if (body.type === "answer" && parent) return this.#answered(parent);
    if (body.type !== "question" || !body.capabilities?.length || thread === undefined) return;
    if (author === this.#self.self || this.#calls.size >= MAX_CALLS) return;
    const guarded = { author, isPerson: true, type: body.type, hop: body.hop, ttlMs: body.ttlMs, sentAtMs: hlc.ms };
    if (checkMessage(EMPTY_THREAD, guarded, this.#deps.clock.nowMs()) !== undefined) return;
    const rank = this.#rank(id, body.capabilities);
    if (rank === undefined) return;
    const timer = this.#deps.clock.setTimer(rank * CLAIM_STEP_MS, () => this.#answer(id, thread, body));
    this.#calls.set(id, { timer, answers: this.#early.get(id) ?? 0 });
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#calls.values()) timer.cancel();
    this.#calls.clear();
  }

  /** Where this agent stands among those who can help; undefined when it cannot. Busy ones come last. */
  #rank(id: EntryId, requiredCapabilities: readonly string[]): number | undefined {
    const { self: peer, role, capabilities } = this.#self;
    const { status, activeTasks, maxTasks } = this.#deps.status();
    const need = { taskId: id, requiredCapabilities };
    if (status === "draining" || !isCapable(need, { role, capabilities })) return undefined;
    const self: Candidate = { peer, role, capabilities, activeTasks, maxTasks, weight: maxTasks };
    const ranked = rankCandidates(need, [self, ...this.#deps.others()]);
    const place = ranked.indexOf(self);
    return place === -1 ? ranked.length : place;
  }

  #answered(parent: EntryId): void {
    const call = this.#calls.get(parent);
    if (call) call.answers++;
    else this.#early.set(parent, (this.#early.get(parent) ?? 0) + 1);
  }

  #answer(parent: EntryId, thread: string, question: BodyOf<"message_posted">): void {
    const call = this.#calls.get(parent);
    this.#calls.delete(parent);
    if (!call || call.answers >= MAX_HELPERS) return;
    const { activeTasks, maxTasks } = this.#deps.status();
    const isFree = activeTasks < maxTasks;
    const text = isFree ? "I can help, at once" : `I can help later: ${activeTasks} of ${maxTasks} tasks are under way`;
    const hop = (question.hop ?? 0) + 1;
    const body = { type: "answer" as const, text, hop, ...(isFree ? { etaMs: 0 } : {}) };
    this.#deps.reply({ body, thread, parent });
  }
}
