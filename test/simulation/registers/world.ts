import { LIVENESS_CLAIMS } from "../checks/liveness.ts";
import { SAFETY_CLAIMS } from "../checks/safety.ts";
import type { ClusterEvent } from "../cluster/events.ts";
import { Chance } from "../engine/chance.ts";
import type { World } from "../engine/world.ts";
import { runRegisters } from "./cluster.ts";
import type { RegistersFlaws } from "./node.ts";
import { planRegisters, type RegistersPlan } from "./plan.ts";

const FLAWS: Readonly<Record<string, RegistersFlaws>> = {
  "registers-no-fsync": { disk: { ignoresSync: true } },
  "registers-never-degraded": { missesLosses: true },
  "registers-stays-degraded": { missesReturns: true },
  "registers-no-transfer": { skipsTransfer: true },
};

/** S3 and L1 are about elections, which this world has not. */
const ELECTIONS: ReadonlySet<string> = new Set(["S3", "L1"]);

/** The real registers, with changes of the voters, over connections that break and disks that lose what was not synced. */
export const REGISTERS_WORLD: World<RegistersPlan, ClusterEvent> = {
  name: "registers",
  claims: [...SAFETY_CLAIMS, ...LIVENESS_CLAIMS].filter(({ name }) => !ELECTIONS.has(name)),
  flaws: Object.keys(FLAWS),
  plan: (seed, options) => planRegisters(new Chance(seed).fork("plan"), options),
  steps: (plan) => plan.steps,
  keep: (plan, positions) => ({ ...plan, steps: plan.steps.filter((_, index) => positions.includes(index)) }),
  run: (plan, { seed, flaw }) => runRegisters(plan, { seed, flaws: flaw === undefined ? {} : FLAWS[flaw] ?? {} }),
};
