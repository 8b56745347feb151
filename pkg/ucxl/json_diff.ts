/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One place where two documents differ; `path` is a JSON Pointer (RFC 6901), "" for the whole. */
export type JsonChange =
  | { readonly type: "added"; readonly path: string; readonly after: Json }
  | { readonly type: "removed"; readonly path: string; readonly before: Json }
  | { readonly type: "changed"; readonly path: string; readonly before: Json; readonly after: Json };

/** Changes that are told; the caller shows that there are more. */
export const MAX_JSON_CHANGES = 1_000;
/** Nesting that is followed; below it two values are compared as wholes. */
const MAX_DEPTH = 64;

/** The JSON of a text, or undefined when it is none. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // what JSON.parse returns is JSON
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Where two documents differ, members by name and elements by place; at most `MAX_JSON_CHANGES`. */
export function diffJson(before: Json, after: Json): readonly JsonChange[] {
  const changes: JsonChange[] = [];
  compare(before, after, "", 0, changes);
  return changes;
}

function compare(before: Json, after: Json, path: string, depth: number, changes: JsonChange[]): void {
  if (changes.length >= MAX_JSON_CHANGES || before === after) return;
  const [a, b] = [membersOf(before), membersOf(after)];
  if (!a || !b || Array.isArray(before) !== Array.isArray(after) || depth >= MAX_DEPTH) {
    if (JSON.stringify(before) !== JSON.stringify(after)) changes.push({ type: "changed", path, before, after });
    return;
  }
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const place = `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const [left, right] = [a.get(key), b.get(key)];
    if (changes.length >= MAX_JSON_CHANGES) return;
    if (left === undefined && right !== undefined) changes.push({ type: "added", path: place, after: right });
    else if (right === undefined && left !== undefined) changes.push({ type: "removed", path: place, before: left });
    else if (left !== undefined && right !== undefined) compare(left, right, place, depth + 1, changes);
  }
}

function membersOf(value: Json): ReadonlyMap<string, Json> | undefined {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : undefined;
}
