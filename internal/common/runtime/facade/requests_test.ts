import assert from "node:assert/strict";
import type { AskInput, HandleInput, RequestQuery } from "@bzzz/api";
import { codeOf, OfflineMesh, type OfflineNode, person } from "./testing.ts";

const PUSH = {
  verb: "repo.push",
  target: "origin main",
  args: [{ name: "commits", value: 3 }],
  effect: "visible to all",
};

function input(fields: Partial<AskInput> = {}): AskInput {
  return {
    kind: "approval",
    to: {},
    title: "Push?",
    body: "3 commits",
    refs: [],
    stakes: "normal",
    on_timeout: "hold",
    on_behalf_of: [],
    human_present: false,
    action: PUSH,
    ...fields,
  };
}

async function threePeople(mesh: OfflineMesh): Promise<readonly [OfflineNode, OfflineNode, OfflineNode]> {
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice"));
  const bob = await mesh.start(person("bob"));
  for (const node of [agent, alice, bob]) {
    for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);
  }
  return [agent, alice, bob];
}

async function decide(
  node: OfflineNode,
  id: string,
  decision: "approve" | "deny",
  fields: object = {},
): Promise<string> {
  const digest = (await node.facade.request(id))?.digest ?? "0".repeat(64);
  return await codeOf(node.facade.answer(id, { request_digest: digest, decision, ...fields }));
}

async function handle(node: OfflineNode, id: string, fields: Omit<HandleInput, "request_digest">): Promise<string> {
  const digest = (await node.facade.request(id))?.digest ?? "0".repeat(64);
  return await codeOf(node.facade.handle(id, { request_digest: digest, ...fields }));
}

Deno.test("ask(): what makes no sense is refused before it is signed", async () => {
  await using mesh = new OfflineMesh();
  const [agent] = await threePeople(mesh);
  const wrong: Partial<AskInput>[] = [
    { kind: "choice" },
    { kind: "form" },
    { kind: "form", form: { type: "object", properties: { a: { type: "object" } } } },
    { kind: "approval", action: undefined, body: " " },
    { on_timeout: "deny" },
    { deadline_ms: 1 },
    { to: { human: "No Name" } },
    { allow: ["edit"] },
    { supersedes: "01ARZ3NDEKTSV4RRFFQ69G5FAV" },
  ];

  for (const fields of wrong) {
    assert.match(await codeOf(agent.facade.ask(input(fields))), /invalid_request|not_found/, JSON.stringify(fields));
  }
  assert.equal((await agent.facade.requests({ limit: 10 })).total, 0);
});

Deno.test("a quorum of two: one voice waits, the second decides, and everybody sees who said what", async () => {
  await using mesh = new OfflineMesh();
  const [agent, alice, bob] = await threePeople(mesh);
  const { request_id: id } = await agent.facade.ask(input({ to: { quorum: { n: 2, of: 2 } } }));
  await mesh.share();

  assert.equal(await decide(alice, id, "approve"), "none");
  assert.equal(await decide(alice, id, "approve"), "already_answered");
  await mesh.share();
  const between = await agent.facade.request(id);
  assert.equal(await decide(bob, id, "approve"), "none");
  await mesh.share();
  const after = await agent.facade.request(id);

  assert.deepEqual([between?.state, between?.votes?.length, between?.a2a_state], ["pending", 1, "input-required"]);
  assert.deepEqual([after?.state, after?.mcp_action], ["answered", "accept"]);
  assert.deepEqual(after?.votes?.map((vote) => vote.by.agent_id), ["alice", "bob"]);
});

