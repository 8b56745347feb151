import { backoffMs, type Clock, type Random } from "@bzzz/base";
import { LIMIT_PAUSE_MS, MAX_LIMIT_PAUSE_MS } from "./constants.ts";

/** What an answer says about limits. */
type Answer = Pick<Response, "status" | "headers"> & {
  /** The beginning of a refusal's body: a secondary limit may say in words alone that it is one. */
  readonly words?: string;
};

/**
 * Keeps to GitHub's limits: after an answer that names one, nothing is sent until it has passed ("Rate limits for the REST
 * API"). One for all requests. Has no timer; nothing to close.
 */
export class RateLimit {
  readonly #clock: Pick<Clock, "monotonicMs" | "nowMs">;
  readonly #random: Random;
  #untilMs = 0;
  /** Limits in a row that named no time. */
  #unnamed = 0;

  constructor(deps: { readonly clock: Pick<Clock, "monotonicMs" | "nowMs">; readonly random: Random }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** Milliseconds until something may be sent; 0 when it may now. */
  waitMs(): number {
    return Math.max(0, this.#untilMs - this.#clock.monotonicMs());
  }

  /** Takes what an answer says; whether the request was refused because of a limit. */
  note(answer: Answer): boolean {
    const { status, headers } = answer;
    const retryAfterMs = seconds(headers.get("retry-after"));
    const isUsedUp = headers.get("x-ratelimit-remaining") === "0";
    const isNamed = retryAfterMs !== undefined || isUsedUp || /\brate limit\b/i.test(answer.words ?? "");
    const isRefused = status === 429 || (status === 403 && isNamed);
    if (!isRefused) {
      this.#unnamed = 0;
      if (isUsedUp) this.#pause(this.#untilReset(headers) ?? 0);
      return false;
    }
    const namedMs = retryAfterMs ?? (isUsedUp ? this.#untilReset(headers) : undefined);
    if (namedMs === undefined) {
      const maxMs = MAX_LIMIT_PAUSE_MS;
      this.#pause(LIMIT_PAUSE_MS + backoffMs(this.#random, this.#unnamed++, { baseMs: LIMIT_PAUSE_MS, maxMs }));
    } else {
      this.#unnamed = 0;
      this.#pause(namedMs);
    }
    return true;
  }

  /** By the server's own clock where it tells it: that of this machine may be another. */
  #untilReset(headers: Headers): number | undefined {
    const resetMs = seconds(headers.get("x-ratelimit-reset"));
    if (resetMs === undefined) return undefined;
    const serverMs = Date.parse(headers.get("date") ?? "");
    // one second more: both are whole seconds
    return Math.max(0, resetMs - (Number.isNaN(serverMs) ? this.#clock.nowMs() : serverMs)) + 1_000;
  }

  #pause(forMs: number): void {
    const untilMs = this.#clock.monotonicMs() + Math.min(forMs, MAX_LIMIT_PAUSE_MS);
    this.#untilMs = Math.max(this.#untilMs, untilMs);
  }
}

function seconds(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) * 1_000 : undefined;
}
