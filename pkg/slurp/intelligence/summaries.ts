import { BzzzError, type Clock, TokenBucket } from "@bzzz/base";
import type { Breaker } from "../breaker.ts";
import { MAX_FIELD_CHARACTERS } from "../context/fields.ts";
import type { Summarise } from "./types.ts";

/** What a model is shown of a text. */
const MAX_SUMMARISED_CHARACTERS = 16_384;
/** One derivation asks for so long; with the deadline of the last summary it stays below its own. */
const ASKING_MS = 60_000;
/** Summaries that are allowed at once after a quiet time. */
const MAX_BURST = 50;
const MS_PER_HOUR = 3_600_000;
/** A breaker that does not say when it may be called again. */
const BREAKER_WAIT_MS = 1_000;
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}\s]+/gu;

/** A model, and what it may be asked for. */
export interface Summariser {
  /** What makes the summaries, for people. */
  readonly name: string;
  readonly summarise: Summarise;
  /** Has the deadline of one summary: at most 50 s, so that a derivation can end in time. */
  readonly breaker: Breaker;
  readonly perHour: number;
}

/** What an asking came to. `later`: it was not asked, for the time or the number of now. */
export type SummaryOutcome = { readonly type: "summarised"; readonly text: string } | {
  readonly type: "failed" | "later";
};

/** Asks a model for summaries within its limits; whoever gets none has what was extracted. */
export class Summaries {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #onOutcome: (outcome: "summarised" | "failed") => void;
  #summariser: Summariser | undefined;
  #budget: TokenBucket | undefined;
  #notBeforeMs = 0;
  #askUntilMs = Infinity;

  constructor(
    deps: {
      readonly clock: Pick<Clock, "monotonicMs">;
      /** Called with what became of each that was asked for. */
      readonly onOutcome: (outcome: "summarised" | "failed") => void;
    },
  ) {
    this.#clock = deps.clock;
    this.#onOutcome = deps.onOutcome;
  }

  /** From now on this one is asked. */
  use(summariser: Summariser): void {
    const { perHour } = summariser;
    this.#summariser = summariser;
    this.#budget = new TokenBucket({
      perSecond: perHour / 3_600,
      burst: Math.min(perHour, MAX_BURST),
      nowMs: this.#clock.monotonicMs(),
    });
    this.#notBeforeMs = 0;
  }

  get summariser(): Summariser | undefined {
    return this.#summariser;
  }

  /** The time of asking begins anew. */
  beginDerivation(): void {
    this.#askUntilMs = this.#clock.monotonicMs() + ASKING_MS;
  }

  /** In how many milliseconds a model may be asked again; 0: now; undefined: there is none. */
  askableInMs(): number | undefined {
    return this.#summariser && Math.max(0, this.#notBeforeMs - this.#clock.monotonicMs());
  }

  /** Whether asking in this derivation makes sense now. */
  get isAskable(): boolean {
    return this.askableInMs() === 0 && this.#clock.monotonicMs() < this.#askUntilMs;
  }

  /** A summary of at most `MAX_FIELD_CHARACTERS`. @throws the reason of `signal` */
  async of(
    source: { readonly text: string; readonly path: string },
    options: { readonly signal: AbortSignal },
  ): Promise<SummaryOutcome> {
    const summariser = this.#summariser;
    if (!summariser || !this.isAskable) return { type: "later" };
    const nowMs = this.#clock.monotonicMs();
    if (!this.#budget?.take(nowMs)) {
      this.#notBeforeMs = nowMs + MS_PER_HOUR / summariser.perHour;
      return { type: "later" };
    }
    const input = {
      text: source.text.slice(0, MAX_SUMMARISED_CHARACTERS),
      path: source.path,
      maxCharacters: MAX_FIELD_CHARACTERS,
    };
    try {
      const said = await summariser.breaker.call(({ signal }) => summariser.summarise(input, { signal }), options);
      const text = [...said.replaceAll(CONTROL_CHARACTERS, " ").trim()].slice(0, MAX_FIELD_CHARACTERS).join("");
      return this.#settled(text === "" ? { type: "failed" } : { type: "summarised", text });
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof BzzzError) || error.code !== "breaker_open") return this.#settled({ type: "failed" });
      this.#notBeforeMs = nowMs + Number(error.details["retryAfterMs"] ?? BREAKER_WAIT_MS);
      return { type: "later" };
    }
  }

  #settled(
    outcome: { readonly type: "summarised"; readonly text: string } | { readonly type: "failed" },
  ): SummaryOutcome {
    this.#onOutcome(outcome.type);
    return outcome;
  }
}
