import assert from "node:assert/strict";
import { runCampaign } from "./campaign/campaign.ts";
import { parseCommand, UsageError } from "./campaign/options.ts";
import { renderFailure, replayCommand, Tally } from "./campaign/report.ts";
import type { JobResult } from "./campaign/protocol.ts";
import { SIMULATION_NAMES, SIMULATIONS } from "./simulations.ts";

const SCHEDULES = Number(Deno.env.get("SCHEDULES") ?? 500);
const SEED = Number(Deno.env.get("SEED") ?? 1);

async function results(args: readonly string[]): Promise<JobResult[]> {
  const command = parseCommand(args) ?? assert.fail("the command asks for help");
  return await Array.fromAsync(runCampaign(command));
}

Deno.test(`${SCHEDULES} schedules from seed ${SEED} on break no claim`, async () => {
  const all = await results(["--seed", String(SEED), "--schedules", String(SCHEDULES)]);

  const failed = all.filter(({ failure }) => failure !== undefined);
  assert.equal(failed.length, 0, failed.flatMap(renderFailure).join("\n"));
  assert.equal(all.length, SCHEDULES);
  const ran = new Set(all.map(({ job }) => job.simulation));
  assert.deepEqual([...ran].sort(), [...SIMULATION_NAMES].sort());
});

for (const { simulation: { name } } of SIMULATIONS) {
  Deno.test(`${name}: a seed gives the same history in whatever thread and company it runs`, async () => {
    const together = await results(["--only", name, "--seed", "31", "--schedules", "4", "--workers", "2"]);
    const [alone] = await results(["--only", name, "--seed", "33", "--schedules", "1"]);

    const same = together.find(({ job }) => job.seed === 33);
    assert.equal(alone?.digest, same?.digest);
    assert.equal(new Set(together.map(({ digest }) => digest)).size, 4);
  });
}

Deno.test("a schedule that breaks a claim is shrunk, and its command runs it again", async () => {
  const args = [
    "--only",
    "journal",
    "--flaw",
    "journal-no-sync",
    "--seed",
    "1",
    "--schedules",
    "20",
    "--max-failures",
    "1",
  ];
  const failed = (await results(args)).find(({ failure }) => failure) ?? assert.fail("nothing failed");
  const { keep } = failed.failure ?? assert.fail("nothing failed");
  const command = replayCommand(failed.job, keep);

  const [again] = await results(command.split(" ").slice(3));

  assert.ok(keep.length < 20, `${keep.length} steps are left`);
  assert.deepEqual(again?.failure?.violations, failed.failure?.violations);
  assert.match(renderFailure(failed).join("\n"), /again: deno task simulate --only journal --seed/);
});

Deno.test("a bad command line is refused with the flag, what was found and what is accepted", () => {
  const refusals: [string[], RegExp][] = [
    [["--seed", "x"], /--seed is "x"; it must be a whole number from 0/],
    [["--schedules", "0"], /--schedules is "0"; it must be a whole number from 1/],
    [["--nodes", "51"], /--nodes is "51"; it must be a whole number from 3 to 50/],
    [["--only", "tasks"], /--only has "tasks"; it can be .*journal/],
    [["--flaw", "none"], /--flaw is "none"; it can be .*no-fence/],
    [["--keep", "1,2"], /--keep names steps of one schedule/],
    [["--fast"], /Unknown option '--fast'/],
  ];
  for (const [args, message] of refusals) {
    assert.throws(() => parseCommand(args), (error) => error instanceof UsageError && message.test(error.message));
  }
});

Deno.test("the tally says what ran, what was checked, and what broke", () => {
  const tally = new Tally();
  const job = { simulation: "journal", seed: 4, maxShrinkRuns: 1 };
  tally.add({ job, digest: "", counts: { acknowledged: 3 } });
  tally.add({ job, digest: "", counts: { acknowledged: 4 }, failure: { violations: [], keep: [], steps: [] } });

  const text = tally.render(2_000).join("\n");

  assert.match(text, /journal: 2 schedules; 7 acknowledged/);
  assert.match(text, /J1 {2}An acknowledged entry/);
  assert.match(text, /2 schedules in 2\.0 s \(1 a second\), 1 broke a claim/);
});
