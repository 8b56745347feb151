import type { EntryView } from "@bzzz/api";
import { MESSAGE_TYPES } from "@bzzz/wire";
import { EXIT } from "../exit.ts";
import { usageError } from "../errors.ts";
import { describeEntry } from "../render_entry.ts";
import type { Command, CommandContext } from "../types.ts";
import { given, textOrInput } from "../values.ts";

/** Entries that are shown before the new ones. */
const DEFAULT_LAST = 20;
const PAGE = 500;

const send: Command = {
  name: "send",
  group: "people",
  summary: "Say something to everyone, a channel or a member",
  details:
    "The first word may be #channel (hmmm, coordination, …) or @member; without one it goes to #hmmm. Text that is only " +
    '"-" is read from standard input.',
  args: [{ name: "text", summary: "[#channel|@member] and the words", isRequired: true, isRest: true }],
  flags: [
    { name: "type", type: "string", value: "TYPE", choices: MESSAGE_TYPES, summary: "What it is (message)" },
    { name: "thread", type: "string", value: "ID", summary: "Thread it belongs to" },
    { name: "task", type: "string", value: "ID", summary: "Task it is about" },
    { name: "ref", type: "list", value: "ADDRESS", summary: "What it refers to; may be repeated" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const words = values.list("text").join(" ");
    const target = /^[#@]\S+/.exec(words)?.[0] ?? "";
    const text = await textOrInput([words.slice(target.length).trimStart()], context.readInput);
    if (text.trim() === "") throw usageError("Cannot send nothing: words are missing");
    const message = await (await context.client()).postMessage({
      text,
      ...given("type", MESSAGE_TYPES.find((type) => type === values.text("type"))),
      ...given("topic", target.startsWith("#") ? target.slice(1) : undefined),
      ...(target.startsWith("@") ? { to: [target.slice(1)] } : {}),
      ...given("thread", values.text("thread")),
      ...given("task_id", values.text("task")),
      refs: [...values.list("ref")],
    }, { signal: context.signal });
    await context.out.item(message, () => `Sent to ${target === "" ? "#hmmm" : target}.`);
    return EXIT.ok;
  },
};

const tail: Command = {
  name: "tail",
  group: "people",
  summary: "What happens in the mesh, as it happens",
  details: "Shows the last entries and then the new ones, until it is interrupted. With --json: one entry a line.",
  args: [{ name: "channel", summary: "Only this: hmmm, coordination, agents, …" }],
  flags: [
    { name: "kind", type: "list", value: "KIND", summary: "Only these kinds of entries; may be repeated" },
    { name: "after", type: "integer", value: "CURSOR", summary: "Begin behind this cursor" },
    { name: "last", type: "integer", value: "N", summary: `Begin with so many (${DEFAULT_LAST})` },
    { name: "limit", type: "integer", value: "N", summary: "End after so many" },
    { name: "no-follow", type: "boolean", summary: "End at the newest" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const kinds = values.list("kind").flatMap((kind) => kind.split(","));
    const filter = {
      ...given("topic", values.text("channel")?.replace(/^#/, "")),
      ...given("kind", kinds.length === 0 ? undefined : kinds.join(",")),
    };
    let left = values.integer("limit") ?? Infinity;
    const after = values.integer("after") ??
      await cursorBefore(context, filter, values.integer("last") ?? DEFAULT_LAST);
    // A pipe at the portal's prompt has no way to say "enough".
    const isFollowing = !values.has("no-follow") && context.surface !== "portal_pipe";
    for await (const entry of isFollowing ? follow(context, filter, after) : stored(context, filter, after)) {
      if (left-- <= 0) break;
      await context.out.item(entry, () => `[${context.format.time(entry.hlc.ms)}] ${describeEntry(entry)}`);
      if (left <= 0) break;
    }
    return EXIT.ok;
  },
};

interface Filter {
  readonly topic?: string;
  readonly kind?: string;
}

function wants(filter: Filter, entry: EntryView): boolean {
  return filter.kind === undefined || filter.kind.split(",").includes(entry.kind);
}

/** The cursor behind which the last `count` fitting entries lie, looking back over windows that grow. */
async function cursorBefore(context: CommandContext, filter: Filter, count: number): Promise<number> {
  const client = await context.client();
  const { latest } = await client.journal({
    after: Number.MAX_SAFE_INTEGER,
    limit: 1,
    ...given("topic", filter.topic),
  });
  if (count === 0) return latest;
  for (let window = count;; window *= 4) {
    const from = Math.max(0, latest - window);
    const cursors: number[] = [];
    for await (const entry of stored(context, filter, from)) cursors.push(entry.cursor);
    if (cursors.length >= count || from === 0) return (cursors.at(-count) ?? 1) - 1;
  }
}

async function* stored(context: CommandContext, filter: Filter, after: number): AsyncGenerator<EntryView> {
  const client = await context.client();
  let cursor = after;
  while (true) {
    const page = await client.journal({ after: cursor, limit: PAGE, ...given("topic", filter.topic) }, {
      signal: context.signal,
    });
    yield* page.items.filter((entry) => wants(filter, entry));
    cursor = page.next_after;
    if (page.items.length === 0) return; // of long entries a page has fewer than it was asked for
  }
}

async function* follow(context: CommandContext, filter: Filter, after: number): AsyncGenerator<EntryView> {
  const client = await context.client();
  for await (const event of client.events({ ...filter, after }, { signal: context.signal })) {
    if (event.type === "entry") yield event.entry;
    else if (event.type === "disconnected") await context.note(`(no connection: ${event.reason}; trying again)`);
    else if (event.type === "connected" && event.isReset) await context.note("(the journal begins anew)");
  }
}

/** Saying and listening. */
export const TALK_COMMANDS: readonly Command[] = [send, tail];
