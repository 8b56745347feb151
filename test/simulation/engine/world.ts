import type { History, Recorded } from "./history.ts";

/** A claim that does not hold in a history, said so that a person can look for it there. */
export interface Violation {
  /** "S1", "J2" … */
  readonly claim: string;
  readonly text: string;
}

/** What a system promises, as a function of what happened. */
export interface Claim<Event> {
  readonly name: string;
  /** One sentence that is true of every history. */
  readonly text: string;
  /** Each way in which it is not; empty when it holds. */
  check(events: readonly Recorded<Event>[]): string[];
}

/** Settings that several worlds understand. */
export interface PlanOptions {
  /** Nodes of the cluster; without it each plan draws its own number. */
  readonly nodes?: number;
}

/** A kind of cluster that can be run: how runs are drawn, run, and judged. */
export interface World<Plan, Event extends { readonly type: string }> {
  readonly name: string;
  readonly claims: readonly Claim<Event>[];
  /** What can be broken on purpose, by name; each is caught by one of the claims. */
  readonly flaws: readonly string[];
  /** The same plan for the same seed. */
  plan(seed: number, options: PlanOptions): Plan;
  /** The steps that can be left out. */
  steps(plan: Plan): readonly unknown[];
  /** The plan with the steps at these positions alone. */
  keep(plan: Plan, positions: readonly number[]): Plan;
  /** Runs a plan in virtual time. */
  run(plan: Plan, options: { readonly seed: number; readonly flaw: string | undefined }): Promise<History<Event>>;
}
