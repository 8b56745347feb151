import assert from "node:assert/strict";
import type { MeshId, TaskId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { TASK_VALUE_CODEC, taskKey } from "@bzzz/coordinator";
import { PEERS, posted, TaskLife } from "@bzzz/coordinator/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import { acceptStatement, type Certificate, encodeCertificate, registerKey, signGenesis } from "@bzzz/register";
import { decisionProblem } from "./decision_problems.ts";
import { readTaskDecision, TaskDecisions, votersByEpoch } from "./task_decisions.ts";

const MESH = "ab".repeat(16) as MeshId;
const random = createSeededRandom(5);
const VOTERS = Array.from({ length: 4 }, () => createSigningKey(random))
  .map((key) => ({ key, peer: peerIdFromPublicKey(key.publicKey) }));
const STRANGER = VOTERS[3] ?? assert.fail();
const THREE = VOTERS.slice(0, 3).map(({ peer }) => peer);
const TASK = posted().body.taskId;

function certify(signers: readonly number[], fields: Partial<Certificate> = {}): Certificate {
  const value = new TaskLife().act(PEERS[0] ?? assert.fail(), 2, { type: "claim" }).value ?? assert.fail();
  const accept = {
    key: taskKey(TASK),
    epoch: 1,
    ballot: { counter: 7, proposer: THREE[0] ?? assert.fail() },
    value: TASK_VALUE_CODEC.encode(value),
    ...fields,
  };
  const signatures = signers.map((i) => VOTERS[i] ?? assert.fail()).map(({ key, peer }) => ({
    voter: peer,
    signature: key.sign(acceptStatement(MESH, accept)),
  }));
  return { ...accept, signatures };
}

function problem(certificate: Certificate, taskId: TaskId = TASK): string | undefined {
  const body = { taskId, certificate: encodeCertificate(certificate) };
  return decisionProblem(body, { meshId: MESH }, (epoch) => epoch === 1 ? THREE : undefined);
}

Deno.test("a certificate of a majority has no problem, and is what the folds believe", () => {
  const certificate = certify([0, 2]);
  const body = { taskId: TASK, certificate: encodeCertificate(certificate) };

  assert.equal(problem(certificate), undefined);
  assert.ok("value" in readTaskDecision(body, MESH, () => THREE));
});

Deno.test("an altered value, a missing signature, a wrong voter and the like are named, and believed by nobody", () => {
  const other = new TaskLife().act(PEERS[1] ?? assert.fail(), 2, { type: "claim" }).value ?? assert.fail();
  const good = certify([0, 1]);
  const cases: [string, Certificate, RegExp][] = [
    [
      "altered",
      { ...good, value: TASK_VALUE_CODEC.encode(other) },
      /^the signature of voter .* is not over this value/,
    ],
    ["one signature", certify([0]), /^its certificate has 1 of the 2 signatures that decide$/],
    [
      "twice the same",
      { ...good, signatures: [good.signatures[0], good.signatures[0]].map((s) => s ?? assert.fail()) },
      /^its certificate has 1 of the 2/,
    ],
    ["a stranger", certify([0, 3]), new RegExp(`signed by ${STRANGER.peer}, who does not vote in epoch 1$`)],
    ["another epoch", certify([0, 1], { epoch: 2 }), /^the voters of epoch 2 are not known/],
    ["another register", certify([0, 1], { key: registerKey("leader") }), /is about "leader", not about the task$/],
    ["another kind of value", certify([0, 1], { value: new Uint8Array([0x80]) }), /^the value it certifies is none/],
  ];
  for (const [what, certificate, expected] of cases) {
    assert.match(problem(certificate) ?? "none", expected, what);
    const body = { taskId: TASK, certificate: encodeCertificate(certificate) };
    assert.ok("problem" in readTaskDecision(body, MESH, (epoch) => epoch === 1 ? THREE : undefined), what);
  }
});

Deno.test("decisions are read when their voters are known, and listeners told when that is", () => {
  const root = createSigningKey(random);
  const mesh = { meshId: MESH, rootPublicKey: root.publicKey };
  const genesis = signGenesis(root, MESH, { peer: THREE[0] ?? assert.fail(), seat: "0".repeat(32) });
  const decisions = new TaskDecisions(mesh);
  const body = { taskId: TASK, certificate: encodeCertificate(certify([0])) };
  let told = 0;
  decisions.events.on("voters:learned", () => told++);

  assert.equal(decisions.read(body), undefined);
  decisions.learn([genesis]);
  decisions.learn([genesis]);

  assert.equal(decisions.read(body)?.state, "claimed");
  assert.equal(told, 1);
  assert.deepEqual([...votersByEpoch([genesis], mesh)], [[1, [THREE[0]]]]);
  assert.deepEqual([...votersByEpoch([new Uint8Array(3)], mesh)], []);
});
