import assert from "node:assert/strict";
import type { EntryId, PeerId } from "@bzzz/base";
import { ELECTION_PROFILES } from "./constants.ts";
import { checkLeader, decideLeader, leaderLeaseId } from "./leader_rules.ts";
import { type LeaderCommand, leaderCommandCodec, type LeaderValue, leaderValueCodec } from "./leader_value.ts";
import fc from "fast-check";

const [ANA, BEN, ROOT] = ["1", "2", "3"].map((end) => `12D3Koo${"A".repeat(44)}${end}` as PeerId) as [
  PeerId,
  PeerId,
  PeerId,
]; // fits a peer id's form
const ENTRY = "e".repeat(64) as EntryId; // fits an entry id's form
const { leaseMs } = ELECTION_PROFILES.default;
const LED: LeaderValue = { version: 7, term: 3, holder: ANA, leaseMs, renewals: 5, score: 60 };
const acquire = (expectedTerm: number): LeaderCommand => ({ type: "acquire", expectedTerm, leaseMs, score: 50 });
const OPEN = { mayLead: () => true, mayDepose: () => true };

Deno.test("decideLeader() gives an empty register to whoever expects term 0", () => {
  const decision = decideLeader(undefined, acquire(0), BEN);

  assert.deepEqual(decision, { next: { version: 1, term: 1, holder: BEN, leaseMs, renewals: 0, score: 50 } });
});

Deno.test("decideLeader() refuses a term that moved, so that a replay takes nothing", () => {
  assert.deepEqual(decideLeader(LED, acquire(2), BEN), { refuse: "term_moved" });
  assert.deepEqual(decideLeader(LED, { type: "renew", term: 2, renewals: 9, score: 1 }, ANA), { refuse: "term_moved" });
  assert.deepEqual(decideLeader(undefined, { type: "step_down", term: 1 }, ANA), { refuse: "term_moved" });
});

Deno.test("decideLeader() lets only the holder renew, each time with a higher number", () => {
  const renew = (renewals: number): LeaderCommand => ({ type: "renew", term: 3, renewals, score: 61 });

  assert.deepEqual(decideLeader(LED, renew(6), BEN), { refuse: "not_the_leader" });
  assert.deepEqual(decideLeader(LED, renew(5), ANA), { refuse: "renewal_superseded" });
  assert.deepEqual(decideLeader(LED, renew(8), ANA), { next: { ...LED, version: 8, renewals: 8, score: 61 } });
});

Deno.test("decideLeader() keeps the lease of a deposed leader until it lets go: no renewal, no next term for it", () => {
  const depose: LeaderCommand = { type: "depose", term: 3, order: "step_down", entry: ENTRY };
  const decision = decideLeader(LED, depose, ROOT);
  assert.ok("next" in decision);
  const deposed = decision.next;

  assert.deepEqual(deposed, { ...LED, version: 8, deposed: { by: ROOT, order: "step_down", entry: ENTRY } });
  assert.equal(leaderLeaseId(deposed), leaderLeaseId(LED), "an order does not begin a new lease");
  assert.deepEqual(decideLeader(deposed, { type: "renew", term: 3, renewals: 6, score: 1 }, ANA), {
    refuse: "deposed",
  });
  assert.deepEqual(decideLeader(deposed, acquire(3), ANA), { refuse: "deposed" });
  assert.deepEqual(decideLeader(deposed, depose, BEN), { same: true });
  assert.deepEqual(decideLeader(deposed, { type: "step_down", term: 3 }, ANA), {
    next: { version: 9, term: 3, leaseMs, renewals: 5, score: 60, former: ANA },
  });
});

Deno.test("decideLeader() puts the former leader last after step_down, and among its equals after trigger", () => {
  const by = (order: "trigger" | "step_down"): LeaderValue => ({ ...LED, deposed: { by: ROOT, order, entry: ENTRY } });
  const formerAfter = (value: LeaderValue) => {
    const decision = decideLeader(value, { type: "step_down", term: 3 }, ANA);
    return "next" in decision ? decision.next.former : "refused";
  };

  assert.equal(formerAfter(by("step_down")), ANA);
  assert.equal(formerAfter(by("trigger")), undefined);
});

Deno.test("decideLeader() has nobody to depose between two leaders", () => {
  const { holder: _, ...vacant } = LED;

  assert.deepEqual(decideLeader(vacant, { type: "depose", term: 3, order: "trigger", entry: ENTRY }, ROOT), {
    refuse: "no_leader",
  });
});

