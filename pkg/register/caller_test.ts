import assert from "node:assert/strict";
import type { MeshId, PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { type Call, Caller } from "./caller.ts";
import { HEDGE_AFTER_MS } from "./constants.ts";
import { registerKey } from "./keys.ts";
import type { VoterRoster } from "./voter_roster.ts";
import type { WireReply } from "./wire.ts";

const VOTERS = ["a", "b", "c"] as PeerId[];
const ROSTER: VoterRoster = { epoch: 1, step: "stable", voters: VOTERS.map((peer) => ({ peer, seat: "" })) };
const READ: Call = { type: "read", key: registerKey("cell", "1"), timeoutMs: 5_000 };
const SUBMIT: Call = { type: "submit", command: new Uint8Array(8), timeoutMs: 5_000 };
const ABSENT: WireReply = { type: "outcome", outcome: { type: "absent" } };
const UNDECIDED: WireReply = { type: "outcome", outcome: { type: "undecided", reason: "no_quorum" } };

/** A caller whose voters answer what `replies` has, after its delay; a voter without one answers nothing. */
function callerOn(replies: Readonly<Record<string, readonly [afterMs: number, reply: WireReply | undefined]>>) {
  const clock = new ManualClock();
  const asked: [peer: string, atMs: number, timeoutMs: number][] = [];
  const beganMs = clock.monotonicMs();
  const caller = new Caller({
    clock,
    mesh: "00".repeat(16) as MeshId,
    roster: () => ROSTER,
    peers: () => VOTERS,
    preferred: () => undefined,
    ask: async (voter, _request, timeoutMs) => {
      asked.push([voter, clock.monotonicMs() - beganMs, timeoutMs]);
      const [afterMs, reply] = replies[voter] ?? [timeoutMs, undefined];
      await clock.sleep(Math.min(afterMs, timeoutMs));
      return reply;
    },
    learnFrom: () => Promise.resolve(),
  });
  return { caller, clock, asked };
}

Deno.test("a question is asked of the next voter when one is silent, and the first answer counts", async () => {
  const { caller, clock, asked } = callerOn({ b: [20, ABSENT] });

  const answer = caller.call(READ);
  await clock.advance(HEDGE_AFTER_MS + 20);

  assert.deepEqual(await answer, { type: "absent" });
  assert.deepEqual(asked.map(([peer, atMs]) => [peer, atMs]), [["a", 0], ["b", HEDGE_AFTER_MS]]);
  await clock.advance(10_000);
  assert.equal(asked.length, 2, "nobody is asked after the answer");
});

Deno.test("a question that a voter cannot answer goes on at once, and ends when nobody is left", async () => {
  const { caller, clock, asked } = callerOn({
    a: [10, UNDECIDED],
    b: [10, { type: "unavailable" }],
    c: [10, UNDECIDED],
  });

  const answer = caller.call(READ);
  await clock.advance(30);

  assert.deepEqual(await answer, { type: "undecided", reason: "no_quorum" });
  assert.deepEqual(asked.map(([peer, atMs]) => [peer, atMs]), [["a", 0], ["b", 10], ["c", 20]]);
});

Deno.test("all questions together take no longer than the call may", async () => {
  const { caller, clock, asked } = callerOn({});

  const answer = caller.call({ ...READ, timeoutMs: 1_500 });
  await clock.advance(2_000);

  assert.deepEqual(await answer, { type: "undecided", reason: "timeout" });
  assert.deepEqual(asked, [["a", 0, 2_000], ["b", HEDGE_AFTER_MS, 1_000]]);
});

Deno.test("a command is asked of one voter: what was begun may have been decided", async () => {
  const { caller, clock, asked } = callerOn({});

  const answer = caller.call(SUBMIT);
  await clock.advance(6_000);

  assert.deepEqual(await answer, { type: "undecided", reason: "timeout" });
  assert.deepEqual(asked.map(([peer]) => peer), ["a"]);
});
