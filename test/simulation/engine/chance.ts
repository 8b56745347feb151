import { type Random, randomInt, randomPick } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";

/** Seeded chance. Parts of a run draw from `fork`s, so that one part drawing more often changes no other. */
export class Chance implements Random {
  readonly #seed: number;
  readonly #random: ReturnType<typeof createSeededRandom>;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#random = createSeededRandom(this.#seed);
  }

  /** The same stream for the same seed and name, whatever was drawn before. */
  fork(name: string): Chance {
    return new Chance(hashText(`${this.#seed} ${name}`));
  }

  float(): number {
    return this.#random.float();
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return this.#random.bytes(length);
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.float() < probability;
  }

  /** A number from `low` up to, but not, `high`. */
  between(low: number, high: number): number {
    return low + this.float() * (high - low);
  }

  /** A whole number from 0 up to, but not, `bound`. */
  int(bound: number): number {
    return randomInt(this, bound);
  }

  /** One of a list that is not empty. @throws RangeError when it is */
  pick<T>(items: readonly T[]): T {
    const picked = randomPick(this, items);
    if (picked === undefined) throw new RangeError("Cannot pick from an empty list");
    return picked;
  }

  /** `count` different items, in random order; all of them when there are fewer. */
  sample<T>(items: readonly T[], count: number): T[] {
    const left = [...items];
    const picked: T[] = [];
    while (picked.length < count && left.length > 0) picked.push(...left.splice(this.int(left.length), 1));
    return picked;
  }

  /** Exponentially distributed with this mean: most are short, a few are long. */
  exponential(mean: number): number {
    return -Math.log(1 - this.float()) * mean;
  }
}

/** FNV-1a, 32 bits; spreads seeds, protects nothing. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The same of bytes. */
export function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
