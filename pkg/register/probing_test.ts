import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { judgeProbe, type VoterReply, type VoterRoster } from "./mod.ts";

const PEERS = ["a", "b", "c", "d", "e"] as PeerId[];
const ROSTER: VoterRoster = { epoch: 1, step: "stable", voters: PEERS.map((peer) => ({ peer, seat: peer })) };

const YES: VoterReply = { type: "would_accept" };
const MOVED: VoterReply = { type: "refused", code: "term_moved", isFinal: true };
const RUNNING: VoterReply = { type: "refused", code: "lease_running", isFinal: false, retryAfterMs: 900 };

/** The judgement after each reply, in the order of the voters. */
function judged(...replies: (VoterReply | undefined)[]): string[] {
  const known = new Map<PeerId, VoterReply | undefined>();
  return replies.map((reply, index) => {
    known.set(PEERS[index] ?? assert.fail("more replies than voters"), reply);
    const outcome = judgeProbe(ROSTER, known);
    return outcome?.type === "refused" ? outcome.code : outcome?.type ?? "open";
  });
}

Deno.test("a probe is answered as soon as a majority would accept", () => {
  assert.deepEqual(judged(YES, undefined, YES, YES), ["open", "open", "open", "would_accept"]);
});

Deno.test("a probe is refused as soon as too few are left, and nobody waits for voters that are gone", () => {
  assert.deepEqual(judged(undefined, undefined, MOVED), ["open", "open", "term_moved"]);
  assert.deepEqual(judged(RUNNING, YES, RUNNING, RUNNING), ["open", "open", "open", "lease_running"]);
  assert.deepEqual(judged(undefined, undefined, undefined), ["open", "open", "undecided"]);
});

Deno.test("of the objections to a probe the final one is told, whichever came first", () => {
  assert.deepEqual(judged(RUNNING, RUNNING, MOVED).at(-1), "term_moved");
  assert.deepEqual(judged(MOVED, RUNNING, RUNNING).at(-1), "term_moved");
});
