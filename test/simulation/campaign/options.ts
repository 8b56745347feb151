import { parseArgs } from "node:util";
import { SIMULATION_NAMES, SIMULATIONS } from "../simulations.ts";
import type { CampaignOptions } from "./campaign.ts";

/** The command line cannot be followed; the message says why and what is accepted. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What `--help` prints. */
export const USAGE = `deno task simulate [--seed N] [--schedules M] [--only ${SIMULATION_NAMES.join(",")}]

Runs clusters in virtual time and checks what they promise. A schedule that breaks a promise is shrunk and printed with the
command that runs it again.

  --seed N          seed of the first schedule, the next has N + 1 (default 1)
  --schedules M     how many (default 100)
  --only A,B        kinds of clusters (default: all)
  --nodes N         nodes of each cluster, 3 to 50 (default: each schedule draws its own number)
  --workers N       threads (default: one a core)
  --keep 0,4,7      with one schedule: only these of its steps
  --flaw NAME       breaks something on purpose: ${flawNames().join(", ")}
  --max-failures N  stops after so many schedules that broke a promise (default 3)
  --verbose         prints each schedule
`;

/** What the command line asks for. */
export interface Command extends CampaignOptions {
  readonly isVerbose: boolean;
}

/** Reads the command line; undefined when it asks for help. @throws UsageError */
export function parseCommand(args: readonly string[]): Command | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const only = values.only?.split(",") ?? SIMULATION_NAMES;
  const unknown = only.find((name) => !SIMULATION_NAMES.includes(name));
  if (unknown !== undefined) throw new UsageError(`--only has "${unknown}"; it can be ${SIMULATION_NAMES.join(", ")}`);
  if (values.flaw !== undefined && !flawNames().includes(values.flaw)) {
    throw new UsageError(`--flaw is "${values.flaw}"; it can be ${flawNames().join(", ")}`);
  }
  const schedules = wholeNumber("--schedules", values.schedules, 1, 10_000_000);
  const keep = values.keep?.split(",").filter((part) => part !== "")
    .map((part) => wholeNumber("--keep", part, 0, 1_000_000));
  if (keep && (schedules !== 1 || only.length !== 1)) {
    throw new UsageError("--keep names steps of one schedule; give --schedules 1 and one kind of cluster with --only");
  }
  return {
    seed: wholeNumber("--seed", values.seed, 0, 0xffff_ffff),
    schedules,
    only,
    workers: wholeNumber("--workers", values.workers, 1, 64),
    maxFailures: wholeNumber("--max-failures", values["max-failures"], 1, 1_000_000),
    maxShrinkRuns: 200,
    isVerbose: values.verbose,
    ...(values.nodes === undefined ? {} : { nodes: wholeNumber("--nodes", values.nodes, 3, 50) }),
    ...(keep === undefined ? {} : { keep }),
    ...(values.flaw === undefined ? {} : { flaw: values.flaw }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: "string", default: "1" },
        schedules: { type: "string", default: "100" },
        only: { type: "string" },
        nodes: { type: "string" },
        workers: { type: "string", default: String(navigator.hardwareConcurrency) },
        keep: { type: "string" },
        flaw: { type: "string" },
        "max-failures": { type: "string", default: "3" },
        verbose: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${flag} is "${text}"; it must be a whole number from ${min} to ${max}`);
}

function flawNames(): string[] {
  return SIMULATIONS.flatMap(({ simulation }) => simulation.flaws);
}
