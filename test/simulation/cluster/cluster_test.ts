import assert from "node:assert/strict";
import { runSchedule } from "../engine/schedule.ts";
import type { ClusterPlan } from "./plan.ts";
import { CLUSTER_WORLD } from "./world.ts";

/** One worker has the task when it is destroyed, whichever of the two it is; the other one is left. */
function orphaned(node: number): ClusterPlan {
  return {
    nodes: 5,
    voters: 3,
    workers: [3, 4],
    tasks: 1,
    activeMs: 12_000,
    leaseMs: 3_000,
    workMs: 20_000,
    clocks: Array.from({ length: 5 }, () => ({ rate: 1, wallOffsetMs: 0 })),
    loss: 0,
    meanExtraMs: 1,
    meanSyncMs: 1,
    steps: [{ type: "post", atMs: 1_000, node: 0, task: 0 }, { type: "destroy", atMs: 9_000, node }],
  };
}

/** Two voters decide while the third is cut off; then one loses its disk, the other sleeps, and the third is asked. */
const FORGETFUL: ClusterPlan = {
  ...orphaned(0),
  nodes: 3,
  clocks: orphaned(0).clocks.slice(0, 3),
  workers: [0, 2],
  workMs: 2_000,
  steps: [
    { type: "fault", fault: { type: "cut", directions: [[0, 2], [2, 0], [1, 2], [2, 1]], atMs: 10, forMs: 6_000 } },
    { type: "post", atMs: 1_000, node: 0, task: 0 },
    { type: "wipe", atMs: 5_000, node: 1, forMs: 200 },
    { type: "fault", fault: { type: "pause", node: 0, how: "stopped", atMs: 5_300, forMs: 5_000 } },
    { type: "read", atMs: 8_000, node: 2, key: 0 },
    { type: "read", atMs: 8_000, node: 2, key: 1 },
  ],
};

/** Of the two nodes that stand, one is destroyed in the moment before all faults are over: in one of the runs it leads. */
const LEADERLESS = [0, 1].map((node): ClusterPlan => ({
  ...FORGETFUL,
  workers: [0, 1],
  steps: [{ type: "destroy", atMs: FORGETFUL.activeMs - 100, node }],
}));

/** The claims that the runs break, by name. */
async function broken(plans: readonly ClusterPlan[], flaw?: string): Promise<string[]> {
  const claims: string[] = [];
  for (const plan of plans) {
    const { events } = await CLUSTER_WORLD.run(plan, { seed: 1, flaw });
    claims.push(...CLUSTER_WORLD.claims.filter(({ check }) => check(events).length > 0).map(({ name }) => name));
  }
  return claims;
}

Deno.test("a task whose holder was destroyed is reclaimed in time", async () => {
  assert.deepEqual(await broken([orphaned(3), orphaned(4)]), []);
});

Deno.test('bites: "late-takeover" breaks L2, and is caught', async () => {
  assert.deepEqual(await broken([orphaned(3), orphaned(4)], "late-takeover"), ["L2"]);
});

Deno.test('bites: "votes-after-loss" breaks S5 and what stands on it, and is caught', async () => {
  assert.deepEqual(await broken([FORGETFUL]), []);
  assert.deepEqual(await broken([FORGETFUL], "votes-after-loss"), ["S1", "S3", "S5", "S6"]);
});

Deno.test('bites: "late-election" breaks L1, and is caught', async () => {
  assert.deepEqual(await broken(LEADERLESS), []);
  assert.deepEqual(await broken(LEADERLESS, "late-election"), ["L1"]);
});

for (
  const [seed, what] of [
    [500292, "a candidate waited for voters that were gone, for ever"],
    [500754, "a read after a restart of the voters prolonged an orphan's lease"],
    [511614, "a dead voter kept a takeover waiting"],
    [500035, "nothing, confirmed, counted as a value"],
    [7515, "a member waited for the answer of one voter that had just been cut off"],
    [1502, "a voter counted a lease from an earlier claim that looked the same"],
  ] as const
) {
  Deno.test(`found: ${what}`, async () => {
    assert.deepEqual((await runSchedule(CLUSTER_WORLD, { seed })).violations, []);
  });
}
