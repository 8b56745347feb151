import type { VersionView } from "@bzzz/ucxi";
import { usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext, FlagSpec } from "../types.ts";
import { given } from "../values.ts";
import { contentOf, inputOf, mediaTypeOf, readAddressArg, readPatternArg, textIn, ucxiOf } from "./ucxl_arguments.ts";
import { contentField, DEFAULT_LIMIT, EVERYTHING, tellContent, tellDifference, tellList } from "./ucxl_reading.ts";
import { describeVersion } from "./ucxl_render.ts";

const ADDRESS = { name: "address", summary: "ucxl://agent:role@project:task/path", isRequired: true } as const;
const PATTERN = { name: "pattern", summary: 'Address with "any", "*" and "**"; everything without it' } as const;
const AUDIENCE: FlagSpec = {
  name: "audience",
  type: "list",
  value: "ROLE",
  summary: "Meant for this role and those above; may be repeated (your own)",
};
const TYPE: FlagSpec = { name: "type", type: "string", value: "TYPE", summary: "Media type (by the path)" };
const LIMIT: FlagSpec = { name: "limit", type: "integer", value: "N", summary: `At most so many (${DEFAULT_LIMIT})` };

const get: Command = {
  name: "ucxl get",
  group: "context",
  summary: "The content at an address",
  details:
    "Goes to standard output as it is, or as text when that is a terminal. The temporal segment names the version: " +
    "*^ the latest, *~2 the second, ~~1 the one before the latest, @2026-11-22 the last one up to then.",
  args: [ADDRESS],
  needs: "node",
  isInPortal: true,
  async run(context) {
    await tellContent(context, readAddressArg(context.values.required("address")));
    return EXIT.ok;
  },
};

const put: Command = {
  name: "ucxl put",
  group: "context",
  summary: "Write a version",
  details:
    'The words are the content; without words, or with "-", it is read from standard input as it is. --if-match writes ' +
    "only over the revision that was read, --new only where nothing is; else the status is 8.",
  args: [ADDRESS, { name: "text", summary: "The content, or -", isRest: true }],
  flags: [
    AUDIENCE,
    TYPE,
    { name: "if-match", type: "string", value: "REVISION", summary: "Only over this revision" },
    { name: "new", type: "boolean", summary: "Only where nothing is" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const address = readAddressArg(values.required("address"));
    if (values.has("new") && values.text("if-match") !== undefined) {
      throw usageError("Cannot use --new with --if-match: one says that nothing is there, the other that something is");
    }
    const bytes = await contentOf(context);
    const version = await (await ucxiOf(context)).put(address, bytes, {
      signal: context.signal,
      mediaType: values.text("type") ?? mediaTypeOf(address, textIn(bytes) !== undefined),
      ...audienceOf(context),
      ...given("ifMatch", values.text("if-match")),
      ...(values.has("new") ? { mustBeNew: true } : {}),
    });
    return await tellWritten(context, version);
  },
};

const list: Command = {
  name: "ucxl ls",
  group: "context",
  summary: "What there is, each at its latest",
  args: [PATTERN],
  flags: [LIMIT],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    await tellList(context, readPatternArg(values.text("pattern") ?? EVERYTHING), values.integer("limit"));
    return EXIT.ok;
  },
};

