/**
 * Words that are looked for in a text, whatever their case.
 *
 * @module
 */

/** A piece of a text, in code units. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** In lower case, and as long as before: places in it are places in the text. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return Array.from(text, (one) => one.toLowerCase().length === one.length ? one.toLowerCase() : one).join("");
}

/** Whether a text has the words; "" is in nothing. */
export function hasWords(text: string, words: string): boolean {
  return words !== "" && fold(text).includes(fold(words));
}

/** Every place at which a text has the words. */
export function placesOf(text: string, words: string): readonly Range[] {
  const wanted = fold(words);
  if (wanted === "") return [];
  const folded = fold(text);
  const out: Range[] = [];
  for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
    out.push({ from: at, to: at + wanted.length });
  }
  return out;
}
