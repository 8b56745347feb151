import { CliError, usageError } from "../errors.ts";
import type { CommandContext } from "../types.ts";

/** Keys that were meant for something else do not decide (design, portal C.3). */
const JUDGE_GUARD_MS = 700;

/** Something that a person judges, as it stands now. */
export interface Judged {
  /** Goes on after "Cannot": "accept the result of task 7KQ2". */
  readonly what: string;
  /** Under which name it is shown: "task 01ARZ…". */
  readonly thing: string;
  /** The version that stands now. */
  readonly version: string;
  /** Nothing else has ever stood there: whoever has seen something has seen this. */
  readonly isFirst: boolean;
  /** All that there is to see. */
  readonly lines: () => Promise<readonly string[]>;
  /** How to look again: "task show 7KQ2". */
  readonly show: string;
  /** How a script names what it has seen: "give --result, from task show 7KQ2". */
  readonly naming: string;
}

/**
 * Has a person judge what they have seen: what they name (`named` says whether it is this version), what this portal has
 * shown them, or else what is shown to them now and confirmed with "y". Where nobody can be asked, what nothing else has
 * ever stood for needs no proof, and anything else has to be named.
 *
 * @returns whether it was shown now: time has passed since it was read
 * @throws CliError "version_moved", "usage" where nobody can be asked, "cancelled" when the person did not confirm
 */
export async function mustBeSeen(context: CommandContext, judged: Judged, named?: boolean): Promise<boolean> {
  const shown = context.shown.of(judged.thing);
  const isSeen = named ?? (shown === undefined ? undefined : shown === judged.version);
  if (isSeen === false) throw moved(judged);
  if (isSeen) return false;
  if (!context.ask || context.out.isJson) {
    if (judged.isFirst) return false;
    throw usageError(`Cannot ${judged.what} unseen: something else has stood there before; ${judged.naming}`);
  }
  await context.out.text((await judged.lines()).join("\n"));
  const typed = await context.ask(`type y to ${judged.what}: `, { guardMs: JUDGE_GUARD_MS });
  if (typed?.trim().toLowerCase() !== "y") throw new CliError("cancelled", "Not judged: nothing was sent");
  return true;
}

/** What was seen is not what stands there now. */
export function moved({ what, show }: Pick<Judged, "what" | "show">): CliError {
  return new CliError(
    "version_moved",
    `Cannot ${what}: something else stands there by now than what was looked at; look again with ${show}`,
  );
}

/** Remembers what was just shown. Chosen keys of `--json` do not show all of it. */
export function noteShown({ shown, globals }: CommandContext, thing: string, version: string): void {
  if (globals.jsonFields === undefined) shown.note(thing, version);
}
