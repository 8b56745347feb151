import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import type { PresenceRecord } from "@bzzz/presence";
import type { VoterRoster } from "@bzzz/register";
import { planVoters } from "./plan.ts";
import { VoterPromoter } from "./promoter.ts";

const peers = ["a", "b", "c", "d", "e", "f"] as PeerId[];

function roster(count: number, step: VoterRoster["step"] = "stable"): VoterRoster {
  return { epoch: 1, step, voters: peers.slice(0, count).map((peer) => ({ peer, seat: "" })) };
}

Deno.test("voters are added in pairs, or to complete one, up to the chosen number", () => {
  const plan = (voters: number, chosen: number, candidates: number, step?: VoterRoster["step"]) =>
    planVoters({
      roster: roster(voters, step),
      chosen,
      candidates: peers.slice(voters, voters + candidates),
      isMember: () => true,
    })?.peer;

  assert.equal(plan(1, 3, 1), undefined, "the second alone would be one more that may not fail");
  assert.equal(plan(1, 3, 2), "b");
  assert.equal(plan(2, 3, 1), "c");
  assert.equal(plan(3, 3, 2), undefined);
  assert.equal(plan(3, 5, 1), undefined);
  assert.equal(plan(3, 5, 2), "d");
  assert.equal(plan(1, 1, 5), undefined);
  assert.equal(plan(2, 3, 1, "transferring"), undefined, "one step at a time");
});

Deno.test("a voter whose grant has ended goes before anything else", () => {
  const situation = { roster: roster(3), chosen: 5, candidates: ["d", "e"] as PeerId[] };

  const plan = planVoters({ ...situation, isMember: (peer) => peer !== "b" });

  assert.deepEqual(plan, { type: "remove", peer: "b" });
});

Deno.test("an agent is promoted when it was here without a break for long enough", async () => {
  const clock = new ManualClock();
  const added: PeerId[] = [];
  const here = new Set(["b", "c", "d"] as PeerId[]);
  const record = (peer: PeerId) =>
    ({
      peer,
      binaryType: peer === "d" ? "hap" : "agent",
      liveness: "alive",
      body: { status: "ready" },
    }) as PresenceRecord;
  const promoter = new VoterPromoter({
    registers: {
      roster: () => roster(1),
      hasQuorum: () => true,
      addVoter: (peer) => {
        added.push(peer);
        return Promise.resolve({ type: "refused", code: "test" });
      },
      removeVoter: () => Promise.resolve({ type: "refused", code: "test" }),
    },
    presence: { records: () => [...here].map(record) },
    isConnected: () => true,
    isMember: () => true,
    isMaster: () => true,
    clock,
    logger: createNullLogger(),
  }, { chosen: 3, steadyMs: 60_000 });

  promoter.start();
  await clock.advance(30_000);
  here.delete("c" as PeerId);
  await clock.advance(5_000);
  here.add("c" as PeerId);
  await clock.advance(60_000);
  const early = [...added];
  await clock.advance(10_000);
  promoter.stop();

  assert.deepEqual(early, []);
  assert.equal(added[0], "b");
});
