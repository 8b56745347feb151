import { BenchMesh } from "../bench_mesh.ts";
import { BenchProcess } from "../bench_process.ts";
import { type Bench, median, type Row, type Scenario } from "../row.ts";

const BYTES = 1024;
const GOAL_MS = 3_000;

/** Milliseconds from the dial of a running newcomer until it has stored all of them. */
async function catchUpMs(bench: Bench, entries: number): Promise<number> {
  await using mesh = await BenchMesh.create();
  const [fullHome, lateHome] = await mesh.addHomes(2);
  await using full = await BenchProcess.start(bench.bundles.bzzz, [`--home=${fullHome}`]);
  await full.send({ cmd: "publish", count: entries, bytes: BYTES, perSecond: 0 });
  await full.next("published");
  await using late = await BenchProcess.start(bench.bundles.bzzz, [`--home=${lateHome}`]);
  const dialledAtMs = performance.timeOrigin + performance.now();
  await late.send({ cmd: "dial", address: full.addresses[0] ?? "" });
  const report = await late.until("the history", ({ received }) => received >= entries);
  return report.lastAtMs - dialledAtMs;
}

/** A node that comes when 10,000 entries of 1 KiB exist. Gossip alone gives it none of them, so nothing stands beside it. */
export const lateJoiner: Scenario = {
  name: "late-joiner",
  async run(bench): Promise<readonly Row[]> {
    const entries = bench.isQuick ? 1_000 : 10_000;
    const times: number[] = [];
    for (let round = 0; round < (bench.isQuick ? 1 : 3); round++) {
      bench.say(`late joiner: round ${round + 1}`);
      times.push(await catchUpMs(bench, entries));
    }
    const value = median(times);
    return [{
      scenario: "late joiner",
      what: `${entries} entries stored`,
      unit: "ms",
      bzzz: value,
      bare: undefined,
      goal: `≤ ${GOAL_MS} ms`,
      isMet: value <= GOAL_MS,
    }];
  },
};
