import assert from "node:assert/strict";
import type { MeshId, PeerId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import { acceptStatement, type Certificate } from "./certificate.ts";
import { registerKey, ROSTER_KEY } from "./keys.ts";
import {
  isNextRoster,
  openGenesis,
  rosterCodec,
  signGenesis,
  verifyRosterStep,
  type Voter,
  type VoterRoster,
} from "./voter_roster.ts";

const MESH = "00".repeat(16) as MeshId;
const random = createSeededRandom(11);
const MEMBERS = Array.from({ length: 4 }, () => createSigningKey(random))
  .map((key, i) => ({ key, peer: peerIdFromPublicKey(key.publicKey), seat: `${i}`.repeat(32) }))
  .sort((a, b) => a.peer < b.peer ? -1 : 1);

function roster(epoch: number, step: VoterRoster["step"], ...members: number[]): VoterRoster {
  return { epoch, step, voters: members.map((i) => voter(i)) };
}

function voter(i: number): Voter {
  const { peer, seat } = MEMBERS[i] ?? { peer: "" as PeerId, seat: "" };
  return { peer, seat };
}

function certify(epoch: number, next: VoterRoster, signers: number[], key = ROSTER_KEY): Certificate {
  const ballot = { counter: 1, proposer: voter(0).peer };
  const accept = { key, epoch, ballot, value: rosterCodec.encode(next) };
  const signatures = signers.map((i) => ({
    voter: voter(i).peer,
    signature: MEMBERS[i]?.key.sign(acceptStatement(MESH, accept)) ?? new Uint8Array(64),
  }));
  return { ...accept, signatures };
}

Deno.test("a roster is followed by one change, then by its own end of transfer", () => {
  const stable = roster(1, "stable", 0, 1, 2);
  const reseated = {
    ...roster(2, "transferring", 0, 1, 2),
    voters: [voter(0), voter(1), { ...voter(2), seat: "f".repeat(32) }],
  };
  const cases: [string, VoterRoster, VoterRoster, boolean][] = [
    ["one more", stable, roster(2, "transferring", 0, 1, 2, 3), true],
    ["one less", stable, roster(2, "transferring", 0, 1), true],
    ["the end of a transfer", roster(2, "transferring", 0, 1), roster(2, "stable", 0, 1), true],
    ["the same", stable, roster(2, "transferring", 0, 1, 2), false],
    ["one in place of another", stable, roster(2, "transferring", 0, 1, 3), false],
    ["two more", roster(1, "stable", 0), roster(2, "transferring", 0, 1, 2), false],
    ["a new seat in one step", stable, reseated, false],
    ["a change within a transfer", roster(2, "transferring", 0, 1), roster(3, "transferring", 0), false],
    ["an epoch left out", stable, roster(3, "transferring", 0, 1), false],
    ["stable at once", stable, roster(2, "stable", 0, 1), false],
    ["other voters at the end", roster(2, "transferring", 0, 1), roster(2, "stable", 0, 2), false],
  ];

  for (const [what, current, next, expected] of cases) assert.equal(isNextRoster(current, next), expected, what);
});

Deno.test("a change needs a majority of the old voters and one of the new", () => {
  const current = roster(1, "stable", 0, 1, 2);
  const next = roster(2, "transferring", 0, 1, 2, 3);

  assert.deepEqual(verifyRosterStep(current, certify(1, next, [0, 1, 3]), MESH), next);
  assert.equal(verifyRosterStep(current, certify(1, next, [0, 1]), MESH), undefined, "two of four are not enough");
  assert.equal(
    verifyRosterStep(roster(1, "stable", 0, 1), certify(1, roster(2, "transferring", 0, 1, 2), [0, 2]), MESH),
    undefined,
    "one of the two old ones",
  );
  assert.equal(verifyRosterStep(current, certify(2, next, [0, 1, 2, 3]), MESH), undefined, "decided in another epoch");
  assert.equal(verifyRosterStep(current, certify(1, next, [0, 1, 2, 3], registerKey("leader")), MESH), undefined);
});

Deno.test("the first roster is the root's word", () => {
  const root = createSigningKey(random);
  const bytes = signGenesis(root, MESH, voter(0));

  assert.deepEqual(openGenesis({ meshId: MESH, rootPublicKey: root.publicKey }, bytes), roster(1, "stable", 0));
  assert.equal(openGenesis({ meshId: MESH, rootPublicKey: createSigningKey(random).publicKey }, bytes), undefined);
  assert.equal(openGenesis({ meshId: "11".repeat(16) as MeshId, rootPublicKey: root.publicKey }, bytes), undefined);
  assert.equal(openGenesis({ meshId: MESH, rootPublicKey: root.publicKey }, bytes.slice(1)), undefined);
});
