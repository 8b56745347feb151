import { strict as assert } from "node:assert";
import { createSystemClock, createSystemRandom, parsePeerId, utf8Decode, utf8Encode } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { P2pError } from "./errors.ts";
import { joinMesh, type JoinOptions, type RedeemInvite } from "./join.ts";
import { addressOf, LoopbackMesh } from "./loopback_mesh.ts";
import { createSigningKey, hmacSha256 } from "@bzzz/crypto";

const SECRET = utf8Encode("a secret of thirty-two bytes....");

/** One token, spent by the first who proves to know the secret. */
function createTill(inviter: () => string): { redeem: RedeemInvite; spent: string[] } {
  const spent: string[] = [];
  const redeem: RedeemInvite = async ({ joiner, inviteId, proof, agentId }) => {
    await Promise.resolve(); // as a real one waits for its disk
    const expected = hmacSha256(SECRET, utf8Encode(`${inviteId} ${joiner} ${inviter()}`));
    if (!expected.every((byte, i) => proof[i] === byte)) {
      return { ok: false, reason: "bad_proof" };
    }
    if (spent.length > 0) return { ok: false, reason: "invite_used" };
    spent.push(agentId);
    return { ok: true, grant: utf8Encode("grant"), grants: [utf8Encode("g1"), utf8Encode("g2")], revocations: [] };
  };
  return { redeem, spent };
}

function joiner(networkKey: Uint8Array, addresses: string[], secret = SECRET) {
  const deps = {
    clock: createSystemClock(),
    logger: createNullLogger(),
    seed: createSigningKey(createSystemRandom()).exportSeed(),
  };
  const options: JoinOptions = {
    networkKey,
    addresses,
    software: "test",
    request: (inviter, self) => ({
      inviteId: "invite-1",
      proof: hmacSha256(secret, utf8Encode(`invite-1 ${self} ${inviter}`)),
      agentId: "newcomer",
      binaryType: "agent",
      ageRecipient: "age1",
      software: "test",
    }),
  };
  return () => joinMesh(deps, options);
}

Deno.test("a newcomer that knows the secret gets its grant; the token works once, also for two at a time", async () => {
  await using mesh = new LoopbackMesh();
  let inviter = "";
  const till = createTill(() => inviter);
  const node = await mesh.addNode({}, { redeem: till.redeem });
  inviter = node.peerId;
  const address = addressOf(node);

  const results = await Promise.allSettled([
    joiner(mesh.networkKey, ["127.0.0.1:1", address])(),
    joiner(mesh.networkKey, [address])(),
  ]);

  const welcome = results.find(({ status }) => status === "fulfilled");
  const refusal = results.find(({ status }) => status === "rejected");
  assert.ok(welcome?.status === "fulfilled" && refusal?.status === "rejected");
  assert.equal(utf8Decode(welcome.value.grant), "grant");
  assert.equal(welcome.value.grants.length, 2);
  assert.equal(welcome.value.inviter, parsePeerId(inviter));
  assert.equal(refusal.reason.code, "p2p_join_refused");
  assert.match(refusal.reason.message, /invite_used/);
  assert.deepEqual(till.spent, ["newcomer"]);
});

Deno.test("a wrong secret is refused, and who keeps guessing is dropped", async () => {
  await using mesh = new LoopbackMesh();
  const till = createTill(() => node.peerId);
  const node = await mesh.addNode({}, { redeem: till.redeem });
  const guess = joiner(mesh.networkKey, [addressOf(node)], utf8Encode("guess"));

  for (let i = 0; i < 5; i++) await assert.rejects(guess(), isCode("p2p_join_refused"));
  const sixth = guess();

  await assert.rejects(sixth);
  assert.equal(node.stats().deniedPeers, 1);
  assert.deepEqual(till.spent, []);
});

Deno.test("a token of another network reaches nobody", async () => {
  await using mesh = new LoopbackMesh();
  const node = await mesh.addNode({}, { redeem: createTill(() => node.peerId).redeem });

  const joining = joiner(new Uint8Array(32).fill(1), [addressOf(node)])();

  await assert.rejects(joining, isCode("p2p_dial_failed"));
});

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof P2pError && error.code === code;
}
