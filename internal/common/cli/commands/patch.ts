import { errorMessage, utf8Encode } from "@bzzz/base";
import { differenceOf, type UcxiClient, type VersionView } from "@bzzz/ucxi";
import {
  addressKey,
  nameOf,
  parseAddress,
  parseConcrete,
  type Patch,
  PATCH_KINDS,
  PATCHES_FOLDER,
  patchPath,
} from "@bzzz/ucxl";
import { VOTES } from "@bzzz/wire";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { given } from "../values.ts";
import { decisionState } from "./decide_render.ts";
import { baseRevision, isApplied, latestAt, patchDecisions, type PatchView, readPatch } from "./patch_reading.ts";
import { describePatch, patchJson } from "./patch_render.ts";
import { contentOf, mediaTypeOf, readAddressArg, readPatternArg, textIn, ucxiOf } from "./ucxl_arguments.ts";
import { describeChanges } from "./ucxl_render.ts";

const PATCH = { name: "address", summary: "Of the patch, as patch list shows it", isRequired: true } as const;
const EVERY_PATCH = `ucxl://any:any@any:any/*^/${PATCHES_FOLDER}/*`;
const JSON_TYPE = "application/json";
const DEFAULT_LIMIT = 50;
/** Of the name of a decision's task. */
const MAX_TASK_CHARACTERS = 64;

const create: Command = {
  name: "patch create",
  group: "context",
  summary: "Offer a change: it is stored, told in #hmmm and put to the vote",
  details:
    'The words are what shall stand at ADDRESS; without words, or with "-", they are read from standard input. The patch is ' +
    "for whoever may read what is there now, and is applied (patch submit) only over that version.",
  args: [
    { name: "address", summary: "What is changed", isRequired: true },
    { name: "text", summary: "The new content, or -", isRest: true },
  ],
  flags: [
    { name: "title", type: "string", value: "TEXT", summary: "What it changes, in a few words (required)" },
    { name: "kind", type: "string", value: "KIND", choices: PATCH_KINDS, summary: "What it is (context)" },
    { name: "summary", type: "string", value: "TEXT", summary: "Why, and how it was tested" },
    { name: "quorum", type: "integer", value: "N", summary: "Equal votes that close it (the majority)" },
    { name: "window", type: "duration", value: "TIME", summary: "Time to vote (1d)" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values, signal } = context;
    const title = values.text("title")?.trim() ?? "";
    if (title === "" || title.length > 100) {
      throw new CliError("usage", "Cannot create the patch: --title must have 1 to 100 characters");
    }
    const target = addressKey(parseConcrete(readAddressArg(values.required("address"))));
    const content = textOf(await contentOf(context));
    const [client, ucxi] = [await context.client(), await ucxiOf(context)];
    const base = await latestAt(ucxi, target, signal);
    const isOver = base !== undefined && !base.is_deleted;
    if (isOver && textOf((await ucxi.get(base.citation, { signal })).bytes) === content) {
      throw new CliError("validation_failed", `Cannot create the patch: "${target}" has exactly that content already`);
    }
    const record: Patch = {
      v: 1,
      kind: PATCH_KINDS.find((kind) => kind === values.text("kind")) ?? "context",
      title,
      summary: values.text("summary") ?? "",
      target,
      ...(isOver ? { base: base.citation } : {}),
      media_type: (isOver ? base.media_type : undefined) ?? mediaTypeOf(target, true),
      content,
    };
    const { node } = await client.status({ signal });
    const { project, task } = parseConcrete(target);
    const place = `${nameOf(node.agent_id)}:${nameOf(node.role)}@${project}:${task}`;
    const address = `ucxl://${place}/*^/${patchPath(context.clock.nowMs(), title)}`;
    const stored = await ucxi.put(address, bytesOf(record), {
      mediaType: JSON_TYPE,
      mustBeNew: true,
      signal,
      ...given("audience", isOver ? base.audience : undefined),
    });
    const decision = await ucxi.propose({
      title: `Patch: ${title}`,
      summary: record.summary,
      type: record.kind === "code" ? "code" : "architectural",
      outcome: "structural_change",
      citations: [{ address: stored.citation }, ...(isOver ? [{ address: base.citation }] : [])],
      task: task.slice(0, MAX_TASK_CHARACTERS),
      ...given("audience", stored.audience),
      ...given("quorum", values.integer("quorum")),
      ...given("window_ms", values.durationMs("window")),
    }, { signal });
    await client.postMessage(
      { topic: "hmmm", text: `Patch for review (${record.kind}): ${address} changes ${target}` },
      {
        signal,
      },
    );
    await context.out.item({ address, decision: decision.version.address, ...record }, () => [
      `Put to the vote: ${address}`,
      `Its votes: decide show ${decision.version.address}`,
    ]);
    return EXIT.ok;
  },
};

const list: Command = {
  name: "patch list",
  aliases: ["patches"],
  group: "context",
  summary: "Patches and where they stand",
  args: [{ name: "pattern", summary: "Only these: an address with any and *" }],
  flags: [{ name: "limit", type: "integer", value: "N", summary: `At most so many (${DEFAULT_LIMIT})` }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { signal } = context;
    const pattern = readPatternArg(context.values.text("pattern") ?? EVERY_PATCH);
    const limit = context.values.integer("limit") ?? DEFAULT_LIMIT;
    const ucxi = await ucxiOf(context);
    const decisions = await patchDecisions(ucxi, signal);
    const { items, next } = await ucxi.list(pattern, { limit, signal });
    const views: PatchView[] = [];
    for (const { address, is_deleted: isDeleted } of items) {
      if (isDeleted || !parseAddress(address).path.startsWith(`${PATCHES_FOLDER}/`)) continue;
      try {
        views.push(await readPatch(ucxi, address, decisions, signal));
      } catch (error) {
        signal.throwIfAborted();
        await context.note(`(left out ${address}: ${errorMessage(error)})`);
      }
    }
    await context.out.list(views.map(patchJson), {
      heading: ["STATE", "VOTES", "KIND", "TITLE", "ADDRESS"],
      row: (item) => [
        item.is_outdated ? `${item.state}, outdated` : item.state,
        item.votes,
        item.kind,
        sanitiseLine(item.title, 60),
        item.address,
      ],
      empty: "No patches.",
    });
    if (next !== undefined) await context.note(`(there is more: --limit ${limit * 10})`);
    return EXIT.ok;
  },
};

