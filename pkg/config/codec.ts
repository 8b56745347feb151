import type { z } from "zod";
import type { ConfigSectionLike } from "./members.ts";

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** `T` with camelCase keys, read-only all the way down. */
export type CamelKeys<T> = T extends readonly (infer E)[] ? readonly CamelKeys<E>[]
  : T extends object ? { readonly [K in keyof T as K extends string ? Camel<K> : K]: CamelKeys<T[K]> }
  : T;

/** The configuration in code, of the file. */
export type ConfigShape<S extends ConfigSectionLike> = CamelKeys<z.output<ReturnType<S["schema"]>>>;

/**
 * The one place where the snake_case keys of the file become the camelCase keys of the code (conventions rule 17). `tree` has a
 * legal value for every key that has one. The file has no maps with keys of the operator's choice, so every key may be renamed.
 */
export function toConfig<S extends ConfigSectionLike>(tree: Readonly<Record<string, unknown>>): ConfigShape<S> {
  // Proof of the cast: ConfigShape<S> is defined as the output of S with its keys renamed this way.
  return freeze(rename(tree, toCamel)) as ConfigShape<S>;
}

export function toCamel(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function rename(value: unknown, renameKey: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, renameKey));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [renameKey(key), rename(item, renameKey)]));
}

function freeze(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  for (const item of Object.values(value)) freeze(item);
  return Object.freeze(value);
}
