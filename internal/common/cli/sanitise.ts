/**
 * Makes text of unknown origin harmless to look at: whatever could move the cursor, write the clipboard, reorder or hide text is
 * replaced by a visible mark (design, portal C.11.8). Letters, emoji and line breaks stay.
 *
 * @module
 */

import { once } from "@bzzz/base";

/** Stands for an escape sequence that was removed. */
export const ESCAPE_MARK = "␛";
/** Stands for a run of characters that cannot be seen, or that change how others are seen. */
export const HIDDEN_MARK = "\ufffd";

const TAB = "    ";
/** More combining marks on one letter than any script writes; a pile of them covers the lines above. */
const MAX_COMBINING_MARKS = 8;
/** A control string longer than this is not one; only its start is removed then. */
const MAX_CONTROL_STRING = 4_096;

/** Escape sequences (ECMA-48): CSI; OSC, DCS, SOS, PM and APC when they are ended; any other; in 7 and 8 bits. */
const escapes = once(() =>
  new RegExp(
    [
      String.raw`(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?`,
      String.raw`(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]{0,${MAX_CONTROL_STRING}}(?:\x07|\x1b\\|\x9c)`,
      String.raw`\x1b[\x20-\x2f]*[\x30-\x7e]?`,
    ].join("|"),
    "g",
  )
);

/**
 * What never reaches a terminal: C0 but the line break, DEL, C1, lone surrogates, and everything invisible: format characters
 * (bidi controls, zero width, tags), fillers, variation selectors. Arabic number signs are format characters that are seen.
 */
const hidden = once(() =>
  /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])\p{Cf}/u
);

const ZERO_WIDTH_JOINER = "\u200d";
// Anchored on both sides and asked of one character: V8 15 finds no astral character with /[\u{1f469}]$/u.
const joinsBefore = once(() => /^[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]$/u);
const joinsAfter = once(() => /^\p{Extended_Pictographic}$/u);
const emoji = once(() => /^\p{Emoji}$/u);
const combining = once(() => /^\p{M}$/u);
const needsWork = once(() => new RegExp(`${hidden().source}|\\p{M}{${MAX_COMBINING_MARKS + 1}}`, "u"));
/** What is harmless in any case, and most of what is ever shown: asked first, because the patterns above take a start 10 ms to make. */
const PLAIN = /^[\n\x20-\x7e]*$/;

/** Bounds of a text; without them nothing is cut. */
export interface ClampOptions {
  /** Lines that are kept; the last one then says how many were not. */
  readonly maxLines?: number;
  /** Characters of a line, the mark "…" included. */
  readonly maxLineCharacters?: number;
}

/** Text for a terminal, with its line breaks. Doing it twice changes nothing more. */
export function sanitiseText(text: string, options: ClampOptions = {}): string {
  const flat = text.toWellFormed().replaceAll(/\r\n|\u2028|\u2029/g, "\n").replaceAll("\t", TAB);
  const isSafe = PLAIN.test(flat) || !needsWork().test(flat);
  const safe = isSafe ? flat : replaceHidden(flat.replaceAll(escapes(), ESCAPE_MARK));
  return clamp(safe, options);
}

/** Text for one place in a line: line breaks are shown as "⏎". */
export function sanitiseLine(text: string, maxCharacters?: number): string {
  const line = sanitiseText(text).trim().replaceAll(/ *\n+ */g, " ⏎ ");
  return maxCharacters === undefined ? line : clampLine(line, maxCharacters);
}

/** Whether `sanitiseText` would replace something. */
export function isHarmless(text: string): boolean {
  return sanitiseText(text) === text;
}

function replaceHidden(text: string): string {
  const characters = [...text];
  let out = "";
  let marks = 0;
  characters.forEach((character, i) => {
    if (character === "\n") {
      out += character;
      marks = 0;
      return;
    }
    const next = characters[i + 1] ?? "";
    // Looks at what is already in the output: what was removed joins nothing.
    const before = lastCharacter(out);
    const isJoining = character === ZERO_WIDTH_JOINER && joinsBefore().test(before) && joinsAfter().test(next);
    const isPresentation = /^[\ufe0e\ufe0f]$/.test(character) && emoji().test(before);
    marks = combining().test(character) ? marks + 1 : 0;
    if (isJoining || isPresentation || (!hidden().test(character) && marks <= MAX_COMBINING_MARKS)) out += character;
    else if (character < " ") out += String.fromCodePoint(0x2400 + character.charCodeAt(0));
    else if (character === "\x7f") out += "␡";
    else if (!out.endsWith(HIDDEN_MARK)) out += HIDDEN_MARK;
  });
  return out;
}

function lastCharacter(text: string): string {
  return /[\udc00-\udfff]/.test(text.at(-1) ?? "") ? text.slice(-2) : text.slice(-1);
}

function clamp(text: string, options: ClampOptions): string {
  const { maxLines, maxLineCharacters } = options;
  if (maxLines === undefined && maxLineCharacters === undefined) return text;
  let lines = text.split("\n");
  if (maxLines !== undefined && lines.length > maxLines) {
    const rest = lines.length - maxLines + 1;
    lines = [...lines.slice(0, maxLines - 1), `… ${rest} more lines`];
  }
  return lines.map((line) => maxLineCharacters === undefined ? line : clampLine(line, maxLineCharacters)).join("\n");
}

const segmenter = once(() => new Intl.Segmenter(undefined, { granularity: "grapheme" }));

/** Cuts between whole characters as people see them, so that no half of an emoji is left. */
function clampLine(line: string, maxCharacters: number): string {
  if (line.length <= maxCharacters || [...line].length <= maxCharacters) return line;
  let kept = "";
  let count = 1; // the mark
  for (const { segment } of segmenter().segment(line)) {
    count += [...segment].length;
    if (count > maxCharacters) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** JSON on one line in which nothing acts on a terminal, and from which the exact text can be read back. */
export function toSafeJson(value: unknown): string {
  const json = JSON.stringify(value);
  return PLAIN.test(json) ? json : json.replaceAll(
    new RegExp(hidden().source, "gu"),
    (character) =>
      Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`)
        .join(""),
  );
}
