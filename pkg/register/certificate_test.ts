import assert from "node:assert/strict";
import { type MeshId, type PeerId, utf8Encode } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import fc from "fast-check";
import {
  acceptStatement,
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  majorityOf,
  verifyCertificate,
} from "./certificate.ts";
import { ballotAfter, compareBallots } from "./ballot.ts";
import { openCommand, signCommand } from "./command.ts";
import { parseRegisterKey, registerKey } from "./keys.ts";

const MESH = "00".repeat(16) as MeshId;
const KEY = registerKey("task", "01J00000000000000000000000");
const random = createSeededRandom(7);
const KEYS = Array.from({ length: 5 }, () => createSigningKey(random));
const VOTERS = KEYS.map((key) => peerIdFromPublicKey(key.publicKey));

function certify(signers: readonly number[], overrides: Partial<Certificate> = {}): Certificate {
  const accept = { key: KEY, epoch: 1, ballot: { counter: 3, proposer: VOTERS[0] as PeerId }, value: utf8Encode("v") };
  const signatures = signers.map((i) => ({
    voter: VOTERS[i] as PeerId,
    signature: KEYS[i]?.sign(acceptStatement(MESH, accept)) ?? new Uint8Array(64),
  }));
  return { ...accept, signatures, ...overrides };
}

Deno.test("a certificate of a majority holds, one of fewer does not", () => {
  const check = (signers: number[], count: number) =>
    verifyCertificate(certify(signers), { mesh: MESH, key: KEY, voters: VOTERS.slice(0, count) });

  assert.deepEqual(
    [check([0, 1], 3), check([0], 3), check([0, 0, 0], 3), check([3, 4, 0], 3), check([0], 1), check([0, 1, 2], 5)],
    [true, false, false, false, true, true],
  );
});

Deno.test("a signature counts for its mesh, key, epoch, ballot and value alone", () => {
  const good = certify([0, 1, 2]);
  const expected = { mesh: MESH, key: KEY, voters: VOTERS.slice(0, 3) };
  const other = registerKey("task", "01J00000000000000000000001");
  const changed: [string, Certificate, typeof expected][] = [
    ["mesh", good, { ...expected, mesh: "11".repeat(16) as MeshId }],
    ["key", { ...good, key: other }, { ...expected, key: other }],
    ["epoch", { ...good, epoch: 2 }, expected],
    ["ballot", { ...good, ballot: { ...good.ballot, counter: 4 } }, expected],
    ["value", { ...good, value: utf8Encode("w") }, expected],
  ];

  assert.ok(verifyCertificate(good, expected));
  for (const [what, certificate, asked] of changed) assert.equal(verifyCertificate(certificate, asked), false, what);
});

Deno.test("a certificate survives its bytes, and no other bytes are one", () => {
  const certificate = certify([0, 1, 2]);

  assert.deepEqual(decodeCertificate(encodeCertificate(certificate)), certificate);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    decodeCertificate(bytes); // never throws
  }));
});

Deno.test("a command is opened only as its actor signed it, in its own mesh", () => {
  const actor = VOTERS[0] as PeerId;
  const key = KEYS[0];
  assert.ok(key);
  const bytes = signCommand(key, MESH, { key: KEY, actor, body: utf8Encode("claim") }, random);

  assert.equal(openCommand(MESH, bytes)?.actor, actor);
  assert.equal(openCommand("11".repeat(16) as MeshId, bytes), undefined);
  fc.assert(fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
    const broken = bytes.slice();
    broken[at] = (broken[at] ?? 0) ^ change;
    assert.equal(openCommand(MESH, broken), undefined);
  }));
});

Deno.test("ballots are ordered totally, and the next one follows all that was seen", () => {
  const ballot = fc.record({ counter: fc.integer({ min: 1, max: 5 }), proposer: fc.constantFrom(...VOTERS) });
  fc.assert(fc.property(ballot, ballot, ballot, (a, b, c) => {
    assert.equal(Math.sign(compareBallots(a, b)) + Math.sign(compareBallots(b, a)), 0);
    if (compareBallots(a, b) <= 0 && compareBallots(b, c) <= 0) assert.ok(compareBallots(a, c) <= 0);
    assert.equal(compareBallots(a, b) === 0, a.counter === b.counter && a.proposer === b.proposer);
    assert.ok(compareBallots(a, ballotAfter(a, b.proposer)) < 0);
  }));
  assert.ok(compareBallots(undefined, { counter: 1, proposer: VOTERS[0] as PeerId }) < 0);
});

Deno.test("keys are a prefix, or a prefix and a name", () => {
  const accepted = ["leader", "roster", "task/01J0", "a/b-c_D"];
  const refused = ["", "/x", "task/", "Task/x", "task/x/y", "task/ä", `task/${"x".repeat(65)}`];

  for (const text of accepted) assert.ok(parseRegisterKey(text), text);
  for (const text of refused) assert.equal(parseRegisterKey(text), undefined, text);
  assert.deepEqual([1, 2, 3, 4, 5].map(majorityOf), [1, 2, 2, 3, 3]);
});
