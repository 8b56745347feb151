import { BenchMesh } from "../bench_mesh.ts";
import { BenchProcess } from "../bench_process.ts";
import { type Bench, median, type Row, type Scenario } from "../row.ts";

const MIB = 1024 * 1024;
const GOAL = 0.6;

/** MiB a second of one content from one process to another, which asks for it the moment they are connected. */
async function mibPerSecond(bench: Bench, kind: "bare" | "bzzz", bytes: number): Promise<number> {
  await using mesh = await BenchMesh.create();
  const homes = kind === "bzzz" ? await mesh.addHomes(2) : [];
  const start = (n: number) => BenchProcess.start(bench.bundles[kind], kind === "bzzz" ? [`--home=${homes[n]}`] : []);
  await using holder = await start(0);
  await holder.send({ cmd: "keep", bytes });
  const { name } = await holder.next("kept");
  await using reader = await start(1);
  await reader.send({ cmd: "dial", address: holder.addresses[0] ?? "" });
  await reader.until("the connection", ({ peers }) => peers > 0);
  await reader.send({ cmd: "fetch", name });
  const fetched = await reader.next("fetched");
  if (fetched.bytes < bytes) throw new Error(`${fetched.bytes} of ${bytes} bytes came`);
  return bytes / MIB / (fetched.elapsedMs / 1000);
}

/** A large content: the bare stream hands the bytes over, BZZZ has them on its disk, verified, and read again. */
export const transfer: Scenario = {
  name: "transfer",
  async run(bench): Promise<readonly Row[]> {
    const mib = bench.isQuick ? 4 : 64;
    const bare: number[] = [];
    const bzzz: number[] = [];
    for (let round = 0; round < (bench.isQuick ? 1 : 3); round++) {
      bench.say(`transfer: ${mib} MiB, round ${round + 1}`);
      bare.push(await mibPerSecond(bench, "bare", mib * MIB));
      bzzz.push(await mibPerSecond(bench, "bzzz", mib * MIB));
    }
    return [{
      scenario: "content to disk, bare = a stream",
      what: `${mib} MiB`,
      unit: "MiB/s",
      bzzz: median(bzzz),
      bare: median(bare),
      goal: `≥ ${GOAL} ×`,
      isMet: median(bzzz) >= GOAL * median(bare),
    }];
  },
};
