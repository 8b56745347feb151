import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import { type AgentId, parsePeerId, type PeerId } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import { issueGrant, issueRevocation, type Membership } from "./mod.ts";
import { createTestMesh, type TestMember } from "./testing.ts";
import { MAX_KEPT, MAX_RECORDS_PER_MASTER } from "./constants.ts";

/** Grants of `master` for keys that nobody has, until they are refused; how many were taken. */
function flood(membership: Membership, master: TestMember, count: number, nowMs: number): number {
  const peer = parsePeerId(peerIdFromPublicKey(createSigningKey(createSeededRandom(7)).publicKey)) as PeerId;
  for (let n = 0; n < count; n++) {
    const { bytes } = issueGrant({ key: master.signingKey, grant: master.grant }, {
      mesh: master.grant.mesh,
      peer,
      agentId: `fake-${n}` as AgentId,
      binaryType: "agent",
      role: "developer",
      ageRecipient: master.grant.ageRecipient,
      issuedAtMs: nowMs + n,
      ttlMs: 1000,
    });
    if (membership.addGrant(bytes).status === "rejected") return n;
  }
  return count;
}

Deno.test("a mad master fills its own share of the book alone, and cannot keep others from revoking it", () => {
  const clock = new ManualClock();
  const test = createTestMesh({ clock });
  const [mad, sane] = [test.issue({ role: "admin" }), test.issue({ role: "admin" })];
  const membership = test.membership();

  const taken = flood(membership, mad, MAX_RECORDS_PER_MASTER + 5, clock.nowMs());
  const newcomer = membership.addGrant(test.issue({ issuer: sane }).grantBytes);
  const plan = membership.planRevocation(mad.peerId, { reason: "mad", lastSeq: 0, nowMs: clock.nowMs() + 1e6 });
  assert.ok(plan);
  const revoked = membership.addRevocation(issueRevocation({ key: sane.signingKey, grant: sane.grant }, plan).bytes);

  assert.equal(taken, MAX_RECORDS_PER_MASTER);
  assert.equal(newcomer.status, "added");
  assert.equal(revoked.status, "added");
  assert.equal(plan.kept.length, MAX_KEPT, "what it issued before it went mad comes first");
  assert.equal(membership.isAdmitted(mad.peerId, clock.nowMs()), false);
  assert.ok(membership.stats().grants < 2 * MAX_KEPT, "the rest of what it issued has fallen");
});

Deno.test("learning a grant does not evaluate the whole roster anew", () => {
  const clock = new ManualClock();
  const test = createTestMesh({ clock });
  const master = test.issue({ role: "admin" });
  const membership = test.membership();
  const before = cpuUsage();

  flood(membership, master, 2000, clock.nowMs());

  // an evaluation of 2,000 grants takes over 2 ms; signing and verifying one 0.2 ms. Of the processor: others may use it, too
  const { user, system } = cpuUsage(before);
  const eachMs = (user + system) / 1000 / 2000;
  assert.ok(eachMs < 1, `took ${eachMs.toFixed(2)} ms each`);
});

Deno.test("records that nobody stands behind do not evaluate the whole roster anew", () => {
  const clock = new ManualClock();
  const test = createTestMesh({ clock });
  const master = test.issue({ role: "admin" });
  const membership = test.membership();
  flood(membership, master, 2000, clock.nowMs());
  const key = createSigningKey(createSeededRandom(8));
  const nobody = { key, grant: { ...master.grant, peer: peerIdFromPublicKey(key.publicKey) } }; // its own word
  const { mesh, ageRecipient, id: grantId, peer } = master.grant;
  const records = Array.from({ length: 500 }, (_, n) => {
    const issuedAtMs = clock.nowMs() + n;
    const revocation = issueRevocation(nobody, { mesh, grantId, peer, reason: "", lastSeq: 0, kept: [], issuedAtMs });
    const grant = issueGrant(nobody, {
      ...{ mesh, peer, ageRecipient, issuedAtMs, ttlMs: 1000, binaryType: "agent", role: "admin" },
      agentId: `fake-${n}` as AgentId,
    });
    return { revocation: revocation.bytes, grant: grant.bytes };
  });
  const before = cpuUsage();

  for (const { revocation, grant } of records) {
    assert.equal(membership.addRevocation(revocation).status, "pending");
    assert.equal(membership.addGrant(grant).status, "pending");
  }

  const { user, system } = cpuUsage(before);
  const eachMs = (user + system) / 1000 / (2 * records.length);
  assert.ok(eachMs < 1, `took ${eachMs.toFixed(2)} ms each`);
});
