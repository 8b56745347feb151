import assert from "node:assert/strict";
import { createJoinProof, decodeGrant, decodeJoinToken } from "@bzzz/agentid";
import { TEST_AGE_RECIPIENT } from "@bzzz/agentid/testing";
import { type AgentId, BzzzError, parseAgentId, type PeerId } from "@bzzz/base";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import { OfflineMesh, type OfflineNode, person } from "./facade/testing.ts";
import type { InviteTerms, JoinAnswer, JoinRequest } from "./newcomers.ts";

const HOUR_MS = 3_600_000;
const FAR_AWAY = ["/ip4/192.0.2.1/tcp/9000"];

function agentId(text: string): AgentId {
  const id = parseAgentId(text);
  assert.ok(id);
  return id;
}

function newPeer(mesh: OfflineMesh): PeerId {
  return peerIdFromPublicKey(createSigningKey(mesh.random).publicKey);
}

/** What a newcomer with `token` sends to `inviter`. */
function request(
  token: string,
  inviter: OfflineNode,
  fields: Partial<JoinRequest> & Pick<JoinRequest, "joiner">,
): JoinRequest {
  const { inviteId, secret } = decodeJoinToken(token);
  return {
    inviteId,
    proof: createJoinProof(secret, { inviteId, joiner: fields.joiner, inviter: inviter.member.peerId }),
    agentId: agentId("newcomer"),
    binaryType: "agent",
    ageRecipient: TEST_AGE_RECIPIENT,
    ...fields,
  };
}

function invite(node: OfflineNode, fields: Partial<InviteTerms> = {}): string {
  return node.trust.newcomers.invite({ role: "developer", ttlMs: HOUR_MS, ...fields }, FAR_AWAY).token;
}

function refusal(answer: JoinAnswer): string {
  assert.ok(!answer.ok);
  return answer.reason;
}

async function assertCode(work: () => unknown, code: string): Promise<void> {
  await assert.rejects(
    async () => await work(),
    (error) => {
      assert.ok(error instanceof BzzzError, String(error));
      assert.equal(error.code, code, error.message);
      return true;
    },
  );
}

Deno.test("a newcomer is let in once; the grant is in the roster, the journal and on disk", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin", agentId: "admin" });
  const joiner = newPeer(mesh);
  const token = invite(admin);

  const answer = await admin.trust.newcomers.admit(request(token, admin, { joiner }));

  assert.ok(answer.ok);
  const grant = decodeGrant(answer.grant)?.grant;
  assert.deepEqual([grant?.peer, grant?.agentId, grant?.role], [joiner, "newcomer", "developer"]);
  assert.ok(admin.local.membership.isAdmitted(joiner, mesh.clock.nowMs()));
  const entries = admin.journal.entriesAfter(0, { limit: 10, kinds: ["grant_issued"] });
  assert.deepEqual(entries.map(({ body }) => body), [{ grant: answer.grant }]);
  assert.deepEqual(admin.trust.newcomers.invites().map((known) => known.usedBy), [joiner]);
  const again = await mesh.restart(admin);
  assert.ok(again.local.membership.isAdmitted(joiner, mesh.clock.nowMs()));
  assert.deepEqual(again.trust.newcomers.invites().map((known) => known.usedBy), [joiner]);
});

Deno.test("the same newcomer may ask again and gets the same grant; nobody else may, also after a restart", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  const token = invite(admin);
  const joiner = newPeer(mesh);
  const first = await admin.trust.newcomers.admit(request(token, admin, { joiner }));
  const again = await mesh.restart(admin);

  const second = await again.trust.newcomers.admit(request(token, again, { joiner }));
  const other = await again.trust.newcomers.admit(
    request(token, again, { joiner: newPeer(mesh), agentId: agentId("other") }),
  );

  assert.ok(first.ok && second.ok);
  assert.deepEqual(second.grant, first.grant);
  assert.equal(again.journal.entriesAfter(0, { limit: 10, kinds: ["grant_issued"] }).length, 1);
  assert.equal(refusal(other), "used");
});

Deno.test("a member that was revoked does not come back with its spent token", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  const token = invite(admin);
  const joiner = newPeer(mesh);
  await admin.trust.newcomers.admit(request(token, admin, { joiner }));
  await admin.trust.revoke(joiner, "left the team");

  const answer = await admin.trust.newcomers.admit(request(token, admin, { joiner }));

  assert.equal(refusal(answer), "used");
  assert.ok(!admin.local.membership.isAdmitted(joiner, mesh.clock.nowMs()));
});

