import { createSystemClock } from "@bzzz/base";
import { AgentProcess } from "../agent_process.ts";
import { BenchMesh } from "../bench_mesh.ts";
import { cpuSecondsOf, rssMbOf } from "../process_facts.ts";
import type { Bench, Row, Scenario } from "../row.ts";
import { Swarm } from "../swarm.ts";

const GOAL_MB = 150;
const GOAL_CPU = 2;
const NODES = 3;
const clock = createSystemClock();

interface Idleness {
  readonly rssMb: number;
  readonly cpu: number;
}

/** The most of any of the processes, over `seconds` after `settle` seconds. */
async function observe(pids: readonly number[], times: { settle: number; seconds: number }): Promise<Idleness> {
  await clock.sleep(times.settle * 1000);
  const before = await Promise.all(pids.map(cpuSecondsOf));
  const startedMs = clock.monotonicMs();
  await clock.sleep(times.seconds * 1000);
  const seconds = (clock.monotonicMs() - startedMs) / 1000;
  const after = await Promise.all(pids.map(cpuSecondsOf));
  const rss = await Promise.all(pids.map(rssMbOf));
  return {
    rssMb: Math.max(...rss),
    cpu: Math.max(...after.map((value, n) => (value - (before[n] ?? 0)) / seconds * 100)),
  };
}

async function observeBuilt(
  bench: Bench,
  agent: string,
  times: { settle: number; seconds: number },
): Promise<Idleness> {
  await using stack = new AsyncDisposableStack();
  const mesh = stack.use(await BenchMesh.create());
  const pids: number[] = [];
  let bootstrap: string | undefined;
  for (const home of await mesh.addHomes(NODES)) {
    const options = { home, cache: bench.cache, isMdns: false, ...(bootstrap === undefined ? {} : { bootstrap }) };
    pids.push(stack.use(await AgentProcess.start(agent, options)).pid);
    const endpoints = JSON.parse(await Deno.readTextFile(`${home}/run/endpoints.json`));
    bootstrap ??= endpoints.p2p_addresses[0] as string;
  }
  return await observe(pids, times);
}

/** Three connected nodes that have nothing to do. */
export const idle: Scenario = {
  name: "idle",
  async run(bench): Promise<readonly Row[]> {
    const times = bench.isQuick ? { settle: 1, seconds: 3 } : { settle: 5, seconds: 25 };
    bench.say(`idle: twice ${times.settle + times.seconds} s`);
    let bare: Idleness;
    {
      await using swarm = await Swarm.start(bench, { kind: "bare", nodes: NODES });
      bare = await observe(swarm.nodes.map((node) => node.pid), times);
    }
    let own: Idleness;
    if (bench.agent === undefined) {
      await using swarm = await Swarm.start(bench, { kind: "bzzz", nodes: NODES });
      own = await observe(swarm.nodes.map((node) => node.pid), times);
    } else own = await observeBuilt(bench, bench.agent, times);
    const scenario = `idle, 3 nodes, ${bench.agent === undefined ? "bundle" : "built bzzz-agent"}`;
    return [
      {
        scenario,
        what: "memory",
        unit: "MiB",
        bzzz: own.rssMb,
        bare: bare.rssMb,
        goal: `≤ ${GOAL_MB} MiB`,
        isMet: own.rssMb <= GOAL_MB,
      },
      {
        scenario,
        what: "processor",
        unit: "% of a core",
        bzzz: own.cpu,
        bare: bare.cpu,
        goal: `< ${GOAL_CPU} %`,
        isMet: own.cpu < GOAL_CPU,
      },
    ];
  },
};
