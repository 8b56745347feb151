import type { TaskUse } from "@bzzz/coordinator";

/** Money is counted in millionths. */
const MILLIONTHS = 1_000_000;

/**
 * What a session has used. A program tells sums over the whole session, the runs before this one included: what is told on is
 * what has come since.
 */
export class SessionUse {
  readonly #deps: { readonly io: { used(use: TaskUse): void }; readonly save: (sum: TaskUse) => Promise<void> };
  #sum: TaskUse;

  /** `sum` was told before; `save` keeps a new one for the next run. */
  constructor(
    deps: { readonly io: { used(use: TaskUse): void }; readonly save: (sum: TaskUse) => Promise<void> },
    sum: TaskUse,
  ) {
    this.#deps = deps;
    this.#sum = { tokens: sum.tokens, money: sum.money };
  }

  /** The tokens of the session so far. */
  async tokens(total: number): Promise<void> {
    await this.#count({ ...this.#sum, tokens: total });
  }

  /** The cost of the session so far, in whatever currency the program counts. */
  async money(amount: number): Promise<void> {
    await this.#count({ ...this.#sum, money: Math.round(amount * MILLIONTHS) });
  }

  async #count(sum: TaskUse): Promise<void> {
    const { tokens, money } = this.#sum;
    this.#sum = sum;
    const use = { tokens: since(tokens, sum.tokens), money: since(money, sum.money) };
    if (use.tokens > 0 || use.money > 0) this.#deps.io.used(use);
    await this.#deps.save(sum);
  }
}

/** A sum that is less than the one before was not of the whole session: all of it is new. */
function since(before: number, now: number): number {
  return now >= before ? now - before : now;
}
