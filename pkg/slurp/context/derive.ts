import { cascade, onlyDifferences } from "./cascade.ts";
import { type ContextNode, FIELD_NAMES, type FieldName, type Fields, type SourcedField } from "./fields.ts";

/** Facts of one source about one path; `rank` is how directly it speaks of it, higher is more direct. */
export interface RankedFinding {
  readonly path: string;
  readonly rank: number;
  readonly fields: Fields;
  /** The summary is a model's. */
  readonly isSummarised?: boolean;
}

/**
 * The nodes of a subject out of what its sources say, sources in the order in which they were written: at each path the more direct word
 * counts, of equal ones the later; and only what a path does not inherit is kept. Pure.
 */
export function deriveNodes(sources: readonly (readonly RankedFinding[])[]): readonly ContextNode[] {
  const byPath = new Map<string, { readonly rank: number; readonly fields: ContextNode["fields"] }[]>();
  sources.forEach((findings, source) => {
    for (const { path, rank, fields, isSummarised } of findings) {
      byPath.set(path, [...byPath.get(path) ?? [], { rank, fields: withSource(fields, source, isSummarised) }]);
    }
  });
  const nodes = [...byPath].map(([path, found]) => ({
    path,
    fields: cascade(found.toSorted((a, b) => a.rank - b.rank).map(({ fields }) => fields)), // the sort is stable
  }));
  return onlyDifferences(nodes.sort((a, b) => a.path < b.path ? -1 : 1));
}

function withSource(fields: Fields, source: number, isSummarised: boolean | undefined): ContextNode["fields"] {
  const sourced: Partial<Record<FieldName, SourcedField>> = {};
  for (const name of FIELD_NAMES) {
    const value = fields[name];
    if (value === undefined) continue;
    sourced[name] = { value, source, ...(isSummarised && name === "summary" ? { by: "model" } : {}) };
  }
  return sourced;
}