const show: Command = {
  name: "patch show",
  group: "context",
  summary: "A patch: where it stands, and what it changes",
  args: [PATCH],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const ucxi = await ucxiOf(context);
    const view = await patchOf(context, ucxi);
    const { base, content, media_type: mediaType } = view.patch;
    const before = base === undefined ? "" : textOf((await ucxi.get(base, { signal: context.signal })).bytes);
    const difference = differenceOf(before, content, [mediaType]);
    await context.out.item({ ...patchJson(view), content, ...difference }, () => [
      ...describePatch(view, context.clock.nowMs()),
      "",
      ...describeChanges(difference),
    ]);
    return EXIT.ok;
  },
};

const review: Command = {
  name: "patch review",
  group: "context",
  summary: "Vote on a patch",
  details: "Voting again changes the vote, as long as it is open. patch show tells what it changes.",
  args: [PATCH, { name: "vote", summary: VOTES.join(", "), isRequired: true, choices: VOTES }],
  flags: [{ name: "reason", type: "string", value: "TEXT", summary: "Why" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values, signal } = context;
    const ucxi = await ucxiOf(context);
    const { address, decision } = await patchOf(context, ucxi);
    if (!decision) throw new CliError("validation_failed", `Cannot vote: ${notProposed(address)}`);
    const vote = values.required("vote");
    const voted = await ucxi.vote({
      address: decision.version.citation,
      vote,
      ...given("reason", values.text("reason")),
    }, { signal });
    await context.out.item(voted, () => `Voted ${vote}; the patch is ${decisionState(voted)}.`);
    return EXIT.ok;
  },
};

const submit: Command = {
  name: "patch submit",
  group: "context",
  summary: "Apply a patch that was approved",
  details:
    "It writes what the patch says over the version it was made for, and nothing when something else stands there by now. Doing it " +
    "again changes nothing.",
  args: [PATCH],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { signal } = context;
    const ucxi = await ucxiOf(context);
    const view = await patchOf(context, ucxi);
    const { address, patch, state } = view;
    let { submitted } = view;
    if (submitted === undefined) {
      if (state === "draft") {
        throw new CliError("validation_failed", `Cannot submit the patch: ${notProposed(address)}`);
      }
      if (state !== "approved") {
        throw new CliError(
          "validation_failed",
          `Cannot submit the patch: it is ${state}; only an approved one is applied`,
        );
      }
      submitted = (await apply(ucxi, view, signal)).citation;
      await ucxi.put(address, bytesOf({ ...patch, submitted }), {
        mediaType: JSON_TYPE,
        signal,
        ...given("audience", view.version.audience),
        ...given("ifMatch", view.latest.revision),
      });
      const text = `Patch submitted: ${address}; ${patch.target} is now ${submitted}`;
      await (await context.client()).postMessage({ topic: "hmmm", text }, { signal });
    }
    await context.out.item(
      { ...patchJson(view), state: "submitted", submitted, is_outdated: false },
      () => `Submitted: ${submitted}`,
    );
    return EXIT.ok;
  },
};

/** Writes the content; one that was written already, before somebody lost the connection, is found again. */
async function apply(ucxi: UcxiClient, { patch, version }: PatchView, signal: AbortSignal): Promise<VersionView> {
  const { target, content, media_type: mediaType } = patch;
  const ifMatch = baseRevision(patch);
  const now = await latestAt(ucxi, target, signal);
  if (now?.revision !== ifMatch) {
    if (now?.revision !== undefined && await isApplied(ucxi, patch, now.citation, signal)) return now;
    throw new CliError(
      "validation_failed",
      `Cannot submit the patch: "${target}" has changed since it was made; look with ucxl diff, and create it again`,
    );
  }
  return await ucxi.put(target, utf8Encode(content), {
    mediaType,
    signal,
    ...given("audience", version.audience),
    ...(ifMatch === undefined ? { mustBeNew: true } : { ifMatch }),
  });
}

async function patchOf(context: CommandContext, ucxi: UcxiClient): Promise<PatchView> {
  const address = readAddressArg(context.values.required("address"));
  return await readPatch(ucxi, address, await patchDecisions(ucxi, context.signal), context.signal);
}

function notProposed(address: string): string {
  return `its author has not put it to the vote; decide propose WORDS --cite ${address} does that`;
}

/** @throws CliError "validation_failed" for what is no text */
function textOf(bytes: Uint8Array): string {
  const text = textIn(bytes);
  if (text === undefined) {
    throw new CliError("validation_failed", "Cannot use the content in a patch: it is not UTF-8 text");
  }
  return text;
}

function bytesOf(patch: Patch): Uint8Array {
  return utf8Encode(`${JSON.stringify(patch, undefined, 2)}\n`);
}

/** Changes that are offered, judged and applied. */
export const PATCH_COMMANDS: readonly Command[] = [create, list, show, review, submit];
