import assert from "node:assert/strict";
import type { Grant } from "@bzzz/agentid";
import type { PeerId } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { CONFIG_PROFILES, electionTimes, parseConfig } from "@bzzz/config";
import { leaderFacts } from "./election_services.ts";
import { AGENT_PROFILE } from "./profiles.ts";
import { foundTestHome, startTestNode, type TestServices } from "./testdata/test_node.ts";

/** A node alone in its mesh, its only voter, started with these settings; `look` sees its services. */
async function withNode(
  flags: Readonly<Record<string, unknown>>,
  look: (services: TestServices) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-election-" });
  try {
    await foundTestHome(AGENT_PROFILE, { home, agentId: "one" });
    const { services, stop } = await startTestNode(AGENT_PROFILE, { home, flags });
    await look(services);
    await stop();
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("the times of the election are the profile's, or those of the keys", () => {
  const times = (flags: Record<string, unknown>) =>
    electionTimes(parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags }).config.election);

  assert.deepEqual(times({}), { heartbeatMs: 5_000, leaseMs: 15_000 });
  assert.deepEqual(times({ "election.profile": "lan" }), { heartbeatMs: 500, leaseMs: 1_500 });
  assert.deepEqual(times({ "election.profile": "lan", "election.heartbeat_ms": 200 }), {
    heartbeatMs: 200,
    leaseMs: 1_500,
  });
  assert.deepEqual(times({ "election.lease_ms": 20_000 }), { heartbeatMs: 5_000, leaseMs: 20_000 });
});

Deno.test("a node alone leads, says so in its history, its state and its metrics, with the lease of its configuration", async () => {
  await withNode({ "election.lease_ms": 6_000, "election.heartbeat_ms": 2_000 }, async (services) => {
    const { electionManager, journal, sharedState, metrics, participant, selfStatus } = services;
    const self = participant.getPeerID();

    await waitFor(() => electionManager.leadership(), { timeoutMs: 30_000, what: "the node to lead" });
    const [decided] = await waitFor(() => {
      const entries = journal.entriesAfter(0, { limit: 10, kinds: ["leadership_decided"] });
      return entries.length > 0 && entries;
    }, { timeoutMs: 30_000, what: "the entry" });

    assert.equal(electionManager.view().leaseMs, 6_000);
    assert.ok(decided?.kind === "leadership_decided" && decided.body?.holder === self);
    assert.deepEqual(sharedState.current.electionState, { term: 1, leader: self });
    assert.match(metrics.render(), /^bzzz_election_leading 1$/m);
    assert.match(metrics.render(), /^bzzz_election_term 1$/m);
    assert.equal(selfStatus.describe().isElectable, true);
  });
});

Deno.test("a node that does not stand is no candidate and never leads, though it votes", async () => {
  await withNode(
    { "election.electable": false, "election.profile": "lan" },
    async ({ electionManager, selfStatus }) => {
      await waitFor(() => electionManager.latencyMs !== undefined, {
        timeoutMs: 30_000,
        what: "an answer of the voters",
      });

      const { role, leader, isElectable } = electionManager.view();
      assert.deepEqual([role, leader, isElectable], ["follower", undefined, false]);
      assert.deepEqual(electionManager.ranking(), []);
      assert.equal(selfStatus.describe().isElectable, undefined);
    },
  );
});

Deno.test("leaderFacts() asks the grants that are valid now", () => {
  const grants: Record<string, Pick<Grant, "level" | "role" | "binaryType">> = {
    ana: { level: "master", role: "admin", binaryType: "hap" },
    ben: { level: "suggestion", role: "developer", binaryType: "agent" },
    eve: { level: "read_only", role: "observer", binaryType: "agent" },
  };
  const facts = leaderFacts({ grantOf: (peer) => grants[peer] as Grant | undefined }, { nowMs: () => 0 });
  const may = (name: string) => [facts.mayLead(name as PeerId), facts.mayDepose(name as PeerId)];

  assert.deepEqual(may("ana"), [true, true]);
  assert.deepEqual(may("ben"), [true, false]);
  assert.deepEqual(may("eve"), [false, false]);
  assert.deepEqual(may("nobody"), [false, false]);
});
