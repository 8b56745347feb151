import type { Branded } from "@bzzz/base";

/** The name of a register: a prefix that says whose rules it follows, and what it is about ("task/01J…", "leader"). */
export type RegisterKey = Branded<"RegisterKey">;

/** The register that holds the voters themselves. */
export const ROSTER_KEY = "roster" as RegisterKey; // fits KEY

const KEY = /^[a-z][a-z0-9_]{0,31}(\/[A-Za-z0-9_-]{1,64})?$/;

/** Undefined when `text` is not a key: `prefix` or `prefix/name`, together at most 97 characters. */
export function parseRegisterKey(text: string): RegisterKey | undefined {
  return KEY.test(text) ? text as RegisterKey : undefined;
}

/** The key of `name` under `prefix`. @throws TypeError when they do not make one, which is a mistake of the caller */
export function registerKey(prefix: string, name?: string): RegisterKey {
  const text = name === undefined ? prefix : `${prefix}/${name}`;
  const key = parseRegisterKey(text);
  if (!key) throw new TypeError(`"${text}" is not a register key`);
  return key;
}

/** The part that chooses the rules. */
export function prefixOf(key: RegisterKey): string {
  const slash = key.indexOf("/");
  return slash === -1 ? key : key.slice(0, slash);
}

/** What stands behind the prefix; undefined of a key that is only one. */
export function nameOf(key: RegisterKey): string | undefined {
  const slash = key.indexOf("/");
  return slash === -1 ? undefined : key.slice(slash + 1);
}
