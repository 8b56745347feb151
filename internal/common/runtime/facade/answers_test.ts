import assert from "node:assert/strict";
import { TOPICS } from "@bzzz/wire";
import { OfflineMesh, person } from "./testing.ts";
import { askChoice, choose } from "./testdata/inputs.ts";

Deno.test("answer(): every refusal has its code", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice", "developer"));
  const bob = await mesh.start(person("bob", "developer"));
  const eve = await mesh.start(person("eve", "observer"));
  const nodes = [agent, alice, bob, eve];
  for (const node of nodes) for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);
  const open = await askChoice(mesh, agent);
  const forAlice = await askChoice(mesh, agent, { to: { human: alice.member.grant.agentId } });
  const own = await askChoice(mesh, alice);
  const ends = await askChoice(mesh, agent, { deadlineMs: mesh.clock.nowMs() + 1_000, onTimeout: "deny" });
  const withdrawn = await askChoice(mesh, agent);
  await agent.journal.append({
    kind: "request_withdrawn",
    topic: TOPICS.hmmm,
    body: { requestId: withdrawn, reason: "found it" },
  });
  await mesh.share();
  await mesh.clock.advance(2_000);

  assert.equal(await choose(alice, "01ARZ3NDEKTSV4RRFFQ69G5FAV"), "not_found");
  assert.equal(await choose(alice, "x"), "not_found");
  assert.equal(await choose(alice, open, { request_digest: "0".repeat(64) }), "digest_mismatch");
  assert.equal(await choose(alice, open, { decision: "approve" }), "decision_not_offered");
  assert.equal(await choose(alice, open, { choice: "c" }), "decision_not_offered");
  assert.equal(await choose(agent, open), "not_allowed");
  assert.equal(await choose(eve, open), "not_allowed");
  assert.equal(await choose(bob, forAlice), "not_allowed");
  assert.equal(await choose(alice, own), "not_allowed");
  assert.equal(await choose(alice, ends), "request_closed");
  assert.equal(await choose(alice, withdrawn), "request_closed");
  assert.equal(await choose(alice, open), "none");
  await mesh.share();
  assert.equal(await choose(bob, open), "already_answered");
  const seen = await bob.facade.request(open);
  assert.deepEqual([seen?.state, seen?.answer?.choice, seen?.answer?.by.agent_id], ["answered", "a", "alice"]);
});

Deno.test("answer(): of two answers at once the first counts, the second is told so", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice"));
  const open = await askChoice(mesh, agent);

  const codes = await Promise.all([choose(alice, open), choose(alice, open, { choice: "b" })]);

  assert.deepEqual(codes.toSorted(), ["already_answered", "none"]);
  assert.equal((await alice.facade.request(open))?.answer?.choice, ["a", "b"][codes.indexOf("none")]);
});

Deno.test("requests(): addressed to me is exactly what I may answer", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice"));
  const bob = await mesh.start(person("bob", "developer"));
  const eve = await mesh.start(person("eve", "observer"));
  const nodes = [agent, alice, bob, eve];
  for (const node of nodes) for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);
  const forReviewers = await askChoice(mesh, agent, { to: { role: "reviewer" } });
  const forBob = await askChoice(mesh, agent, { to: { human: bob.member.grant.agentId } });
  const forAll = await askChoice(mesh, agent);

  for (const requestId of [forReviewers, forBob, forAll]) {
    for (const node of nodes) {
      const request = await node.facade.request(requestId);
      const refusal = await choose(node, requestId, { choice: "c" });
      assert.equal(request?.is_addressed_to_me, refusal === "decision_not_offered", node.member.grant.agentId);
    }
  }
});
