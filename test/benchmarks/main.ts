/**
 * `deno task bench [--quick] [--json=FILE] [--only=start,delivery,…] [--agent=dist/bzzz-agent] [--strict]`
 *
 * BZZZ beside the bare libraries it stands on, on one machine in one run. Prints a table; `--strict` makes a missed goal the
 * exit status. docs/performance.md says how to read it.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { print, ROOT, run } from "../../internal/tools/build/tool.ts";
import { Bundles } from "./bundles.ts";
import { type Bench, renderRows, type Row, type Scenario } from "./row.ts";
import { addresses } from "./scenarios/addresses.ts";
import { claims } from "./scenarios/claims.ts";
import { context } from "./scenarios/context.ts";
import { delivery } from "./scenarios/delivery.ts";
import { idle } from "./scenarios/idle.ts";
import { lateJoiner } from "./scenarios/late_joiner.ts";
import { pickup } from "./scenarios/pickup.ts";
import { screen } from "./scenarios/screen.ts";
import { search } from "./scenarios/search.ts";
import { start } from "./scenarios/start.ts";
import { thirtyNodes } from "./scenarios/thirty_nodes.ts";
import { throughput } from "./scenarios/throughput.ts";
import { transfer } from "./scenarios/transfer.ts";

const SCENARIOS: readonly Scenario[] = [
  start,
  delivery,
  throughput,
  lateJoiner,
  idle,
  pickup,
  thirtyNodes,
  claims,
  screen,
  transfer,
  addresses,
  context,
  search,
];

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        strict: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false },
        json: { type: "string" },
        only: { type: "string" },
        agent: { type: "string", default: `${ROOT}dist/bzzz-agent` },
      },
    });
    const names = values.only?.split(",") ?? SCENARIOS.map(({ name }) => name);
    const unknown = names.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
    if (unknown.length === 0) return { values, chosen: SCENARIOS.filter(({ name }) => names.includes(name)) };
    throw new TypeError(
      `--only names ${unknown.join(", ")}; there are ${SCENARIOS.map(({ name }) => name).join(", ")}`,
    );
  } catch (error) {
    print(`bench: ${error instanceof Error ? error.message : error}`);
    print(
      "Usage: deno task bench [--quick] [--strict] [--verbose] [--json=FILE] [--only=A,B] [--agent=PROGRAM]",
    );
    Deno.exit(2);
  }
}

const { values, chosen } = readOptions();
const agent = await isThere(values.agent) ? values.agent : undefined;
if (agent === undefined) print(`${values.agent} is not there ("deno task build" makes it): its rows are left out`);

const cache = await Deno.makeTempDir({ prefix: "bzzz-bench-cache-" });
const rows: Row[] = [];
try {
  await using bundles = await Bundles.create();
  const bench: Bench = { bundles, agent, cache, isQuick: values.quick, say: (text) => print(`… ${text}`) };
  for (const scenario of chosen) {
    try {
      rows.push(...await scenario.run(bench));
    } catch (error) {
      // the others are worth their minutes
      print(`✗ ${scenario.name}: ${error instanceof Error ? error.message : error}`);
      Deno.exitCode = 1;
    }
  }
} finally {
  await Deno.remove(cache, { recursive: true });
}

const machine = {
  cores: navigator.hardwareConcurrency,
  os: `${Deno.build.os} ${Deno.osRelease()}`,
  deno: Deno.version.deno,
  commit: (await run(["git", "rev-parse", "--short", "HEAD"])).stdout.trim(),
  load: Deno.loadavg().map((value) => Number(value.toFixed(2))),
};
print(`\n${machine.cores} cores, ${machine.os}, Deno ${machine.deno}, commit ${machine.commit}, load ${machine.load}`);
print(renderRows(rows));
if (values.quick) print("\n--quick: shows that everything runs; the numbers are not to be compared.");
if (values.json !== undefined) await Deno.writeTextFile(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
if (values.strict && rows.some(({ isMet }) => isMet === false)) Deno.exitCode = 1;

async function isThere(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
