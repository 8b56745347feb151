/**
 * Lines of styled text measured in columns: what every view gives and the painter draws. Nothing here knows colours or escape sequences.
 *
 * @module
 */
import { displayWidth, isSimple } from "@bzzz/cli";
import { placesOf } from "./words.ts";

/** What a piece of text means; a theme says how that looks. Meaning is never carried by the style alone. */
export type StyleName =
  | "plain"
  | "dim"
  | "strong"
  | "accent"
  | "good"
  | "warning"
  | "danger"
  | "border"
  | "selected"
  | "found";

/** A piece of one line in one style. */
export interface Span {
  readonly text: string;
  readonly style: StyleName;
}

/** One line of the screen. */
export type Line = readonly Span[];

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** A piece of text. */
export function span(text: string, style: StyleName = "plain"): Span {
  return { text, style };
}

/** A line of one piece. */
export function line(text: string, style: StyleName = "plain"): Line {
  return [span(text, style)];
}

/** The line with everything that has the words marked as found. */
export function highlight(spans: Line, words: string): Line {
  if (words === "") return spans;
  return spans.flatMap(({ text, style }): Line => {
    const out: Span[] = [];
    let at = 0;
    for (const { from, to } of placesOf(text, words)) {
      out.push({ text: text.slice(at, from), style }, { text: text.slice(from, to), style: "found" });
      at = to;
    }
    return [...out, { text: text.slice(at), style }].filter((part) => part.text !== "");
  });
}

/** Columns of a line. */
export function lineWidth(spans: Line): number {
  return spans.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

/** The first `columns` columns of a text; a wide character that would cross the end is left out. */
export function headOf(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (isSimple(text)) return text.slice(0, columns);
  let out = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const width = displayWidth(segment);
    if (used + width > columns) break;
    out += segment;
    used += width;
  }
  return out;
}

/** A text in exactly or at most `columns` columns; "…" says that something was cut. */
export function clip(text: string, columns: number, mark = "…"): string {
  if (displayWidth(text) <= columns) return text;
  return columns < displayWidth(mark) ? headOf(text, columns) : headOf(text, columns - displayWidth(mark)) + mark;
}

/** The line in exactly `columns` columns: cut with a mark, or filled with spaces in the style of its end. */
export function fit(spans: Line, columns: number, options: { mark?: string; fill?: StyleName } = {}): Line {
  const out: Span[] = [];
  let left = columns;
  for (const [i, part] of spans.entries()) {
    const width = displayWidth(part.text);
    const isLast = spans.slice(i + 1).every(({ text }) => text === "");
    if (width < left || (width === left && isLast)) {
      out.push(part);
      left -= width;
      continue;
    }
    const cut = clip(part.text + (isLast ? "" : " "), left, options.mark);
    out.push({ ...part, text: cut });
    left -= displayWidth(cut);
    break;
  }
  if (left > 0) out.push(span(" ".repeat(left), options.fill ?? "plain"));
  return out;
}

/** Columns `from` to `to` of a line, exactly; halves of wide characters become spaces. */
export function sliceColumns(spans: Line, from: number, to: number): Line {
  const out: Span[] = [];
  let at = 0;
  for (const { text, style } of spans) {
    let kept = "";
    if (isSimple(text)) {
      kept = text.slice(Math.max(0, from - at), Math.max(0, to - at));
      at += text.length;
      if (kept !== "") out.push({ text: kept, style });
      if (at >= to) break;
      continue;
    }
    for (const { segment } of segmenter.segment(text)) {
      const width = displayWidth(segment);
      const [begin, end] = [at, at + width];
      at = end;
      if (end <= from || begin >= to) continue;
      kept += begin < from || end > to ? " ".repeat(Math.min(end, to) - Math.max(begin, from)) : segment;
    }
    if (kept !== "") out.push({ text: kept, style });
    if (at >= to) break;
  }
  const width = lineWidth(out);
  return width < to - from ? [...out, span(" ".repeat(to - from - width))] : out;
}

/** `base` with `box` laid over it; what sticks out is cut. */
export function overlay(
  base: readonly Line[],
  box: readonly Line[],
  at: { readonly row: number; readonly column: number; readonly columns: number },
): Line[] {
  return base.map((under, row) => {
    const over = box[row - at.row];
    if (!over) return under;
    const width = lineWidth(over);
    return [
      ...sliceColumns(under, 0, at.column),
      ...over,
      ...sliceColumns(under, at.column + width, Math.max(at.column + width, at.columns)),
    ];
  });
}

/** A text in lines of at most `columns`: cut at spaces where there are some, inside a word where not; its own line breaks stay. */
export function wrap(text: string, columns: number): string[] {
  const room = Math.max(1, columns);
  const out: string[] = [];
  for (const paragraph of text.split("\n")) {
    if (displayWidth(paragraph) <= room) {
      out.push(paragraph);
      continue;
    }
    const indent = headOf(/^ */.exec(paragraph)?.[0] ?? "", Math.min(Math.floor(room / 2), room - 2));
    let current = "";
    for (const word of paragraph.slice(indent.length).split(/(?<= )/)) {
      let rest = word;
      if (displayWidth(indent + current + rest.trimEnd()) > room && current !== "") {
        if (current.trim() !== "") out.push((indent + current).trimEnd());
        current = "";
      }
      while (displayWidth(indent + rest.trimEnd()) > room) {
        const head = headOf(rest, room - displayWidth(indent)) || firstOf(rest);
        out.push(indent + head);
        rest = rest.slice(head.length);
      }
      current += rest;
    }
    if (current.trimEnd() !== "") out.push((indent + current).trimEnd());
  }
  return out;
}

function firstOf(text: string): string {
  for (const { segment } of segmenter.segment(text)) return segment;
  return text;
}
