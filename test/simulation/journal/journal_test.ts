import assert from "node:assert/strict";
import { runSchedule, shrink } from "../engine/schedule.ts";
import { JOURNAL_CLAIMS } from "./claims.ts";
import { type JournalFlaws, runJournal } from "./cluster.ts";
import type { JournalEvent } from "./events.ts";
import type { JournalPlan, JournalStep } from "./plan.ts";
import { JOURNAL_WORLD } from "./world.ts";

/** The first seed of `count` whose schedule breaks `claim` under a flaw. */
async function firstCaught(flaw: string, claim: string, count: number): Promise<number | undefined> {
  for (let seed = 1; seed <= count; seed++) {
    const { violations } = await runSchedule(JOURNAL_WORLD, { seed, flaw });
    if (violations.some((violation) => violation.claim === claim)) return seed;
  }
  return undefined;
}

/** Three nodes with good clocks, over gossip that loses nothing: `steps` alone happen. */
function planOf(steps: readonly JournalStep[]): JournalPlan {
  const clocks = Array.from({ length: 3 }, () => ({ rate: 1, wallOffsetMs: 0 }));
  return { nodes: 3, activeMs: 10_000, clocks, loss: 0, steps };
}

/** What happened, and the names of the claims that were broken. */
async function judge(
  plan: JournalPlan,
  { seed = 1, ...flaws }: JournalFlaws & { readonly seed?: number } = {},
): Promise<{ readonly types: JournalEvent["type"][]; readonly broken: string[] }> {
  const { events } = await runJournal(plan, { seed, flaws });
  const broken = JOURNAL_CLAIMS.filter((claim) => claim.check(events).length > 0).map(({ name }) => name);
  return { types: events.map(({ type }) => type), broken };
}

const APPEND: JournalStep = { type: "append", atMs: 4_000, node: 2 };
const RESTORE: JournalStep = { type: "restore", atMs: 6_000, node: 2, commits: 100, forMs: 1_000, mark: "kept" };

Deno.test("a seed gives the same history every time, and another seed another", async () => {
  const first = await runSchedule(JOURNAL_WORLD, { seed: 11 });
  const second = await runSchedule(JOURNAL_WORLD, { seed: 11 });
  const other = await runSchedule(JOURNAL_WORLD, { seed: 12 });

  assert.equal(first.digest, second.digest);
  assert.notEqual(first.digest, other.digest);
});

Deno.test("a schedule that breaks a claim is shrunk to steps that still break it", async () => {
  const seed = await firstCaught("journal-no-sync", "J2", 20) ?? assert.fail("nothing was caught");
  const options = { seed, flaw: "journal-no-sync" };
  const whole = await runSchedule(JOURNAL_WORLD, options);

  const shrunk = await shrink(JOURNAL_WORLD, { ...options, maxRuns: 60 }, whole.violations);
  const again = await runSchedule(JOURNAL_WORLD, { ...options, keep: shrunk.keep });

  assert.ok(
    shrunk.keep.length < whole.steps.length / 2,
    `${shrunk.keep.length} of ${whole.steps.length} steps are left`,
  );
  assert.ok(again.violations.some(({ claim }) => claim === whole.violations[0]?.claim));
});

Deno.test("found: a log that had stopped went on after a crash between the proof's entry and the proof", async () => {
  const { violations } = await runSchedule(JOURNAL_WORLD, { seed: 100_129 });

  assert.deepEqual(violations, []);
});

Deno.test("found: a node waited for ever for entries that an old copy of its disk had lost and nobody else had", async () => {
  for (const seed of [960, 1049, 2000]) {
    const { violations } = await runSchedule(JOURNAL_WORLD, { seed });

    assert.deepEqual(violations, [], `seed ${seed}`);
  }
});

Deno.test("a bundle with a forged copy of an entry that one node knows is passed on by nobody who would be blamed", async () => {
  const { steps, violations } = await runSchedule(JOURNAL_WORLD, { seed: 10 });

  assert.ok(steps.some((step) => JSON.stringify(step).includes("spoilt_copy")), "the schedule has the trick");
  assert.deepEqual(violations, []);
});

Deno.test("an operator gives up what nobody has, and that node writes again", async () => {
  const directions = [[2, 0], [2, 1], [0, 2], [1, 2]] as const;
  const cut: JournalStep = { type: "fault", fault: { type: "cut", atMs: 3_000, forMs: 3_500, directions } };

  const { types, broken } = await judge(planOf([cut, APPEND, RESTORE]));

  assert.deepEqual(broken, []);
  assert.ok(types.slice(types.indexOf("gave_up")).includes("acknowledged"), types.join(" "));
});

Deno.test("an operator gives up nothing that a peer has: sync brings it back, or J2 is broken", async () => {
  const plan = planOf([APPEND, RESTORE]);

  const good = await judge(plan);
  const bad = await judge(plan, { isSyncOff: true });

  assert.deepEqual([good.broken, bad.broken], [[], ["J2"]]);
  assert.ok(![...good.types, ...bad.types].includes("gave_up"));
});

Deno.test("found: a node restored by the book forked its log when a peer without its last entry answered first", async () => {
  const directions = [[2, 0], [0, 2], [1, 0], [0, 1]] as const; // node 1 alone gets the entry
  const cut: JournalStep = { type: "fault", fault: { type: "cut", atMs: 2_000, forMs: 5_000, directions } };
  const next: JournalStep = { ...APPEND, atMs: 7_100 };

  for (let seed = 1; seed <= 20; seed++) {
    const { types, broken } = await judge(planOf([cut, APPEND, { ...RESTORE, mark: "emptied" }, next]), { seed });

    assert.deepEqual(broken, [], `seed ${seed}`);
    assert.ok(!types.includes("fork_proved"), `seed ${seed}: ${types.join(" ")}`);
    assert.equal(types.filter((type) => type === "acknowledged").length, 2, `seed ${seed}`);
  }
});
