import { type Clock, type EntryId, LruMap, type PeerId, type Timer } from "@bzzz/base";
import { type Candidate, CLAIM_STEP_MS, isCapable, rankCandidates } from "@bzzz/coordinator";
import { checkMessage, EMPTY_THREAD } from "@bzzz/hmmm";
import type { BodyOf } from "@bzzz/wire";
import { MAX_CALLS, MAX_HELPERS } from "./constants.ts";
import type { Advisor } from "./advisor.ts";
import type { AgentEntry, AgentStatus, AuthorLabel } from "./types.ts";

/** Longest answer that is told. */
const MAX_ADVICE_CHARACTERS = 8_192;

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
  /** Who finds answers, where somebody does, and what owns that work. */
  readonly advisor?: Advisor | undefined;
  readonly run: (what: string, work: () => Promise<void>) => void;
  readonly labelOf: (author: PeerId) => AuthorLabel;
}

interface Call {
  readonly author: PeerId;
  readonly timer: Timer;
  answers: number;
}

/**
 * Answers calls for help (S-14): a question that names capabilities is for the agents that have all of them. They rank
 * themselves as for a task; rank r waits r × 150 ms, and whoever sees `MAX_HELPERS` answers is silent, so that twenty
 * agents make no storm. With an advisor the first word says when its answer comes, and the answer follows. What was passed
 * on too often or is too old is not answered, and nobody passes it on: gossip and sync bring it to everybody. Dispose it
 * with the agent.
 */
export class HelpDesk implements Disposable {
  readonly #deps: HelpDeskDeps;
  readonly #self: { readonly self: PeerId; readonly role: string; readonly capabilities: readonly string[] };
  /** Calls that are about to be answered; more at once are left to others. */
  readonly #calls = new Map<EntryId, Call>();
  readonly #stopped = new AbortController();
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
    this.#calls.set(id, { author, timer, answers: this.#early.get(id) ?? 0 });
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#calls.values()) timer.cancel();
    this.#calls.clear();
    this.#stopped.abort(new TypeError("The agent runner has stopped"));
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
    const hop = (question.hop ?? 0) + 1;
    const tell = (text: string, etaMs?: number): void => {
      const body = { type: "answer" as const, text, hop, ...(etaMs === undefined ? {} : { etaMs }) };
      this.#deps.reply({ body, thread, parent });
    };
    if (!isFree) return tell(`I can help later: ${activeTasks} of ${maxTasks} tasks are under way`);
    const { advisor, labelOf, run } = this.#deps;
    const help = { text: question.text, by: labelOf(call.author), capabilities: question.capabilities ?? [] };
    const advice = advisor?.begin(help, this.#stopped.signal);
    if (!advisor || !advice) return tell("I can help, at once", 0);
    tell("I can help: my answer follows", advisor.expectedMs);
    run("find an answer to a call for help", async () => {
      try {
        tell((await advice).slice(0, MAX_ADVICE_CHARACTERS));
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        tell("I cannot answer after all");
        throw error;
      }
    });
  }
}