Deno.test("checkLeader() refuses a takeover before 1.25 leases on the voter's clock, and says how long", () => {
  const check = (ageMs: number | undefined, actor = BEN) => checkLeader(OPEN, LED, acquire(3), actor, ageMs);

  assert.deepEqual(check(0), { retry: "lease_running", afterMs: 18_750 });
  assert.deepEqual(check(undefined), { retry: "lease_running", afterMs: 18_750 });
  assert.deepEqual(check(18_749.5), { retry: "lease_running", afterMs: 1 });
  assert.deepEqual(check(18_750), { ok: true });
  assert.deepEqual(check(0, ANA), { ok: true }, "the holder itself has stopped before it asks");
});

Deno.test("checkLeader() asks the voter's grants: who may lead, who may depose", () => {
  const closed = { mayLead: () => false, mayDepose: (peer: PeerId) => peer === ROOT };
  const depose: LeaderCommand = { type: "depose", term: 3, order: "trigger", entry: ENTRY };

  assert.deepEqual(checkLeader(closed, undefined, acquire(0), BEN, undefined), { refuse: "not_allowed" });
  assert.deepEqual(checkLeader(closed, LED, { type: "renew", term: 3, renewals: 6, score: 1 }, ANA, 10), {
    refuse: "not_allowed",
  });
  assert.deepEqual(checkLeader(closed, LED, depose, BEN, 10), { refuse: "not_allowed" });
  assert.deepEqual(checkLeader(closed, LED, depose, ROOT, 10), { ok: true });
  assert.deepEqual(checkLeader(closed, LED, { type: "step_down", term: 3 }, ANA, 10), { ok: true });
});

Deno.test("a lease outside of the bounds is no command: nobody holds the leadership for a day", () => {
  const command = { type: "acquire", expectedTerm: 0, leaseMs: 86_400_000, score: 1 } as const;

  assert.equal(leaderCommandCodec.decode(leaderCommandCodec.encode(command)), undefined);
});

Deno.test("property: whatever commands come, terms and versions only grow and a term has one holder", () => {
  const actor = fc.constantFrom(ANA, BEN, ROOT);
  const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true });
  const command: fc.Arbitrary<LeaderCommand> = fc.oneof(
    plain({
      type: fc.constant("acquire" as const),
      expectedTerm: fc.nat(4),
      leaseMs: fc.integer({ min: 300, max: 60_000 }),
      score: fc.nat(100),
    }),
    plain({
      type: fc.constant("renew" as const),
      term: fc.integer({ min: 1, max: 4 }),
      renewals: fc.integer({ min: 1, max: 6 }),
      score: fc.nat(100),
    }),
    plain({ type: fc.constant("step_down" as const), term: fc.integer({ min: 1, max: 4 }) }),
    plain({
      type: fc.constant("depose" as const),
      term: fc.integer({ min: 1, max: 4 }),
      order: fc.constantFrom("trigger" as const, "step_down" as const),
      entry: fc.constant(ENTRY),
    }),
  );
  fc.assert(fc.property(fc.array(fc.tuple(command, actor), { maxLength: 40 }), (steps) => {
    let value: LeaderValue | undefined;
    const holders = new Map<number, PeerId>();
    for (const [sent, actor] of steps) {
      const received = leaderCommandCodec.decode(leaderCommandCodec.encode(sent));
      assert.deepEqual(received, sent);
      const decision = decideLeader(value, sent, actor);
      if (!("next" in decision)) continue;
      const { next } = decision;
      assert.equal(next.version, (value?.version ?? 0) + 1);
      assert.ok(next.term >= (value?.term ?? 0));
      assert.deepEqual(leaderValueCodec.decode(leaderValueCodec.encode(next)), next);
      if (next.holder) assert.equal(holders.get(next.term) ?? next.holder, next.holder);
      if (next.holder) holders.set(next.term, next.holder);
      value = next;
    }
  }));
});

Deno.test("two acquisitions that look the same are two leases", () => {
  const terms = ["0".repeat(16), "1".repeat(16)].map((leaseId) => {
    const decision = decideLeader(undefined, acquire(0), BEN, leaseId);
    return "next" in decision ? decision.next : assert.fail(JSON.stringify(decision));
  });

  assert.equal(new Set(terms.map(leaderLeaseId)).size, 2);
  for (const term of terms) assert.deepEqual(leaderValueCodec.decode(leaderValueCodec.encode(term)), term);
});
