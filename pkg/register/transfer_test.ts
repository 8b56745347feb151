import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { registerKey } from "./keys.ts";
import { transferRegisters } from "./transfer.ts";
import type { VoterRoster } from "./voter_roster.ts";

const VOTERS = ["a", "b", "c"] as PeerId[];
const ROSTER: VoterRoster = {
  epoch: 2,
  step: "transferring",
  voters: VOTERS.map((peer) => ({ peer, seat: "" })),
};
const [ONE, TWO] = [registerKey("cell", "1"), registerKey("cell", "2")];

/** Pages as a voter gives them: one key each. */
function pageOf(after: string) {
  if (after === "") return { keys: [ONE], isLast: false };
  return after === ONE ? { keys: [TWO], isLast: true } : { keys: [], isLast: true };
}

Deno.test("every key of a majority of the voters is written again, once", async () => {
  const written: string[] = [];

  const isWhole = await transferRegisters({
    keys: (voter, _epoch, after) => Promise.resolve(voter === "c" ? undefined : pageOf(after)),
    rewrite: (key) => Promise.resolve(written.push(key) > 0),
  }, ROSTER);

  assert.equal(isWhole, true);
  assert.deepEqual(written.sort(), [ONE, TWO]);
});

Deno.test("a voter whose pages do not go on is passed over: two others are enough, one is not", async () => {
  let asked = 0;
  const transfer = (good: readonly string[]) =>
    transferRegisters({
      keys: (voter, _epoch, after) => {
        if (good.includes(voter)) return Promise.resolve(pageOf(after));
        if (++asked > 10) throw new Error("it is asked for ever");
        return Promise.resolve({ keys: [TWO, ONE], isLast: false });
      },
      rewrite: () => Promise.resolve(true),
    }, ROSTER);

  assert.equal(await transfer(["a", "c"]), true);
  assert.equal(await transfer(["a"]), false);
});
