import { strict as assert } from "node:assert";
import {
  CLOCK_TOLERANCE_MS,
  IdentityError,
  issueGrant,
  issueRevocation,
  MAX_CHAIN_DEPTH,
  MAX_PENDING,
  Membership,
} from "@bzzz/agentid";
import { createTestMesh, type TestMember } from "@bzzz/agentid/testing";
import { type AgentId, parseAgentId } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";

const HOUR_MS = 3_600_000;

function agentId(text: string): AgentId {
  const id = parseAgentId(text);
  assert.ok(id);
  return id;
}

Deno.test("a member granted by the root, or by a master, is admitted; a stranger is not", () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const admin = mesh.issue({ role: "admin" });
  const member = mesh.issue({ issuer: admin });
  const other = createTestMesh({ random: createSeededRandom(2) }).issue();
  const membership = mesh.membership();

  assert.ok(membership.isAdmitted(admin.peerId, clock.nowMs()));
  assert.ok(membership.isAdmitted(member.peerId, clock.nowMs()));
  assert.equal(membership.isAdmitted(other.peerId, clock.nowMs()), false);
  assert.deepEqual(membership.addGrant(other.grantBytes), { status: "rejected", reason: "other_mesh" });
});

Deno.test("a grant signed by a member that is no master never counts", () => {
  const mesh = createTestMesh();
  const developer = mesh.issue();
  // the library refuses to sign this; a hostile member writes its own grant of level master into the call
  const forgedAuthority = { ...developer.grant, level: "master" as const };
  const forged = issueGrant({ key: developer.signingKey, grant: forgedAuthority }, {
    ...mesh.issue().grant,
    role: "admin",
    level: "master",
  });
  const membership = mesh.membership();

  assert.deepEqual(membership.addGrant(forged.bytes), { status: "pending" });
  assert.equal(membership.grantOf(forged.grant.peer)?.role, "developer");
});

Deno.test("a grant waits for its issuer's and counts from then on", () => {
  const mesh = createTestMesh();
  const admin = mesh.issue({ role: "admin" });
  const member = mesh.issue({ issuer: admin });
  const membership = new Membership(mesh.mesh);
  const accepted: string[] = [];
  membership.on("record:accepted", ({ id }) => accepted.push(id));

  assert.equal(membership.addGrant(member.grantBytes).status, "pending");
  assert.deepEqual(membership.grants(), []);
  assert.equal(membership.addGrant(admin.grantBytes).status, "added");
  assert.equal(membership.addGrant(member.grantBytes).status, "known");

  assert.equal(membership.grantOf(member.peerId)?.id, member.grant.id);
  assert.deepEqual(accepted, [admin.grant.id, member.grant.id]);
  assert.deepEqual(membership.grants(), [admin.grantBytes, member.grantBytes]);
});

Deno.test("grants that wait are bounded, and what counts is never pushed out", () => {
  const mesh = createTestMesh();
  const member = mesh.issue();
  const membership = mesh.membership();
  const stranger = { ...member.grant, level: "master" as const, role: "admin" };
  for (let i = 0; i < MAX_PENDING + 20; i++) {
    const junk = issueGrant({ key: member.signingKey, grant: stranger }, { ...member.grant, issuedAtMs: i });
    membership.addGrant(junk.bytes);
  }

  assert.deepEqual(membership.stats(), { grants: 1, revocations: 0, pending: MAX_PENDING });
  assert.equal(membership.grantOf(member.peerId)?.id, member.grant.id);
});

Deno.test("a chain is followed for eight grants and not for nine", () => {
  const mesh = createTestMesh();
  const chain: TestMember[] = [];
  for (let depth = 1; depth <= MAX_CHAIN_DEPTH + 1; depth++) {
    const issuer = chain.at(-1);
    chain.push(mesh.issue({ role: "admin", ...(issuer ? { issuer } : {}) }));
  }
  const membership = mesh.membership();

  const admitted = chain.map((member) => membership.grantOf(member.peerId) !== undefined);

  assert.deepEqual(admitted, [...new Array<boolean>(MAX_CHAIN_DEPTH).fill(true), false]);
});

