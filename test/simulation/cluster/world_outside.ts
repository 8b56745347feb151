/** What holders act upon: a service that remembers the highest token it has seen of each task and refuses lower ones. */
export class FencedService {
  readonly #highest = new Map<string, number>();
  readonly #asksForTokens: boolean;

  constructor(options: { readonly asksForTokens: boolean }) {
    this.#asksForTokens = options.asksForTokens;
  }

  /** False: a stale token. */
  act(key: string, token: number): boolean {
    const highest = this.#highest.get(key) ?? 0;
    this.#highest.set(key, Math.max(highest, token));
    return token >= highest || !this.#asksForTokens;
  }
}
