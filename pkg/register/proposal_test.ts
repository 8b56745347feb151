import assert from "node:assert/strict";
import { type PeerId, utf8Encode } from "@bzzz/base";
import type { Ballot } from "./ballot.ts";
import { registerKey } from "./keys.ts";
import type { VoterReply } from "./messages.ts";
import { advanceProposal, beginProposal } from "./proposal.ts";
import type { ProposalStep } from "./proposal_types.ts";
import type { VoterRoster } from "./voter_roster.ts";

const [SELF, OTHER, GONE] = ["a", "b", "c"] as [PeerId, PeerId, PeerId];
const ROSTER: VoterRoster = {
  epoch: 1,
  step: "stable",
  voters: [SELF, OTHER, GONE].map((peer) => ({ peer, seat: "" })),
};
const RULES = { prefix: "cell", decide: () => assert.fail("a read decides nothing"), check: () => assert.fail() };

function peeked(ballot: Ballot): VoterReply {
  const value = utf8Encode(`value of ${ballot.counter}`);
  return { type: "peeked", accepted: { ballot, epoch: 1, value, signature: new Uint8Array(64) } };
}

/** What follows when one voter is gone and the two others answer that. */
function answered({ state }: ProposalStep, own: VoterReply, others: VoterReply): ProposalStep {
  const { round } = state;
  const lost = advanceProposal(state, { type: "lost", from: GONE, round });
  const one = advanceProposal(lost.state, { type: "reply", from: SELF, round, reply: own });
  return advanceProposal(one.state, { type: "reply", from: OTHER, round, reply: others });
}

Deno.test("a read that writes after all begins above every ballot it was shown, so nobody has to refuse it", () => {
  const [behind, ahead] = [{ counter: 10, proposer: SELF }, { counter: 12, proposer: GONE }];
  let step = beginProposal({
    key: registerKey("cell", "1"),
    self: SELF,
    roster: ROSTER,
    work: { type: "read" },
    rules: { ...RULES, leaseId: () => undefined },
    seen: behind,
    verify: () => true,
  });

  let looks = 0;
  while (step.state.phase.type === "peeking") {
    looks++;
    step = answered(step, peeked(behind), peeked(ahead));
    if (step.state.phase.type !== "waiting") continue;
    step = advanceProposal(step.state, { type: "waited", round: step.state.round });
  }

  const { phase } = step.state;
  assert.ok(phase.type === "preparing", phase.type);
  assert.ok(looks <= 3, `${looks} looks`);
  assert.ok(phase.ballot.counter > ahead.counter, `prepared at ${phase.ballot.counter}`);
});
