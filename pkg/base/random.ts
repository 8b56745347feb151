/** Chance is a dependency, as time is: `@bzzz/base/testing` has a seeded one. */
export interface Random {
  /** A number in [0, 1). */
  float(): number;
  /** `length` random bytes; cryptographically strong in the system source. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** The operating system's source, fit for keys. */
export function createSystemRandom(): Random {
  return {
    float: () => {
      const word = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
      return word / 0x1_0000_0000;
    },
    bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  };
}

/** An integer in [0, bound). */
export function randomInt(random: Random, bound: number): number {
  return Math.floor(random.float() * bound);
}

/** One element, or undefined of an empty list. */
export function randomPick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[randomInt(random, items.length)];
}
