import { createSystemClock } from "@bzzz/base";
import { parseAddress } from "@bzzz/ucxl";
import { type Bench, median, type Row, type Scenario } from "../row.ts";

const GOAL_PER_SECOND = 500_000;
const ADDRESSES = [
  "ucxl://basil:developer@shop:checkout/*^/docs/plan.md",
  "ucxl://atlas:architect@shop:01m82jx37d3c4e5n7eaa796n0y/~~2/decisions/2026-11-22-queue.json",
  "ucxl://ana:reviewer@shop:checkout/@2026-11-22T18:03:00Z/notes",
  "ucxl://agent-7f3a:developer@big-project:t.42/*^/src/deep/er/and/deeper/main.ts",
];
const clock = createSystemClock();

/** Calls a second of `parse`, over all addresses. */
function perSecond(parse: (text: string) => unknown, rounds: number): number {
  const startedMs = clock.monotonicMs();
  for (let round = 0; round < rounds; round++) for (const text of ADDRESSES) parse(text);
  return rounds * ADDRESSES.length / (clock.monotonicMs() - startedMs) * 1000;
}

/** Addresses of four kinds, parsed and checked; beside it the platform's `URL` on texts of the same length. */
export const addresses: Scenario = {
  name: "addresses",
  run(bench: Bench): Promise<readonly Row[]> {
    const rounds = bench.isQuick ? 2_000 : 200_000;
    bench.say("addresses: parsing");
    const bare: number[] = [];
    const bzzz: number[] = [];
    for (let round = 0; round < 5; round++) {
      bare.push(perSecond((text) => new URL(`http://h/${text.slice(7)}`), rounds));
      bzzz.push(perSecond(parseAddress, rounds));
    }
    return Promise.resolve([{
      scenario: "addresses, bare = URL",
      what: "parsed",
      unit: "/s",
      bzzz: median(bzzz),
      bare: median(bare),
      goal: `≥ ${GOAL_PER_SECOND}/s`,
      isMet: median(bzzz) >= GOAL_PER_SECOND,
    }]);
  },
};
