import { createSystemClock } from "@bzzz/base";
import { percentile } from "../bench_process.ts";
import type { Bench, Row, Scenario } from "../row.ts";
import { Swarm } from "../swarm.ts";

const BYTES = 1024;
const clock = createSystemClock();

interface Outcome {
  readonly delivered: number;
  readonly p50: number;
  readonly p99: number;
}

async function deliver(bench: Bench, kind: "bare" | "bzzz", nodes: number, count: number): Promise<Outcome> {
  // each dials four others: connected, and far from a full mesh
  const dials = (n: number) => [...new Set([n - 1, n - 2, n >> 1, n >> 2])].filter((other) => other >= 0 && other < n);
  await using swarm = await Swarm.start(bench, { kind, nodes, dials, minPeers: Math.min(nodes - 1, 2) });
  // gossip grows its meshes at its heartbeats; both get the same time
  await clock.sleep(3_000);
  await swarm.publish({ count, bytes: BYTES, perSecond: 10 / nodes });
  const expected = count * (nodes - 1);
  const latencies: number[] = [];
  let delivered = 0;
  for (const node of swarm.nodes) {
    const report = await node.until("delivery", ({ received }) => received >= expected, 30_000).catch(() =>
      node.report()
    );
    delivered += report.received;
    latencies.push(...report.latencies);
  }
  return {
    delivered: delivered / (expected * nodes) * 100,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/** Thirty processes on one host, ten entries a second in all: every one arrives everywhere. */
export const thirtyNodes: Scenario = {
  name: "thirty-nodes",
  async run(bench): Promise<readonly Row[]> {
    const nodes = bench.isQuick ? 6 : 30;
    const count = bench.isQuick ? 3 : 5;
    bench.say(`${nodes} nodes: bare`);
    const bare = await deliver(bench, "bare", nodes, count);
    bench.say(`${nodes} nodes: bzzz`);
    const bzzz = await deliver(bench, "bzzz", nodes, count);
    const scenario = `${nodes} processes, 10/s`;
    return [
      {
        scenario,
        what: "delivered",
        unit: "%",
        bzzz: bzzz.delivered,
        bare: bare.delivered,
        goal: "100 %",
        isMet: bzzz.delivered === 100,
      },
      { scenario, what: "p50", unit: "ms", bzzz: bzzz.p50, bare: bare.p50, goal: undefined, isMet: undefined },
      { scenario, what: "p99", unit: "ms", bzzz: bzzz.p99, bare: bare.p99, goal: undefined, isMet: undefined },
    ];
  },
};
