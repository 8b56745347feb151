import assert from "node:assert/strict";
import fc from "fast-check";
import type { EntryId, PeerId } from "@bzzz/base";
import { AUTHORITY_LEVELS } from "@bzzz/crypto";
import { type KeyMember, planShares, shareHolders, ShareLedger, shareThreshold } from "@bzzz/roles";

function member(n: number, fields: Partial<KeyMember> = {}): KeyMember {
  return {
    peer: `peer-${n}` as PeerId, // nothing looks at its form
    role: "developer",
    level: "suggestion",
    ageRecipient: `age1of${n}`,
    status: "active",
    ...fields,
  };
}

const order = (ms: number) => ({ ms, counter: 0, id: String(ms) as EntryId });

Deno.test("three to seven members hold shares, the highest levels first, and a majority is needed", () => {
  const many = Array.from({ length: 12 }, (_, n) => member(n, { level: AUTHORITY_LEVELS[n % 5] ?? "suggestion" }));

  assert.equal(shareHolders(many).length, 7);
  assert.deepEqual(shareHolders(many).slice(0, 2).map(({ peer }) => peer), ["peer-4", "peer-9"]);
  assert.deepEqual(shareHolders([member(1), member(2)]), []);
  assert.deepEqual(shareHolders([member(1), member(2), member(3, { status: "revoked" })]), []);
  assert.deepEqual(shareHolders([member(1), member(2), member(3, { level: "read_only" })]), []);
  assert.deepEqual([3, 4, 5, 6, 7].map(shareThreshold), [2, 3, 3, 4, 4]);
});

Deno.test("a key is split anew when it is another, or others are to hold it, and only then (property)", () => {
  const roster = fc.uniqueArray(fc.nat({ max: 9 }), { minLength: 3, maxLength: 9 }).map((ns) =>
    ns.map((n) => member(n))
  );
  fc.assert(fc.property(roster, roster, fc.boolean(), (before, after, isSameKey) => {
    const ledger = new ShareLedger({ ownRecipient: "age1of1" });
    const holders = planShares({ current: undefined, recipient: "age1key", roster: before });
    assert.ok(holders);
    ledger.add({
      order: order(1),
      recipient: "age1key",
      threshold: shareThreshold(holders.length),
      shares: holders.map((holder) => ({ ...holder, sealed: new Uint8Array(1) })),
    });

    const again = planShares({
      current: ledger.current(),
      recipient: isSameKey ? "age1key" : "age1new",
      roster: after,
    });

    const isSame = isSameKey && JSON.stringify(shareHolders(before)) === JSON.stringify(shareHolders(after));
    assert.equal(again === undefined, isSame);
  }));
});

Deno.test("the latest splitting counts in whatever order they come, and an earlier share is forgotten", () => {
  const ledger = new ShareLedger({ ownRecipient: "age1of1" });
  const entry = (ms: number, to: string) => ({
    order: order(ms),
    recipient: "age1key",
    threshold: 2,
    shares: [{ peer: "peer-1" as PeerId, to, sealed: Uint8Array.of(ms) }],
  });

  ledger.add(entry(2, "age1of2"));
  ledger.add(entry(1, "age1of1"));

  assert.equal(ledger.current()?.order.ms, 2);
  assert.equal(ledger.current()?.ownShare, undefined);
});
