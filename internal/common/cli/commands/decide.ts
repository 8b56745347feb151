import { DECISION_STATES, type DecisionDetailView, type UcxiClient } from "@bzzz/ucxi";
import { addressKey, DECISION_OUTCOMES, DECISION_TYPES, parseConcrete, revisionOf } from "@bzzz/ucxl";
import { VOTES } from "@bzzz/wire";
import { EXIT } from "../exit.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { given } from "../values.ts";
import { type Judged, moved, mustBeSeen, noteShown } from "./judge.ts";
import { withPassphrase } from "./passphrase.ts";
import { decisionState, describeDecision, votersOf, votesOf } from "./decide_render.ts";
import { readAddressArg, ucxiOf } from "./ucxl_arguments.ts";

const ADDRESS = { name: "address", summary: "Of the decision, as decide list shows it", isRequired: true } as const;

const list: Command = {
  name: "decide list",
  aliases: ["decisions", "log"],
  group: "context",
  summary: "Decisions and where they stand",
  flags: [
    { name: "state", type: "string", value: "STATE", choices: DECISION_STATES, summary: "Only these" },
    { name: "limit", type: "integer", value: "N", summary: "At most so many (100)" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const items = await (await ucxiOf(context)).decisions({
      ...given("state", context.values.text("state")),
      ...given("limit", context.values.integer("limit")),
    }, { signal: context.signal });
    await context.out.list(items, {
      heading: ["STATE", "VOTES", "AUTHOR", "TITLE", "ADDRESS"],
      row: (item) => [
        item.state ?? "sealed",
        votesOf(item),
        sanitiseLine(item.version.author.agent_id ?? "?"),
        sanitiseLine(item.record?.title ?? "(meant for others)", 80),
        item.version.address,
      ],
      empty: "No decisions.",
    });
    return EXIT.ok;
  },
};

const show: Command = {
  name: "decide show",
  group: "context",
  summary: "One decision with its votes",
  args: [ADDRESS],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const address = readAddressArg(context.values.required("address"));
    const decision = await (await ucxiOf(context)).decision(address, { signal: context.signal });
    await context.out.item(decision, () => describeDecision(decision, context.format, context.clock.nowMs()));
    noteShown(context, thingOf(decision), decision.version.citation);
    return EXIT.ok;
  },
};

const propose: Command = {
  name: "decide propose",
  group: "context",
  summary: "Put something to the vote",
  details:
    "The words are its title. Members vote once each; one that a person of level decision signed closes it at once.",
  args: [{ name: "title", summary: "What is proposed", isRequired: true, isRest: true }],
  flags: [
    { name: "summary", type: "string", value: "TEXT", summary: "Why" },
    { name: "type", type: "string", value: "TYPE", choices: DECISION_TYPES, summary: "What it is about (policy)" },
    { name: "outcome", type: "string", value: "OUTCOME", choices: DECISION_OUTCOMES, summary: "What it means (info)" },
    { name: "cite", type: "list", value: "ADDRESS", summary: "A source, by its revision; may be repeated" },
    { name: "supersedes", type: "string", value: "ADDRESS", summary: "The decision whose place it takes" },
    { name: "task", type: "string", value: "ID", summary: "Task it belongs to" },
    {
      name: "audience",
      type: "list",
      value: "ROLE",
      summary: "Meant for this role and those above (all who may vote)",
    },
    {
      name: "quorum",
      type: "integer",
      value: "N",
      summary: "Equal votes that close it (the majority of those it is meant for)",
    },
    { name: "window", type: "duration", value: "TIME", summary: "Time to vote (1d)" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const supersedes = values.text("supersedes");
    const audience = values.list("audience").flatMap((roles) => roles.split(","));
    const decision = await (await ucxiOf(context)).propose({
      title: values.list("title").join(" "),
      ...given("summary", values.text("summary")),
      ...given("type", values.text("type")),
      ...given("outcome", values.text("outcome")),
      citations: values.list("cite").map((text) => ({ address: readAddressArg(text) })),
      ...given("supersedes", supersedes === undefined ? undefined : readAddressArg(supersedes)),
      ...given("task", values.text("task")),
      ...given("audience", audience.length === 0 ? undefined : audience),
      ...given("quorum", values.integer("quorum")),
      ...given("window_ms", values.durationMs("window")),
    }, { signal: context.signal });
    await context.out.item(decision, () => [
      `Put to the vote: ${decision.version.address}`,
      `Closes with ${decision.record?.voting?.quorum ?? 0} equal votes; can vote: ${sanitiseLine(votersOf(decision))}`,
    ]);
    return EXIT.ok;
  },
};

const vote: Command = {
  name: "decide vote",
  group: "context",
  summary: "Vote on a decision",
  details:
    "Voting again changes the vote, as long as it is open. It is on the version that was seen: the one whose citation " +
    "(decide show) is given as the address, the one that was shown in this portal before, or else the one that is shown " +
    "now and confirmed with y. Where nobody can be asked the citation is needed once the decision was written anew. When " +
    "another version than the one that was seen stands there by now, nothing is sent (3). The reason is sealed for those who may read the decision. " +
    "In a portal your key signs the vote; one that no person has signed is that of a node, and does not bind.",
  args: [ADDRESS, { name: "vote", summary: VOTES.join(", "), isRequired: true, choices: VOTES }],
  flags: [{ name: "reason", type: "string", value: "TEXT", summary: "Why" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const client = await ucxiOf(context);
    const ballot = {
      address: await seenVersion(context, client),
      vote: values.required("vote"),
      ...given("reason", values.text("reason")),
    };
    const decision = await withPassphrase(
      context,
      (passphrase) => client.vote({ ...ballot, ...passphrase }, { signal: context.signal }),
    );
    await context.out.item(
      decision,
      () => `Voted ${values.required("vote")}; the decision is ${decisionState(decision)}.`,
    );
    return EXIT.ok;
  },
};

/** The version that is voted on. @throws CliError when it is not what was seen */
async function seenVersion(context: CommandContext, client: UcxiClient): Promise<string> {
  const { values, signal, format, clock } = context;
  const address = readAddressArg(values.required("address"));
  if (revisionOf(parseConcrete(address)) !== undefined) return address; // it names one for ever
  const decision = await client.decision(address, { signal });
  const { citation, total } = decision.version;
  if (decision.state !== "open") return citation; // the node says why there is no vote on it
  const judged: Judged = {
    what: `vote ${values.required("vote")}`,
    thing: thingOf(decision),
    version: citation,
    isFirst: total === 1,
    lines: () => Promise.resolve(describeDecision(decision, format, clock.nowMs())),
    show: `decide show ${address}`,
    naming: "give its citation, from decide show, in place of the address",
  };
  const isShownNow = await mustBeSeen(context, judged);
  if (isShownNow && (await client.decision(address, { signal })).version.citation !== citation) throw moved(judged);
  return citation;
}

function thingOf({ version }: DecisionDetailView): string {
  return `decision ${addressKey(parseConcrete(version.address))}`;
}

/** What was decided, and deciding. */
export const DECIDE_COMMANDS: readonly Command[] = [list, show, propose, vote];