Deno.test("masters that only grant each other are nobody", () => {
  const mesh = createTestMesh();
  const [a, b] = [mesh.issue({ role: "admin" }), mesh.issue({ role: "admin" })];
  const membership = new Membership(mesh.mesh);

  membership.addGrant(mesh.issue({ role: "admin", issuer: a, signingKey: b.signingKey }).grantBytes);
  membership.addGrant(mesh.issue({ role: "admin", issuer: b, signingKey: a.signingKey }).grantBytes);

  assert.deepEqual(membership.stats(), { grants: 0, revocations: 0, pending: 2 });
});

Deno.test("isAdmitted() respects the dates, with the tolerance for clocks", () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const startMs = clock.nowMs() + HOUR_MS;
  const { peerId } = mesh.issue({ notBeforeMs: startMs, ttlMs: HOUR_MS });
  const membership = mesh.membership();

  const at = (offsetMs: number) => membership.isAdmitted(peerId, startMs + offsetMs);

  assert.equal(at(-CLOCK_TOLERANCE_MS - 1), false);
  assert.equal(at(-CLOCK_TOLERANCE_MS), true);
  assert.equal(at(HOUR_MS + CLOCK_TOLERANCE_MS), true);
  assert.equal(at(HOUR_MS + CLOCK_TOLERANCE_MS + 1), false);
  assert.equal(membership.roster(startMs + 2 * HOUR_MS)[0]?.status, "expired");
  assert.deepEqual(membership.members(startMs + 2 * HOUR_MS), []);
});

Deno.test("an expired master gains nothing by dating a grant back", () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const admin = mesh.issue({ role: "admin", ttlMs: HOUR_MS });
  const issuedAtMs = clock.nowMs();
  clock.jumpWall(5 * HOUR_MS);
  const liar = { ...admin, grant: { ...admin.grant, notAfterMs: Number.MAX_SAFE_INTEGER } };
  const late = mesh.issue({ issuer: liar, issuedAtMs: clock.nowMs(), ttlMs: HOUR_MS });
  const backdated = mesh.issue({ issuer: liar, issuedAtMs, ttlMs: 10 * HOUR_MS });
  const inside = mesh.issue({ issuer: liar, issuedAtMs, ttlMs: HOUR_MS });
  const membership = mesh.membership();

  assert.equal(membership.grantOf(late.peerId), undefined);
  assert.equal(membership.grantOf(backdated.peerId), undefined);
  assert.equal(membership.isAdmitted(inside.peerId, clock.nowMs()), false, "it ends with the issuer's");
});

Deno.test("a revoked member is out; its entries up to lastSeq stay valid, its signals do not", () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const member = mesh.issue();
  const nowMs = clock.nowMs();
  mesh.revoke(member, { lastSeq: 3, reason: "laptop lost" });
  const membership = mesh.membership();

  const check = (seq?: number) =>
    membership.checkAuthor(member.peerId, { hlcMs: nowMs, nowMs, path: "sync", ...(seq ? { seq } : {}) });

  assert.equal(membership.isAdmitted(member.peerId, nowMs), false);
  assert.equal(membership.grantOf(member.peerId), undefined);
  assert.deepEqual(check(3), { ok: true, grant: member.grant });
  assert.deepEqual(check(4), { ok: false, reason: "revoked" });
  assert.deepEqual(check(), { ok: false, reason: "revoked" });
  assert.deepEqual(membership.roster(nowMs).map((m) => [m.status, m.revokedReason]), [["revoked", "laptop lost"]]);
});

Deno.test("of two revocations of one member the stricter one holds", () => {
  const mesh = createTestMesh();
  const member = mesh.issue();
  const { issuedAtMs } = mesh.revoke(member, { lastSeq: 9 }).revocation;
  mesh.revoke(member, { lastSeq: 4, reason: "again" });
  const membership = mesh.membership();
  const claim = { hlcMs: issuedAtMs, nowMs: issuedAtMs, path: "sync" as const };

  assert.equal(membership.checkAuthor(member.peerId, { ...claim, seq: 4 }).ok, true);
  assert.equal(membership.checkAuthor(member.peerId, { ...claim, seq: 5 }).ok, false);
});

