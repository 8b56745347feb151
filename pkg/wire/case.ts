/** Keys on the wire are snake_case, in code camelCase: this is the one place that renames (conventions rule 17). */
const MAX_CACHED_KEYS = 4096;
/** No schema has a longer one, so it is dropped here as it would be there: peers choose these names. */
const MAX_KEY_CHARACTERS = 64;
const toCamelCache = new Map<string, string>();
const toSnakeCache = new Map<string, string>();

function cached(cache: Map<string, string>, key: string, rename: (key: string) => string): string {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const renamed = rename(key);
  if (cache.size < MAX_CACHED_KEYS) cache.set(key, renamed);
  return renamed;
}

function toCamel(key: string): string {
  return cached(toCamelCache, key, (k) => k.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase()));
}

function toSnake(key: string): string {
  return cached(toSnakeCache, key, (k) => k.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`));
}

function rename(value: unknown, renameKey: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, renameKey));
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || key === "__proto__" || key.length > MAX_KEY_CHARACTERS) continue;
    out[renameKey(key)] = rename(item, renameKey);
  }
  return out;
}

/** A deep copy with snake_case keys; undefined members and those with names over 64 characters are left out. */
export function toSnakeCase(value: unknown): unknown {
  return rename(value, toSnake);
}

/** A deep copy with camelCase keys; members with names over 64 characters are left out. */
export function toCamelCase(value: unknown): unknown {
  return rename(value, toCamel);
}
