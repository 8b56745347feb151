/**
 * `deno task simulate [--seed N] [--schedules M] [--only …] [--nodes N] …`: clusters in virtual time, judged by what they
 * promise. Exit status 1 when a promise was broken, 64 when the command line cannot be followed.
 *
 * @module
 */
import { createSystemClock } from "@bzzz/base";
import { print } from "../../internal/tools/build/tool.ts";
import { runCampaign } from "./campaign/campaign.ts";
import { type Command, parseCommand, USAGE, UsageError } from "./campaign/options.ts";
import { renderFailure, Tally } from "./campaign/report.ts";

/** A line of progress at most this often. */
const PROGRESS_MS = 10_000;

async function simulate(command: Command): Promise<number> {
  const clock = createSystemClock();
  const startedMs = clock.monotonicMs();
  const tally = new Tally();
  let done = 0;
  let toldMs = startedMs;
  for await (const result of runCampaign(command)) {
    tally.add(result);
    done++;
    if (command.isVerbose) print(`${result.job.simulation} ${result.job.seed} ${result.digest.slice(0, 16)}`);
    for (const line of renderFailure(result)) print(line);
    if (clock.monotonicMs() - toldMs < PROGRESS_MS) continue;
    toldMs = clock.monotonicMs();
    print(`… ${done} of ${command.schedules}`);
  }
  for (const line of tally.render(clock.monotonicMs() - startedMs)) print(line);
  return tally.failures === 0 ? 0 : 1;
}

try {
  const command = parseCommand(Deno.args);
  if (command) Deno.exitCode = await simulate(command);
  else print(USAGE);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  print(`Cannot simulate: ${error.message}\n\n${USAGE}`);
  Deno.exitCode = 64;
}
