import { once } from "@bzzz/base";

/** Wide in terminals: East Asian Wide and Fullwidth (Unicode Annex 11, by block), and what is drawn as an emoji. */
const wide = once(() =>
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f1e6}-\u{1f1ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u
);

const segmenter = once(() => new Intl.Segmenter(undefined, { granularity: "grapheme" }));

/**
 * Characters of one code unit and one column that combine with nothing before them: ASCII, Latin, punctuation, arrows, what boxes are drawn
 * with. Cutting text into characters as people see them costs memory outside the heap each time; most text needs none of it.
 */
const SIMPLE = /^[\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u25fc]*$/;

/** Whether every character of the text is one code unit and one column wide. */
export function isSimple(text: string): boolean {
  return SIMPLE.test(text);
}

/** Columns that sanitised text takes in a terminal; line breaks count nothing. */
export function displayWidth(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter().segment(text)) {
    if (segment === "\n") continue;
    if (wide().test(segment) || segment.includes("\ufe0f")) width += 2;
    else if (!/^\p{M}$/u.test(segment)) width += 1;
  }
  return width;
}

/** `text` with spaces up to `width` columns. */
export function padColumns(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Rows in aligned columns, two spaces apart, nothing behind the last one. Cells are sanitised already. */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell)));
  return rows.map((row) =>
    row.map((cell, i) => i === row.length - 1 ? cell : padColumns(cell, widths[i] ?? 0)).join("  ").trimEnd()
  );
}
