import { ApiError } from "@bzzz/api";
import { atTemporal, formatAddress, parseAddress, parseTemporal } from "@bzzz/ucxl";
import { usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import type { Command, CommandContext } from "../types.ts";
import { readAddressArg, readPatternArg, readSegment } from "./ucxl_arguments.ts";
import { EVERYTHING, tellContent, tellDifference, tellList } from "./ucxl_reading.ts";

const browse: Command = {
  name: "browse",
  group: "context",
  summary: "Look at an address: its content, or what lies below it",
  details:
    "Without an address: all there is. Who wrote the content, and when, comes before it; --raw is the content alone. --at " +
    "is a temporal segment: *^ the latest, *~2 the second, ~~1 the one before the latest, @2026-11-22 the last one up to then.",
  args: [
    { name: "address", summary: "ucxl://agent:role@project:task/path, or a pattern" },
    { name: "from", summary: "With --diff: temporal segment of the earlier version (~~1)" },
    { name: "to", summary: "With --diff: temporal segment of the later version (*^)" },
  ],
  flags: [
    { name: "at", type: "string", value: "TIME", summary: "This version" },
    { name: "diff", type: "boolean", summary: "What changed between two versions" },
    { name: "raw", type: "boolean", summary: "The content alone" },
  ],
  needs: "node",
  async run(context) {
    const { values } = context;
    const text = values.text("address") ?? EVERYTHING;
    const at = values.text("at");
    if (values.has("diff")) {
      if (at !== undefined) {
        throw usageError("Cannot use --at with --diff: its two versions are named behind the address");
      }
      await tellDifference(context, readAddressArg(text), { from: values.text("from"), to: values.text("to") });
      return EXIT.ok;
    }
    const more = values.text("from");
    if (more !== undefined) throw usageError(`Cannot use "${more}": versions are named behind the address with --diff`);
    const pattern = readPatternArg(text);
    if (isOneThing(pattern)) {
      await tellOne(context, at === undefined ? pattern : atTime(pattern, at), values.has("raw"));
    } else if (at === undefined) await tellList(context, pattern);
    else throw usageError("Cannot use --at with a pattern: it names one version of one address");
    return EXIT.ok;
  },
};

function isOneThing(pattern: string): boolean {
  try {
    readAddressArg(pattern);
    return true;
  } catch {
    return false; // it is a pattern: that it is an address at all was seen before
  }
}

function atTime(address: string, time: string): string {
  readSegment(time, parseTemporal);
  return formatAddress(atTemporal(parseAddress(address), parseTemporal(time)));
}

/** Its content, or what lies below it where it has none. */
async function tellOne(context: CommandContext, address: string, isRaw: boolean): Promise<void> {
  try {
    await tellContent(context, address, { hasHead: !isRaw });
  } catch (error) {
    const isMissing = error instanceof ApiError && error.code === "not_found";
    if (!isMissing || await tellList(context, `${address.replace(/\/$/, "")}/**`) === 0) throw error;
  }
}

/** Looking around without knowing what is a thing and what a folder. */
export const BROWSE_COMMANDS: readonly Command[] = [browse];
