import type { Chance } from "../engine/chance.ts";
import { type Fault, type FaultType, planFaults } from "../engine/faults.ts";
import type { PlanOptions } from "../engine/world.ts";
import { drawDraft, type TaskDraft } from "./draft.ts";

/** What a member without the right to it tries. */
export const MISCHIEF = [
  /** Claims a task that its role may not hold. */
  "claim",
  /** Renews, completes or releases what somebody else holds. */
  "steal",
  /** Cancels a task of others. */
  "cancel",
  /** Takes the leadership, though it may not lead. */
  "acquire",
  /** Deposes the leader. */
  "depose",
  /** Puts another member's name under a command of its own. */
  "forge",
  /** Says again what somebody else has said. */
  "replay",
  /** Bytes without a meaning. */
  "garbage",
] as const;

/** The same of tasks that are more than plain work. */
export const WORD_MISCHIEF = [
  /** Accepts a result that is not for it to judge. */
  "judge",
  /** Has a task tried again that is none of its own. */
  "retry",
  /** Says that a deadline has passed, which anybody may. */
  "expire",
] as const;
/** One of `MISCHIEF` and `WORD_MISCHIEF`. */
export type Mischief = (typeof MISCHIEF)[number] | (typeof WORD_MISCHIEF)[number];

/** What happens in a run besides the passing of time. */
export type ClusterStep =
  | { readonly type: "fault"; readonly fault: Fault }
  | {
    readonly type: "post";
    readonly atMs: number;
    readonly node: number;
    readonly task: number;
    /** Absent of plain work. */
    readonly draft?: TaskDraft;
  }
  /** An agent gives a task back; nothing when it does not hold it. */
  | { readonly type: "release"; readonly atMs: number; readonly node: number; readonly task: number }
  /** The leader steps down; nothing on another node. */
  | { readonly type: "step_down"; readonly atMs: number; readonly node: number }
  | { readonly type: "read"; readonly atMs: number; readonly node: number; readonly key: number }
  | {
    readonly type: "mischief";
    readonly atMs: number;
    readonly mischief: Mischief;
    readonly through: number;
    readonly task: number;
    readonly seed: number;
  }
  /** A machine is gone for good. */
  | { readonly type: "destroy"; readonly atMs: number; readonly node: number }
  /** A machine loses its disk and comes back with an empty one. */
  | { readonly type: "wipe"; readonly atMs: number; readonly node: number; readonly forMs: number };

/** A whole run. */
export interface ClusterPlan {
  readonly nodes: number;
  /** Nodes 0 to `voters` - 1 vote. */
  readonly voters: number;
  /** Nodes whose agents may hold tasks. */
  readonly workers: readonly number[];
  readonly tasks: number;
  /** Faults and load end here. */
  readonly activeMs: number;
  readonly leaseMs: number;
  readonly workMs: number;
  readonly clocks: readonly { readonly rate: number; readonly wallOffsetMs: number }[];
  readonly loss: number;
  readonly meanExtraMs: number;
  readonly meanSyncMs: number;
  readonly steps: readonly ClusterStep[];
}

const ACTIVE_MS = 30_000;
const LEASE_MS = 3_000;
const FAULTS: readonly FaultType[] = [
  "crash",
  "crash",
  "crash",
  "crash",
  "pause",
  "pause",
  "pause",
  "cut",
  "cut",
  "cut",
  "jump_wall",
  "blackout",
];

