import { strict as assert } from "node:assert";
import fc from "fast-check";
import {
  createInvite,
  createJoinProof,
  decodeJoinToken,
  encodeJoinToken,
  IdentityError,
  type Invite,
  inviteSchema,
  inviteState,
  type JoinToken,
  MAX_TOKEN_ADDRESSES,
  redeemInvite,
  type Redemption,
  revokeInvite,
} from "@bzzz/agentid";
import { createTestMesh } from "@bzzz/agentid/testing";
import { type AgentId, base64UrlEncode, hexEncode, parseAgentId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { sha256 } from "@bzzz/crypto";

const NOW_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

function agentId(text: string): AgentId {
  const id = parseAgentId(text);
  assert.ok(id);
  return id;
}

function setUp(fields: Partial<Parameters<typeof createInvite>[0]> = {}): {
  invite: Invite;
  secret: Uint8Array;
  redemption: Redemption;
  others: { joiner: Redemption["joiner"]; inviter: Redemption["inviter"] };
} {
  const mesh = createTestMesh();
  const [joiner, inviter, third, fourth] = [mesh.issue(), mesh.issue(), mesh.issue(), mesh.issue()].map((m) =>
    m.peerId
  );
  assert.ok(joiner && inviter && third && fourth);
  const deps = { random: createSeededRandom(5), nowMs: NOW_MS };
  const { invite, secret } = createInvite({ role: "developer", ...fields }, deps);
  const proof = createJoinProof(secret, { inviteId: invite.inviteId, joiner, inviter });
  const redemption = { proof, joiner, inviter, binaryType: "agent" as const, agentId: agentId("new"), nowMs: NOW_MS };
  return { invite, secret, redemption, others: { joiner: third, inviter: fourth } };
}

function reasonOf(invite: Invite, redemption: Redemption): string {
  const result = redeemInvite(invite, redemption);
  return result.ok ? "ok" : result.reason;
}

Deno.test("an invitation lets one newcomer in, once, and answers the same newcomer again", () => {
  const { invite, secret, redemption, others } = setUp();

  const first = redeemInvite(invite, redemption);
  assert.ok(first.ok);
  assert.equal(first.invite.usedBy, redemption.joiner);
  assert.deepEqual(redeemInvite(first.invite, { ...redemption, nowMs: NOW_MS + 9 * HOUR_MS }), first);

  const { inviteId } = invite;
  const proof = createJoinProof(secret, { inviteId, joiner: others.joiner, inviter: redemption.inviter });
  assert.equal(reasonOf(first.invite, { ...redemption, joiner: others.joiner, proof }), "used");
  assert.equal(reasonOf(invite, { ...redemption, joiner: others.joiner, proof }), "ok", "unless it was first");
});

Deno.test("a proof is worth nothing for another joiner, inviter or invitation, nor when altered", () => {
  const { invite, redemption, others } = setUp();
  const other = createInvite({ role: "developer" }, { random: createSeededRandom(6), nowMs: NOW_MS }).invite;

  assert.equal(reasonOf(invite, { ...redemption, joiner: others.joiner }), "bad_proof");
  assert.equal(reasonOf(invite, { ...redemption, inviter: others.inviter }), "bad_proof");
  assert.equal(reasonOf(other, redemption), "bad_proof");
  for (let i = 0; i < 32; i++) {
    const proof = redemption.proof.map((byte, at) => at === i ? byte ^ 1 : byte);
    assert.equal(reasonOf(invite, { ...redemption, proof }), "bad_proof", `byte ${i}`);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (proof) => {
    assert.equal(reasonOf(invite, { ...redemption, proof }), "bad_proof");
  }));
});

Deno.test("what the inviter keeps does not contain the secret, and the stored hash makes no proof", () => {
  const { invite, secret, redemption } = setUp();
  const { inviteId } = invite;
  const { joiner, inviter } = redemption;

  const kept = JSON.stringify(invite);

  assert.ok(!kept.includes(hexEncode(secret)) && !kept.includes(base64UrlEncode(secret)));
  const proof = createJoinProof(sha256(secret), { inviteId, joiner, inviter });
  assert.equal(reasonOf(invite, { ...redemption, proof }), "bad_proof");
});

