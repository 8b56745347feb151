/**
 * Editing one line, as pure functions: what a key does to the text, and what follows from it.
 *
 * @module
 */
import { assertNever } from "@bzzz/base";
import { sanitiseLine } from "@bzzz/cli";
import type { Key } from "./keys.ts";

/** Lines that Up brings back. */
const MAX_HISTORY = 200;
/** More does not fit into one entry of the mesh. */
export const MAX_LINE_CHARACTERS = 65_536;

/** A line being typed. `cursor` counts code units, and stands between whole characters. */
export interface EditorState {
  readonly text: string;
  readonly cursor: number;
  readonly history: readonly string[];
  /** Place in the history, or its length for the line being typed. */
  readonly place: number;
  /** What was being typed before Up. */
  readonly draft: string;
}

/** What follows from a key besides the new text. */
export type EditorEffect =
  | { readonly type: "none" }
  | { readonly type: "submitted"; readonly line: string }
  /** Ctrl-C; `hadText` tells whether it only cleared the line. */
  | { readonly type: "interrupted"; readonly hadText: boolean }
  /** Ctrl-D on an empty line. */
  | { readonly type: "ended" }
  | { readonly type: "clear_screen" };

/** An empty line. */
export function emptyLine(history: readonly string[] = []): EditorState {
  return { text: "", cursor: 0, history, place: history.length, draft: "" };
}

/** What `key` does. */
export function edit(state: EditorState, key: Key): { readonly state: EditorState; readonly effect: EditorEffect } {
  const { text, cursor } = state;
  const to = (next: Partial<EditorState>) => ({ state: { ...state, ...next }, effect: { type: "none" } as const });
  switch (key.type) {
    case "text":
    case "paste":
      return to(inserted(state, key.text));
    case "enter":
      return submitted(state);
    case "backspace": {
      const from = before(text, cursor);
      return to({ text: text.slice(0, from) + text.slice(cursor), cursor: from });
    }
    case "delete":
      return to({ text: text.slice(0, cursor) + text.slice(after(text, cursor)) });
    case "left":
      return to({ cursor: before(text, cursor) });
    case "right":
      return to({ cursor: after(text, cursor) });
    case "home":
      return to({ cursor: 0 });
    case "end":
      return to({ cursor: text.length });
    case "kill_to_end":
      return to({ text: text.slice(0, cursor) });
    case "kill_to_start":
      return to({ text: text.slice(cursor), cursor: 0 });
    case "kill_word": {
      const from = text.slice(0, cursor).replace(/\S+\s*$|\s+$/, "").length;
      return to({ text: text.slice(0, from) + text.slice(cursor), cursor: from });
    }
    case "up":
      return to(recalled(state, state.place - 1));
    case "down":
      return to(recalled(state, state.place + 1));
    case "interrupt":
      return { state: emptyLine(state.history), effect: { type: "interrupted", hadText: text !== "" } };
    case "end_of_input":
      return text === "" ? { state, effect: { type: "ended" } } : edit(state, { type: "delete" });
    case "clear_screen":
      return { state, effect: { type: "clear_screen" } };
    case "tab":
    case "unknown":
      return to({});
    default:
      return assertNever(key);
  }
}

/** Typed or pasted text becomes what is shown of it: nothing hidden is sent. A line break becomes a visible mark. */
function inserted(state: EditorState, raw: string): Partial<EditorState> {
  const { text, cursor } = state;
  const lead = /^ +/.exec(raw)?.[0] ?? "";
  const trail = raw.length > lead.length ? /(?<! ) +$/.exec(raw)?.[0] ?? "" : "";
  const clean = lead + sanitiseLine(raw) + trail;
  if (text.length + clean.length > MAX_LINE_CHARACTERS) return {};
  return { text: text.slice(0, cursor) + clean + text.slice(cursor), cursor: cursor + clean.length };
}

function submitted(state: EditorState): { readonly state: EditorState; readonly effect: EditorEffect } {
  const line = state.text;
  const isNew = line.trim() !== "" && line !== state.history.at(-1);
  const history = isNew ? [...state.history, line].slice(-MAX_HISTORY) : state.history;
  return { state: emptyLine(history), effect: { type: "submitted", line } };
}

function recalled(state: EditorState, place: number): Partial<EditorState> {
  if (place < 0 || place > state.history.length) return {};
  const draft = state.place === state.history.length ? state.text : state.draft;
  const text = state.history[place] ?? draft;
  return { text, cursor: text.length, place, draft };
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function before(text: string, cursor: number): number {
  let last = 0;
  for (const { index } of segmenter.segment(text.slice(0, cursor))) last = index;
  return last;
}

function after(text: string, cursor: number): number {
  for (const { segment } of segmenter.segment(text.slice(cursor))) return cursor + segment.length;
  return cursor;
}
