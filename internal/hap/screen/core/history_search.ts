/**
 * Looking for a line that was sent before, as readline does it: every letter narrows, the same key again goes to an older one.
 *
 * @module
 */
import { edit, type EditorState, emptyLine } from "../../terminal/line_editor.ts";
import type { Press } from "./keys.ts";
import { editLine } from "./line_keys.ts";
import { hasWords } from "./words.ts";

/** A search that is under way. */
export interface HistorySearch {
  /** What is looked for. */
  readonly words: EditorState;
  /** Place in the history of the line that has the words; undefined before the first one was found. */
  readonly place: number | undefined;
  /** No line, or no older one, has the words. */
  readonly isFailing: boolean;
  /** The line as it was. */
  readonly before: EditorState;
}

/** What a press makes of a search. */
export type SearchStep =
  | { readonly type: "searching"; readonly search: HistorySearch }
  /** It has ended with this line. `isHandled`: the press meant nothing else. */
  | { readonly type: "ended"; readonly input: EditorState; readonly isHandled: boolean };

/** Begins to look, from the newest line. */
export function startSearch(before: EditorState): HistorySearch {
  return { words: emptyLine(), place: undefined, isFailing: false, before };
}

/** The line that is found, or the line as it was. */
export function foundLine({ place, before }: HistorySearch): string {
  return place === undefined ? before.text : before.history[place] ?? before.text;
}

/** A press during a search; `isAgain`: it is the key that began it. */
export function pressSearch(search: HistorySearch, press: Press, isAgain: boolean): SearchStep {
  const { before, words, place } = search;
  const newest = before.history.length - 1;
  if (isAgain) return { type: "searching", search: lookFrom(search, place === undefined ? newest : place - 1) };
  if (press.type === "key" && (press.name === "esc" || press.name === "ctrl+g")) {
    return { type: "ended", input: before, isHandled: true };
  }
  if (press.type === "key" && press.name === "enter") return { type: "ended", input: taken(search), isHandled: true };
  const isErasing = press.type === "key" && press.name === "backspace";
  if (press.type === "paste" || isErasing || (press.type === "key" && press.text !== undefined)) {
    const next = editLine(words, press) ?? words;
    return { type: "searching", search: lookFrom({ ...search, words: next }, isErasing ? newest : place ?? newest) };
  }
  return { type: "ended", input: taken(search), isHandled: false };
}

/** The newest line from `from` on back that has the words. Where there is none, what was found stays. */
function lookFrom(search: HistorySearch, from: number): HistorySearch {
  const { text } = search.words;
  if (text === "") return { ...search, place: undefined, isFailing: false };
  const { history } = search.before;
  for (let place = from; place >= 0; place--) {
    if (hasWords(history[place] ?? "", text)) return { ...search, place, isFailing: false };
  }
  return { ...search, isFailing: true };
}

/** Goes to the line in the history, as Up does: Down leads back to the line as it was. */
function taken({ place, before }: HistorySearch): EditorState {
  if (place === undefined) return before;
  let input = before;
  while (input.place > place) input = edit(input, { type: "up" }).state;
  while (input.place < place) input = edit(input, { type: "down" }).state;
  return input;
}
