import { once } from "@bzzz/base";

/** Words shown around the first place that fits. */
const EXCERPT_WORDS = 12;
/** Of them, before that place. */
const WORDS_BEFORE = 4;
const anyWord = once(() => /[\p{L}\p{N}\p{M}]+/gu);

/** The words of a text as they are compared: without case and accents, like SQLite's tokenizer `unicode61`. */
export function foldedWords(text: string): string[] {
  return (text.match(anyWord()) ?? []).map(folded);
}

/**
 * Some words of `text` around the first that fits one of `words` (folded; the last one may be the beginning of a word), each word
 * that fits between U+0002 and U+0003, and "…" where something was left out. Pure. It reads the text alone: SQLite's own snippet
 * works out anew which texts fit, for every one it is asked for.
 */
export function excerptOf(text: string, words: readonly string[]): string {
  const wanted = new Set(words);
  const begun = words.at(-1);
  const fits = (word: string) => wanted.has(word) || (begun !== undefined && word.startsWith(begun));
  const recent: RegExpExecArray[] = [];
  const shown: RegExpExecArray[] = [];
  let isMore = false;
  for (const found of text.matchAll(anyWord())) {
    if (shown.length === EXCERPT_WORDS) {
      isMore = true;
      break;
    }
    if (shown.length > 0) shown.push(found);
    else if (fits(folded(found[0]))) shown.push(...recent, found);
    else if (recent.push(found) > WORDS_BEFORE) recent.shift();
  }
  const [first] = shown;
  if (!first) return "";
  let excerpt = first.index > 0 ? "…" : "";
  let at = first.index;
  for (const { 0: word, index } of shown) {
    excerpt += text.slice(at, index) + (fits(folded(word)) ? `\u0002${word}\u0003` : word);
    at = index + word.length;
  }
  return isMore ? `${excerpt}…` : excerpt + text.slice(at);
}

function folded(word: string): string {
  return word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