Deno.test("an ask is put off by one person, handed on to another, and its states are told apart", async () => {
  await using mesh = new OfflineMesh();
  const [agent, alice, bob] = await threePeople(mesh);
  const { request_id: id } = await agent.facade.ask(input({ to: { human: "alice" } }));
  await mesh.share();
  const stateAt = async (node: OfflineNode) => (await node.facade.request(id))?.state;

  assert.equal(await handle(bob, id, { act: "snooze", until_ms: mesh.clock.nowMs() + 1_000 }), "not_allowed");
  assert.equal(await handle(alice, id, { act: "snooze", until_ms: mesh.clock.nowMs() + 1_000 }), "none");
  await mesh.share();
  assert.deepEqual([await stateAt(alice), await stateAt(bob)], ["snoozed", "pending"]);
  assert.equal((await agent.facade.request(id))?.snoozed?.[0]?.by.agent_id, "alice");
  await mesh.clock.advance(1_001);
  assert.equal(await stateAt(alice), "pending");

  assert.equal(await decide(bob, id, "approve"), "not_allowed");
  assert.equal(await handle(alice, id, { act: "escalate", to: { human: "bob" }, reason: "on a train" }), "none");
  await mesh.share();
  assert.equal(await stateAt(bob), "escalated");
  assert.equal((await bob.facade.request(id))?.is_addressed_to_me, true);
  assert.equal(await decide(bob, id, "deny", { reason: "tests first" }), "none");
  await mesh.share();
  const declined = await agent.facade.request(id);
  assert.deepEqual(
    [declined?.state, declined?.answer?.reason, declined?.mcp_action],
    ["declined", "tests first", "decline"],
  );
  assert.equal(await handle(alice, id, { act: "claim" }), "already_answered");
});

Deno.test("only who asked withdraws or replaces; a replaced ask cannot be answered", async () => {
  await using mesh = new OfflineMesh();
  const [agent, alice] = await threePeople(mesh);
  const first = await agent.facade.ask(input());
  const second = await agent.facade.ask(input());
  await mesh.share();

  assert.equal(await codeOf(alice.facade.withdraw(first.request_id, { reason: "" })), "not_allowed");
  assert.equal(await codeOf(agent.facade.withdraw(first.request_id, { reason: "found out" })), "none");
  assert.equal(await codeOf(agent.facade.withdraw(first.request_id, { reason: "again" })), "request_closed");
  assert.equal(await codeOf(alice.facade.ask(input({ supersedes: second.request_id }))), "not_allowed");
  const third = await agent.facade.ask(input({ supersedes: second.request_id, title: "Push 4?" }));
  await mesh.share();

  assert.equal(await decide(alice, second.request_id, "approve"), "request_closed");
  const old = await alice.facade.request(second.request_id);
  assert.deepEqual([old?.state, old?.superseded_by], ["superseded", third.request_id]);
});

