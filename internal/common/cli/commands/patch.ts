import type { UcxiClient } from "@bzzz/ucxi";
import { parseConcrete, PATCH_KINDS, revisionOf } from "@bzzz/ucxl";
import { VOTES } from "@bzzz/wire";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { given } from "../values.ts";
import { decisionState } from "./decide_render.ts";
import { type Judged, moved, mustBeSeen, noteShown } from "./judge.ts";
import { withPassphrase } from "./passphrase.ts";
import type { PatchView } from "./patch_reading.ts";
import { describePatch, patchJson } from "./patch_render.ts";
import {
  decisionOn,
  EVERY_PATCH,
  listPatches,
  MAX_PATCH_TITLE,
  offerPatch,
  patchAt,
  patchDifference,
  submitPatch,
} from "./patch_work.ts";
import { contentOf, readAddressArg, readPatternArg, ucxiOf } from "./ucxl_arguments.ts";
import { describeChanges } from "./ucxl_render.ts";

const PATCH = { name: "address", summary: "Of the patch, as patch list shows it", isRequired: true } as const;
const DEFAULT_LIMIT = 50;

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
    if (title === "" || title.length > MAX_PATCH_TITLE) {
      throw new CliError("usage", `Cannot create the patch: --title must have 1 to ${MAX_PATCH_TITLE} characters`);
    }
    const target = readAddressArg(values.required("address"));
    const content = await contentOf(context);
    const { address, decision, record } = await offerPatch(
      { client: await context.client(), ucxi: await ucxiOf(context) },
      {
        kind: PATCH_KINDS.find((kind) => kind === values.text("kind")) ?? "context",
        title,
        summary: values.text("summary") ?? "",
        target,
        content,
        quorum: values.integer("quorum"),
        windowMs: values.durationMs("window"),
      },
      { nowMs: context.clock.nowMs(), signal },
    );
    await context.out.item({ address, decision, ...record }, () => [
      `Put to the vote: ${address}`,
      `Its votes: decide show ${decision}`,
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
    const { patches, leftOut, hasMore } = await listPatches(await ucxiOf(context), { pattern, limit, signal });
    for (const { address, reason } of leftOut) await context.note(`(left out ${address}: ${reason})`);
    await context.out.list(patches.map(patchJson), {
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
    if (hasMore) await context.note(`(there is more: --limit ${limit * 10})`);
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
    const difference = await patchDifference(ucxi, view, context.signal);
    await context.out.item(
      { ...patchJson(view), content: view.patch.content, ...difference },
      () => patchLines(context, view, difference),
    );
    noteShown(context, thingOf(view), view.version.citation);
    return EXIT.ok;
  },
};

function patchLines(
  { clock }: CommandContext,
  view: PatchView,
  difference: Awaited<ReturnType<typeof patchDifference>>,
): readonly string[] {
  return [...describePatch(view, clock.nowMs()), "", ...describeChanges(difference)];
}

const review: Command = {
  name: "patch review",
  group: "context",
  summary: "Vote on a patch",
  details:
    "Voting again changes the vote, as long as it is open. It is on the version that was seen: the one whose citation " +
    "(patch show) is given as the address, the one that was shown in this portal before, or else the one that is shown " +
    "now and confirmed with y. Where nobody can be asked the citation is needed once another version was put to the vote. When " +
    "another version than the one that was seen is put to the vote by now, nothing is sent (3).",
  args: [PATCH, { name: "vote", summary: VOTES.join(", "), isRequired: true, choices: VOTES }],
  flags: [{ name: "reason", type: "string", value: "TEXT", summary: "Why" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values, signal } = context;
    const ucxi = await ucxiOf(context);
    const vote = values.required("vote");
    const ballot = {
      address: decisionOn(await seenPatch(context, ucxi)),
      vote,
      ...given("reason", values.text("reason")),
    };
    const voted = await withPassphrase(context, (passphrase) => ucxi.vote({ ...ballot, ...passphrase }, { signal }));
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
    const submitted = await submitPatch({ client: await context.client(), ucxi }, view, signal);
    await context.out.item(
      { ...patchJson(view), state: "submitted", submitted, is_outdated: false },
      () => `Submitted: ${submitted}`,
    );
    return EXIT.ok;
  },
};

/** The patch that is voted on. @throws CliError when it is not what was seen, or is not put to the vote */
async function seenPatch(context: CommandContext, ucxi: UcxiClient): Promise<PatchView> {
  const { values, signal } = context;
  const view = await patchOf(context, ucxi);
  const { address, state, version, isFirst } = view;
  const named = revisionOf(parseConcrete(readAddressArg(values.required("address"))));
  if (state !== "open" && named === undefined) return view; // there is no vote on it, and it is said why
  const judged: Judged = {
    what: `vote ${values.required("vote")}`,
    thing: thingOf(view),
    version: version.citation,
    isFirst,
    lines: async () => patchLines(context, view, await patchDifference(ucxi, view, signal)),
    show: `patch show ${address}`,
    naming: "give its citation, from patch show, in place of the address",
  };
  const isShownNow = await mustBeSeen(context, judged, named === undefined ? undefined : named === version.revision);
  if (!isShownNow) return view;
  const now = await patchOf(context, ucxi);
  if (now.version.citation !== version.citation) throw moved(judged);
  return now;
}

function thingOf({ address }: PatchView): string {
  return `patch ${address}`;
}

async function patchOf(context: CommandContext, ucxi: UcxiClient): Promise<PatchView> {
  return await patchAt(ucxi, readAddressArg(context.values.required("address")), context.signal);
}

/** Changes that are offered, judged and applied. */
export const PATCH_COMMANDS: readonly Command[] = [create, list, show, review, submit];
