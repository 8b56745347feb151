import assert from "node:assert/strict";
import { createSeededRandom } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import type { BodyOf } from "@bzzz/wire";
import { CLOCK_TOLERANCE_MS, judgeVote, PersonBook, revokeDevice, signDecision, type VoteClaim } from "../mod.ts";
import { createTestMesh, createTestPerson } from "../testing.ts";

type Body = BodyOf<"decision_voted">;

const random = createSeededRandom(5);
const { mesh: { meshId: mesh } } = createTestMesh();
const newPeer = () => peerIdFromPublicKey(createSigningKey(random).publicKey);
const [laptop, phone] = [newPeer(), newPeer()];
const ana = createTestPerson(random);
const device = ana.device(laptop, { mesh });
const AT = 1_000_000;
const BODY: Body = {
  address: "ucxl://basil:developer@shop:pay/*^/decisions/queue.json",
  revision: new Uint8Array(32).fill(3),
  vote: "approve",
  reason: new Uint8Array([1, 2, 3]),
};
const SIGNED = device.signVote(BODY, { role: "architect", atMs: AT });

function faultOf(change: Partial<VoteClaim>, book = new PersonBook(mesh)): string {
  const claim = { mesh, author: laptop, seq: 7, hlcMs: AT, grant: { person: ana.id, role: "architect" }, body: SIGNED };
  const judged = judgeVote(book, { ...claim, ...change });
  return judged.ok ? judged.proof.person : judged.fault;
}

Deno.test("a vote that a person's device signed is the person's; one without is its node's", () => {
  assert.equal(faultOf({}), ana.id);
  assert.equal(faultOf({ body: BODY }), "unsigned");
  assert.equal(faultOf({ grant: { role: "architect" } }), "no_person");
  assert.equal(faultOf({ grant: undefined }), "no_person");
});

Deno.test("a signature holds for one vote on one version with one reason, from one node, in one role, at one time", () => {
  const { reason: _, ...silent } = SIGNED;
  const altered: readonly Body[] = [
    { ...SIGNED, vote: "reject" },
    { ...SIGNED, address: `${BODY.address}x` },
    { ...SIGNED, revision: new Uint8Array(32).fill(4) },
    { ...SIGNED, reason: new Uint8Array([1, 2, 4]) },
    silent,
  ];
  for (const body of altered) assert.equal(faultOf({ body }), "altered", JSON.stringify(body));
  assert.equal(faultOf({ author: phone }), "other_device");
  assert.equal(faultOf({ grant: { person: createTestPerson(random).id, role: "architect" } }), "other_person");
  assert.equal(faultOf({ grant: { person: ana.id, role: "admin" } }), "wrong_role");
  assert.equal(faultOf({ hlcMs: AT + CLOCK_TOLERANCE_MS + 1 }), "stale");
  assert.equal(faultOf({ mesh: createTestMesh({ random: createSeededRandom(9) }).mesh.meshId }), "malformed");
});

Deno.test("what a device signed as a decision of an ask is no vote, and neither is junk", () => {
  const ask = {
    requestId: "01HZZZZZZZZZZZZZZZZZZZZZZZ" as never,
    requestDigest: "ab".repeat(32),
    decision: "approve",
  } as const;
  const decision = signDecision(device.key, device.certificate, { body: ask, role: "architect", atMs: AT });
  const { certificate } = device;

  for (const vote of [decision, new Uint8Array([1]), new Uint8Array(64)]) {
    assert.equal(faultOf({ body: { ...BODY, proof: { certificate: certificate.bytes, vote } } }), "malformed");
  }
});

Deno.test("the vote of a revoked device is nobody's, but those it was known to have cast stay", () => {
  const book = new PersonBook(mesh);
  const revoked = revokeDevice(ana.root, { mesh, peer: laptop, lastSeq: 6, reason: "lost", issuedAtMs: AT });
  book.add(revoked.bytes, phone);

  assert.equal(faultOf({ seq: 7 }, book), "device_revoked");
  assert.equal(faultOf({ seq: 6 }, book), ana.id);
});