Deno.test("an invite that has expired, is closed, is for another name or program, or was never made lets nobody in", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  const joiner = newPeer(mesh);
  const expired = invite(admin, { ttlMs: 1_000 });
  const closed = invite(admin);
  const named = invite(admin, { agentId: agentId("somebody") });
  const portal = invite(admin, { binaryType: "hap" });
  admin.trust.newcomers.closeInvite(decodeJoinToken(closed).inviteId);
  await mesh.clock.advance(2_000);
  const admit = async (token: string, fields: Partial<JoinRequest> = {}) =>
    refusal(await admin.trust.newcomers.admit(request(token, admin, { joiner, ...fields })));

  assert.equal(await admit(expired), "expired");
  assert.equal(await admit(closed), "revoked");
  assert.equal(await admit(named), "wrong_agent_id");
  assert.equal(await admit(portal), "wrong_binary_type");
  assert.equal(await admit(portal, { proof: new Uint8Array(32) }), "bad_proof");
  assert.equal(await admit(portal, { inviteId: "0000000000000000" }), "unknown_invite");
  assert.deepEqual(admin.journal.entriesAfter(0, { limit: 10 }), []);
});

Deno.test("a name is given once, also to two newcomers at the same time", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin", agentId: "admin" });
  const tokens = [invite(admin), invite(admin)];

  const answers = await Promise.all(
    tokens.map((token) => admin.trust.newcomers.admit(request(token, admin, { joiner: newPeer(mesh) }))),
  );
  const third = await admin.trust.newcomers.admit(
    request(invite(admin), admin, { joiner: newPeer(mesh), agentId: agentId("admin") }),
  );

  assert.deepEqual(answers.map((answer) => answer.ok), [true, false]);
  const holder = admin.local.membership.findAgentId(agentId("newcomer"))?.peer;
  assert.ok(answers[1] && refusal(answers[1]) === `agent_id_taken:${holder}`);
  assert.equal(refusal(third), `agent_id_taken:${admin.member.peerId}`);
  await assertCode(() => invite(admin, { agentId: agentId("newcomer") }), "duplicate_agent_id");
});

Deno.test("a revocation is in the roster, the journal and on disk; others learn it from the entry", async () => {
  await using mesh = new OfflineMesh();
  const worker = await mesh.start({ agentId: "worker" });
  const other = await mesh.start({ agentId: "other" });
  const admin = await mesh.start({ role: "admin" });
  await worker.journal.append({
    kind: "message_posted",
    topic: "bzzz/coordination/v1",
    body: { type: "memo", text: "x" },
  });
  await mesh.share();
  const heard: string[] = [];
  for (const node of [worker, other]) node.local.membership.addGrant(admin.member.grantBytes);
  other.local.membership.on("member:revoked", ({ peer, reason }) => void heard.push(`${peer} ${reason}`));

  await admin.trust.revoke(worker.member.peerId, "left the team");
  await mesh.share();

  const { peerId } = worker.member;
  assert.ok(!admin.local.membership.isAdmitted(peerId, mesh.clock.nowMs()));
  assert.deepEqual(heard, [`${peerId} left the team`]);
  assert.equal(admin.journal.entriesAfter(0, { limit: 10, kinds: ["grant_revoked"] }).length, 1);
  assert.equal(admin.journal.vector().get(peerId)?.seq, 1, "what it wrote before stays");
  await assertCode(() => admin.trust.revoke(peerId, "again"), "already_revoked");
  for (const node of [admin, other]) {
    const again = await mesh.restart(node);
    assert.ok(!again.local.membership.isAdmitted(peerId, mesh.clock.nowMs()), again.member.grant.agentId);
  }
  await assertCode(() => worker.trust.standing.assertHeard(), "grant_revoked");
});

Deno.test("what could not be stored did not happen: the next try is the first", async () => {
  await using mesh = new OfflineMesh();
  const worker = await mesh.start({ agentId: "worker" });
  const admin = await mesh.start({ role: "admin" });
  const joiner = newPeer(mesh);
  const token = invite(admin);
  await admin.journal.stop();

  await assertCode(() => admin.trust.newcomers.admit(request(token, admin, { joiner })), "journal_stopped");
  await assertCode(() => admin.trust.revoke(worker.member.peerId, "x"), "journal_stopped");

  assert.ok(!admin.local.membership.isAdmitted(joiner, mesh.clock.nowMs()));
  assert.ok(admin.local.membership.isAdmitted(worker.member.peerId, mesh.clock.nowMs()));
  const again = await mesh.restart(admin);
  const answer = await again.trust.newcomers.admit(request(token, again, { joiner }));
  await again.trust.revoke(worker.member.peerId, "x");
  assert.ok(answer.ok);
  assert.equal(again.journal.entriesAfter(0, { limit: 10 }).length, 2);
});

