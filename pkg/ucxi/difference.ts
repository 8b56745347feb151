import { diffJson, diffLines, parseJson } from "@bzzz/ucxl";
import type { DiffView } from "./views.ts";

/** What changed between two texts of those media types: places, where both are JSON, else lines. */
export function differenceOf(
  before: string,
  after: string,
  types: readonly string[],
): Pick<DiffView, "lines" | "changes"> {
  const [a, b] = types.every((type) => /[/+]json\b/.test(type)) ? [parseJson(before), parseJson(after)] : [];
  if (a !== undefined && b !== undefined) return { changes: diffJson(a, b).map((change) => ({ ...change })) };
  return {
    lines: diffLines(before, after).map(({ beforeLine, afterLine, lines }) => ({
      before_line: beforeLine,
      after_line: afterLine,
      lines: lines.map((line) => ({ ...line })),
    })),
  };
}
