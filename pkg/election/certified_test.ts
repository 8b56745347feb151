import assert from "node:assert/strict";
import type { MeshId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { peerIdFromPublicKey, signingKeyFromSeed } from "@bzzz/crypto";
import { acceptStatement, type Certificate, encodeCertificate, registerKey } from "@bzzz/register";
import { certifiedLeader } from "./certified.ts";
import { LEADER_KEY, type LeaderValue, leaderValueCodec } from "./leader_value.ts";

const MESH = "0123456789abcdef0123456789abcdef" as MeshId; // 32 hexadecimal digits
const KEYS = [1, 2, 3, 4].map((seed) => signingKeyFromSeed(createSeededRandom(seed).bytes(32)));
const PEERS = KEYS.map((key) => peerIdFromPublicKey(key.publicKey));
const VOTERS = PEERS.slice(0, 3);
const VALUE: LeaderValue = {
  version: 1,
  term: 1,
  holder: PEERS[3] as LeaderValue["holder"] & string,
  leaseMs: 15_000,
  renewals: 0,
  score: 60,
};
const PROOF = { mesh: MESH, votersOf: (epoch: number) => epoch === 1 ? VOTERS : undefined };

function certificate(signers: readonly number[], changes: Partial<Certificate> = {}): Certificate {
  const accept = {
    key: LEADER_KEY,
    epoch: 1,
    ballot: { counter: 3, proposer: PEERS[0] as Certificate["ballot"]["proposer"] },
    value: leaderValueCodec.encode(VALUE),
    ...changes,
  };
  const signatures = signers.map((at) => ({
    voter: PEERS[at] as (typeof PEERS)[number],
    signature: KEYS[at]?.sign(acceptStatement(MESH, accept)) ?? new Uint8Array(),
  }));
  return { ...accept, signatures };
}

Deno.test("certifiedLeader() believes a majority of the epoch's voters", () => {
  assert.deepEqual(certifiedLeader(encodeCertificate(certificate([0, 2])), PROOF), { type: "proved", value: VALUE });
});

Deno.test("certifiedLeader() believes nobody else: a minority, a stranger, another value, another register, junk", () => {
  const altered = { ...certificate([0, 1]), value: leaderValueCodec.encode({ ...VALUE, term: 9 }) };
  const cases: Readonly<Record<string, Uint8Array>> = {
    minority: encodeCertificate(certificate([1])),
    stranger: encodeCertificate(certificate([1, 3])),
    altered: encodeCertificate(altered),
    "of a task": encodeCertificate(certificate([0, 1, 2], { key: registerKey("task", "01JD3Z00000000000000000TSK") })),
    junk: new Uint8Array([1, 2, 3]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    assert.deepEqual(certifiedLeader(bytes, PROOF), { type: "false" }, name);
  }
});

Deno.test("certifiedLeader() cannot tell about an epoch that the node has not heard of", () => {
  const later = encodeCertificate(certificate([0, 1, 2], { epoch: 2 }));

  assert.deepEqual(certifiedLeader(later, PROOF), { type: "unknown_epoch", epoch: 2 });
});