Deno.test("an invitation ends with its time or by revocation, and stays used once used", () => {
  const { invite, redemption } = setUp({ ttlMs: HOUR_MS });

  assert.equal(reasonOf(invite, { ...redemption, nowMs: NOW_MS + HOUR_MS }), "ok");
  assert.equal(reasonOf(invite, { ...redemption, nowMs: NOW_MS + HOUR_MS + 1 }), "expired");
  assert.equal(reasonOf(revokeInvite(invite, NOW_MS), redemption), "revoked");
  const used = redeemInvite(invite, redemption);
  assert.ok(used.ok);
  assert.equal(inviteState(revokeInvite(used.invite, NOW_MS), NOW_MS), "used");
});

Deno.test("an invitation for one program or one name is for no other", () => {
  const { invite, redemption } = setUp({ binaryType: "hap", agentId: agentId("alice") });

  assert.equal(reasonOf(invite, redemption), "wrong_binary_type");
  assert.equal(reasonOf(invite, { ...redemption, binaryType: "hap" }), "wrong_agent_id");
  assert.equal(reasonOf(invite, { ...redemption, binaryType: "hap", agentId: agentId("alice") }), "ok");
});

Deno.test("createInvite() refuses roles and times that cannot be", () => {
  const deps = { random: createSeededRandom(7), nowMs: NOW_MS };
  const isInvalid = (error: unknown) => error instanceof IdentityError && error.code === "invalid_invite";

  assert.throws(() => createInvite({ role: "pilot" }, deps), isInvalid);
  assert.throws(() => createInvite({ role: "developer", level: "master" }, deps), isInvalid);
  assert.throws(() => createInvite({ role: "No Role", level: "master" }, deps), isInvalid);
  assert.throws(() => createInvite({ role: "developer", ttlMs: 0 }, deps), isInvalid);
  assert.equal(createInvite({ role: "pilot", level: "decision" }, deps).invite.level, "decision");
});

Deno.test("an invitation survives JSON", () => {
  const { invite, redemption } = setUp({ binaryType: "agent" });
  const used = redeemInvite(invite, redemption);
  assert.ok(used.ok);

  assert.deepEqual(inviteSchema().parse(JSON.parse(JSON.stringify(used.invite))), used.invite);
});

function tokenOf(addresses: readonly string[]): JoinToken {
  const { mesh } = createTestMesh();
  const { invite, secret } = setUp();
  const { name, meshId, rootPublicKey, networkKey } = mesh;
  const record = { name, meshId, rootPublicKey, networkKey };
  return { mesh: record, addresses, inviteId: invite.inviteId, secret, expiresMs: invite.expiresMs };
}

Deno.test("a join token is one word that gives back what it was made of, line breaks or not", () => {
  const token = tokenOf(["/dns4/node-1/tcp/9000", "/ip6/::1/tcp/9000"]);

  const text = encodeJoinToken(token);

  assert.match(text, /^bzzz-join1-[A-Za-z0-9_-]+$/);
  assert.deepEqual(decodeJoinToken(text), token);
  assert.deepEqual(decodeJoinToken(`\n  ${text.slice(0, 80)}\r\n${text.slice(80)} `), token);
});

Deno.test("a join token takes sixteen addresses and drops the rest", () => {
  const addresses = Array.from({ length: 20 }, (_, i) => `/ip4/10.0.0.${i}/tcp/9000`);

  const { addresses: kept } = decodeJoinToken(encodeJoinToken(tokenOf(addresses)));

  assert.deepEqual(kept, addresses.slice(0, MAX_TOKEN_ADDRESSES));
});

Deno.test("decodeJoinToken() refuses a token with any one character changed, cut, or of another version", () => {
  const text = encodeJoinToken(tokenOf(["/ip4/10.0.0.1/tcp/9000"]));
  const isMalformed = (error: unknown) => error instanceof IdentityError && error.code === "token_malformed";

  for (let i = "bzzz-join1-".length; i < text.length - 1; i++) {
    const altered = text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1);
    assert.throws(() => decodeJoinToken(altered), isMalformed, `character ${i}`);
  }
  for (const length of [0, 5, 11, 12, 40, text.length - 1]) {
    assert.throws(() => decodeJoinToken(text.slice(0, length)), isMalformed, `${length} characters`);
  }
  assert.throws(() => decodeJoinToken("x".repeat(100_000)), isMalformed);
  assert.throws(
    () => decodeJoinToken(text.replace("join1", "join2")),
    (error) => error instanceof IdentityError && error.code === "token_version",
  );
});

Deno.test("decodeJoinToken() refuses any other text without repeating it", () => {
  fc.assert(fc.property(fc.string({ minLength: 8 }), (text) => {
    assert.throws(() => decodeJoinToken(`bzzz-join1-${text}`), (error) => {
      assert.ok(error instanceof IdentityError);
      return error.code === "token_malformed";
    });
  }));
});
