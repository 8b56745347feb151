import { LruMap, type PeerId } from "@bzzz/base";

/** Terms that are remembered: at one a minute those of five days; of older ones slices are derived anew. */
const MAX_TERMS = 8_192;

/** Who led which term, from what certificates prove. It is what tells a slice of a leader from one that somebody else wrote. */
export class TermLedger {
  readonly #holders = new LruMap<number, PeerId>(MAX_TERMS);
  readonly #leaders = new Map<PeerId, number>();
  readonly #readHistory: () => Promise<void>;

  /** `readHistory` learns what the history proves; it is asked before each look, and must be cheap when there is no news. */
  constructor(options: { readonly readHistory?: () => Promise<void> } = {}) {
    this.#readHistory = options.readHistory ?? (() => Promise.resolve());
  }

  /** Resolves when what the history proves is known. */
  async known(): Promise<void> {
    await this.#readHistory();
  }

  /** Takes a proved term; whether it was news. */
  learn(term: number, holder: PeerId): boolean {
    if (this.#holders.get(term) !== undefined) return false;
    this.#holders.set(term, holder);
    this.#leaders.set(holder, Math.max(term, this.#leaders.get(holder) ?? 0));
    return true;
  }

  holderOf(term: number): PeerId | undefined {
    return this.#holders.get(term);
  }

  /** The newest term that a member led; undefined when none is known. Members are few, and so are these. */
  newestOf(peer: PeerId): number | undefined {
    return this.#leaders.get(peer);
  }
}
