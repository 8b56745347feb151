import { displayWidth } from "@bzzz/cli";
import { highlight, type Line, line, span } from "../core/cells.ts";
import { foundLine, type HistorySearch } from "../core/history_search.ts";
import type { Model } from "../core/model.ts";
import { lookingWords, typingColumn, typingLine } from "./filter.ts";
import { inputPart } from "./parts.ts";

/**
 * The line at the bottom of a channel: what is typed, or the words that are looked for while those are typed. `lead` stands in front.
 * Where the frame is not shown, what is looked for stands here.
 */
export function lineOfInput(
  model: Model,
  columns: number,
  lead: string,
): { readonly line: Line; readonly column: number } {
  const typing = typingColumn(model.feed);
  if (typing !== undefined) return { line: typingLine(model.feed), column: typing };
  if (model.search) return searchLine(model.search, columns);
  const looking = model.isBare ? lookingWords(model.feed, model.settings.glyphs.dot) : "";
  const prompt = `${lead}${looking === "" ? "" : `[${looking}] `}> `;
  const input = inputPart(model.input, Math.max(4, columns - displayWidth(prompt) - 1));
  return { line: [span(prompt, "strong"), span(input.text)], column: displayWidth(prompt) + input.column };
}

/** What is looked for among the lines that were sent, and the line that has it. */
function searchLine(search: HistorySearch, columns: number): { readonly line: Line; readonly column: number } {
  const label = search.isFailing ? " no older line: " : " history: ";
  const words = inputPart(search.words, Math.max(8, Math.floor(columns / 3)));
  return {
    line: [
      span(label, search.isFailing ? "warning" : "dim"),
      span(words.text, "strong"),
      span(" > ", "dim"),
      ...highlight(line(foundLine(search)), search.words.text),
    ],
    column: displayWidth(label) + words.column,
  };
}
