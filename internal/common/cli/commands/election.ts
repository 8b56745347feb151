import type { ElectionView } from "@bzzz/api";
import { CliError, usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { describeElection } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";

const electionShow: Command = {
  name: "election show",
  aliases: ["election"],
  group: "mesh",
  summary: "Who leads, and who would be next",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const view = await (await context.client()).election({ signal: context.signal });
    await context.out.item(view, () => describeElection(view));
    return EXIT.ok;
  },
};

const ORDER_FLAGS = [
  { name: "reason", type: "string", value: "TEXT", summary: "Kept in the history" },
  { name: "yes", type: "boolean", summary: "Do not ask" },
] as const;

const electionTrigger: Command = {
  name: "election trigger",
  group: "mesh",
  summary: "End the term of the leader; everybody stands again",
  details:
    "The one who led may win again. Needs a role of level master; the order and its reason are in the history before the voters hear of it.",
  flags: ORDER_FLAGS,
  needs: "node",
  run: (context) => orderElection(context, "trigger"),
};

const electionStepDown: Command = {
  name: "election step-down",
  group: "mesh",
  summary: "Ask the leader to step down; somebody else goes first",
  details:
    "The one who led leads again only when nobody else can. Needs a role of level master; the order and its reason are in the history before the voters hear of it.",
  flags: ORDER_FLAGS,
  needs: "node",
  run: (context) => orderElection(context, "step_down"),
};

async function orderElection(context: CommandContext, order: "trigger" | "step_down"): Promise<typeof EXIT.ok> {
  const client = await context.client();
  if (!context.values.has("yes")) {
    const leader = (await client.election({ signal: context.signal })).leader;
    if (!context.ask) throw usageError("Cannot end a term without a question: add --yes");
    const who = leader?.agent_id === undefined ? "the leader" : sanitiseLine(leader.agent_id);
    const answer = await context.ask(`End the term of ${who}? Running tasks go on. Type yes to do it: `);
    if (answer?.trim() !== "yes") throw new CliError("cancelled", "Nothing was done");
  }
  const view = await client.orderElection(order, { reason: context.values.text("reason") ?? "" }, {
    signal: context.signal,
  });
  await context.out.item(view, () => orderDone(view));
  return EXIT.ok;
}

function orderDone(view: ElectionView): string {
  return `Term ${view.term} ends; \`election show\` tells who is next`;
}

/** The leadership of the mesh. */
export const ELECTION_COMMANDS: readonly Command[] = [electionShow, electionTrigger, electionStepDown];
