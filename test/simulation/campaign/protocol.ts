import type { Violation } from "../engine/world.ts";

/** What a worker is asked for: one schedule. */
export interface Job {
  readonly simulation: string;
  readonly seed: number;
  readonly nodes?: number;
  readonly keep?: readonly number[];
  readonly flaw?: string;
  /** Runs that a violation's schedule may be shrunk with. */
  readonly maxShrinkRuns: number;
}

/** What came of it. */
export interface JobResult {
  readonly job: Job;
  readonly digest: string;
  /** How often each type of event is in the history. */
  readonly counts: Readonly<Record<string, number>>;
  readonly failure?: Failure;
}

/** A schedule that breaks a claim. */
export interface Failure {
  readonly violations: readonly Violation[];
  /** Positions of the steps that are enough for it. */
  readonly keep: readonly number[];
  /** Those steps, for people. */
  readonly steps: readonly string[];
}
