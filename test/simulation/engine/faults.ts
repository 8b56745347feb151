import type { Chance } from "./chance.ts";
import type { EventLoop } from "./event_loop.ts";
import type { SimNetwork } from "./network.ts";
import type { NodeHost } from "./node_host.ts";

/** How a process ends against its will. */
export interface Crash {
  /** True: the power of the whole machine goes, so what was not synced is lost. */
  readonly isPowerCut: boolean;
  /** Of the unsynced commits, the share that reached the disk all the same, 0 to 1. */
  readonly keptShare: number;
}

/** What goes wrong, when, and for how long. Each ends by itself, so a schedule with some left out is a schedule. */
export type Fault =
  & { readonly atMs: number; readonly forMs: number }
  & (
    | { readonly type: "crash"; readonly node: number; readonly crash: Crash; readonly afterCommits: number }
    | { readonly type: "pause"; readonly node: number; readonly how: "stopped" | "asleep" }
    | { readonly type: "cut"; readonly directions: readonly (readonly [number, number])[] }
    /** The power of all machines goes at once. */
    | { readonly type: "blackout"; readonly keptShare: number }
    /** Somebody sets the wall clock of one machine, or a bad time server those of all. */
    | { readonly type: "jump_wall"; readonly nodes: readonly number[]; readonly byMs: number }
    | { readonly type: "full_disk"; readonly node: number }
  );

/** A kind of fault. */
export type FaultType = Fault["type"];

/** What faults are done to. */
export interface FaultTarget {
  readonly loop: EventLoop;
  readonly network: SimNetwork;
  readonly hosts: readonly NodeHost[];
  /** Ends the process of a running node, at once or in the middle of its n-th commit from now. */
  crash(node: number, crash: Crash, afterCommits: number): void;
  /** Starts it again; nothing when it runs. */
  restart(node: number): void;
  setDiskFull(node: number, isFull: boolean): void;
  /** Reachability may have changed. */
  linksChanged(): void;
}

/** The limits within which faults are drawn. */
export interface FaultPlan {
  readonly nodes: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly count: number;
  readonly kinds: readonly FaultType[];
  readonly maxForMs: number;
  /** Jumps of wall clocks, each way. */
  readonly maxJumpMs: number;
}

/** Draws faults; sorted by time. */
export function planFaults(chance: Chance, plan: FaultPlan): Fault[] {
  const faults = Array.from({ length: plan.count }, () => planFault(chance, plan));
  return faults.sort((a, b) => a.atMs - b.atMs);
}

function planFault(chance: Chance, plan: FaultPlan): Fault {
  const atMs = Math.floor(chance.between(plan.fromMs, plan.untilMs));
  const forMs = Math.floor(Math.min(plan.maxForMs, 200 + chance.exponential(plan.maxForMs / 3)));
  const node = chance.int(plan.nodes);
  const type = chance.pick(plan.kinds);
  switch (type) {
    case "crash": {
      const crash = { isPowerCut: chance.happens(0.6), keptShare: chance.pick([0, 0, 0.5, 1]) };
      // A supervisor restarts at once; a machine takes its time.
      const downMs = chance.happens(0.4) ? Math.floor(chance.between(10, 150)) : forMs;
      return { type, atMs, forMs: downMs, node, crash, afterCommits: chance.happens(0.5) ? 0 : 1 + chance.int(6) };
    }
    case "pause":
      return { type, atMs, forMs: Math.floor(forMs * 1.5), node, how: chance.pick(["stopped", "asleep"]) };
    case "cut":
      return { type, atMs, forMs, directions: planCut(chance, plan.nodes) };
    case "blackout":
      return { type, atMs, forMs: Math.min(forMs, 3_000), keptShare: chance.pick([0, 0, 0.5]) };
    case "jump_wall": {
      const nodes = chance.happens(0.3) ? Array.from({ length: plan.nodes }, (_, index) => index) : [node];
      return { type, atMs, forMs, nodes, byMs: Math.floor(chance.between(-plan.maxJumpMs, plan.maxJumpMs)) };
    }
    case "full_disk":
      return { type, atMs, forMs, node };
  }
}

/** A partition in two, a node alone, one direction of one pair, or one node that hears and is not heard. */
function planCut(chance: Chance, nodes: number): [number, number][] {
  const all = Array.from({ length: nodes }, (_, index) => index);
  const directions: [number, number][] = [];
  const between = (some: readonly number[], isOneWay: boolean): void => {
    for (const a of some) {
      for (const b of all) {
        if (some.includes(b)) continue;
        directions.push([a, b]);
        if (!isOneWay) directions.push([b, a]);
      }
    }
  };
  switch (chance.int(4)) {
    case 0:
      between(chance.sample(all, 1 + chance.int(nodes - 1)), false);
      break;
    case 1:
      between([chance.pick(all)], false);
      break;
    case 2:
      between([chance.pick(all)], true);
      break;
    default: {
      const [a = 0, b = 1] = chance.sample(all, 2);
      directions.push([a, b]);
    }
  }
  return directions;
}

/** The faults among the steps of a plan. */
export function faultsOf(
  steps: readonly ({ readonly type: "fault"; readonly fault: Fault } | { readonly type: string })[],
): readonly Fault[] {
  return steps.flatMap((step) => "fault" in step ? [step.fault] : []);
}

/** Plans the beginning and the end of each fault on the loop. */
export function injectFaults(faults: readonly Fault[], target: FaultTarget): void {
  for (const fault of faults) target.loop.later(fault.atMs, () => inject(fault, target));
}

function inject(fault: Fault, target: FaultTarget): void {
  const undo = begin(fault, target);
  target.linksChanged();
  target.loop.later(fault.forMs, () => {
    undo();
    target.linksChanged();
  });
}

function begin(fault: Fault, target: FaultTarget): () => void {
  switch (fault.type) {
    case "crash":
      target.crash(fault.node, fault.crash, fault.afterCommits);
      return () => target.restart(fault.node);
    case "pause":
      target.hosts[fault.node]?.pause(fault.how);
      return () => target.hosts[fault.node]?.resume();
    case "cut": {
      const undos = fault.directions.map(([from, to]) =>
        target.network.cut(target.hosts[from]?.name ?? "", target.hosts[to]?.name ?? "")
      );
      return () => undos.forEach((undo) => undo());
    }
    case "blackout": {
      const all = target.hosts.map((_, node) => node);
      for (const node of all) target.crash(node, { isPowerCut: true, keptShare: fault.keptShare }, 0);
      return () => all.forEach((node) => target.restart(node));
    }
    case "jump_wall":
      for (const node of fault.nodes) target.hosts[node]?.jumpWall(fault.byMs);
      return () => {};
    case "full_disk":
      target.setDiskFull(fault.node, true);
      return () => target.setDiskFull(fault.node, false);
  }
}
