/**
 * Looking for words in a list or a channel: `find` goes from match to match, a filter leaves out what does not fit. Both are typed in a
 * line of their own, and stay in sight until Esc.
 *
 * @module
 */
import { sanitiseLine } from "@bzzz/cli";
import { edit, type EditorState, emptyLine } from "../../terminal/line_editor.ts";
import type { Press } from "./keys.ts";
import { editLine } from "./line_keys.ts";
import { fold } from "./words.ts";

/** What is looked for in one place. */
export interface Looking {
  /** Words that matches have. */
  readonly find: EditorState | undefined;
  /** What is shown has these letters, or with "!" in front has them not. */
  readonly filter: EditorState | undefined;
  /** Which of them is being typed. */
  readonly typing: "find" | "filter" | undefined;
}

/** Nothing is looked for. */
export const NOT_LOOKING: Looking = { find: undefined, filter: undefined, typing: undefined };

/** Whether something is looked for, or left out. */
export function isLooking({ find, filter }: Looking): boolean {
  return find !== undefined || filter !== undefined;
}

/** Whether a row that says `text` is shown under the filter. */
export function passes({ filter }: Pick<Looking, "filter">, text: string): boolean {
  const wanted = fold(filter?.text ?? "");
  const isInverted = wanted.startsWith("!");
  const words = isInverted ? wanted.slice(1) : wanted;
  return words === "" || fold(text).includes(words) !== isInverted;
}

/** The words that are found, "" for none. */
export function wordsOf({ find }: Pick<Looking, "find">): string {
  return find?.text.trim() ?? "";
}

/** The line of one of them has the keys. A new search begins empty, with the words of before one Up away. */
export function startTyping(looking: Looking, what: "find" | "filter"): Looking {
  const { find, filter } = looking;
  if (what === "filter") return { ...looking, typing: what, filter: filter ?? emptyLine() };
  return { ...looking, typing: what, find: emptyLine(find && wordsOf(looking) !== "" ? [find.text] : []) };
}

/** A press while it is typed. `isFound`: Enter ended the line of words to find. */
export function pressLooking(looking: Looking, press: Press): { readonly looking: Looking; readonly isFound: boolean } {
  const { typing } = looking;
  const to = (next: Partial<Looking>) => ({ looking: { ...looking, ...next }, isFound: false });
  if (typing === undefined) return to({});
  const line = looking[typing] ?? emptyLine();
  if (press.type === "key" && press.name === "esc") return to({ [typing]: undefined, typing: undefined });
  if (press.type === "key" && press.name === "enter") {
    const isNothing = line.text.trim() === "";
    const done = { ...looking, ...(isNothing ? { [typing]: undefined } : {}), typing: undefined };
    return { looking: done, isFound: typing === "find" && !isNothing };
  }
  const isRecall = press.type === "key" && (press.name === "up" || press.name === "down");
  const next = isRecall ? edit(line, { type: press.name === "up" ? "up" : "down" }).state : editLine(line, press);
  return to(next ? { [typing]: next } : {});
}

/** Where the next match is. */
export interface Match {
  readonly index: number;
  /** It is the how manyth of how many, in the order of the list. */
  readonly rank: number;
  readonly count: number;
  /** The search went around an end. */
  readonly isAround: boolean;
}

/** The next match among `isMatch` from `at` on by `by`, around the ends; `isHere` takes the one at `at`, too. */
export function nextMatch(
  isMatch: readonly boolean[],
  options: { readonly at: number; readonly by: 1 | -1; readonly isHere: boolean },
): Match | undefined {
  const { length } = isMatch;
  for (let i = options.isHere ? 0 : 1; i <= length; i++) {
    const to = options.at + options.by * i;
    const index = ((to % length) + length) % length;
    if (!isMatch[index]) continue;
    const rank = isMatch.slice(0, index + 1).filter(Boolean).length;
    return { index, rank, count: isMatch.filter(Boolean).length, isAround: index !== to };
  }
  return undefined;
}

/** One line about a match, or that there is none. */
export function tellMatch(words: string, match: Match | undefined, by: 1 | -1): string {
  const shown = `"${sanitiseLine(words, 40)}"`;
  if (!match) return `Nothing here has ${shown}`;
  const around = !match.isAround
    ? ""
    : by > 0
    ? ": past the end, from the top again"
    : ": past the top, from the end again";
  return `${shown}: ${match.rank} of ${match.count}${around}`;
}
