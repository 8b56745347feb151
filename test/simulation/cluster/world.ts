import { LIVENESS_CLAIMS } from "../checks/liveness.ts";
import { SAFETY_CLAIMS } from "../checks/safety.ts";
import { Chance } from "../engine/chance.ts";
import type { World } from "../engine/world.ts";
import { type ClusterFlaws, runCluster } from "./cluster.ts";
import type { ClusterEvent } from "./events.ts";
import { type ClusterPlan, planCluster } from "./plan.ts";

const FLAWS: Readonly<Record<string, ClusterFlaws>> = {
  "no-fsync": { voter: { skipsSync: true } },
  "promise-not-kept": { voter: { forgetsPromises: true } },
  "no-ballot-check": { voter: { ignoresBallots: true } },
  "wall-clock-lease": { voter: { trustsWallClock: true } },
  "no-fact-check": { voter: { ignoresFacts: true } },
  "votes-after-loss": { voter: { votesAfterLoss: true } },
  "late-takeover": { voter: { keepsLeasesLong: true } },
  "late-election": { electsLate: true },
  "no-fence": { isUnfenced: true },
  "own-judge": { rules: { letsWorkersJudge: true } },
  "no-review": { rules: { skipsReviews: true } },
  "no-plan-window": { rules: { waitsForNoWindow: true } },
  "no-objections": { rules: { hearsNoObjections: true } },
  "no-deadline": { rules: { ignoresDeadlines: true } },
  "endless-tries": { rules: { forgetsFailures: true } },
  "never-stops": { agent: { neverStops: true } },
  "sleeps-through-lease": { agent: { sleepsThroughLeases: true } },
};

/** Registers, tasks and elections of 3 to 50 nodes on the packages' own pure code. */
export const CLUSTER_WORLD: World<ClusterPlan, ClusterEvent> = {
  name: "cluster",
  claims: [...SAFETY_CLAIMS, ...LIVENESS_CLAIMS],
  flaws: Object.keys(FLAWS),
  plan: (seed, options) => planCluster(new Chance(seed).fork("plan"), options),
  steps: (plan) => plan.steps,
  keep: (plan, positions) => ({ ...plan, steps: plan.steps.filter((_, index) => positions.includes(index)) }),
  run: (plan, { seed, flaw }) =>
    Promise.resolve(runCluster(plan, { seed, flaws: flaw === undefined ? {} : FLAWS[flaw] ?? {} })),
};
