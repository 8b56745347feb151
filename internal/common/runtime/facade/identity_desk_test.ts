import assert from "node:assert/strict";
import { certifyHere, ensurePerson, loadApprovalKey, personWords } from "@bzzz/agentid";
import { createSeededRandom } from "@bzzz/base/testing";
import { createSigningKey } from "@bzzz/crypto";
import { codeOf, OfflineMesh, type OfflineNode, person } from "./testing.ts";

const PASSPHRASE = "correct horse";

/** Everybody knows every grant. */
function introduce(mesh: OfflineMesh, ...nodes: readonly OfflineNode[]): void {
  for (const node of nodes) {
    for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);
  }
}

/** Makes keys of a person for a node whose grant names nobody, as `identity create` does, and tells the mesh of them. */
async function createKeys(mesh: OfflineMesh, node: OfflineNode): Promise<string> {
  const place = { mesh: mesh.mesh.mesh.meshId, peer: node.member.peerId, nowMs: mesh.clock.nowMs() };
  const { certificate } = await ensurePerson(node.folder, place, { random: createSeededRandom(9) });
  await node.person.announce();
  return personWords(certificate.person);
}

async function ask(mesh: OfflineMesh, asker: OfflineNode): Promise<{ id: string; digest: string }> {
  const { request_id: id, digest } = await asker.facade.ask({
    kind: "question",
    to: {},
    title: "Which?",
    body: "",
    refs: [],
    stakes: "normal",
    on_timeout: "hold",
    on_behalf_of: [],
    human_present: false,
  });
  await mesh.share();
  return { id, digest };
}

function answer(node: OfflineNode, { id, digest }: { id: string; digest: string }, fields: object = {}) {
  return codeOf(node.facade.answer(id, { request_digest: digest, decision: "answer", text: "main", ...fields }));
}

Deno.test("a portal from before there were people decides again once an admin has compared the six words", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start(person("atlas"));
  const other = await mesh.start(person("basil", "developer"));
  const old = await mesh.start({ ...person("ana", "developer"), person: undefined });
  introduce(mesh, admin, other, old);
  const open = await ask(mesh, other);

  assert.equal(await answer(old, open), "not_allowed", "no keys");
  const words = await createKeys(mesh, old);
  await mesh.share();
  assert.equal(await answer(old, open), "not_allowed", "not admitted");
  const seen = (await admin.facade.identity.people()).find((one) => one.agent_id === "ana");
  assert.deepEqual([seen?.state, seen?.words], ["announced", words]);

  const wrong = words.split(" ").reverse().join(" ");
  assert.equal(await codeOf(admin.facade.identity.admit("ana", wrong)), "invalid_request");
  assert.equal(await codeOf(other.facade.identity.admit("ana", words)), "not_allowed");
  assert.equal(await codeOf(admin.facade.identity.admit("nobody", words)), "not_found");
  assert.equal((await admin.facade.identity.admit("ana", words)).state, "admitted");
  await mesh.share();
  introduce(mesh, old);

  assert.equal((await old.facade.identity.show()).is_admitted, true);
  assert.equal(await answer(old, open), "none");
  await mesh.share();
  assert.equal((await other.facade.request(open.id))?.answer?.by.agent_id, "ana");
});

Deno.test("a portal that shows another key than the admitted one is told of as changed, and decides nothing", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start(person("atlas"));
  const ana = await mesh.start(person("ana"));
  introduce(mesh, admin, ana);
  const open = await ask(mesh, admin);

  const thief = createSigningKey(createSeededRandom(13));
  const place = { mesh: mesh.mesh.mesh.meshId, peer: ana.member.peerId, nowMs: mesh.clock.nowMs() };
  await certifyHere(ana.folder, thief, await loadApprovalKey(ana.folder, {}), place, {
    random: createSeededRandom(14),
  });
  await ana.person.announce();
  await mesh.share();

  assert.equal((await admin.facade.identity.people()).find((one) => one.agent_id === "ana")?.state, "changed");
  const { is_admitted: isAdmitted, problem } = await ana.facade.identity.show();
  assert.deepEqual([isAdmitted, problem], [false, "its certificate is another person's"]);
  assert.equal(await answer(ana, open), "not_allowed");
});

Deno.test("while a person's key is locked their node answers nothing, lets in nobody who could, and still says no", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start(person("atlas"));
  const ana = await mesh.start(person("ana"));
  introduce(mesh, admin, ana);
  await admin.facade.identity.changePassphrase({ old: undefined, next: PASSPHRASE });
  const open = await ask(mesh, ana);
  const invite = (binary: "agent" | "hap") =>
    codeOf(admin.facade.createInvite({ role: "developer", ttl_ms: 60_000, binary_type: binary }));

  assert.equal(await answer(admin, open), "identity_locked");
  assert.equal(await answer(admin, open, { passphrase: "wrong horse" }), "identity_locked");
  assert.equal(await invite("hap"), "identity_locked");
  assert.equal(await invite("agent"), "none");
  await mesh.clock.advance(1_000);
  await admin.facade.identity.unlock(PASSPHRASE);
  assert.equal(await invite("hap"), "none");
  await admin.facade.identity.lock();
  assert.equal(await codeOf(admin.facade.answer(open.id, { request_digest: open.digest, decision: "deny" })), "none");
  const next = await ask(mesh, ana);
  assert.equal(await answer(admin, next, { passphrase: PASSPHRASE }), "none");
});

Deno.test("a rotation keeps the person, and what the device had decided; a revoked device ends", async () => {
  await using mesh = new OfflineMesh();
  const atlas = await mesh.start(person("atlas"));
  const ana = await mesh.start(person("ana"));
  introduce(mesh, atlas, ana);
  await ana.person.announce();
  const first = await ask(mesh, atlas);
  assert.equal(await answer(ana, first), "none");
  const before = await ana.facade.identity.show();

  const rotated = await ana.facade.identity.rotate({});
  await mesh.share();
  const second = await ask(mesh, atlas);
  assert.equal(await answer(ana, second), "none");
  await mesh.share();

  assert.notEqual(rotated.person, before.person);
  assert.deepEqual([rotated.is_admitted, rotated.devices.length], [true, 1]);
  assert.equal((await atlas.facade.identity.people()).find((one) => one.agent_id === "ana")?.state, "admitted");
  for (const { id } of [first, second]) assert.equal((await atlas.facade.request(id))?.state, "answered");

  assert.equal(await codeOf(ana.facade.identity.revokeDevice({ device: "atlas", reason: "" })), "not_found");
  await ana.facade.identity.revokeDevice({ device: "ana", reason: "lost" });
  await mesh.share();
  const third = await ask(mesh, atlas);
  assert.equal(await answer(ana, third), "not_allowed");
  await mesh.clock.advance(1);
  await ana.facade.identity.renew({});
  assert.equal(await answer(ana, third), "none");
});
