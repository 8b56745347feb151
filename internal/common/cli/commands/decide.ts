import { DECISION_STATES } from "@bzzz/ucxi";
import { DECISION_OUTCOMES, DECISION_TYPES } from "@bzzz/ucxl";
import { VOTES } from "@bzzz/wire";
import { EXIT } from "../exit.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command } from "../types.ts";
import { given } from "../values.ts";
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
    "Voting again changes the vote, as long as it is open. With the citation that decide show tells, it is a vote on that " +
    "version, whatever is written over it. The reason is sealed for those who may read the decision. " +
    "In a portal your key signs the vote; one that no person has signed is that of a node, and does not bind.",
  args: [ADDRESS, { name: "vote", summary: VOTES.join(", "), isRequired: true, choices: VOTES }],
  flags: [{ name: "reason", type: "string", value: "TEXT", summary: "Why" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const client = await ucxiOf(context);
    const ballot = {
      address: readAddressArg(values.required("address")),
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

/** What was decided, and deciding. */
export const DECIDE_COMMANDS: readonly Command[] = [list, show, propose, vote];