Deno.test("a revoked member can be readmitted by a later grant, and not by an older one", async () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const member = mesh.issue();
  const older = mesh.issue({ signingKey: member.signingKey, role: "architect" });
  await clock.advance(1);
  mesh.revoke(member, { lastSeq: 5 });
  const out = mesh.membership();
  await clock.advance(1);

  const again = mesh.issue({ signingKey: member.signingKey, role: "observer" });

  const membership = mesh.membership();
  assert.equal(out.grantOf(older.peerId), undefined);
  assert.equal(membership.grantOf(member.peerId)?.id, again.grant.id);
});

Deno.test("what a revoked master had issued stays when the revocation keeps it; the rest falls, however it is dated", () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const admin = mesh.issue({ role: "admin" });
  const [kept, unknown] = [mesh.issue({ issuer: admin }), mesh.issue({ issuer: admin })];
  mesh.revoke(admin, { kept: [kept.grant.id] });
  const later = mesh.issue({ issuer: admin, issuedAtMs: clock.nowMs() - HOUR_MS / 60 });
  const membership = mesh.membership();

  assert.ok(membership.grantOf(kept.peerId));
  assert.equal(membership.grantOf(unknown.peerId), undefined);
  assert.equal(membership.grantOf(later.peerId), undefined);
});

Deno.test("planRevocation() keeps what its author knows, and ends grants that were dated ahead", () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const admin = mesh.issue({ role: "admin" });
  const member = mesh.issue({ issuer: admin });
  mesh.issue({ signingKey: admin.signingKey, role: "admin", issuedAtMs: clock.nowMs() + HOUR_MS });
  const membership = mesh.membership();

  const plan = membership.planRevocation(admin.peerId, { reason: "left", lastSeq: 12, nowMs: clock.nowMs() });
  assert.ok(plan);
  const { bytes } = issueRevocation({ key: mesh.rootKey, issuer: "root" }, plan);
  assert.deepEqual(membership.addRevocation(bytes), { status: "added" });

  assert.equal(membership.grantOf(admin.peerId), undefined);
  assert.ok(membership.grantOf(member.peerId));
  assert.equal(membership.planRevocation(admin.peerId, { reason: "", lastSeq: 0, nowMs: 0 }), undefined);
});

Deno.test("two masters that revoke each other are both out, and the root decides who comes back", async () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const [a, b] = [mesh.issue({ role: "admin" }), mesh.issue({ role: "admin" })];
  mesh.revoke(a, { issuer: b });
  mesh.revoke(b, { issuer: a });
  const both = mesh.membership();
  await clock.advance(1);
  mesh.issue({ role: "admin", signingKey: a.signingKey });
  const settled = mesh.membership();

  assert.deepEqual([both.grantOf(a.peerId), both.grantOf(b.peerId)], [undefined, undefined]);
  assert.ok(settled.grantOf(a.peerId));
  assert.equal(settled.grantOf(b.peerId), undefined);
});

Deno.test("a master that the root revoked revokes nobody, except as the root kept it", () => {
  const mesh = createTestMesh();
  const [admin, kept, victim] = [mesh.issue({ role: "admin" }), mesh.issue(), mesh.issue()];
  const { revocation } = mesh.revoke(kept, { issuer: admin });
  mesh.revoke(victim, { issuer: admin });
  mesh.revoke(admin, { kept: [revocation.id] });
  const membership = mesh.membership();

  assert.equal(membership.grantOf(kept.peerId), undefined);
  assert.ok(membership.grantOf(victim.peerId));
});

Deno.test("a developer's revocation waits for authority that never comes", () => {
  const mesh = createTestMesh();
  const [developer, victim] = [mesh.issue(), mesh.issue()];
  const liar = { ...developer, grant: { ...developer.grant, level: "master" as const } };
  const { bytes } = mesh.revoke(victim, { issuer: liar });
  const membership = mesh.membership();

  assert.deepEqual(membership.addRevocation(bytes), { status: "known" });
  assert.ok(membership.grantOf(victim.peerId));
  assert.deepEqual(membership.revocations(), []);
});

