import type { PersonSheet } from "../hook_types.ts";
import { copyProblem, sheetLines } from "../setup/check_sheet.ts";
import type { CommandContext } from "../types.ts";

/**
 * Prints the recovery sheet of a person's key, and has them try on a terminal whether their copy of it restores the key.
 * What was typed wrong can be typed again; an empty line leaves the check out.
 */
export async function showSheet(context: CommandContext, sheet: PersonSheet | undefined): Promise<void> {
  if (!sheet) return;
  for (const line of sheetLines(sheet)) await context.out.text(line);
  await context.note("Keep them apart from each other, and not on this machine; identity export prints others.");
  if (!context.ask || context.values.text("from") !== undefined) return;
  while (true) {
    const copies = await copiesOf(context.ask, sheet);
    if (!copies) return await context.note("Not checked.");
    const problem = await copyProblem(context.hooks(), copies, sheet.words);
    if (problem === undefined) return await context.note("Your copy is right: it restores your key.");
    await context.note(`${problem}. Once more:`);
  }
}

/** What was typed; undefined once a line is empty, or there is no more of them. */
async function copiesOf(
  ask: NonNullable<CommandContext["ask"]>,
  { threshold, shares }: PersonSheet,
): Promise<readonly string[] | undefined> {
  const copies: string[] = [];
  while (copies.length < threshold) {
    const which = `share ${copies.length + 1} of ${threshold} from it, any of the ${shares.length}`;
    const line = await ask(`Check your copy: ${which} (Enter: no check) `);
    if (!line?.trim()) return undefined;
    copies.push(line.trim());
  }
  return copies;
}
