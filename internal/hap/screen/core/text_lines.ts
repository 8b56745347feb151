import { sanitiseText } from "@bzzz/cli";

/** Characters of one line that is laid out at once: a frame costs what is seen of a text, also where it has no line breaks. */
const MAX_LINE_CHARACTERS = 2_000;

/** A text of unknown origin as harmless lines, long ones in several. */
export function textLines(text: string): string[] {
  return sanitiseText(text).split("\n").flatMap((line) => {
    if (line.length <= MAX_LINE_CHARACTERS) return [line];
    const parts: string[] = [];
    for (let at = 0; at < line.length;) {
      const end = at + MAX_LINE_CHARACTERS;
      // a surrogate pair stays whole
      const cut = /[\ud800-\udbff]/.test(line.charAt(end - 1)) ? end - 1 : end;
      parts.push(line.slice(at, cut));
      at = cut;
    }
    return parts;
  });
}
