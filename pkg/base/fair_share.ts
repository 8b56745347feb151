const RANKS = 5;

/** What is held under one key. */
export interface Holding {
  readonly owner: string;
  readonly bytes: number;
  /** Of an owner's, those of a lower rank are given up first. */
  readonly rank: 0 | 1 | 2 | 3 | 4;
}

interface Share {
  bytes: number;
  /** By rank, each in order of last touch. */
  readonly ranks: readonly Set<string>[];
}

/**
 * The books of a store that several owners fill: says what to give up when it is too full. That is always something of the
 * owner who has most, so that nobody pushes out what is another's, and one alone may have all of it. It holds keys and
 * numbers, never what is stored; a look for the greatest goes over the owners, which are members of a mesh.
 */
export class FairShare {
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #holdings = new Map<string, Holding>();
  readonly #shares = new Map<string, Share>();
  #bytes = 0;

  constructor(options: { readonly maxItems: number; readonly maxBytes: number }) {
    this.#maxItems = options.maxItems;
    this.#maxBytes = options.maxBytes;
  }

  /** Of all that is held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Notes what is held under `key` now; it was touched last. */
  set(key: string, holding: Holding): void {
    this.delete(key);
    const share = this.#shares.get(holding.owner) ??
      { bytes: 0, ranks: Array.from({ length: RANKS }, () => new Set<string>()) };
    this.#shares.set(holding.owner, share);
    this.#holdings.set(key, holding);
    share.ranks[holding.rank]?.add(key);
    share.bytes += holding.bytes;
    this.#bytes += holding.bytes;
  }

  delete(key: string): void {
    const holding = this.#holdings.get(key);
    const share = holding && this.#shares.get(holding.owner);
    if (!holding || !share) return;
    this.#holdings.delete(key);
    share.ranks[holding.rank]?.delete(key);
    share.bytes -= holding.bytes;
    this.#bytes -= holding.bytes;
    if (countOf(share) === 0) this.#shares.delete(holding.owner);
  }

  /**
   * What to give up next; undefined when there is room. Of the owner who has most, of the lowest rank: what was touched longest
   * ago. Whoever asks deletes it, or sets it to less in a higher rank.
   */
  excess(): string | undefined {
    if (this.#holdings.size > this.#maxItems) return this.#leastOf(countOf);
    return this.#bytes > this.#maxBytes ? this.#leastOf(({ bytes }) => bytes) : undefined;
  }

  #leastOf(weigh: (share: Share) => number): string | undefined {
    let greatest: Share | undefined;
    for (const share of this.#shares.values()) {
      if (!greatest || weigh(share) > weigh(greatest)) greatest = share;
    }
    for (const keys of greatest?.ranks ?? []) {
      for (const key of keys) return key;
    }
    return undefined;
  }
}

function countOf({ ranks }: Share): number {
  return ranks.reduce((sum, keys) => sum + keys.size, 0);
}

/** Of V8 on 64 bits: what a text, an object and a member of one take beside what is in them. */
const TEXT_BYTES = 24;
const OBJECT_BYTES = 32;
const MEMBER_BYTES = 8;

/**
 * How much of the heap a decoded value takes, roughly and rather too much: characters count twice, because one outside Latin-1
 * makes all of its text take two bytes each, and nothing counts as shared.
 */
export function heapBytesOf(value: unknown): number {
  if (typeof value === "string") return TEXT_BYTES + 2 * value.length;
  if (value === null || typeof value !== "object") return 0;
  if (value instanceof Uint8Array) return 3 * OBJECT_BYTES + value.byteLength;
  let bytes = OBJECT_BYTES;
  for (const item of value instanceof Map ? value.values() : Object.values(value)) {
    bytes += MEMBER_BYTES + heapBytesOf(item);
  }
  return bytes;
}
