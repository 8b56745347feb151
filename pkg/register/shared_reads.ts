import { BzzzError, type Clock } from "@bzzz/base";
import { MAX_IN_FLIGHT } from "./constants.ts";
import type { RegisterKey } from "./keys.ts";

/** What a reader is told whose time is up. */
export interface TimedOut {
  readonly type: "undecided";
  readonly reason: "timeout";
}

/** Bounds of one reader. */
export interface ReadBounds {
  /** On the monotonic clock. */
  readonly untilMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks the voters. Ends at `untilMs`, or with `signal.reason`. */
export type AskVoters<Outcome> = (bounds: ReadBounds) => Promise<Outcome>;

interface Reader<Outcome> {
  readonly untilMs: number;
  readonly resolve: (outcome: Outcome | TimedOut) => void;
  readonly reject: (error: unknown) => void;
}

/** One question to the voters, and everybody who asked before it was put. */
interface Question<Outcome> {
  readonly ask: AskVoters<Outcome>;
  readonly readers: Set<Reader<Outcome>>;
  readonly abandoned: AbortController;
}

interface Lane<Outcome> {
  isRunning: boolean;
  waiting: Question<Outcome> | undefined;
}

/**
 * Readers of one register who come together share a question: what it finds was decided after each of them asked, so each sees
 * all that was decided before. Of one register one question runs, and one waits with everybody who comes meanwhile, so voters
 * hear as little of a thousand readers as of two. At most 1024 readers wait for one question.
 */
export class SharedReads<Outcome> {
  readonly #clock: Pick<Clock, "setTimer" | "monotonicMs">;
  readonly #lanes = new Map<RegisterKey, Lane<Outcome>>();

  constructor(clock: Pick<Clock, "setTimer" | "monotonicMs">) {
    this.#clock = clock;
  }

  /** @throws `signal.reason`; BzzzError "queue_full" when 1024 readers of this register wait */
  async read(key: RegisterKey, ask: AskVoters<Outcome>, bounds: ReadBounds): Promise<Outcome | TimedOut> {
    bounds.signal?.throwIfAborted();
    const lane = this.#lanes.get(key) ?? { isRunning: false, waiting: undefined };
    this.#lanes.set(key, lane);
    if (!lane.isRunning) {
      const question = newQuestion(ask);
      const answer = this.#join(question, bounds);
      this.#put(key, lane, question);
      return await answer;
    }
    // everybody who waited for it has left: it will never be put
    if (!lane.waiting || lane.waiting.abandoned.signal.aborted) lane.waiting = newQuestion(ask);
    if (lane.waiting.readers.size >= MAX_IN_FLIGHT) {
      throw new BzzzError("queue_full", `Cannot read "${key}": ${MAX_IN_FLIGHT} readers wait for it already`);
    }
    return await this.#join(lane.waiting, bounds);
  }

  /** One reader's wait: until the answer, its own end, or its own signal. Who leaves last takes the question along. */
  #join(question: Question<Outcome>, { untilMs, signal }: ReadBounds): Promise<Outcome | TimedOut> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome | TimedOut>();
    const reader: Reader<Outcome> = { untilMs, resolve, reject };
    question.readers.add(reader);
    const leftMs = Math.max(0, untilMs - this.#clock.monotonicMs());
    const timer = this.#clock.setTimer(leftMs, () => resolve({ type: "undecided", reason: "timeout" }));
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise.finally(() => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
      question.readers.delete(reader);
      if (question.readers.size === 0) question.abandoned.abort();
    });
  }

  #put(key: RegisterKey, lane: Lane<Outcome>, question: Question<Outcome>): void {
    lane.isRunning = true;
    const untilMs = Math.max(...[...question.readers].map((reader) => reader.untilMs));
    question.ask({ untilMs, signal: question.abandoned.signal }).then(
      (outcome) => question.readers.forEach(({ resolve }) => resolve(outcome)),
      (error) => question.readers.forEach(({ reject }) => reject(error)), // nobody is left when it was abandoned
    ).finally(() => {
      lane.isRunning = false;
      const { waiting } = lane;
      lane.waiting = undefined;
      if (waiting && waiting.readers.size > 0) this.#put(key, lane, waiting);
      else this.#lanes.delete(key);
    });
  }
}

function newQuestion<Outcome>(ask: AskVoters<Outcome>): Question<Outcome> {
  return { ask, readers: new Set(), abandoned: new AbortController() };
}
