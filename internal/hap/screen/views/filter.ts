import { displayWidth } from "@bzzz/cli";
import { type Line, line, type Span, span } from "../core/cells.ts";
import type { Frame } from "../core/frame.ts";
import type { ListPlace } from "../core/lists.ts";
import type { Looking } from "../core/looking.ts";
import type { Model } from "../core/model.ts";

const LABELS = { find: " find: ", filter: " filter: " } as const;

/** The line of a list in which stands what is looked for, and what is left out. */
export function filterLine(model: Model, place: ListPlace): Line {
  const looking = model.lists[place];
  return lookingOrder(looking).flatMap((what): Line => part(looking, what));
}

/** The cursor, while one of them is typed: it is the last line but one. */
export function filterCursor(model: Model, place: ListPlace, rows: number): Pick<Frame, "cursor"> {
  const column = typingColumn(model.lists[place]);
  return column === undefined ? {} : { cursor: { row: rows - 2, column: 1 + column } };
}

/** The line in which words to find, or a filter, are typed. */
export function typingLine(looking: Looking): Line {
  return looking.typing === undefined ? line("") : part(looking, looking.typing);
}

/** Where in it the cursor stands; undefined when nothing is typed. */
export function typingColumn(looking: Looking): number | undefined {
  const { typing } = looking;
  const state = typing && looking[typing];
  if (!typing || !state) return undefined;
  return LABELS[typing].length + displayWidth(state.text.slice(0, state.cursor));
}

/** "find: x - filter: y", for an edge of the frame; "" when nothing is looked for. */
export function lookingWords(looking: Looking, dot: string): string {
  return lookingOrder(looking).map((what) => `${LABELS[what].trim()} ${looking[what]?.text ?? ""}`).join(` ${dot} `);
}

/** What is typed stands first. */
function lookingOrder({ find, filter, typing }: Looking): ("find" | "filter")[] {
  const order = typing === "filter" ? ["filter", "find"] as const : ["find", "filter"] as const;
  return order.filter((what) => (what === "find" ? find : filter) !== undefined);
}

function part(looking: Looking, what: "find" | "filter"): Span[] {
  return [span(LABELS[what], "dim"), span(looking[what]?.text ?? "", looking.typing === what ? "strong" : "plain")];
}
