import assert from "node:assert/strict";
import { decidedOf, type Events } from "../checks/decided.ts";
import type { TaskDraft } from "./draft.ts";
import { type ClusterPlan, type ClusterStep, WORD_MISCHIEF } from "./plan.ts";
import { runSchedule } from "../engine/schedule.ts";
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

/** The only worker is the master as well, and the poster: nobody else may judge its result. */
function alone(draft: Partial<TaskDraft>): ClusterPlan {
  return {
    ...FORGETFUL,
    workers: [0],
    activeMs: 20_000,
    steps: [{ type: "post", atMs: 1_000, node: 0, task: 0, draft: { ...PROMPT, ...draft } }],
  };
}

const PROMPT: TaskDraft = { answer: { afterMs: 500, isApproved: true } };

/** A plan without what came later: what was found before is found by the same run. */
function plainPlan(seed: number): ClusterPlan {
  const plan = CLUSTER_WORLD.plan(seed, {});
  const isWord = (step: ClusterStep): boolean =>
    step.type === "mischief" && WORD_MISCHIEF.some((one) => one === step.mischief);
  const plain = (step: ClusterStep): ClusterStep => {
    if (step.type !== "post") return step;
    const { draft: _, ...rest } = step;
    return rest;
  };
  return { ...plan, steps: plan.steps.filter((step) => !isWord(step)).map(plain) };
}

/** What was decided of the task, as "command > state", renewals left out. */
function wayOf(events: Events): string[] {
  return decidedOf(events)
    .filter(({ key, command }) => key !== "leader" && command?.type !== "renew")
    .sort((a, b) => a.view.version - b.view.version)
    .map(({ command, view }) => `${command?.type} > ${view.state}`);
}

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

Deno.test('bites: "own-judge" breaks S6, and is caught', async () => {
  const plan = alone({ rejections: 0 });
  const { events } = await CLUSTER_WORLD.run(plan, { seed: 1, flaw: undefined });
  assert.deepEqual(wayOf(events), ["claim > executing", "complete > review"], "it waits for somebody else");

  assert.deepEqual(await broken([plan]), []);
  assert.deepEqual(await broken([plan], "own-judge"), ["S6"]);
});

Deno.test('bites: "no-objections" breaks S7, and is caught', async () => {
  const plan = alone({ planWindowMs: 3_000, objection: { afterMs: 0 } });

  assert.deepEqual(await broken([plan]), []);
  assert.deepEqual(await broken([plan], "no-objections"), ["S7"]);
});

const PLANNED = ["claim > claimed", "plan > planning", "propose > discussing"];
const APPROVED = ["block > blocked", "resume > discussing", "begin > executing"];
const WAYS: readonly (readonly [string, Partial<TaskDraft>, readonly string[]])[] = [
  ["silence is consent", { planWindowMs: 1_000 }, [...PLANNED, "begin > executing", "complete > completed"]],
  ["people approve over an objection", { planWindowMs: 1_000, objection: { afterMs: 0 } }, [
    ...PLANNED,
    ...APPROVED,
    "complete > completed",
  ]],
  [
    "people sustain an objection, and have it tried again twice",
    {
      planWindowMs: 1_000,
      objection: { afterMs: 0 },
      failures: 0,
      answer: { afterMs: 100, isApproved: false },
    },
    Array.from({ length: 3 }, (_, round) => [
      ...(round === 0 ? [] : ["retry > announced"]),
      ...PLANNED,
      "block > blocked",
      "resume > discussing",
      "fail > failed",
    ]).flat(),
  ],
  ["the holder asks in the middle", { asksPeople: true }, [
    "claim > executing",
    "block > blocked",
    "resume > executing",
    "complete > completed",
  ]],
  ["two tries fail", { failures: 2 }, [
    "claim > executing",
    "fail > announced",
    "claim > executing",
    "fail > announced",
    "claim > executing",
    "complete > completed",
  ]],
];

for (const [what, draft, way] of WAYS) {
  Deno.test(`a task's way: ${what}`, async () => {
    const plan = alone(draft);
    const { events } = await CLUSTER_WORLD.run({ ...plan, activeMs: 60_000 }, { seed: 1, flaw: undefined });

    assert.deepEqual(wayOf(events), way);
    assert.deepEqual(await broken([plan]), []);
  });
}

Deno.test("random schedules go every way that a task can go", async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 40; seed++) {
    const { events } = await CLUSTER_WORLD.run(CLUSTER_WORLD.plan(seed, {}), { seed, flaw: undefined });
    for (const step of wayOf(events)) seen.add(step);
  }

  const wanted = [
    ...PLANNED,
    ...APPROVED,
    "resume > executing",
    "complete > review",
    "accept > completed",
    "reject > announced",
    "fail > announced",
    "fail > failed",
    "claim > failed",
    "release > announced",
    "expire > expired",
    "retry > announced",
  ];
  assert.deepEqual(wanted.filter((step) => !seen.has(step)), []);
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
    const { events } = await CLUSTER_WORLD.run(plainPlan(seed), { seed, flaw: undefined });

    assert.deepEqual(CLUSTER_WORLD.claims.flatMap(({ check }) => check(events)), []);
  });
}

Deno.test("found: the age of a lease began anew with each probe, so nobody ever led again", async () => {
  const { events } = await CLUSTER_WORLD.run(CLUSTER_WORLD.plan(9000261, {}), { seed: 9000261, flaw: undefined });

  assert.deepEqual(CLUSTER_WORLD.claims.flatMap(({ check }) => check(events)), []);
});

Deno.test("S1 an agent of the simulator, as a real one, works on nothing whose end it has on its way to the voters", async () => {
  const { violations } = await runSchedule(CLUSTER_WORLD, { seed: 41_000_384, keep: [0, 5, 6, 7, 9] });

  assert.deepEqual(violations, []);
});