const remove: Command = {
  name: "ucxl rm",
  group: "context",
  summary: "Write the version that says that it is gone; earlier ones stay",
  args: [ADDRESS],
  flags: [{ name: "if-match", type: "string", value: "REVISION", summary: "Only over this revision" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const address = readAddressArg(context.values.required("address"));
    const version = await (await ucxiOf(context)).remove(address, {
      signal: context.signal,
      ...given("ifMatch", context.values.text("if-match")),
    });
    await context.out.item(version, () => `Deleted ${version.address} with version ${version.n}.`);
    return EXIT.ok;
  },
};

const history: Command = {
  name: "ucxl history",
  group: "context",
  summary: "Versions of an address, oldest first",
  args: [ADDRESS],
  flags: [LIMIT, { name: "from", type: "integer", value: "N", summary: "Begin with this version (1)" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const address = readAddressArg(values.required("address"));
    const { items } = await (await ucxiOf(context)).history(address, {
      limit: values.integer("limit") ?? DEFAULT_LIMIT,
      ...given("from", values.integer("from")),
      signal: context.signal,
    });
    await context.out.list(items, {
      heading: ["N", "WRITTEN", "AUTHOR", "SIZE", "FOR", "REVISION"],
      row: (version) => [
        `${version.n}${version.is_concurrent ? "*" : ""}`,
        context.format.date(version.written_at_ms),
        sanitiseLine(version.author.agent_id ?? `…${version.author.peer_id.slice(-8)}`),
        version.is_deleted ? "deleted" : String(version.size ?? 0),
        sanitiseLine(version.audience?.join(",") ?? "-"),
        sanitiseLine(version.revision ?? "-"),
      ],
      empty: "No versions.",
    });
    if (items.some((version) => version.is_concurrent)) {
      await context.note("* written without knowing the version before");
    }
    return EXIT.ok;
  },
};

const diff: Command = {
  name: "ucxl diff",
  group: "context",
  summary: "What changed between two versions",
  details: "Without more, between the latest version and the one before. FROM counts from TO: ~~2 is two before it.",
  args: [
    ADDRESS,
    { name: "from", summary: "Temporal segment of the earlier version (~~1)" },
    { name: "to", summary: "Temporal segment of the later version (*^)" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const address = readAddressArg(values.required("address"));
    await tellDifference(context, address, { from: values.text("from"), to: values.text("to") });
    return EXIT.ok;
  },
};

const search: Command = {
  name: "ucxl search",
  group: "context",
  summary: "Find words in what you may read",
  args: [{ name: "words", summary: "All must be there; the last may be begun", isRequired: true, isRest: true }],
  flags: [
    { name: "in", type: "string", value: "PATTERN", summary: "Only below this pattern" },
    TYPE,
    { name: "since", type: "duration", value: "TIME", summary: "Written within this time" },
    { name: "history", type: "boolean", summary: "In old versions, too" },
    LIMIT,
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const sinceMs = values.durationMs("since");
    const pattern = values.text("in");
    const found = await (await ucxiOf(context)).query({
      text: values.list("words").join(" "),
      ...given("pattern", pattern === undefined ? undefined : readPatternArg(pattern)),
      ...given("type", values.text("type")),
      ...given("since", sinceMs === undefined ? undefined : Math.max(0, Math.floor(context.clock.nowMs() - sinceMs))),
      ...(values.has("history") ? { isHistoric: true } : {}),
      limit: values.integer("limit") ?? DEFAULT_LIMIT,
    }, { signal: context.signal });
    if (context.out.isJson) { for (const item of found.items) await context.out.json(item); }
    else if (found.items.length === 0) await context.out.text("Nothing found.");
    else {
      for (const item of found.items) {
        await context.out.text(`${item.address} (version ${item.n})`);
        const snippet = item.snippet?.replaceAll("\u0002", "[").replaceAll("\u0003", "]") ?? "";
        await context.out.text(`  ${sanitiseLine(snippet, 300)}`);
      }
    }
    if (!found.is_complete) {
      await context.note(`(not everything was looked at yet: ${found.seen} of ${found.total} versions; try again)`);
    }
    return EXIT.ok;
  },
};

const exportAge: Command = {
  name: "ucxl export",
  group: "context",
  summary: "A version as an age file, for the roles it is meant for",
  details:
    "Goes to standard output: ucxl export ADDRESS > plan.age. The age command opens it with the identity of a role.",
  args: [ADDRESS],
  needs: "node",
  async run(context) {
    const address = readAddressArg(context.values.required("address"));
    const sealed = await (await ucxiOf(context)).export(address, { signal: context.signal });
    if (context.out.isJson) await context.out.json({ address, ...contentField(sealed) });
    else await context.out.content(sealed);
    return EXIT.ok;
  },
};

const importAge: Command = {
  name: "ucxl import",
  group: "context",
  summary: "Write a version out of an age file",
  details: "Reads standard input: ucxl import ADDRESS < plan.age. The file must be sealed to a role of this node.",
  args: [ADDRESS],
  flags: [AUDIENCE, TYPE],
  needs: "node",
  async run(context) {
    const address = readAddressArg(context.values.required("address"));
    const file = await inputOf(context);
    const version = await (await ucxiOf(context)).import(address, file, {
      signal: context.signal,
      mediaType: context.values.text("type") ?? mediaTypeOf(address, true),
      ...audienceOf(context),
    });
    return await tellWritten(context, version);
  },
};

const watch: Command = {
  name: "ucxl watch",
  group: "context",
  summary: "New versions, as they come",
  details: "Until it is interrupted. With --json: one version a line; its cursor is where --after goes on.",
  args: [PATTERN],
  flags: [
    { name: "after", type: "integer", value: "CURSOR", summary: "Begin behind this cursor" },
    { name: "limit", type: "integer", value: "N", summary: "End after so many" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const pattern = values.text("pattern");
    let left = values.integer("limit") ?? Infinity;
    const events = (await ucxiOf(context)).subscribe({
      ...given("pattern", pattern === undefined ? undefined : readPatternArg(pattern)),
      ...given("after", values.integer("after")),
    }, { signal: context.signal });
    for await (const event of left > 0 ? events : []) {
      if (event.type === "disconnected") await context.note(`(no connection: ${event.reason}; trying again)`);
      if (event.type !== "version") continue;
      await context.out.item(event.version, () => describeVersion(event.version, context.format));
      if (--left <= 0) break;
    }
    return EXIT.ok;
  },
};

function audienceOf(context: CommandContext): { audience?: readonly string[] } {
  const audience = context.values.list("audience").flatMap((roles) => roles.split(","));
  return audience.length === 0 ? {} : { audience };
}

/** Content in JSON: text as it is, other bytes as base64. */
async function tellWritten(context: CommandContext, version: VersionView): Promise<typeof EXIT.ok> {
  await context.out.item(version, () => [
    `Stored version ${version.n} of ${version.address}`,
    `For ${sanitiseLine(version.audience?.join(", ") ?? "")} and the roles above; revision ${version.revision ?? ""}`,
  ]);
  return EXIT.ok;
}

/** Context at addresses. */
export const UCXL_COMMANDS: readonly Command[] = [
  list,
  get,
  put,
  remove,
  search,
  history,
  diff,
  watch,
  exportAge,
  importAge,
];
