import { AgentProcess } from "../agent_process.ts";
import { BenchMesh } from "../bench_mesh.ts";
import { BenchProcess } from "../bench_process.ts";
import { median, type Row, type Scenario } from "../row.ts";

const GOAL_MS = 500;
const GOAL_RATIO = 1.5;

interface Start {
  readonly readyMs: number;
  readonly readyCpuMs: number;
}

/** From the start of the process until it listens and is ready; warm, in turns. Both have mDNS and the same modules. */
export const start: Scenario = {
  name: "start",
  async run(bench): Promise<readonly Row[]> {
    const rounds = bench.isQuick ? 2 : 21;
    await using mesh = await BenchMesh.create();
    const [home = "", agentHome = ""] = await mesh.addHomes(2);
    const bare: Start[] = [];
    const bundle: Start[] = [];
    const built: Start[] = [];
    bench.say("start to ready");
    // the first round fills the compiler's cache of each, and the agent's data directory
    for (let round = 0; round <= rounds; round++) {
      const add = (samples: Start[], { readyMs, readyCpuMs }: Start) =>
        round > 0 && samples.push({ readyMs, readyCpuMs });
      {
        await using node = await BenchProcess.start(bench.bundles.bare, ["--mdns"]);
        add(bare, node);
      }
      {
        await using node = await BenchProcess.start(bench.bundles.bzzz, [`--home=${home}`, "--mdns"]);
        add(bundle, node);
      }
      if (bench.agent === undefined) continue;
      await using node = await AgentProcess.start(bench.agent, { home: agentHome, cache: bench.cache, isMdns: true });
      add(built, node);
    }
    const msOf = (samples: readonly Start[]) => median(samples.map(({ readyMs }) => readyMs));
    const cpuMsOf = (samples: readonly Start[]) => median(samples.map(({ readyCpuMs }) => readyCpuMs));
    const isMetBy = (samples: readonly Start[]) => msOf(samples) <= GOAL_MS && msOf(samples) <= GOAL_RATIO * msOf(bare);
    const rowsOf = (
      what: string,
      samples: readonly Start[],
      { hasGoal }: { readonly hasGoal: boolean },
    ): readonly Row[] => [
      {
        scenario: "start to ready",
        what,
        unit: "ms",
        bzzz: msOf(samples),
        bare: msOf(bare),
        goal: hasGoal ? `≤ ${GOAL_RATIO} × and ≤ ${GOAL_MS} ms` : undefined,
        isMet: hasGoal ? isMetBy(samples) : undefined,
      },
      {
        scenario: "start to ready",
        what: `${what}, processor time`,
        unit: "ms",
        bzzz: cpuMsOf(samples),
        bare: cpuMsOf(bare),
        goal: undefined,
        isMet: undefined,
      },
    ];
    // the goal is that of the program as it is run; nobody runs the bundle, which keeps nothing of what was compiled for it
    return [
      ...rowsOf("the runtime, bundled like the bare node", bundle, { hasGoal: bench.agent === undefined }),
      ...(bench.agent === undefined ? [] : rowsOf("the built bzzz-agent", built, { hasGoal: true })),
    ];
  },
};