Deno.test("checkAuthor() tells why an author is not heard", () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const startMs = clock.nowMs();
  const { peerId, grant } = mesh.issue({ ttlMs: HOUR_MS });
  const stranger = createTestMesh({ random: createSeededRandom(9) }).issue();
  const membership = mesh.membership();
  const check = (hlcMs: number, nowMs: number, path: "live" | "sync") => {
    const result = membership.checkAuthor(peerId, { hlcMs, nowMs, path, seq: 1 });
    return result.ok ? "ok" : result.reason;
  };

  assert.equal(check(startMs, startMs, "live"), "ok");
  assert.equal(check(startMs, startMs + 2 * HOUR_MS, "live"), "expired", "dated back, on the live path");
  assert.equal(check(startMs, startMs + 2 * HOUR_MS, "sync"), "ok", "history stays valid");
  assert.equal(check(startMs + 2 * HOUR_MS, startMs, "sync"), "expired");
  assert.equal(check(startMs - HOUR_MS, startMs, "sync"), "not_yet_valid");
  assert.deepEqual(
    membership.checkAuthor(stranger.peerId, { hlcMs: startMs, nowMs: startMs, path: "live" }),
    { ok: false, reason: "no_grant" },
  );
  assert.equal(grant.notAfterMs, startMs + HOUR_MS);
});

Deno.test("checkAuthor() judges history by the role of its time", async () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const member = mesh.issue({ role: "architect" });
  const beforeMs = clock.nowMs();
  await clock.advance(HOUR_MS);
  mesh.issue({ signingKey: member.signingKey, role: "observer" });
  const nowMs = clock.nowMs();
  const membership = mesh.membership();

  const roleAt = (hlcMs: number) => {
    const result = membership.checkAuthor(member.peerId, { hlcMs, nowMs, path: "sync", seq: 1 });
    return result.ok ? result.grant.role : result.reason;
  };

  assert.equal(roleAt(beforeMs), "architect");
  assert.equal(roleAt(nowMs - 1), "architect");
  assert.equal(roleAt(nowMs), "observer");
});

Deno.test("an agent id has one holder, the same on every node, and others are refused with its name", async () => {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const first = mesh.issue({ agentId: "builder" });
  await clock.advance(1);
  const second = mesh.issue({ agentId: "builder" });
  await clock.advance(1);
  mesh.issue({ agentId: "builder", signingKey: first.signingKey, role: "reviewer" });
  const membership = mesh.membership();
  const id = agentId("builder");

  const holder = membership.findAgentId(id, clock.nowMs());
  assert.deepEqual([holder?.peer, holder?.role], [first.peerId, "reviewer"]);
  membership.assertAgentIdFree(id, first.peerId, clock.nowMs());
  membership.assertAgentIdFree(agentId("other"), second.peerId, clock.nowMs());
  assert.throws(
    () => membership.assertAgentIdFree(id, second.peerId, clock.nowMs()),
    (error) =>
      error instanceof IdentityError && error.code === "agent_id_taken" && error.message.includes(first.peerId),
  );

  mesh.revoke(first);
  assert.equal(mesh.membership().findAgentId(id)?.peer, second.peerId, "the name is free again");
});

Deno.test("events tell who came and who went, once", () => {
  const mesh = createTestMesh();
  const admin = mesh.issue({ role: "admin" });
  const member = mesh.issue({ issuer: admin });
  const membership = new Membership(mesh.mesh);
  const events: string[] = [];
  membership.on("member:added", ({ grant }) => events.push(`+${grant.agentId}`));
  membership.on("member:revoked", ({ grant, reason }) => events.push(`-${grant.agentId} ${reason}`));

  membership.addGrant(member.grantBytes);
  membership.addGrant(admin.grantBytes);
  membership.addGrant(mesh.issue({ signingKey: member.signingKey, agentId: "node-2" }).grantBytes);
  const { bytes } = mesh.revoke(admin, { reason: "stolen" });
  membership.addRevocation(bytes);
  membership.addRevocation(bytes);

  assert.deepEqual(events, ["+node-1", "+node-2", "-node-1 stolen"]);
});

Deno.test("a membership refuses a root key that is not its mesh's", () => {
  const [a, b] = [createTestMesh(), createTestMesh({ random: createSeededRandom(4) })];

  assert.throws(
    () => new Membership({ meshId: a.mesh.meshId, rootPublicKey: b.mesh.rootPublicKey }),
    (error) => error instanceof IdentityError && error.code === "invalid_mesh",
  );
});
