import type { ScheduleOptions } from "../engine/schedule.ts";
import { simulationNamed } from "../simulations.ts";
import type { Job, JobResult } from "./protocol.ts";

/** Runs one schedule, and shrinks it when it breaks a claim. @throws RangeError for a simulation that does not exist */
export async function runJob(job: Job): Promise<JobResult> {
  const simulation = simulationNamed(job.simulation);
  if (!simulation) throw new RangeError(`Cannot run "${job.simulation}": there is no such simulation`);
  const { seed, nodes, keep, flaw, maxShrinkRuns } = job;
  const options: ScheduleOptions = {
    seed,
    ...(nodes === undefined ? {} : { nodes }),
    ...(keep === undefined ? {} : { keep }),
    ...(flaw === undefined ? {} : { flaw }),
  };
  const result = await simulation.run(options);
  const counts: Record<string, number> = {};
  for (const { type } of result.events) counts[type] = (counts[type] ?? 0) + 1;
  if (result.violations.length === 0) return { job, digest: result.digest, counts };
  const shrunk = await simulation.shrink({ ...options, maxRuns: maxShrinkRuns }, result.violations);
  const { steps } = await simulation.run({ ...options, keep: shrunk.keep });
  return {
    job,
    digest: result.digest,
    counts,
    failure: { violations: shrunk.violations, keep: shrunk.keep, steps: steps.map((step) => JSON.stringify(step)) },
  };
}
