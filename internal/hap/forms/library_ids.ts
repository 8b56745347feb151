import { type CommandContext, EXIT, type ExitStatus, type FlagSpec } from "@bzzz/cli";

/** Of the verbs that list a library. */
export const IDS_FLAG: FlagSpec = {
  name: "ids",
  type: "boolean",
  summary: "Their ids alone, one a line: for completion",
};

/** The ids of what can be used, one a line. They are letters, digits and "-", so that a shell takes each as one word. */
export async function tellIds(context: Pick<CommandContext, "out">, ids: Iterable<string>): Promise<ExitStatus> {
  for (const id of ids) await context.out.item({ id }, () => id);
  return EXIT.ok;
}
