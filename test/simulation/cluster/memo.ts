import { type ByteRules, type Codec, type Command, type Decision, NOTHING } from "@bzzz/register";

/** A codec that reads the same bytes once: nodes of a run hand values on by reference. */
export function readingOnce<T>(codec: Codec<T>): Codec<T> {
  const known = new WeakMap<Uint8Array, { readonly value: T | undefined }>();
  return {
    encode: (value) => codec.encode(value),
    decode: (bytes) => {
      let read = known.get(bytes);
      if (!read) known.set(bytes, read = { value: codec.decode(bytes) });
      return read.value;
    },
  };
}

/** Asks `decide`, which is pure and the same on every voter, once a run for each pair of value and command. */
export class DecideMemo {
  readonly #known = new WeakMap<Command, WeakMap<Uint8Array, Decision<Uint8Array>>>();

  wrap(rules: ByteRules): ByteRules {
    return {
      ...rules,
      decide: (key, previous, command) => {
        const known = this.#known.get(command) ?? new WeakMap<Uint8Array, Decision<Uint8Array>>();
        this.#known.set(command, known);
        const decision = known.get(previous ?? NOTHING) ?? rules.decide(key, previous, command);
        known.set(previous ?? NOTHING, decision);
        return decision;
      },
    };
  }
}
