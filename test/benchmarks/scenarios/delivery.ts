import { percentile } from "../bench_process.ts";
import type { Bench, Row, Scenario } from "../row.ts";
import { Swarm } from "../swarm.ts";

const NODES = 3;
const PER_SECOND = 300;
const BYTES = 1024;

async function latencies(bench: Bench, kind: "bare" | "bzzz", seconds: number): Promise<number[]> {
  await using swarm = await Swarm.start(bench, { kind, nodes: NODES });
  const perSecond = PER_SECOND / NODES;
  // the compiler and the caches of both get the same time to warm up
  for (const [round, part] of [["warm", Math.min(2, seconds)], ["measured", seconds]] as const) {
    const count = Math.round(perSecond * part);
    await swarm.publish({ count, bytes: BYTES, perSecond });
    const samples: number[] = [];
    for (const node of swarm.nodes) {
      const report = await node.until("delivery", ({ received }) => received >= count * (NODES - 1));
      samples.push(...report.latencies);
    }
    if (round === "measured") return samples;
  }
  return [];
}

/** 1 KiB entries between three processes, 300 a second in all, from publish to stored at the receiver. */
export const delivery: Scenario = {
  name: "delivery",
  async run(bench): Promise<readonly Row[]> {
    const seconds = bench.isQuick ? 1 : 10;
    const bare: number[] = [];
    const bzzz: number[] = [];
    for (let round = 0; round < (bench.isQuick ? 1 : 2); round++) {
      bench.say(`delivery: round ${round + 1}`);
      bare.push(...await latencies(bench, "bare", seconds));
      bzzz.push(...await latencies(bench, "bzzz", seconds));
    }
    const row = (what: string, fraction: number, limitMs: number | undefined): Row => {
      const value = percentile(bzzz, fraction);
      return {
        scenario: "delivery to stored, 3 processes, 300/s",
        what,
        unit: "ms",
        bzzz: value,
        bare: percentile(bare, fraction),
        goal: limitMs === undefined ? undefined : `≤ ${limitMs} ms`,
        isMet: limitMs === undefined ? undefined : value <= limitMs,
      };
    };
    return [row("p50", 0.5, 5), row("p99", 0.99, 25), row("max", 1, undefined)];
  },
};
