import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { createSeededRandom, ManualClock, settle } from "@bzzz/base/testing";
import { registerKey } from "./keys.ts";
import type { VoterRequest } from "./messages.ts";
import type { ProposalOutcome } from "./proposal_types.ts";
import { type ProposeOptions, Proposer } from "./proposer.ts";

const VOTERS = ["a", "b", "c"] as PeerId[];
const KEY = registerKey("cell", "1");
const COMMAND = { key: KEY, actor: "a" as PeerId, body: new Uint8Array(), nonce: new Uint8Array(16) };
const RULES = {
  prefix: "cell",
  decide: () => assert.fail("nobody promises"),
  check: () => assert.fail("nobody accepts"),
  leaseId: () => undefined,
};

/** A proposer among voters that never answer, and what it asked them. */
function setUp() {
  const clock = new ManualClock();
  const asked: VoterRequest[] = [];
  const proposer = new Proposer({
    self: "a" as PeerId,
    clock,
    random: createSeededRandom(1),
    roster: () => ({ epoch: 1, step: "stable", voters: VOTERS.map((peer) => ({ peer, seat: "" })) }),
    promised: () => undefined,
    ask: (_, request) => {
      asked.push(request);
      return new Promise(() => {});
    },
    teach: () => {},
    learnFrom: () => Promise.resolve(),
    verify: () => true,
  });
  const submit = (options: ProposeOptions) =>
    proposer.propose(KEY, { type: "command", bytes: new Uint8Array(1), command: COMMAND }, RULES, options);
  return { clock, asked, proposer, submit };
}

/** What a promise has come to by now. */
async function stateOf(promise: Promise<ProposalOutcome>): Promise<unknown> {
  let state: unknown = "pending";
  promise.then((outcome) => state = outcome, (error) => state = error);
  await settle();
  return state;
}

Deno.test("a command that waits for the one before it waits no longer than it may, and is then never put", async () => {
  const { clock, asked, proposer, submit } = setUp();
  const first = submit({ timeoutMs: 5_000 });
  const second = submit({ timeoutMs: 300 });
  await settle();
  const put = asked.length;

  await clock.advance(300);

  assert.deepEqual(await stateOf(second), { type: "undecided", reason: "timeout" });
  assert.equal(await stateOf(first), "pending");
  await clock.advance(5_000);
  assert.deepEqual(await first, { type: "undecided", reason: "timeout" });
  await settle();
  assert.deepEqual([asked.length, proposer.size], [put, 0]);
});

Deno.test("a command whose signal aborts while it waits leaves at once, and is never put", async () => {
  const { clock, asked, proposer, submit } = setUp();
  const controller = new AbortController();
  const first = submit({ timeoutMs: 5_000 });
  const second = submit({ timeoutMs: 5_000, signal: controller.signal });
  const third = submit({ timeoutMs: 9_000 });
  await settle();
  const put = asked.length;

  controller.abort("enough");

  assert.equal(await stateOf(second), "enough");
  assert.equal(proposer.size, 3, "its place is free when its turn has come");
  await clock.advance(5_000);
  assert.deepEqual(await first, { type: "undecided", reason: "timeout" });
  await settle();
  assert.equal(asked.length, 2 * put, "the third is put, the second is not");
  await clock.advance(4_000);
  assert.deepEqual(await third, { type: "undecided", reason: "timeout" });
});
