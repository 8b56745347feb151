import { type Bench, median, type Row, type Scenario } from "../row.ts";
import { Swarm } from "../swarm.ts";

const NODES = 3;
const BYTES = 1024;

async function entriesPerSecond(
  bench: Bench,
  kind: "bare" | "bzzz",
  options: { count: number; publishers: number },
): Promise<number> {
  await using swarm = await Swarm.start(bench, { kind, nodes: NODES, args: kind === "bare" ? ["--signed"] : [] });
  let rate = 0;
  // the first, shorter round warms both up
  for (const count of [Math.ceil(options.count / 4), options.count]) {
    const { startedAtMs } = await swarm.publish({ count, bytes: BYTES, perSecond: 0, publishers: options.publishers });
    let lastAtMs = 0;
    for (const [n, node] of swarm.nodes.entries()) {
      const expected = count * (options.publishers - (n < options.publishers ? 1 : 0));
      const report = await node.until("delivery", ({ received }) => received >= expected);
      if (expected > 0) lastAtMs = Math.max(lastAtMs, report.lastAtMs);
    }
    rate = count * options.publishers / (lastAtMs - startedAtMs) * 1000;
  }
  return rate;
}

/** 1 KiB entries as fast as three processes take them, until the last of them is stored at the last receiver. */
export const throughput: Scenario = {
  name: "throughput",
  async run(bench): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const [what, publishers] of [["one publishes", 1], ["all three publish", NODES]] as const) {
      const count = Math.round((bench.isQuick ? 300 : 6000) / publishers);
      const bare: number[] = [];
      const bzzz: number[] = [];
      for (let round = 0; round < (bench.isQuick ? 1 : 3); round++) {
        bench.say(`throughput: ${what}, round ${round + 1}`);
        bare.push(await entriesPerSecond(bench, "bare", { count, publishers }));
        bzzz.push(await entriesPerSecond(bench, "bzzz", { count, publishers }));
      }
      rows.push({
        scenario: "throughput to stored, bare = StrictSign",
        what,
        unit: "entries/s",
        bzzz: median(bzzz),
        bare: median(bare),
        goal: "≥ 1.0 ×",
        isMet: median(bzzz) >= median(bare),
      });
    }
    return rows;
  },
};
