import assert from "node:assert/strict";
import { only } from "../cluster/events.ts";
import { runSchedule } from "../engine/schedule.ts";
import type { Violation } from "../engine/world.ts";
import type { RegistersPlan, RegistersStep } from "./plan.ts";
import { REGISTERS_WORLD } from "./world.ts";

/** All voters but the founder are replaced, one step at a time, and then the founder is out of reach. */
const REPLACED: readonly RegistersStep[] = [
  { type: "post", atMs: 6_100, node: 1, task: 0 },
  { type: "add_voter", atMs: 8_500, node: 3 },
  { type: "add_voter", atMs: 8_900, node: 4 },
  { type: "remove_voter", atMs: 9_300, node: 1 },
  { type: "remove_voter", atMs: 9_700, node: 2 },
  {
    type: "fault",
    fault: {
      type: "cut",
      atMs: 10_050,
      forMs: 10_000,
      directions: [1, 2, 3, 4].flatMap((n) => [[0, n], [n, 0]] as const),
    },
  },
  { type: "read", atMs: 10_100, node: 3, task: 0 },
];

const PLAN: RegistersPlan = {
  nodes: 5,
  voters: 3,
  tasks: 1,
  workers: [1],
  growMs: 6_000,
  activeMs: 26_000,
  leaseMs: 3_000,
  workMs: 500,
  clocks: Array.from({ length: 5 }, () => ({ rate: 1, wallOffsetMs: 0 })),
  meanExtraMs: 1,
  meanSyncMs: 1,
  steps: REPLACED,
};

async function violationsOf(plan: RegistersPlan, flaw?: string): Promise<Violation[]> {
  const { events } = await REGISTERS_WORLD.run(plan, { seed: 1, flaw });
  const changes = events.flatMap((event) => event.type === "roster" ? [event.outcome] : []);
  assert.deepEqual(changes, ["changed", "changed", "changed", "changed"]);
  return REGISTERS_WORLD.claims.flatMap(({ name: claim, check }) => check(events).map((text) => ({ claim, text })));
}

Deno.test("a register survives the replacement of every voter that decided it but one", async () => {
  assert.deepEqual(await violationsOf(PLAN), []);
});

Deno.test('bites: "registers-no-transfer" breaks S5 when voters are replaced, and is caught', async () => {
  const claims = (await violationsOf(PLAN, "registers-no-transfer")).map(({ claim }) => claim);

  assert.ok(claims.includes("S5"), `broken: ${claims}`);
});

Deno.test("L3 counts from the last change of the voters that can be reached: one that heals a moment before it votes is no fault", async () => {
  const { violations } = await runSchedule(REGISTERS_WORLD, { seed: 5919, keep: [1, 2, 10] });
  assert.deepEqual(violations, []);
});

Deno.test("found: a command that was decided while its voters were replaced was called refused", async () => {
  const { violations } = await runSchedule(REGISTERS_WORLD, { seed: 45 });

  assert.deepEqual(violations, []);
});

/** Five voters far apart, a holder that renews, and so many reads of its task at once, three times. */
const crowded = (readers: number): RegistersPlan => ({
  ...PLAN,
  voters: 5,
  workers: [1, 2],
  growMs: 8_000,
  workMs: 20_000,
  meanExtraMs: 80,
  meanSyncMs: 5,
  steps: [
    { type: "post", atMs: 9_000, node: 0, task: 0 },
    ...[11_000, 14_000, 17_000].flatMap((atMs) =>
      Array.from({ length: readers }, (_, i) => ({ type: "read", atMs, node: i % 5, task: 0 } as const))
    ),
  ],
});

for (const readers of [20, 40, 200]) {
  Deno.test(`found: reads of one register that come together kept each other from an answer: ${readers} at once`, () =>
    assertAllAnswered(readers));
}

async function assertAllAnswered(readers: number): Promise<void> {
  for (const seed of [1, 2, 3]) {
    const { events } = await REGISTERS_WORLD.run(crowded(readers), { seed, flaw: undefined });

    const asked = new Map(only(events, "invoked").map((event) => [event.operation, event]));
    const reads = only(events, "returned").filter(({ operation }) => asked.get(operation)?.what === "read");
    const unanswered = reads.filter(({ outcome }) => outcome.type !== "read");
    assert.ok(reads.length >= 3 * readers, `only ${reads.length} reads`);
    assert.equal(unanswered.length, 0, `${unanswered.length} of ${reads.length} reads with seed ${seed}`);
  }
}

Deno.test("S5 takes a value that a voter had written when it crashed, before anybody could trace it, for its author's", async () => {
  const { violations } = await runSchedule(REGISTERS_WORLD, { seed: 31_003_485, keep: [1, 3, 4, 10, 12] });

  assert.deepEqual(violations, []);
});