Deno.test("an approval may be of an edited action, for longer than once; the verb stays", async () => {
  await using mesh = new OfflineMesh();
  const [agent, alice] = await threePeople(mesh);
  const { request_id: id } = await agent.facade.ask(input({ allow: ["approve", "deny", "edit"] }));
  await mesh.share();
  const edited = { ...PUSH, args: [{ name: "commits", value: 1 }] };
  const untilMs = mesh.clock.nowMs() + 60_000;

  assert.equal(await decide(alice, id, "approve", { edited_action: { ...edited, verb: "rm" } }), "invalid_request");
  assert.equal(await decide(alice, id, "approve", { scope: "until" }), "invalid_request");
  assert.equal(await decide(alice, id, "deny", { scope: "task" }), "invalid_request");
  const wanted = { edited_action: edited, scope: "until", until_ms: untilMs };
  assert.equal(await decide(alice, id, "approve", wanted), "none");
  await mesh.share();

  const { answer } = await agent.facade.request(id) ?? {};
  assert.deepEqual(answer?.edited_action, edited);
  assert.match(answer?.edited_digest ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual([answer?.scope, answer?.until_ms], ["until", untilMs]);
});

Deno.test("an approval is taken back by who may answer, once, and every node hears of it", async () => {
  await using mesh = new OfflineMesh();
  const [agent, alice] = await threePeople(mesh);
  const { request_id: id } = await agent.facade.ask(input());
  await mesh.share();
  const revoke = (who: typeof alice) => codeOf(who.facade.revokeApproval(id, { reason: "found out" }));
  assert.equal(await revoke(alice), "request_closed", "nothing was approved");
  assert.equal(await decide(alice, id, "approve", { scope: "until", until_ms: mesh.clock.nowMs() + 60_000 }), "none");
  await mesh.share();

  assert.equal(await revoke(agent), "not_allowed");
  assert.equal(await revoke(alice), "none");
  assert.equal(await revoke(alice), "request_closed");
  await mesh.share();

  const seen = await agent.facade.request(id);
  assert.deepEqual([seen?.state, seen?.revoked?.by, seen?.revoked?.reason], ["answered", "alice", "found out"]);
});

Deno.test("requests(): of more than are asked for, the oldest that wait and the newest that are closed; one that stands is never left out", async () => {
  await using mesh = new OfflineMesh();
  const [agent, alice] = await threePeople(mesh);
  const open: string[] = [];
  for (let i = 0; i < 6; i++) {
    open.push((await agent.facade.ask(input({ title: `ask ${i}` }))).request_id);
    await mesh.clock.advance(1_000);
  }
  await mesh.share();
  const standing = { scope: "until", until_ms: mesh.clock.nowMs() + 60_000 };
  for (const [i, id] of open.slice(0, 4).entries()) {
    assert.equal(await decide(alice, id, "approve", i === 0 || i === 1 ? standing : {}), "none");
  }
  const titles = async (query: RequestQuery) => (await alice.facade.requests(query)).items.map(({ title }) => title);

  assert.deepEqual(await titles({ state: "open", limit: 1 }), ["ask 4"]);
  assert.deepEqual(await titles({ state: "answered", limit: 2 }), ["ask 2", "ask 3"]);
  assert.deepEqual(await titles({ limit: 3 }), ["ask 3", "ask 4", "ask 5"]);
  assert.deepEqual(await titles({ state: "standing", limit: 2 }), ["ask 0", "ask 1"]);
  await alice.facade.revokeApproval(open[0] ?? "", { reason: "" });
  assert.deepEqual(await titles({ state: "standing", limit: 2 }), ["ask 1"]);
  await mesh.clock.advance(60_000);
  assert.deepEqual(await titles({ state: "standing", limit: 2 }), []);
});

Deno.test("the values of a form are checked before they are signed; the error names the field", async () => {
  await using mesh = new OfflineMesh();
  const [agent, alice] = await threePeople(mesh);
  const form = { type: "object", properties: { minHours: { type: "integer", minimum: 1 } }, required: ["minHours"] };
  const { request_id: id } = await agent.facade.ask(input({ kind: "form", form, action: undefined }));
  await mesh.share();
  const digest = (await alice.facade.request(id))?.digest ?? "";
  const answer = (values: Record<string, unknown>) =>
    alice.facade.answer(id, { request_digest: digest, decision: "answer", values });

  await assert.rejects(answer({ minHours: 0 }), /minHours/);
  assert.deepEqual((await answer({ minHours: 4 })).answer?.values, { minHours: 4 });
  assert.deepEqual((await alice.facade.request(id))?.form, form);
});

Deno.test("requests(): who fills the list hides nobody's asks, and no answer is larger for it", async () => {
  await using mesh = new OfflineMesh();
  const [agent, alice] = await threePeople(mesh);
  const flooder = await mesh.start({ agentId: "flooder", binaryType: "agent" });
  for (const node of [agent, alice]) node.local.membership.addGrant(flooder.member.grantBytes);
  const long = "\u0001".repeat(65_000); // six characters each in JSON
  for (let n = 0; n < 40; n++) await flooder.facade.ask(input({ title: `flood ${n}`, body: long }));
  await mesh.clock.advance(1_000);
  await agent.facade.ask(input({ title: "which branch?", to: { human: "alice" } }));
  await mesh.share();

  const page = await alice.facade.requests({ state: "open", limit: 1_000 });
  const found = [...page.items];
  for (let after = page.nextAfter; after !== undefined;) {
    const next = await alice.facade.requests({ state: "open", limit: 1_000, after });
    found.push(...next.items);
    after = next.nextAfter;
  }

  assert.ok(page.items.some(({ title }) => title === "which branch?"), "beside the flood that came before it");
  assert.ok(JSON.stringify(page).length < 8 * 1024 * 1024);
  assert.deepEqual([page.total, new Set(found.map(({ request_id: id }) => id)).size], [41, 41]);
  assert.deepEqual((await alice.facade.status()).requests, { pending: 41, for_me: 41 });
  const mine = await alice.facade.requests({ state: "open", addressed_to: "me", limit: 1 });
  assert.deepEqual([mine.items.length, mine.total], [1, 41]);
  assert.equal((await agent.facade.requests({ addressed_to: "me", limit: 1 })).total, 0, "nobody asks an agent");
});
