import assert from "node:assert/strict";
import type { AnswerInput, MeshEvent, PostMessageInput, PostTaskInput } from "@bzzz/api";
import { BzzzError, createUlid, type RequestId, type TaskId } from "@bzzz/base";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import { OfflineMesh, type OfflineNode, person } from "./testing.ts";

function task(fields: Partial<PostTaskInput> = {}): PostTaskInput {
  return { title: "Write it", description: "all of it", priority: 5, required_capabilities: [], ...fields };
}

function message(fields: Partial<PostMessageInput> = {}): PostMessageInput {
  return { text: "hello", type: "message", topic: "hmmm", to: [], refs: [], ...fields };
}

const JOURNAL = { after: 0, limit: 100 };

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof BzzzError, String(error));
    return error.code;
  }
  return "none";
}

async function ask(
  mesh: OfflineMesh,
  from: OfflineNode,
  fields: Partial<BodyOf<"request_opened">> = {},
): Promise<RequestId> {
  const requestId = createUlid(mesh.clock.nowMs(), mesh.random) as RequestId; // a ULID
  await from.journal.append({
    kind: "request_opened",
    topic: TOPICS.hmmm,
    body: {
      requestId,
      kind: "choice",
      to: {},
      title: "Which?",
      body: "a or b",
      allow: ["choose", "deny"],
      choices: ["a", "b"],
      stakes: "normal",
      onTimeout: "hold",
      ...fields,
    },
  });
  await mesh.share();
  return requestId;
}

async function choose(node: OfflineNode, requestId: string, fields: Partial<AnswerInput> = {}): Promise<string> {
  const request = await node.facade.request(requestId);
  const answer: AnswerInput = { request_digest: request?.digest ?? "", decision: "choose", choice: "a", ...fields };
  return await codeOf(node.facade.answer(requestId, answer));
}

Deno.test("postTask(): one client id makes one task, at once, again, and after a restart", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const input = task({ client_id: "c-1", deadline_ms: mesh.clock.nowMs() + 60_000 });

  const posted = await Promise.all([1, 2, 3, 4].map(() => node.facade.postTask(input)));
  const again = await mesh.restart(node);
  await mesh.clock.advance(120_000);
  const later = await again.facade.postTask(input);

  assert.equal(new Set([...posted, later].map(({ task }) => task.task_id)).size, 1);
  assert.deepEqual(posted.map(({ isNew }) => isNew), [true, false, false, false]);
  assert.equal(later.isNew, false, "also when its deadline has passed since");
  assert.equal((await again.facade.journal(JOURNAL)).length, 1);
  assert.equal(await codeOf(again.facade.postTask({ ...input, title: "Other" })), "client_id_conflict");
  assert.equal(await codeOf(again.facade.postTask(task({ deadline_ms: mesh.clock.nowMs() - 1 }))), "invalid_request");
});

Deno.test("postTask(): without a client id every post is a task; who may not write is told", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const observer = await mesh.start(person("eve", "observer"));

  const posted = await Promise.all([1, 2].map(() => node.facade.postTask(task())));

  assert.equal(new Set(posted.map((post) => post.task.task_id)).size, 2);
  assert.equal(await codeOf(observer.facade.postTask(task())), "not_allowed");
  assert.equal(await codeOf(observer.facade.postMessage(message())), "not_allowed");
});

Deno.test("cancelTask(): the poster, people and coordinators may; nobody else, and nothing that has ended", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const poster = await mesh.start(person("alice", "developer"));
  for (const node of [agent, poster]) {
    for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);
  }
  const { task: posted } = await poster.facade.postTask(task());
  await mesh.share();

  const refused = await codeOf(agent.facade.cancelTask(posted.task_id, { reason: "no" }));
  const cancelled = await poster.facade.cancelTask(posted.task_id.toLowerCase(), { reason: "enough" });

  assert.equal(refused, "not_allowed");
  assert.deepEqual([cancelled.state, cancelled.reason], ["cancelled", "enough"]);
  assert.equal(await codeOf(poster.facade.cancelTask(posted.task_id, { reason: "" })), "task_closed");
  assert.equal(await codeOf(poster.facade.cancelTask("01ARZ3NDEKTSV4RRFFQ69G5FAV", { reason: "" })), "not_found");
  assert.equal((await agent.facade.journal(JOURNAL)).length, 1, "a refused cancellation is no entry");
});

Deno.test("cancelTask(): who comes too late is told so", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const { task: posted } = await node.facade.postTask(task());

  const codes = await Promise.all(
    ["one", "two"].map((reason) => codeOf(node.facade.cancelTask(posted.task_id, { reason }))),
  );

  assert.deepEqual(codes, ["none", "task_closed"]);
  assert.equal((await node.facade.task(posted.task_id))?.reason, "one");
});

