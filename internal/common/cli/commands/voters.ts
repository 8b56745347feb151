import type { VotersView } from "@bzzz/api";
import { usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";

const ACTIONS = ["show", "add", "remove"] as const;

const voters: Command = {
  name: "operator voters",
  group: "mesh",
  summary: "Who votes on claims and on the leadership; add and remove voters",
  details:
    "Have 3 voters, or 5: then claims and elections go on when one of them is gone, or two. On the way there are 2 " +
    "or 4, which tolerate no more than 1 or 3 do. Choose nodes that are always on. A removal is refused when the voters " +
    "that are left and can be reached would be no majority. Changing voters needs the role admin.",
  args: [
    { name: "action", summary: "show, add or remove", isRequired: true },
    { name: "member", summary: "Agent id or peer id, for add and remove" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const action = context.values.required("action");
    const member = context.values.text("member");
    const view = await act(context, action, member);
    await context.out.item(view, () => describe(view));
    return EXIT.ok;
  },
};

async function act(context: CommandContext, action: string, member: string | undefined): Promise<VotersView> {
  const client = await context.client();
  const options = { signal: context.signal };
  if (action === "show") {
    if (member !== undefined) throw usageError(`Cannot show only ${sanitiseLine(member)}: "show" takes no member`);
    return await client.voters(options);
  }
  if (action !== "add" && action !== "remove") {
    const expected = `expected ${ACTIONS.join(", ")}`;
    throw usageError(`Cannot do ${JSON.stringify(sanitiseLine(action))} with voters: ${expected}`);
  }
  if (member === undefined) throw usageError(`Cannot ${action} a voter: name a member by agent id or peer id`);
  return await (action === "add" ? client.addVoter(member, options) : client.removeVoter(member, options));
}

function describe(view: VotersView): string {
  if (view.epoch === 0) return "The voters are not known here yet: this node has met none of them.";
  const lines = view.voters.map((voter) => {
    const name = sanitiseLine(voter.agent_id ?? voter.peer_id);
    return `${voter.is_reachable ? "+" : "-"} ${name}${voter.is_self ? " (you)" : ""}  ${sanitiseLine(voter.peer_id)}`;
  });
  const quorum = view.has_quorum ? "decisions can be made" : "NO QUORUM: no claims, no elections";
  const change = view.is_changing ? "; a change is being carried out" : "";
  return [
    ...lines,
    `${view.reachable} of ${view.voters.length} can be reached, ${view.needed} are needed: ${quorum}${change}`,
  ].join("\n");
}

/** Who votes. */
export const VOTER_COMMANDS: readonly Command[] = [voters];
