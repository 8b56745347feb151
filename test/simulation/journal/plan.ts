import type { Chance } from "../engine/chance.ts";
import { type Fault, planFaults } from "../engine/faults.ts";
import type { Mischief } from "./traitor.ts";

/** What happens in a run of the journal's world besides the passing of time. */
export type JournalStep =
  | { readonly type: "fault"; readonly fault: Fault }
  /** So many entries in one turn of the event loop; 1 when it is not told. */
  | { readonly type: "append"; readonly atMs: number; readonly node: number; readonly count?: number }
  /**
   * A machine is off, and comes back with a copy of its disk that is `commits` commits old; its mark of used numbers is the one
   * it had, or emptied as `docs/operate.md` tells to.
   */
  | {
    readonly type: "restore";
    readonly atMs: number;
    readonly node: number;
    readonly commits: number;
    readonly forMs: number;
    readonly mark: "kept" | "emptied";
  }
  /** The traitor speaks: one frame to `to`, the other to everybody else. */
  | {
    readonly type: "mischief";
    readonly atMs: number;
    readonly mischief: Mischief;
    readonly to: readonly number[];
    readonly seed: number;
  };

/** A whole run. */
export interface JournalPlan {
  readonly nodes: number;
  /** Faults and load end here. */
  readonly activeMs: number;
  readonly clocks: readonly { readonly rate: number; readonly wallOffsetMs: number }[];
  readonly loss: number;
  readonly steps: readonly JournalStep[];
}

const ACTIVE_MS = 40_000;

/** Draws a run. */
export function planJournal(chance: Chance, options: { readonly nodes?: number }): JournalPlan {
  const nodes = options.nodes ?? 3 + chance.int(4);
  const all = Array.from({ length: nodes }, (_, index) => index);
  const clocks = all.map(() => ({
    rate: chance.between(0.95, 1.05),
    wallOffsetMs: Math.floor(chance.between(-90_000, 90_000)),
  }));
  const steps: JournalStep[] = planFaults(chance.fork("faults"), {
    nodes,
    fromMs: 1_000,
    untilMs: ACTIVE_MS,
    count: 2 + chance.int(8),
    kinds: ["crash", "crash", "crash", "crash", "pause", "cut", "cut", "jump_wall", "full_disk", "blackout"],
    maxForMs: 15_000,
    maxJumpMs: 20 * 60_000,
  }).map((fault) => ({ type: "fault", fault }));
  const appends = 5 + chance.int(30);
  for (let i = 0; i < appends; i++) {
    steps.push({ type: "append", atMs: Math.floor(chance.between(200, ACTIVE_MS)), node: chance.int(nodes) });
  }
  if (chance.happens(0.2)) {
    steps.push(planRestore(chance, nodes, "kept"));
  }
  if (chance.happens(0.4)) steps.push(...planMischief(chance.fork("traitor"), all));
  const byTheBook = chance.fork("restore by the book");
  if (byTheBook.happens(0.1)) steps.push(planRestore(byTheBook, nodes, "emptied"));
  steps.push(...planBundles(chance.fork("bundles"), all));
  return { nodes, activeMs: ACTIVE_MS, clocks, loss: chance.pick([0, 0.02, 0.2, 0.6]), steps };
}

/** Bursts, whose entries travel together, and what a traitor makes of that. */
function planBundles(chance: Chance, all: readonly number[]): JournalStep[] {
  const at = (): number => Math.floor(chance.between(500, ACTIVE_MS));
  const bursts = Array.from({ length: chance.int(5) }, (): JournalStep => ({
    type: "append",
    atMs: at(),
    node: chance.pick(all),
    count: 2 + chance.int(40),
  }));
  if (chance.happens(0.7)) return bursts;
  const tricks = Array.from({ length: 1 + chance.int(8) }, (): JournalStep[] => {
    const trick = { type: "mischief", atMs: at(), to: chance.sample(all, 1 + chance.int(all.length)) } as const;
    const step = (mischief: Mischief, afterMs = 0): JournalStep => ({
      ...trick,
      mischief,
      atMs: trick.atMs + afterMs,
      seed: chance.int(2 ** 31),
    });
    const kind = chance.pick(["bundle", "spoilt", "spoilt_copy"] as const);
    return kind === "spoilt_copy" ? [step("whisper"), step(kind, 20)] : [step(kind)];
  });
  return [...bursts, ...tricks.flat()];
}

function planRestore(chance: Chance, nodes: number, mark: "kept" | "emptied"): JournalStep {
  const atMs = Math.floor(chance.between(5_000, ACTIVE_MS));
  return { type: "restore", atMs, node: chance.int(nodes), commits: 1 + chance.int(8), forMs: 1_000, mark };
}

function planMischief(chance: Chance, all: readonly number[]): JournalStep[] {
  const count = 1 + chance.int(8);
  const kinds: readonly Mischief[] = ["entry", "entry", "fork", "garbage", "altered", "replay"];
  return Array.from({ length: count }, () => ({
    type: "mischief",
    atMs: Math.floor(chance.between(500, ACTIVE_MS)),
    mischief: chance.pick(kinds),
    to: chance.sample(all, 1 + chance.int(all.length)),
    seed: chance.int(2 ** 31),
  }));
}