Deno.test("postMessage(): to names and roles of members, each once; who does not exist is refused", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const roles = ["architect", "developer", "reviewer", "observer"];
  for (const role of roles) mesh.mesh.issue({ role });
  for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);

  const sent = await node.facade.postMessage(
    message({ to: ["alice", "alice", ...Array(20).fill("developer"), ...roles] }),
  );
  const unknown = await codeOf(node.facade.postMessage(message({ to: ["nobody"] })));

  assert.deepEqual(sent.to, ["alice", "developer", "architect", "reviewer", "observer"]);
  assert.equal(unknown, "invalid_request");
  assert.equal(await codeOf(node.facade.postMessage(message({ topic: "nowhere" }))), "invalid_topic");
  assert.equal(await codeOf(node.facade.postMessage(message({ parent: "x" }))), "invalid_request");
  assert.equal(await codeOf(node.facade.postMessage(message({ task_id: "x" }))), "invalid_request");
});

Deno.test("postMessage(): agents use up a thread, then a person must speak", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice"));
  for (const grant of mesh.mesh.membership().grants()) agent.local.membership.addGrant(grant);
  const inThread = message({ thread: "t" });
  for (let i = 0; i < 50; i++) await agent.facade.postMessage(inThread);

  const refused = await codeOf(agent.facade.postMessage(inThread));
  await mesh.share();
  await alice.facade.postMessage(inThread);
  await mesh.share();

  assert.equal(refused, "thread_limit");
  await agent.facade.postMessage(inThread);
});

Deno.test("messages(): the newest ones, oldest first, however sparse they are", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  for (const text of ["1", "2", "3"]) await node.facade.postMessage(message({ text, thread: "t" }));
  await Promise.all(Array.from({ length: 300 }, () => node.facade.postTask(task())));
  await node.facade.postMessage(message({ text: "4" }));

  const texts = async (query: { after?: number; limit: number; thread?: string; topic?: string }) =>
    (await node.facade.messages(query)).map(({ text }) => text);

  assert.deepEqual(await texts({ limit: 2 }), ["3", "4"]);
  assert.deepEqual(await texts({ limit: 100 }), ["1", "2", "3", "4"]);
  assert.deepEqual(await texts({ limit: 1, thread: "t" }), ["3"]);
  assert.deepEqual(await texts({ limit: 2, after: 0 }), ["1", "2"]);
  assert.deepEqual(await texts({ limit: 5, topic: "coordination" }), []);
});

Deno.test("journal(): filters that do not exist are refused, those that do work", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const { task: posted } = await node.facade.postTask(task());
  await node.facade.postMessage(message());
  const kinds = async (query: Partial<Parameters<typeof node.facade.journal>[0]>) =>
    (await node.facade.journal({ ...JOURNAL, ...query })).map(({ kind }) => kind);

  assert.deepEqual(await kinds({}), ["task_posted", "message_posted"]);
  assert.deepEqual(await kinds({ after: 1 }), ["message_posted"]);
  assert.deepEqual(await kinds({ limit: 1 }), ["task_posted"]);
  assert.deepEqual(await kinds({ topic: "coordination" }), ["task_posted"]);
  assert.deepEqual(await kinds({ kind: "message_posted,task_claimed" }), ["message_posted"]);
  assert.deepEqual(await kinds({ task: posted.task_id.toLowerCase() }), ["task_posted"]);
  assert.equal(await node.facade.latestCursor(), 2);
  assert.equal(await codeOf(node.facade.journal({ ...JOURNAL, topic: "x" })), "invalid_topic");
  assert.equal(await codeOf(node.facade.journal({ ...JOURNAL, kind: "x" })), "invalid_kind");
  assert.equal(await codeOf(node.facade.journal({ ...JOURNAL, task: "x" })), "invalid_request");
  assert.equal(await codeOf(node.facade.messages({ limit: 1, topic: "x" })), "invalid_topic");
});

Deno.test("answer(): every refusal has its code", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice", "developer"));
  const bob = await mesh.start(person("bob", "developer"));
  const eve = await mesh.start(person("eve", "observer"));
  const nodes = [agent, alice, bob, eve];
  for (const node of nodes) for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);
  const open = await ask(mesh, agent);
  const forAlice = await ask(mesh, agent, { to: { human: alice.member.grant.agentId } });
  const own = await ask(mesh, alice);
  const ends = await ask(mesh, agent, { deadlineMs: mesh.clock.nowMs() + 1_000, onTimeout: "deny" });
  const withdrawn = await ask(mesh, agent);
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
  const open = await ask(mesh, agent);

  const codes = await Promise.all([choose(alice, open), choose(alice, open, { choice: "b" })]);

  assert.deepEqual(codes, ["none", "already_answered"]);
  assert.equal((await alice.facade.request(open))?.answer?.choice, "a");
});

