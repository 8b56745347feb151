import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type CountedVote,
  type Decision,
  decisionPath,
  nameOf,
  parseConcrete,
  parseDecision,
  slugOf,
  tallyVotes,
  UcxlError,
} from "./mod.ts";

const REV = "0f".repeat(32);
const MINIMAL = { v: 1, type: "policy", title: "Use a queue", summary: "", outcome: "info" };
const VOTING: NonNullable<Decision["voting"]> = { quorum: 2, closes_at_ms: 1_000 };

function vote(voter: string, what: CountedVote["vote"], more: Partial<CountedVote> = {}): CountedVote {
  return { voter, vote: what, atMs: 1, isBinding: false, isSigned: false, ...more };
}

Deno.test("parseDecision() fills in what may be left out, and names what does not fit", () => {
  assert.deepEqual(parseDecision(MINIMAL), { ...MINIMAL, options: [], citations: [] });
  const cited = { ...MINIMAL, citations: [{ address: `ucxl://a:b@c:d/x?rev=${REV}`, quote: "it holds" }] };
  assert.equal(parseDecision(cited).citations.length, 1);
  const wrong: readonly [value: unknown, field: string][] = [
    [{ ...MINIMAL, title: "" }, "title"],
    [{ ...MINIMAL, type: "mood" }, "type"],
    [{ ...MINIMAL, v: 2 }, "v"],
    [{ ...MINIMAL, extra: 1 }, ""],
    [{ ...MINIMAL, citations: [{ address: "ucxl://a:b@c:d/x" }] }, "citations.0.address"],
    [{ ...MINIMAL, citations: [{ address: "nonsense" }] }, "citations.0.address"],
    [{ ...MINIMAL, citations: Array(33).fill({ address: `ucxl://a:b@c:d/x?rev=${REV}` }) }, "citations"],
    [{ ...MINIMAL, supersedes: "ucxl://any:b@c:d" }, "supersedes"],
    [{ ...MINIMAL, voting: { quorum: 0, closes_at_ms: 1 } }, "voting.quorum"],
    [null, ""],
  ];
  for (const [value, field] of wrong) {
    assert.throws(() => parseDecision(value), (error) => {
      assert.ok(error instanceof UcxlError);
      assert.equal(error.code, "invalid_decision");
      assert.equal(error.details["field"], field);
      return true;
    });
  }
});

Deno.test("tallyVotes(): quorum, last vote of each, binding vote, time", () => {
  const tally = (votes: CountedVote[], nowMs = 10) => {
    const { state, by } = tallyVotes(VOTING, votes, nowMs);
    return by === undefined ? state : `${state} by ${by}`;
  };

  assert.equal(tallyVotes(undefined, [vote("a", "reject")], 0).state, "recorded");
  assert.equal(tally([]), "open");
  assert.equal(tally([vote("a", "approve"), vote("a", "approve")]), "open");
  assert.equal(tally([vote("a", "approve"), vote("b", "approve")]), "approved by quorum");
  assert.equal(tally([vote("a", "approve"), vote("a", "reject"), vote("b", "approve")]), "open");
  assert.equal(
    tally([vote("a", "reject"), vote("b", "reject"), vote("p", "approve", { isBinding: true })]),
    "rejected by quorum",
  );
  assert.equal(tally([vote("a", "reject"), vote("p", "approve", { isBinding: true })]), "approved by binding");
  assert.equal(tally([vote("p", "defer", { isBinding: true })]), "open");
  assert.equal(tally([vote("a", "approve"), vote("b", "approve", { atMs: 1_001 })]), "open");
  assert.equal(tally([vote("a", "approve")], 1_001), "undecided by time");
  assert.equal(tallyVotes(VOTING, [vote("p", "reject", { isBinding: true })], 0).boundBy, "p");
});

Deno.test("tallyVotes(): the nodes of one person have one vote, and what they signed is not taken back by a node", () => {
  const counts = (votes: CountedVote[]) => tallyVotes({ quorum: 3, closes_at_ms: 1_000 }, votes, 10).counts;
  const mine = { person: "ana", isSigned: true };

  const both = counts([vote("laptop", "approve", mine), vote("phone", "reject", mine)]);
  assert.deepEqual([both.approve, both.reject], [0, 1]);
  const node = counts([vote("laptop", "approve", mine), vote("laptop", "reject", { person: "ana" })]);
  assert.deepEqual([node.approve, node.reject], [1, 0]);
  const first = counts([vote("laptop", "reject", { person: "ana" }), vote("laptop", "approve", mine)]);
  assert.deepEqual([first.approve, first.reject], [1, 0]);
});

Deno.test("tallyVotes(): a closed decision stays what it is, whatever comes after", () => {
  const anyVote = fc.record({
    voter: fc.constantFrom("a", "b", "c", "d"),
    vote: fc.constantFrom<CountedVote["vote"][]>("approve", "reject", "abstain", "defer"),
    atMs: fc.nat(1_200),
    isBinding: fc.boolean(),
    isSigned: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(anyVote), fc.array(anyVote), fc.nat(2_000), (votes, later, nowMs) => {
      const before = tallyVotes(VOTING, votes, nowMs);
      const after = tallyVotes(VOTING, [...votes, ...later], nowMs);
      if (before.state === "approved" || before.state === "rejected") assert.deepEqual(after, before);
      const total = Object.values(before.counts).reduce((sum, one) => sum + one, 0);
      assert.ok(total <= 4);
    }),
  );
});

Deno.test("slugOf(), nameOf() and decisionPath() always make parts of an address", () => {
  assert.equal(slugOf("Choose a Queue: über-fast!"), "choose-a-queue-uber-fast");
  assert.equal(slugOf("☃"), "decision");
  assert.equal(nameOf("My Mesh"), "my-mesh");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(4e12), (text, atMs) => {
      const name = nameOf(text);
      parseConcrete(`ucxl://a:b@${name}:${name}/*^/${decisionPath(atMs, slugOf(text))}`);
    }),
  );
});
