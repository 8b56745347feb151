import { cpuMsOf } from "../process_facts.ts";
import { type Bench, median, type Row, type Scenario } from "../row.ts";
import { Swarm } from "../swarm.ts";

const NODES = 3;
const BYTES = 1024;

interface Pace {
  readonly perSecond: number;
  /** Microseconds of processor time of all three processes for one entry. */
  readonly cpuUs: number;
}

async function paceOf(
  bench: Bench,
  kind: "bare" | "bzzz",
  options: { count: number; publishers: number },
): Promise<Pace> {
  await using swarm = await Swarm.start(bench, { kind, nodes: NODES, args: kind === "bare" ? ["--signed"] : [] });
  const cpuMs = async () => (await Promise.all(swarm.nodes.map(({ pid }) => cpuMsOf(pid)))).reduce((a, b) => a + b);
  let pace: Pace = { perSecond: 0, cpuUs: 0 };
  // the first, shorter round warms both up
  for (const count of [Math.ceil(options.count / 4), options.count]) {
    const cpuBeforeMs = await cpuMs();
    const { startedAtMs } = await swarm.publish({ count, bytes: BYTES, perSecond: 0, publishers: options.publishers });
    let lastAtMs = 0;
    for (const [n, node] of swarm.nodes.entries()) {
      const expected = count * (options.publishers - (n < options.publishers ? 1 : 0));
      const report = await node.until("delivery", ({ received }) => received >= expected);
      if (expected > 0) lastAtMs = Math.max(lastAtMs, report.lastAtMs);
    }
    const entries = count * options.publishers;
    pace = {
      perSecond: entries / (lastAtMs - startedAtMs) * 1000,
      cpuUs: (await cpuMs() - cpuBeforeMs) / entries * 1000,
    };
  }
  return pace;
}

/** 1 KiB entries as fast as three processes take them, until the last of them is stored at the last receiver. */
export const throughput: Scenario = {
  name: "throughput",
  async run(bench): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const [what, publishers] of [["one publishes", 1], ["all three publish", NODES]] as const) {
      const count = Math.round((bench.isQuick ? 300 : 6000) / publishers);
      const bare: Pace[] = [];
      const bzzz: Pace[] = [];
      for (let round = 0; round < (bench.isQuick ? 1 : 3); round++) {
        bench.say(`throughput: ${what}, round ${round + 1}`);
        bare.push(await paceOf(bench, "bare", { count, publishers }));
        bzzz.push(await paceOf(bench, "bzzz", { count, publishers }));
      }
      rows.push({
        scenario: "throughput to stored, bare = StrictSign",
        what,
        unit: "entries/s",
        bzzz: median(bzzz.map(({ perSecond }) => perSecond)),
        bare: median(bare.map(({ perSecond }) => perSecond)),
        goal: "≥ 1.0 ×",
        isMet: median(bzzz.map(({ perSecond }) => perSecond)) >= median(bare.map(({ perSecond }) => perSecond)),
      }, {
        scenario: "throughput to stored, bare = StrictSign",
        what: `${what}, processor time of the three`,
        unit: "us/entry",
        bzzz: median(bzzz.map(({ cpuUs }) => cpuUs)),
        bare: median(bare.map(({ cpuUs }) => cpuUs)),
        goal: undefined,
        isMet: undefined,
      });
    }
    return rows;
  },
};