Deno.test("requests(): addressed to me is exactly what I may answer", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice"));
  const bob = await mesh.start(person("bob", "developer"));
  const eve = await mesh.start(person("eve", "observer"));
  const nodes = [agent, alice, bob, eve];
  for (const node of nodes) for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);
  const forReviewers = await ask(mesh, agent, { to: { role: "reviewer" } });
  const forBob = await ask(mesh, agent, { to: { human: bob.member.grant.agentId } });
  const forAll = await ask(mesh, agent);

  for (const requestId of [forReviewers, forBob, forAll]) {
    for (const node of nodes) {
      const request = await node.facade.request(requestId);
      const refusal = await choose(node, requestId, { choice: "c" });
      assert.equal(request?.is_addressed_to_me, refusal === "decision_not_offered", node.member.grant.agentId);
    }
  }
});

Deno.test("watch(): an entry is readable, and folded, before its event", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice"));
  const seen: string[] = [];
  const peers: MeshEvent[] = [];
  const unwatch = alice.facade.watch((event) => {
    if (event.type === "peer") return void peers.push(event);
    const { cursor, kind, body } = event.entry;
    const stored = alice.journal.entriesAfter(cursor - 1, { limit: 1 })[0]?.cursor === cursor;
    const folded = kind === "task_posted"
      ? alice.readModel.task(body?.["task_id"] as TaskId) !== undefined
      : kind !== "request_opened" || alice.readModel.inbox.get(body?.["request_id"] as RequestId) !== undefined;
    seen.push(`${kind} ${stored} ${folded}`);
  });

  await alice.facade.postTask(task());
  await ask(mesh, agent);
  alice.node.events.emit("peer:admitted", { peer: agent.member.peerId, software: "x" });
  unwatch();
  await alice.facade.postTask(task());

  assert.deepEqual(seen, ["task_posted true true", "request_opened true true"]);
  assert.deepEqual(peers.map((event) => event.type === "peer" && [event.change, event.peer.agent_id]), [
    ["admitted", "worker"],
  ]);
});

Deno.test("revokeMember(): by name or id; the view is of the one that was revoked", async () => {
  await using mesh = new OfflineMesh();
  const old = mesh.mesh.issue({ agentId: "worker" });
  const { bytes } = mesh.mesh.revoke(old);
  await mesh.clock.advance(1_000);
  const current = mesh.mesh.issue({ agentId: "worker" });
  const admin = await mesh.start(person("alice"));
  admin.local.membership.addRevocation(bytes);

  const revoked = await admin.facade.revokeMember("worker", { reason: "left" });

  assert.equal(revoked.peer_id, current.peerId);
  assert.equal(revoked.revoked?.reason, "left");
  assert.equal(await codeOf(admin.facade.revokeMember(current.peerId, { reason: "" })), "already_revoked");
  assert.equal(await codeOf(admin.facade.revokeMember("nobody", { reason: "" })), "not_found");
  assert.equal(await codeOf(admin.facade.revokeMember("alice", { reason: "" })), "invalid_request");
});

Deno.test("status(), peers(), members() and agents() tell what is", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice"));
  await alice.facade.postTask(task());
  alice.presence.heard(
    { peer: agent.member.peerId, agentId: agent.member.grant.agentId, binaryType: "agent", role: "developer" },
    { ...PRESENCE, status: "busy" },
  );

  const status = await alice.facade.status();
  const [peer] = await alice.facade.peers();
  const agents = await alice.facade.agents();
  const members = await alice.facade.members();

  assert.deepEqual([status.node.agent_id, status.state, status.tasks], ["alice", "starting", { announced: 1 }]);
  assert.deepEqual([peer?.agent_id, peer?.presence, peer?.is_connected], ["worker", "busy", false]);
  assert.deepEqual(agents.map(({ agent_id }) => agent_id), ["alice", "worker"]);
  assert.deepEqual(members.map((member) => [member.agent_id, member.is_self]), [["alice", true], ["worker", false]]);
  await alice.facade.stop({ reason: "asked" });
  assert.deepEqual(alice.stops, ["asked"]);
});

const PRESENCE: BodyOf<"presence"> = {
  status: "ready",
  activeTasks: 0,
  maxTasks: 1,
  capabilities: [],
  models: [],
  load: 0,
  incarnation: "1",
  addresses: [],
};