Deno.test("who is not a master, or not any more, decides about nobody", async () => {
  await using mesh = new OfflineMesh();
  const worker = await mesh.start({ agentId: "worker" });
  const admin = await mesh.start(person("alice"));
  const second = await mesh.start(person("bob"));
  const token = invite(second);
  second.local.membership.addRevocation(mesh.mesh.revoke(second.member).bytes);

  for (const node of [worker, second]) {
    const name = node.member.grant.agentId;
    await assertCode(() => invite(node), "not_allowed");
    await assertCode(() => node.trust.newcomers.closeInvite("0000000000000000"), "not_allowed");
    await assertCode(() => node.trust.revoke(admin.member.peerId, "x"), "not_allowed");
    assert.deepEqual(node.journal.entriesAfter(0, { limit: 10 }), [], name);
  }
  const answer = await second.trust.newcomers.admit(request(token, second, { joiner: newPeer(mesh) }));
  assert.equal(refusal(answer), "inviter_not_allowed");
  await assertCode(() => admin.trust.revoke(admin.member.peerId, "x"), "invalid_request");
});

Deno.test("closing an invite: there must be one, and nobody must have used it", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  const used = invite(admin);
  await admin.trust.newcomers.admit(request(used, admin, { joiner: newPeer(mesh) }));

  await assertCode(() => admin.trust.newcomers.closeInvite(decodeJoinToken(used).inviteId), "invite_used");
  await assertCode(() => admin.trust.newcomers.closeInvite("0123456789abcdef"), "not_found");
  await assertCode(() => invite(admin, { role: "Not a Role" }), "invalid_request");
  await assertCode(() => invite(admin, { role: "own-role-without-level" }), "invalid_request");
});

Deno.test("invites are bounded: closed ones make room, open ones do not", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start({ role: "admin" });
  admin.store.transaction(() => {
    for (let i = 0; i < 999; i++) invite(admin, { ttlMs: 1_000 });
    invite(admin);
  });

  await assertCode(() => invite(admin), "invalid_request");
  await mesh.clock.advance(2_000);
  invite(admin);

  assert.equal(admin.trust.newcomers.invites().length, 2);
});

Deno.test("a node does not stand under a name that another holds", async () => {
  await using mesh = new OfflineMesh();
  await mesh.start({ agentId: "twin" });
  await mesh.clock.advance(1_000);
  const second = await mesh.start({ agentId: "twin" });

  await assertCode(() => second.trust.standing.assertHeard(), "agent_id_taken");
});

Deno.test("a grant that the full disk cannot take ends nothing and is stored once there is room", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start({ maxStoreBytes: 512 * 1024 });
  const filler = (n: number): string => `filler/${n}`;
  let fillers = 0;
  const fill = (bytes: number): void => {
    try {
      while (fillers < 10_000) {
        node.store.kv.set(filler(fillers), new Uint8Array(bytes));
        fillers++;
      }
    } catch (error) {
      assert.ok(error instanceof BzzzError && error.code === "store_full", String(error));
    }
  };
  fill(50_000);
  await mesh.clock.advance(2_000);
  fill(1_000);
  await mesh.clock.advance(2_000);
  const newcomers = Array.from({ length: 30 }, () => mesh.mesh.issue());
  const stored = (): number => {
    const peers = new Set(node.store.grants.grants().map((bytes) => decodeGrant(bytes)?.grant.peer));
    return newcomers.filter(({ peerId }) => peers.has(peerId)).length;
  };

  for (const { grantBytes } of newcomers) node.local.membership.addGrant(grantBytes);
  const whileFull = stored();
  await mesh.clock.advance(2_000);
  for (let n = 0; n < fillers; n++) node.store.kv.delete(filler(n));
  await mesh.clock.advance(2_000);
  await node.journal.append({
    kind: "message_posted",
    topic: "hmmm/meta-discussion/v1",
    body: { type: "message", text: "there is room" },
  });

  for (const { peerId } of newcomers) assert.ok(node.local.membership.isAdmitted(peerId, mesh.clock.nowMs()));
  assert.ok(whileFull < newcomers.length, "the disk was full");
  assert.equal(stored(), newcomers.length);
});
