import type { Recorded } from "./history.ts";
import type { PlanOptions, Violation, World } from "./world.ts";

/** One run: which seed, and what is left out or broken. */
export interface ScheduleOptions extends PlanOptions {
  readonly seed: number;
  /** Positions of the steps that stay; all of them when absent. */
  readonly keep?: readonly number[];
  readonly flaw?: string;
}

/** What became of a run. */
export interface ScheduleResult<Event> {
  readonly violations: readonly Violation[];
  /** Equal for runs that did the same. */
  readonly digest: string;
  readonly events: readonly Recorded<Event>[];
  readonly steps: readonly unknown[];
}

/** Draws, runs and judges one schedule. */
export async function runSchedule<Plan, Event extends { readonly type: string }>(
  world: World<Plan, Event>,
  options: ScheduleOptions,
): Promise<ScheduleResult<Event>> {
  const whole = world.plan(options.seed, options);
  const plan = options.keep ? world.keep(whole, options.keep) : whole;
  const history = await world.run(plan, { seed: options.seed, flaw: options.flaw });
  const { events } = history;
  const violations = world.claims.flatMap((claim) =>
    claim.check(events).map((text): Violation => ({ claim: claim.name, text }))
  );
  return { violations, digest: history.digest(), events, steps: world.steps(plan) };
}

/** A schedule that fails, with as few steps as a bounded search finds. */
export interface Shrunk {
  readonly keep: readonly number[];
  readonly violations: readonly Violation[];
  readonly runs: number;
}

/**
 * Leaves out as many steps as possible while the first violated claim stays violated: halves, quarters and so on, then
 * single ones (delta debugging; Zeller, Hildebrandt 2002). At most `maxRuns` runs.
 */
export async function shrink<Plan, Event extends { readonly type: string }>(
  world: World<Plan, Event>,
  options: ScheduleOptions & { readonly maxRuns: number },
  found: readonly Violation[],
): Promise<Shrunk> {
  const claim = found[0]?.claim;
  const all = world.steps(world.plan(options.seed, options)).map((_, index) => index);
  let keep = options.keep ?? all;
  let violations = found;
  let runs = 0;
  let chunk = Math.ceil(keep.length / 2);
  while (chunk >= 1 && runs < options.maxRuns) {
    let hasShrunk = false;
    for (let at = 0; at < keep.length && runs < options.maxRuns;) {
      const fewer = [...keep.slice(0, at), ...keep.slice(at + chunk)];
      runs++;
      const result = await runSchedule(world, { ...options, keep: fewer });
      if (result.violations.some((violation) => violation.claim === claim)) {
        keep = fewer;
        violations = result.violations;
        hasShrunk = true;
      } else {
        at += chunk;
      }
    }
    if (chunk === 1 && !hasShrunk) break;
    chunk = Math.max(1, Math.floor(chunk / 2));
  }
  return { keep, violations, runs };
}
