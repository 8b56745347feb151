import { simulationNamed } from "../simulations.ts";
import type { Job, JobResult } from "./protocol.ts";

/** What a campaign has shown so far. */
export class Tally {
  readonly #schedules = new Map<string, number>();
  readonly #counts = new Map<string, Map<string, number>>();
  #failures = 0;

  get failures(): number {
    return this.#failures;
  }

  add({ job, counts, failure }: JobResult): void {
    this.#schedules.set(job.simulation, (this.#schedules.get(job.simulation) ?? 0) + 1);
    const totals = this.#counts.get(job.simulation) ?? new Map<string, number>();
    this.#counts.set(job.simulation, totals);
    for (const [type, count] of Object.entries(counts)) totals.set(type, (totals.get(type) ?? 0) + count);
    if (failure) this.#failures++;
  }

  /** Lines that say what ran, what happened in it, and what was checked. */
  render(elapsedMs: number): string[] {
    const lines: string[] = [];
    let all = 0;
    for (const [name, schedules] of this.#schedules) {
      all += schedules;
      const totals = [...this.#counts.get(name) ?? []].sort(([a], [b]) => a < b ? -1 : 1);
      lines.push(`${name}: ${schedules} schedules; ${totals.map(([type, count]) => `${count} ${type}`).join(", ")}`);
      for (const claim of simulationNamed(name)?.claims ?? []) lines.push(`  ${claim.name}  ${claim.text}`);
    }
    const seconds = elapsedMs / 1000;
    const rate = Math.round(all / seconds);
    lines.push(`${all} schedules in ${seconds.toFixed(1)} s (${rate} a second), ${this.#failures} broke a claim`);
    return lines;
  }
}

/** The command that runs a schedule again. */
export function replayCommand(job: Job, keep: readonly number[] | undefined): string {
  const parts = [`deno task simulate --only ${job.simulation} --seed ${job.seed} --schedules 1`];
  if (job.nodes !== undefined) parts.push(`--nodes ${job.nodes}`);
  if (job.flaw !== undefined) parts.push(`--flaw ${job.flaw}`);
  if (keep !== undefined) parts.push(`--keep ${keep.join(",")}`);
  return parts.join(" ");
}

/** Lines about a schedule that broke a claim; none for one that did not. */
export function renderFailure({ job, failure }: JobResult): string[] {
  if (!failure) return [];
  return [
    `✗ seed ${job.seed} of ${job.simulation} breaks a claim:`,
    ...failure.violations.map(({ claim, text }) => `  ${claim}: ${text}`),
    `  with ${failure.steps.length} steps:`,
    ...failure.steps.map((step, index) => `    ${failure.keep[index]}: ${step}`),
    `  again: ${replayCommand(job, failure.keep)}`,
    `  whole: ${replayCommand(job, undefined)}`,
  ];
}
