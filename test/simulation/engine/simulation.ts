import { runSchedule, type ScheduleOptions, type ScheduleResult, shrink, type Shrunk } from "./schedule.ts";
import type { Claim, Violation, World } from "./world.ts";

/** A world whose plans and events are nobody's business but its own. */
export interface Simulation {
  readonly name: string;
  readonly claims: readonly Pick<Claim<never>, "name" | "text">[];
  readonly flaws: readonly string[];
  run(options: ScheduleOptions): Promise<ScheduleResult<{ readonly type: string }>>;
  shrink(options: ScheduleOptions & { readonly maxRuns: number }, found: readonly Violation[]): Promise<Shrunk>;
}

/** The world as a campaign runs it. */
export function createSimulation<Plan, Event extends { readonly type: string }>(
  world: World<Plan, Event>,
): Simulation {
  return {
    name: world.name,
    claims: world.claims,
    flaws: world.flaws,
    run: (options) => runSchedule(world, options),
    shrink: (options, found) => shrink(world, options, found),
  };
}
