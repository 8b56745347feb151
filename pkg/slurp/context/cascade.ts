import { type ContextNode, FIELD_NAMES, type FieldName, isSameValue, type SourcedField } from "./fields.ts";

/** The nodes on the way down, outermost first, seen as one: the child's word counts where it has one. */
export function cascade<F extends { readonly value: SourcedField["value"] }>(
  levels: readonly Readonly<Partial<Record<FieldName, F>>>[],
): Readonly<Partial<Record<FieldName, F>>> {
  const merged: Partial<Record<FieldName, F>> = {};
  for (const fields of levels) {
    for (const name of FIELD_NAMES) {
      const field = fields[name];
      if (field) merged[name] = field;
    }
  }
  return merged;
}

/**
 * The nodes of one subject without what they inherit from each other anyway, and without those that say nothing then. What a path resolves
 * to does not change by it, but the source of a value may: two that say the same are one.
 */
export function onlyDifferences(nodes: readonly ContextNode[]): readonly ContextNode[] {
  const byPath = new Map(nodes.map((node) => [node.path, node.fields]));
  return nodes.flatMap(({ path, fields }) => {
    const inherited = cascade(ancestors(path).map((ancestor) => byPath.get(ancestor) ?? {}));
    const own: Partial<Record<FieldName, SourcedField>> = {};
    for (const name of FIELD_NAMES) {
      const field = fields[name];
      const above = inherited[name];
      if (field && !(above && isSameValue(field.value, above.value))) own[name] = field;
    }
    return Object.keys(own).length === 0 ? [] : [{ path, fields: own }];
  });
}

/** The paths above a path, "" first. */
export function ancestors(path: string): readonly string[] {
  if (path === "") return [];
  const segments = path.split("/");
  return ["", ...segments.slice(0, -1).map((_, i) => segments.slice(0, i + 1).join("/"))];
}
