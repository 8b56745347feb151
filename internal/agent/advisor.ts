import { type Clock, createDeadline, TokenBucket } from "@bzzz/base";
import type { AuthorLabel } from "./types.ts";

/** A call for help that this agent can answer. */
export interface HelpCall {
  readonly text: string;
  readonly by: AuthorLabel;
  readonly capabilities: readonly string[];
}

/** Finds an answer to a call for help, beside the word that the agent can help. */
export interface Advisor {
  /** Milliseconds that an answer takes, as far as is known. */
  readonly expectedMs: number;
  /** Begins an answer; undefined when it cannot now. The answer rejects when there is none. */
  begin(call: HelpCall, signal: AbortSignal): Promise<string> | undefined;
}

/** Limits of a `ModelAdvisor`. */
export interface ModelAdvisorOptions {
  /** Milliseconds that one answer may take; also what is told before the first has shown it. */
  readonly timeoutMs: number;
  readonly perHour: number;
}

const SECONDS_PER_HOUR = 3_600;

/**
 * Has a model answer calls for help: one at a time, so many an hour, since whoever may write a message may call. A call that
 * comes meanwhile is answered as by an agent without a model.
 */
export class ModelAdvisor implements Advisor {
  readonly #clock: Pick<Clock, "monotonicMs" | "setTimer">;
  readonly #advise: (call: HelpCall, signal: AbortSignal) => Promise<string>;
  readonly #timeoutMs: number;
  readonly #hourly: TokenBucket;
  #isBusy = false;
  #lastMs: number | undefined;

  constructor(
    deps: {
      readonly clock: Pick<Clock, "monotonicMs" | "setTimer">;
      /** Ends when its signal does. */
      readonly advise: (call: HelpCall, signal: AbortSignal) => Promise<string>;
    },
    { timeoutMs, perHour }: ModelAdvisorOptions,
  ) {
    this.#clock = deps.clock;
    this.#advise = deps.advise;
    this.#timeoutMs = timeoutMs;
    const nowMs = deps.clock.monotonicMs();
    this.#hourly = new TokenBucket({ perSecond: perHour / SECONDS_PER_HOUR, burst: perHour, nowMs });
  }

  get expectedMs(): number {
    return this.#lastMs ?? this.#timeoutMs;
  }

  begin(call: HelpCall, signal: AbortSignal): Promise<string> | undefined {
    if (this.#isBusy || !this.#hourly.take(this.#clock.monotonicMs())) return undefined;
    this.#isBusy = true;
    return this.#answer(call, signal);
  }

  async #answer(call: HelpCall, parent: AbortSignal): Promise<string> {
    const startedMs = this.#clock.monotonicMs();
    using deadline = createDeadline(this.#clock, { timeoutMs: this.#timeoutMs, what: "an answer", parent });
    try {
      const text = await this.#advise(call, deadline.signal);
      this.#lastMs = Math.ceil(this.#clock.monotonicMs() - startedMs);
      return text;
    } finally {
      this.#isBusy = false;
    }
  }
}
