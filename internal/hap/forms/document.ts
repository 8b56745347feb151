import { type ConfigIssue, type Position, readYaml } from "@bzzz/config";
import type { z } from "zod";

/** A file that was read, and where each part of it stood. */
export type DocumentResult<T> =
  | { readonly ok: true; readonly value: T; at(path: readonly PropertyKey[]): Position }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** A YAML file by its schema. Every mistake has its line; an unknown key is one. Never throws. */
export function readDocument<S extends z.ZodType>(text: string, file: string, schema: S): DocumentResult<z.output<S>> {
  const source = readYaml(text, file);
  if (source.issues.length > 0) return { ok: false, issues: source.issues };
  const parsed = schema.safeParse(source.root ?? {});
  if (parsed.success) return { ok: true, value: parsed.data, at: (path) => source.positionOf(path) };
  const issues = parsed.error.issues.map((issue): ConfigIssue => {
    const path = issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
    const place = issue.code === "unrecognized_keys" ? source.keyPositionOf(path) : source.positionOf(path);
    return {
      source: "file",
      file,
      ...place,
      keyPath: path.join("."),
      got: valueAt(source.root, path),
      expected: issue.message,
    };
  });
  return { ok: false, issues };
}

/** A mistake that the schema cannot see. */
export function issueAt(
  document: { at(path: readonly PropertyKey[]): Position },
  file: string,
  path: readonly PropertyKey[],
  got: string,
  expected: string,
): ConfigIssue {
  return { source: "file", file, ...document.at(path), keyPath: path.join("."), got, expected };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): string {
  let value = root;
  for (const key of path) {
    if (value === null || typeof value !== "object") return "nothing";
    value = (value as Record<PropertyKey, unknown>)[key]; // an object or a list: missing members are undefined
  }
  return JSON.stringify(value)?.slice(0, 80) ?? "nothing";
}
