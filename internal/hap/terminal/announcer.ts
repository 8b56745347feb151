import { type ApiClient, type EntryView, isOpenRequest, type RequestView } from "@bzzz/api";
import { BzzzError, type Clock, errorMessage, LruMap, TokenBucket, WallAlarms } from "@bzzz/base";
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
/** Lines a mesh may put on the screen: a person cannot read more, and a flood must not push away what is being done. */
const LINES = { perSecond: 0.5, burst: 20 };
/** Asks whose end is told; of older ones the inbox tells. */
const MAX_PENDING = 1_000;

/** A line for the person, and whether it may ring. */
export interface Announcement {
  readonly text: string;
  readonly isUrgent: boolean;
  readonly rings: boolean;
}

/**
 * Tells the person what concerns them, and nothing else: asks for them, also when they come back after they were put off, what became of those, messages to them, the end of their tasks,
 * and whether the node can be heard. After a break it compares the inbox with what it has told, so an ask of meanwhile is told too, and
 * none is told twice.
 */
export class Announcer {
  readonly #deps: {
    readonly client: ApiClient;
    readonly clock: Clock;
    readonly announce: (a: Announcement) => Promise<void>;
  };
  /** The short id by which the person knows an ask that was told. */
  readonly #pending = new Map<string, string>();
  readonly #ownTasks = new LruMap<string, true>(MAX_OWN_TASKS);
  #snoozes: WallAlarms<string> | undefined;
  #me: string | undefined;
  #hasStarted = false;
  #isCutOff = false;
  #rangAtMs = -Infinity;
  readonly #lines: TokenBucket;
  #untold = 0;

  constructor(
    deps: { client: ApiClient; clock: Clock; announce: (announcement: Announcement) => Promise<void> },
  ) {
    this.#deps = deps;
    this.#lines = new TokenBucket({ ...LINES, nowMs: deps.clock.monotonicMs() });
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
    const snoozes = new WallAlarms<string>(clock, (id) => {
      void this.#back(id, signal).catch(() => {}); // a failure is the node's, and the stream below reports that
    });
    this.#snoozes = snoozes;
    const timer = clock.setPeriodic(SAFETY_PERIOD_MS, () => {
      if (this.#untold > 0) {
        void this.#say({ text: "that is all for now", isUrgent: false, rings: false }).catch(() => {});
      }
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
        if (event.type === "entry") await this.#entry(event.entry, signal);
      }
    } finally {
      timer.cancel();
      snoozes.stop();
    }
  }

  /** An ask that the person had put off: told again, unless it was closed or put off once more. */
  async #back(requestId: string, signal: AbortSignal): Promise<void> {
    const request = await this.#deps.client.request(requestId, { signal });
    this.#note(request);
    if (isOpenRequest(request) && request.is_addressed_to_me && !this.#isPutOff(request)) {
      await this.#ask(request, "back: ");
    }
  }

  #isPutOff({ snoozed_until_ms: untilMs = 0 }: RequestView): boolean {
    return untilMs > this.#deps.clock.nowMs();
  }

  #note(request: RequestView): void {
    const isPutOff = isOpenRequest(request) && this.#isPutOff(request);
    this.#snoozes?.set(request.request_id, isPutOff ? request.snoozed_until_ms : undefined);
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
    for (const task of (await client.taskPage({ limit: MAX_OWN_TASKS }, { signal })).items) {
      if (task.author.agent_id === this.#me) this.#ownTasks.set(task.task_id, true);
    }
    const { mine, unread } = await this.#mine(signal);
    for (const request of mine) this.#note(request);
    const waiting = mine.filter((request) => !this.#isPutOff(request));
    for (const request of mine) if (this.#isPutOff(request)) this.#pending.set(request.request_id, request.short_id);
    const [first, others] = [waiting.slice(0, MAX_NAMED_AT_START), waiting.slice(MAX_NAMED_AT_START)];
    for (const request of others) this.#pending.set(request.request_id, request.short_id);
    for (const request of first) await this.#come(request);
    const more = others.length + unread;
    if (more > 0) await this.#tell(`${more} more asks wait for you: inbox`);
  }

  /** As many of the asks for this person as one answer has, and how many there are beyond. */
  async #mine(signal: AbortSignal): Promise<{ readonly mine: readonly RequestView[]; readonly unread: number }> {
    const query = { state: "open", addressed_to: "me", limit: MAX_PENDING } as const;
    const { items, total } = await this.#deps.client.requestPage(query, { signal });
    return { mine: items, unread: total - items.length };
  }

  /** Tells what is new in the inbox, and what is no longer in it: after a break, and now and then (deadlines pass without an entry). */
  async #refresh(signal: AbortSignal): Promise<void> {
    const { mine: now } = await this.#mine(signal);
    const ids = new Set(now.map((request) => request.request_id));
    const gone = [...this.#pending.keys()].filter((id) => !ids.has(id));
    for (const id of gone) await this.#look(id, signal);
    for (const request of now) {
      this.#note(request);
      await this.#come(request);
    }
  }

  /** Looks at one request: it may be new, or no longer open. */
  async #look(requestId: string, signal: AbortSignal): Promise<void> {
    let request: RequestView;
    try {
      request = await this.#deps.client.request(requestId, { signal });
    } catch (error) {
      if (error instanceof BzzzError && error.code === "not_found") return; // `#refresh` finds it when the node knows it
      throw error;
    }
    this.#note(request);
    if (isOpenRequest(request)) return request.is_addressed_to_me ? await this.#come(request) : undefined;
    const shortId = this.#pending.get(requestId);
    if (shortId === undefined || !this.#pending.delete(requestId)) return;
    await this.#closed(shortId, request);
  }

  /** Told once: it is noted before the first await. */
  async #come(request: RequestView): Promise<void> {
    if (this.#pending.has(request.request_id)) return;
    this.#pending.set(request.request_id, request.short_id);
    const [oldest] = this.#pending.keys();
    if (this.#pending.size > MAX_PENDING && oldest !== undefined) this.#pending.delete(oldest);
    await this.#ask(request);
  }

  async #ask(request: RequestView, before = ""): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs();
    const rings = nowMs - this.#rangAtMs >= BELL_PERIOD_MS; // a flood rings as seldom
    if (rings) this.#rangAtMs = nowMs;
    await this.#say({ text: before + describeAsk(request), isUrgent: request.stakes === "high", rings });
  }

  /** What became of an ask that somebody else closed; the short id is the one the person knows it by. */
  async #closed(shortId: string, now: RequestView): Promise<void> {
    const { answer } = now;
    if (answer?.by.agent_id === this.#me && answer !== undefined) return;
    const short = sanitiseLine(shortId);
    if (!answer) {
      return await this.#tell(`ask ${short} is ${now.state}${now.closed_reason ? `: ${now.closed_reason}` : ""}`);
    }
    const said = answer.text ?? answer.choice ?? answer.reason;
    await this.#tell(`ask ${short} was answered by ${nameOf(answer.by)}: ${answer.decision}${said ? `, ${said}` : ""}`);
  }

  async #entry(entry: EntryView, signal: AbortSignal): Promise<void> {
    const isMine = entry.author.agent_id === this.#me;
    if (entry.kind.startsWith("request_")) {
      const named = [entry.body?.["request_id"], entry.body?.["supersedes"]];
      for (const id of named) {
        // What was never told needs no ending.
        if (typeof id === "string" && (entry.kind === "request_opened" || this.#pending.has(id))) {
          await this.#look(id, signal);
        }
      }
      return;
    }
    if (entry.task_id !== undefined && entry.kind === "task_posted" && isMine) this.#ownTasks.set(entry.task_id, true);
    const isForMe = entry.kind === "message_posted" && Array.isArray(entry.body?.["to"]) &&
      entry.body["to"].includes(this.#me);
    const isEnd = (entry.kind === "task_completed" || entry.kind === "task_failed") && entry.task_id !== undefined &&
      this.#ownTasks.get(entry.task_id) === true;
    if (!isMine && (isForMe || isEnd)) await this.#tell(describeEntry(entry));
  }

  async #cutOff(reason: string): Promise<void> {
    if (this.#isCutOff) return;
    this.#isCutOff = true;
    await this.#tell(`the node cannot be heard: ${reason}; trying again`);
  }

  async #tell(text: string): Promise<void> {
    await this.#say({ text: sanitiseLine(text, 400), isUrgent: false, rings: false });
  }

  /** Says it, or counts it while there is more than a person can read; the count is said with the next line. */
  async #say(announcement: Announcement): Promise<void> {
    if (!this.#lines.take(this.#deps.clock.monotonicMs())) {
      this.#untold++;
      return;
    }
    const untold = this.#untold;
    this.#untold = 0;
    if (untold > 0) {
      await this.#deps.announce({ text: `${untold} more were not told: inbox, tail`, isUrgent: false, rings: false });
    }
    await this.#deps.announce(announcement);
  }
}
