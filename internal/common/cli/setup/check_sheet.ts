import type { PersonSheet } from "../hook_types.ts";
import type { ProgramHooks } from "../hooks.ts";
import { sanitiseLine } from "../sanitise.ts";

/** The recovery sheet of a person's key, a line each. */
export function sheetLines({ words, shares, threshold }: PersonSheet): readonly string[] {
  return [
    `Your key, in six words: ${words}`,
    `Recovery shares of your key (any ${threshold} of ${shares.length} restore it):`,
    ...shares,
  ];
}

/** What is wrong with a person's copy of shares; undefined when it restores the key of these words. */
export async function copyProblem(
  hooks: Pick<ProgramHooks, "wordsOfShares">,
  copies: readonly string[],
  words: string,
): Promise<string | undefined> {
  try {
    if (await hooks.wordsOfShares(copies) === words) return undefined;
    return "These shares make another key: they are of another sheet";
  } catch (error) {
    return sanitiseLine(error instanceof Error ? error.message : String(error), 1_000);
  }
}
