import { sanitiseLine } from "@bzzz/cli";

/**
 * Text of a program for one place in a line of ours. Cut before it is looked at character by character: a program may write
 * megabytes.
 */
export function wordsOf(text: string, maxCharacters: number): string {
  return sanitiseLine(text.slice(0, 2 * maxCharacters), maxCharacters);
}