/** Draws a run. */
export function planCluster(chance: Chance, options: PlanOptions): ClusterPlan {
  const voters = chance.pick([1, 3, 3, 3, 5, 5]);
  const nodes = Math.max(voters, options.nodes ?? drawNodes(chance));
  const all = Array.from({ length: nodes }, (_, index) => index);
  const tasks = 1 + chance.int(3);
  const steps: ClusterStep[] = planFaults(chance.fork("faults"), {
    nodes: Math.min(nodes, voters + 3),
    fromMs: 500,
    untilMs: ACTIVE_MS,
    count: 3 + chance.int(10),
    kinds: FAULTS,
    maxForMs: 8_000,
    maxJumpMs: 60_000,
  }).map((fault) => ({ type: "fault", fault }));
  steps.push(
    ...planLoad(chance.fork("load"), all, tasks),
    ...planMischief(chance.fork("mischief"), MISCHIEF, all, tasks),
  );
  steps.push(...planLosses(chance.fork("losses"), voters));
  steps.push(...planMischief(chance.fork("word mischief"), WORD_MISCHIEF, all, tasks));
  return {
    nodes,
    voters,
    workers: chance.sample(all, 2 + chance.int(4)),
    tasks,
    activeMs: ACTIVE_MS,
    leaseMs: LEASE_MS,
    workMs: Math.floor(chance.between(500, 12_000)),
    clocks: all.map(() => ({
      rate: chance.between(0.95, 1.05),
      wallOffsetMs: Math.floor(chance.between(-60_000, 60_000)),
    })),
    loss: chance.pick([0, 0.01, 0.1, 0.3]),
    meanExtraMs: chance.pick([1, 10, 80]),
    meanSyncMs: chance.pick([0.5, 5, 40]),
    steps: steps.map((step) => step.type === "post" ? withDraft(step, chance.fork(`draft ${step.task}`)) : step),
  };
}

function withDraft(step: Extract<ClusterStep, { type: "post" }>, chance: Chance): ClusterStep {
  const draft = drawDraft(chance);
  return draft ? { ...step, draft } : step;
}

function drawNodes(chance: Chance): number {
  if (chance.happens(0.02)) return 20 + chance.int(31);
  return chance.happens(0.2) ? 6 + chance.int(10) : 3 + chance.int(4);
}

function planLoad(chance: Chance, all: readonly number[], tasks: number): ClusterStep[] {
  const steps: ClusterStep[] = [];
  const atMs = (fromMs: number): number => Math.floor(chance.between(fromMs, ACTIVE_MS));
  for (let task = 0; task < tasks; task++) {
    steps.push({ type: "post", atMs: Math.floor(chance.between(100, ACTIVE_MS / 2)), node: chance.pick(all), task });
  }
  for (let i = chance.int(4); i > 0; i--) {
    steps.push({ type: "release", atMs: atMs(2_000), node: chance.pick(all), task: chance.int(tasks) });
  }
  for (let i = chance.int(3); i > 0; i--) steps.push({ type: "step_down", atMs: atMs(3_000), node: chance.pick(all) });
  for (let i = chance.int(12); i > 0; i--) {
    steps.push({ type: "read", atMs: atMs(500), node: chance.pick(all), key: chance.int(tasks + 1) });
  }
  return steps;
}

function planMischief(
  chance: Chance,
  kinds: readonly Mischief[],
  all: readonly number[],
  tasks: number,
): ClusterStep[] {
  const count = chance.happens(0.5) ? chance.int(10) : 0;
  return Array.from({ length: count }, () => ({
    type: "mischief",
    atMs: Math.floor(chance.between(500, ACTIVE_MS)),
    mischief: chance.pick(kinds),
    through: chance.pick(all),
    task: chance.int(tasks),
    seed: chance.int(2 ** 31),
  }));
}

/** A minority of the voters may lose all they know. */
function planLosses(chance: Chance, voters: number): ClusterStep[] {
  const minority = Math.floor((voters - 1) / 2);
  const count = chance.happens(0.4) ? chance.int(minority + 1) : 0;
  return chance.sample(Array.from({ length: voters }, (_, index) => index), count).map((node) => {
    const atMs = Math.floor(chance.between(1_000, ACTIVE_MS));
    return chance.happens(0.4)
      ? { type: "destroy", atMs, node }
      : { type: "wipe", atMs, node, forMs: Math.floor(chance.between(100, 3_000)) };
  });
}
