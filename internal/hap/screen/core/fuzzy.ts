/** How well `words` fits `text`: all its letters in order, better when they are together or begin a word. Undefined: not at all. */
export function fuzzyScore(words: string, text: string): number | undefined {
  const wanted = words.toLowerCase().replaceAll(" ", "");
  const lower = text.toLowerCase();
  let score = 0;
  let at = 0;
  let previous = -2;
  for (const letter of wanted) {
    const found = lower.indexOf(letter, at);
    if (found < 0) return undefined;
    const isStart = found === 0 || /[\s#@_\-/.:]/.test(lower.charAt(found - 1));
    score += found === previous + 1 ? 3 : isStart ? 2 : 0;
    score -= Math.min(found - at, 10) / 10;
    previous = found;
    at = found + letter.length;
  }
  return score - text.length / 1_000;
}
