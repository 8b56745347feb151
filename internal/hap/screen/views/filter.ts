import { displayWidth } from "@bzzz/cli";
import { type Line, line, span } from "../core/cells.ts";
import type { Frame } from "../core/frame.ts";
import type { ListPlace } from "../core/lists.ts";
import type { Model } from "../core/model.ts";

const LABEL = " find: ";

/** The line of a list in which its filter stands. */
export function filterLine(model: Model, place: ListPlace): Line {
  const { filter, isFiltering } = model.lists[place];
  if (!filter) return line("");
  return [span(LABEL, "dim"), span(filter.text, isFiltering ? "strong" : "plain")];
}

/** The cursor, while the filter is typed: it is the last line but one. */
export function filterCursor(model: Model, place: ListPlace, rows: number): Pick<Frame, "cursor"> {
  const { filter, isFiltering } = model.lists[place];
  if (!filter || !isFiltering) return {};
  return { cursor: { row: rows - 2, column: 1 + LABEL.length + displayWidth(filter.text.slice(0, filter.cursor)) } };
}
