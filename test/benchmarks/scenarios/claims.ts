import { percentile } from "../bench_process.ts";
import type { Bench, Row, Scenario } from "../row.ts";
import { Swarm } from "../swarm.ts";

const VOTERS = 3;
const PER_SECOND = 200;
/** Goals of the design: durable claims a second, and how long the slowest of a hundred takes at that rate. */
const MIN_PER_SECOND = 200;
const MAX_P99_MS = 50;

interface Measured {
  readonly perSecond: number;
  readonly latencies: readonly number[];
}

async function measure(bench: Bench, kind: "bare" | "bzzz"): Promise<Measured> {
  await using swarm = await Swarm.start(bench, { kind, nodes: VOTERS, args: ["--claims"] });
  const count = bench.isQuick ? 100 : 2000;
  await swarm.publish({ count: 200, bytes: 64, perSecond: PER_SECOND, publishers: 1 }); // compilers and caches warm up
  await swarm.publish({ count: bench.isQuick ? 100 : 1000, bytes: 64, perSecond: PER_SECOND, publishers: 1 });
  const report = await swarm.nodes[0]?.report();
  const { startedAtMs } = await swarm.publish({ count, bytes: 64, perSecond: 0, publishers: 1 });
  const elapsedMs = performance.timeOrigin + performance.now() - startedAtMs;
  return { perSecond: count * 1000 / elapsedMs, latencies: report?.latencies ?? [] };
}

/** Claims that are on the disks of a majority of three voters in three processes, asked for by one of them. */
export const claims: Scenario = {
  name: "claims",
  async run(bench): Promise<readonly Row[]> {
    bench.say("claims: bare streams and SQLite");
    const bare = await measure(bench, "bare");
    bench.say("claims: quorum registers");
    const bzzz = await measure(bench, "bzzz");
    const scenario = "durable claim, 3 voters, 3 processes";
    const latency = (what: string, fraction: number, limitMs: number | undefined): Row => {
      const value = percentile(bzzz.latencies, fraction);
      return {
        scenario,
        what: `${what} at ${PER_SECOND}/s`,
        unit: "ms",
        bzzz: value,
        bare: percentile(bare.latencies, fraction),
        goal: limitMs === undefined ? undefined : `< ${limitMs} ms`,
        isMet: limitMs === undefined ? undefined : value < limitMs,
      };
    };
    return [
      latency("p50", 0.5, undefined),
      latency("p99", 0.99, MAX_P99_MS),
      {
        scenario,
        what: "64 at once",
        unit: "/s",
        bzzz: bzzz.perSecond,
        bare: bare.perSecond,
        goal: `≥ ${MIN_PER_SECOND}/s`,
        isMet: bzzz.perSecond >= MIN_PER_SECOND,
      },
    ];
  },
};
