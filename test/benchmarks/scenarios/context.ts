import { createSystemClock } from "@bzzz/base";
import { type ContextUnderTest, createBareContext, createContext } from "../context_pair.ts";
import { type Bench, median, type Row, type Scenario } from "../row.ts";

const BYTES = 4096;
const GOAL = 1.5;
const WARM_UP = 20;
/** Writers that wait for nobody but themselves. */
const WRITERS = 8;
/** What else the machine does comes and goes: several short turns each say more than one long one. */
const ROUNDS = 5;
const clock = createSystemClock();

/** Milliseconds of one write and read, after some to warm up, in turn with the other: a slow disk slows both. */
async function oneByOne(pair: readonly ContextUnderTest[], count: number): Promise<number[]> {
  const samples: number[][] = pair.map(() => []);
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  for (let n = 0; n < WARM_UP + count; n++) {
    for (const [which, context] of pair.entries()) {
      const startedMs = clock.monotonicMs();
      await context.putAndGet(n, bytes);
      if (n >= WARM_UP) samples[which]?.push(clock.monotonicMs() - startedMs);
    }
  }
  return samples.map(median);
}

/** Milliseconds for each, when several write and read at once: the median of rounds that take turns. */
async function atOnce(pair: readonly ContextUnderTest[], count: number): Promise<number[]> {
  const samples: number[][] = pair.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [which, context] of pair.entries()) {
      samples[which]?.push(await manyAtOnce(context, 1_000_000 * (round + 1), count));
    }
  }
  return samples.map(median);
}

async function manyAtOnce(context: ContextUnderTest, first: number, count: number): Promise<number> {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  let n = first;
  const until = n + count;
  const startedMs = clock.monotonicMs();
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    while (n < until) await context.putAndGet(n++, bytes);
  }));
  return (clock.monotonicMs() - startedMs) / count;
}

/** 4 KiB for two roles: sealed, on the disk, and read again. */
export const context: Scenario = {
  name: "context",
  async run(bench: Bench): Promise<readonly Row[]> {
    const count = bench.isQuick ? 20 : 400;
    bench.say("context: put and get of 4 KiB");
    await using ours = await createContext();
    await using theirs = await createBareContext();
    const [bzzz = 0, bare = 0] = await oneByOne([ours, theirs], count);
    const [bzzzAtOnce = 0, bareAtOnce = 0] = await atOnce([ours, theirs], count / ROUNDS);
    const row = (what: string, values: { readonly bzzz: number; readonly bare: number }): Row => ({
      scenario: "context, bare = age and SQLite",
      what,
      unit: "ms",
      ...values,
      goal: `≤ ${GOAL} ×`,
      isMet: values.bzzz <= GOAL * values.bare,
    });
    return [
      row("put and get, one by one, p50", { bzzz, bare }),
      row(`put and get, ${WRITERS} at once, each, p50`, { bzzz: bzzzAtOnce, bare: bareAtOnce }),
    ];
  },
};
