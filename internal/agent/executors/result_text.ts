/** A text that fits, with a mark of how long it was where it did not. */
export function cut(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const mark = `\n[cut: ${text.length} characters]`;
  return text.slice(0, maxCharacters - mark.length) + mark;
}

/** Longest summary that is told. */
export const MAX_SUMMARY_CHARACTERS = 4096;
