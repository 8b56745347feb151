/** A map of settings, as against a list or a scalar. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, own members only. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    // Proof of the cast: `part` is an own member of `value`.
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** Sets the value at a path of a tree of maps, in place. */
export function setAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let map = root;
  for (const part of path.slice(0, -1)) {
    const next = map[part] ??= {};
    // Proof of the cast: the paths of keys never run through a value, only through maps made here.
    map = next as Record<string, unknown>;
  }
  const last = path.at(-1);
  if (last !== undefined) map[last] = value;
}
