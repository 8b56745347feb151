// A checker that never fails shows nothing: every claim is broken on purpose, and must be found to be.
import assert from "node:assert/strict";
import { simulationNamed } from "./simulations.ts";

interface Bite {
  readonly simulation: string;
  readonly flaw: string;
  readonly claim: string;
  /** The first seed, and how many schedules may pass before it is found. */
  readonly from: number;
  readonly within: number;
}

const BITES: readonly Bite[] = [
  { simulation: "journal", flaw: "journal-no-fsync", claim: "J1", from: 1, within: 20 },
  { simulation: "journal", flaw: "journal-no-fsync", claim: "J3", from: 90, within: 20 },
  { simulation: "journal", flaw: "journal-no-sync", claim: "J2", from: 1, within: 20 },
  { simulation: "journal", flaw: "journal-forgets-forks", claim: "J4", from: 1, within: 40 },
  { simulation: "journal", flaw: "journal-alters-frames", claim: "J5", from: 1, within: 10 },
  { simulation: "cluster", flaw: "no-fsync", claim: "S4", from: 1, within: 30 },
  { simulation: "cluster", flaw: "promise-not-kept", claim: "S5", from: 1, within: 10 },
  { simulation: "cluster", flaw: "no-ballot-check", claim: "S5", from: 1, within: 20 },
  { simulation: "cluster", flaw: "wall-clock-lease", claim: "S3", from: 10, within: 30 },
  { simulation: "cluster", flaw: "no-fact-check", claim: "S6", from: 1, within: 20 },
  { simulation: "cluster", flaw: "no-fence", claim: "S2", from: 150, within: 30 },
  { simulation: "cluster", flaw: "no-review", claim: "S7", from: 1, within: 20 },
  { simulation: "cluster", flaw: "no-plan-window", claim: "S7", from: 1, within: 20 },
  { simulation: "cluster", flaw: "no-deadline", claim: "S7", from: 10, within: 20 },
  { simulation: "cluster", flaw: "endless-tries", claim: "S7", from: 1, within: 20 },
  { simulation: "cluster", flaw: "never-stops", claim: "S1", from: 20, within: 20 },
  { simulation: "cluster", flaw: "sleeps-through-lease", claim: "S1", from: 150, within: 20 },
  { simulation: "registers", flaw: "registers-never-degraded", claim: "L3", from: 1, within: 20 },
  { simulation: "registers", flaw: "registers-stays-degraded", claim: "L3", from: 1, within: 20 },
  { simulation: "registers", flaw: "registers-no-fsync", claim: "S5", from: 1, within: 20 },
];

/** What random plans seldom reach is broken by a plan of its own. */
const BROKEN_ELSEWHERE: Readonly<Record<string, string>> = {
  "registers-no-transfer": "registers/registers_test.ts",
  "own-judge": "cluster/cluster_test.ts",
  "no-objections": "cluster/cluster_test.ts",
  "late-takeover": "cluster/cluster_test.ts",
  "votes-after-loss": "cluster/cluster_test.ts",
  "late-election": "cluster/cluster_test.ts",
};

for (const { simulation: name, flaw, claim, from, within } of BITES) {
  Deno.test(`${name}: "${flaw}" breaks ${claim}, and is caught`, async () => {
    const simulation = simulationNamed(name) ?? assert.fail(`there is no simulation "${name}"`);
    for (let seed = from; seed < from + within; seed++) {
      const { violations } = await simulation.run({ seed, flaw });
      if (violations.some((violation) => violation.claim === claim)) return;
    }
    assert.fail(`${within} schedules from seed ${from} on did not break ${claim}`);
  });
}

Deno.test("every claim but L4 is broken by a flaw (L1 and L2 in cluster_test.ts), and every flaw breaks a claim", () => {
  const claims = ["J1", "J2", "J3", "J4", "J5", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "L3"];
  const unbroken = claims.filter((claim) => !BITES.some((bite) => bite.claim === claim));
  const flaws = ["journal", "cluster", "registers"].flatMap((name) => simulationNamed(name)?.flaws ?? []);

  assert.deepEqual(unbroken, []);
  assert.deepEqual(
    flaws.filter((flaw) => !BITES.some((bite) => bite.flaw === flaw) && !(flaw in BROKEN_ELSEWHERE)),
    [],
  );
});
