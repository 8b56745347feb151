import type { Chance } from "../engine/chance.ts";
import { type Fault, planFaults } from "../engine/faults.ts";
import type { PlanOptions } from "../engine/world.ts";

/** What happens in a run besides the passing of time. Node 0 is the master that changes the voters. */
export type RegistersStep =
  | { readonly type: "fault"; readonly fault: Fault }
  | { readonly type: "post"; readonly atMs: number; readonly node: number; readonly task: number }
  | { readonly type: "read"; readonly atMs: number; readonly node: number; readonly task: number }
  | { readonly type: "add_voter" | "remove_voter"; readonly atMs: number; readonly node: number };

/** A whole run. */
export interface RegistersPlan {
  readonly nodes: number;
  /** The first so many nodes vote before anything goes wrong. */
  readonly voters: number;
  readonly tasks: number;
  readonly workers: readonly number[];
  readonly growMs: number;
  readonly activeMs: number;
  readonly leaseMs: number;
  readonly workMs: number;
  readonly clocks: readonly { readonly rate: number; readonly wallOffsetMs: number }[];
  readonly meanExtraMs: number;
  readonly meanSyncMs: number;
  readonly steps: readonly RegistersStep[];
}

/** The voters are made one by one before this. */
const GROW_MS = 6_000;
const ACTIVE_MS = 26_000;

/** Draws a run. */
export function planRegisters(chance: Chance, options: PlanOptions): RegistersPlan {
  const nodes = options.nodes ?? 3 + chance.int(3);
  const all = Array.from({ length: nodes }, (_, index) => index);
  const tasks = 1 + chance.int(2);
  const steps: RegistersStep[] = planFaults(chance.fork("faults"), {
    nodes,
    fromMs: GROW_MS,
    untilMs: ACTIVE_MS,
    count: 1 + chance.int(6),
    kinds: ["crash", "crash", "crash", "pause", "cut", "cut", "jump_wall", "full_disk", "blackout"],
    maxForMs: 6_000,
    maxJumpMs: 60_000,
  }).map((fault) => ({ type: "fault", fault }));
  const atMs = (): number => Math.floor(chance.between(GROW_MS, ACTIVE_MS));
  for (let task = 0; task < tasks; task++) {
    steps.push({ type: "post", atMs: GROW_MS + chance.int(4_000), node: chance.pick(all), task });
  }
  for (let i = chance.int(5); i > 0; i--) {
    steps.push({ type: "read", atMs: atMs(), node: chance.pick(all), task: chance.int(tasks) });
  }
  for (let i = chance.happens(0.7) ? chance.int(7) : 0; i > 0; i--) {
    const type = chance.pick(["add_voter", "remove_voter"] as const);
    steps.push({ type, atMs: atMs(), node: chance.pick(all) });
  }
  return {
    nodes,
    voters: Math.min(nodes, chance.pick([1, 3, 3, 3, 5])),
    tasks,
    workers: chance.sample(all, 2 + chance.int(2)),
    growMs: GROW_MS,
    activeMs: ACTIVE_MS,
    leaseMs: 3_000,
    workMs: Math.floor(chance.between(500, 8_000)),
    clocks: all.map(() => ({
      rate: chance.between(0.95, 1.05),
      wallOffsetMs: Math.floor(chance.between(-60_000, 60_000)),
    })),
    meanExtraMs: chance.pick([1, 10, 40]),
    meanSyncMs: chance.pick([0.5, 5, 30]),
    steps,
  };
}
