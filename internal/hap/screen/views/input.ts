import { displayWidth } from "@bzzz/cli";
import { type Line, span } from "../core/cells.ts";
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
  const looking = model.isBare ? lookingWords(model.feed, model.settings.glyphs.dot) : "";
  const prompt = `${lead}${looking === "" ? "" : `[${looking}] `}> `;
  const input = inputPart(model.input, Math.max(4, columns - displayWidth(prompt) - 1));
  return { line: [span(prompt, "strong"), span(input.text)], column: displayWidth(prompt) + input.column };
}
