import type { ApiClient, EntryView, RequestView } from "@bzzz/api";
import { BzzzError, type Clock, errorMessage, LruMap } from "@bzzz/base";
import { describeAsk, describeEntry, nameOf, sanitiseLine } from "@bzzz/cli";

/** One bell for all asks within this time (design, portal C.9). */
const BELL_PERIOD_MS = 10_000;
/** Asks that are named when the portal starts; the others are counted. */
const MAX_NAMED_AT_START = 5;
/** Looks at the inbox again even when nothing was heard of it. */
const SAFETY_PERIOD_MS = 30_000;
/** My own tasks whose end is told. */
const MAX_OWN_TASKS = 1_000;
const RETRY_MS = 5_000;

/** A line for the person, and whether it may ring. */
export interface Announcement {
  readonly text: string;
  readonly isUrgent: boolean;
  readonly rings: boolean;
}

/**
 * Tells the person what concerns them, and nothing else: asks for them, what became of those, messages to them, the end of their tasks,
 * and whether the node can be heard. It compares inboxes instead of trusting single events, so an ask that came while the
 * connection was down is told too, and none is told twice.
 */
export class Announcer {
  readonly #deps: {
    readonly client: ApiClient;
    readonly clock: Clock;
    readonly announce: (a: Announcement) => Promise<void>;
  };
  readonly #pending = new Map<string, RequestView>();
  readonly #ownTasks = new LruMap<string, true>(MAX_OWN_TASKS);
  #me: string | undefined;
  #hasStarted = false;
  #isCutOff = false;
  #rangAtMs = -Infinity;

  constructor(
    deps: { client: ApiClient; clock: Clock; announce: (announcement: Announcement) => Promise<void> },
  ) {
    this.#deps = deps;
  }

  /** Runs until `signal` aborts. A node that refuses for good (a wrong token) is told once, and then it is quiet. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#cutOff(errorMessage(error));
        if (error instanceof BzzzError && ["unauthorized", "forbidden", "host_not_allowed"].includes(error.code)) {
          return;
        }
        await this.#deps.clock.sleep(RETRY_MS, { signal }).catch(() => {}); // aborted: the loop ends
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#deps;
    const timer = clock.setPeriodic(SAFETY_PERIOD_MS, () => {
      // Not awaited: a failure is the node's, and the stream below reports that.
      if (!this.#isCutOff) void this.#refresh(signal).catch(() => {});
    }, { unref: true });
    try {
      for await (const event of client.events({}, { signal })) {
        if (event.type === "disconnected") {
          await this.#cutOff(event.reason);
          continue;
        }
        if (event.type === "connected") await this.#connected(signal);
        if (event.type === "entry" && await this.#entry(event.entry)) await this.#refresh(signal);
      }
    } finally {
      timer.cancel();
    }
  }

  async #connected(signal: AbortSignal): Promise<void> {
    const { client } = this.#deps;
    this.#me ??= (await client.status({ signal })).node.agent_id;
    if (this.#isCutOff) {
      this.#isCutOff = false;
      await this.#tell("the node is back");
    }
    if (this.#hasStarted) return await this.#refresh(signal);
    this.#hasStarted = true;
    for (const task of await client.tasks({ limit: MAX_OWN_TASKS }, { signal })) {
      if (task.author.agent_id === this.#me) this.#ownTasks.set(task.task_id, true);
    }
    const waiting = await this.#mine(signal);
    for (const request of waiting) this.#pending.set(request.request_id, request);
    for (const request of waiting.slice(0, MAX_NAMED_AT_START)) await this.#ask(request);
    const rest = waiting.length - MAX_NAMED_AT_START;
    if (rest > 0) await this.#tell(`${rest} more asks wait for you: inbox`);
  }

  async #mine(signal: AbortSignal): Promise<readonly RequestView[]> {
    const pending = await this.#deps.client.requests({ state: "pending", limit: 1_000 }, { signal });
    return pending.filter((request) => request.is_addressed_to_me);
  }

  /** Tells what is new in the inbox, and what is no longer in it. */
  async #refresh(signal: AbortSignal): Promise<void> {
    const now = await this.#mine(signal);
    const ids = new Set(now.map((request) => request.request_id));
    const gone = [...this.#pending.values()].filter((request) => !ids.has(request.request_id));
    const come = now.filter((request) => !this.#pending.has(request.request_id));
    // Before the first await below, so that a second refresh does not tell the same.
    for (const request of gone) this.#pending.delete(request.request_id);
    for (const request of come) this.#pending.set(request.request_id, request);
    for (const request of gone) {
      await this.#closed(request, await this.#deps.client.request(request.request_id, { signal }));
    }
    for (const request of come) await this.#ask(request);
  }

  async #ask(request: RequestView): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs();
    const rings = nowMs - this.#rangAtMs >= BELL_PERIOD_MS;
    if (rings) this.#rangAtMs = nowMs;
    await this.#deps.announce({ text: describeAsk(request), isUrgent: request.stakes === "high", rings });
  }

  /** What became of an ask that somebody else closed; the short id is the one the person knows it by. */
  async #closed(known: RequestView, now: RequestView): Promise<void> {
    const { answer } = now;
    if (answer?.by.agent_id === this.#me && answer !== undefined) return;
    const short = sanitiseLine(known.short_id);
    if (!answer) {
      return await this.#tell(`ask ${short} is ${now.state}${now.closed_reason ? `: ${now.closed_reason}` : ""}`);
    }
    const said = answer.text ?? answer.choice ?? answer.reason;
    await this.#tell(`ask ${short} was answered by ${nameOf(answer.by)}: ${answer.decision}${said ? `, ${said}` : ""}`);
  }

  /** True when the inbox has changed. */
  async #entry(entry: EntryView): Promise<boolean> {
    const isMine = entry.author.agent_id === this.#me;
    if (entry.kind.startsWith("request_")) return true;
    if (entry.task_id !== undefined && entry.kind === "task_posted" && isMine) this.#ownTasks.set(entry.task_id, true);
    const isForMe = entry.kind === "message_posted" && Array.isArray(entry.body?.["to"]) &&
      entry.body["to"].includes(this.#me);
    const isEnd = (entry.kind === "task_completed" || entry.kind === "task_failed") && entry.task_id !== undefined &&
      this.#ownTasks.get(entry.task_id) === true;
    if (!isMine && (isForMe || isEnd)) await this.#tell(describeEntry(entry));
    return false;
  }

  async #cutOff(reason: string): Promise<void> {
    if (this.#isCutOff) return;
    this.#isCutOff = true;
    await this.#tell(`the node cannot be heard: ${reason}; trying again`);
  }

  async #tell(text: string): Promise<void> {
    await this.#deps.announce({ text: sanitiseLine(text, 400), isUrgent: false, rings: false });
  }
}
