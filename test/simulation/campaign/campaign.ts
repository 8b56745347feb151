import { simulationFor } from "../simulations.ts";
import type { Job, JobResult } from "./protocol.ts";

/** What to run. */
export interface CampaignOptions {
  /** Schedule i has seed `seed + i`. */
  readonly seed: number;
  readonly schedules: number;
  readonly only: readonly string[];
  readonly nodes?: number;
  readonly keep?: readonly number[];
  readonly flaw?: string;
  /** Threads. */
  readonly workers: number;
  /** Ends early after so many schedules that break a claim. */
  readonly maxFailures: number;
  readonly maxShrinkRuns: number;
}

type WorkerMessage =
  | { readonly type: "done"; readonly result: JobResult }
  | { readonly type: "failed"; readonly job: Job; readonly reason: string };

/**
 * Runs all schedules on the workers and yields each result as it comes. Breaking out ends the workers.
 *
 * @throws Error when a schedule could not be run at all, with its seed
 */
export async function* runCampaign(options: CampaignOptions): AsyncGenerator<JobResult> {
  const count = Math.min(options.workers, options.schedules);
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  );
  const arrived: WorkerMessage[] = [];
  let wake = Promise.withResolvers<void>();
  let next = 0;
  const give = (worker: Worker): void => {
    if (next < options.schedules) worker.postMessage(jobOf(options, next++));
  };
  try {
    for (const worker of workers) {
      worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
        arrived.push(data);
        give(worker);
        wake.resolve();
      };
      give(worker);
    }
    let failures = 0;
    for (let done = 0; done < options.schedules && failures < options.maxFailures; done++) {
      while (arrived.length === 0) {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
      const message = arrived.shift();
      if (message?.type === "failed") {
        throw new Error(`Cannot run seed ${message.job.seed} of "${message.job.simulation}": ${message.reason}`);
      }
      if (!message) continue;
      if (message.result.failure) failures++;
      yield message.result;
    }
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

function jobOf({ seed, only, nodes, keep, flaw, maxShrinkRuns }: CampaignOptions, number: number): Job {
  return {
    simulation: simulationFor(number, only).name,
    seed: seed + number,
    maxShrinkRuns,
    ...(nodes === undefined ? {} : { nodes }),
    ...(keep === undefined ? {} : { keep }),
    ...(flaw === undefined ? {} : { flaw }),
  };
}
