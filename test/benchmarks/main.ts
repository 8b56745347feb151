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
import { delivery } from "./scenarios/delivery.ts";
import { idle } from "./scenarios/idle.ts";
import { lateJoiner } from "./scenarios/late_joiner.ts";
import { start } from "./scenarios/start.ts";
import { thirtyNodes } from "./scenarios/thirty_nodes.ts";
import { throughput } from "./scenarios/throughput.ts";

const SCENARIOS: readonly Scenario[] = [start, delivery, throughput, lateJoiner, idle, thirtyNodes];

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
const chosen = SCENARIOS.filter(({ name }) => names.includes(name));
if (chosen.length < names.length) {
  throw new TypeError(`--only is "${values.only}"; it can be ${SCENARIOS.map(({ name }) => name).join(", ")}`);
}
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
