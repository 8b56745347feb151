import { Chance } from "../engine/chance.ts";
import type { World } from "../engine/world.ts";
import { JOURNAL_CLAIMS } from "./claims.ts";
import { type JournalFlaws, runJournal } from "./cluster.ts";
import type { JournalEvent } from "./events.ts";
import { type JournalPlan, planJournal } from "./plan.ts";

const FLAWS: Readonly<Record<string, JournalFlaws>> = {
  "journal-no-fsync": { disk: { ignoresSync: true } },
  "journal-no-sync": { isSyncOff: true },
  "journal-forgets-forks": { forgetsForks: true },
  "journal-alters-frames": { altersFrames: true },
};

/** The real journals and the real sync of 3 to 6 nodes, over gossip that loses and connections that break. */
export const JOURNAL_WORLD: World<JournalPlan, JournalEvent> = {
  name: "journal",
  claims: JOURNAL_CLAIMS,
  flaws: Object.keys(FLAWS),
  plan: (seed, options) => planJournal(new Chance(seed).fork("plan"), options),
  steps: (plan) => plan.steps,
  keep: (plan, positions) => ({ ...plan, steps: plan.steps.filter((_, index) => positions.includes(index)) }),
  run: (plan, { seed, flaw }) => {
    const flaws = flaw === undefined ? undefined : FLAWS[flaw];
    return runJournal(plan, { seed, ...(flaws ? { flaws } : {}) });
  },
};
