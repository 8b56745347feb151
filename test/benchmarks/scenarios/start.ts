import { AgentProcess } from "../agent_process.ts";
import { BenchMesh } from "../bench_mesh.ts";
import { BenchProcess } from "../bench_process.ts";
import { median, type Row, type Scenario } from "../row.ts";

const GOAL_MS = 500;
const GOAL_RATIO = 1.5;

/** From the start of the process until it listens and is ready; warm, in turns. Both have mDNS and the same modules. */
export const start: Scenario = {
  name: "start",
  async run(bench): Promise<readonly Row[]> {
    const rounds = bench.isQuick ? 2 : 11;
    await using mesh = await BenchMesh.create();
    const [home = "", agentHome = ""] = await mesh.addHomes(2);
    const bare: number[] = [];
    const bundle: number[] = [];
    const built: number[] = [];
    bench.say("start to ready");
    // the first round fills the compiler's cache of each, and the agent's data directory
    for (let round = 0; round <= rounds; round++) {
      const add = (samples: number[], value: number) => round > 0 && samples.push(value);
      {
        await using node = await BenchProcess.start(bench.bundles.bare, ["--mdns"]);
        add(bare, node.readyMs);
      }
      {
        await using node = await BenchProcess.start(bench.bundles.bzzz, [`--home=${home}`, "--mdns"]);
        add(bundle, node.readyMs);
      }
      if (bench.agent === undefined) continue;
      await using node = await AgentProcess.start(bench.agent, { home: agentHome, cache: bench.cache, isMdns: true });
      add(built, node.readyMs);
    }
    const row = (what: string, samples: readonly number[]): Row => {
      const value = median(samples);
      return {
        scenario: "start to ready",
        what,
        unit: "ms",
        bzzz: value,
        bare: median(bare),
        goal: `≤ ${GOAL_RATIO} × and ≤ ${GOAL_MS} ms`,
        isMet: value <= GOAL_MS && value <= GOAL_RATIO * median(bare),
      };
    };
    return [
      row("the runtime, bundled like the bare node", bundle),
      ...(bench.agent === undefined ? [] : [row("the built bzzz-agent", built)]),
    ];
  },
};
