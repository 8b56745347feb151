import assert from "node:assert/strict";
import type { AnswerInput, ElectionView, MeshEvent, PostMessageInput, PostTaskInput } from "@bzzz/api";
import { createUlid, type RequestId, type TaskId } from "@bzzz/base";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import { codeOf, IDLE_PRESENCE, OfflineMesh, type OfflineNode, person } from "./testing.ts";

function task(fields: Partial<PostTaskInput> = {}): PostTaskInput {
  const defaults = {
    title: "Write it",
    description: "all of it",
    priority: 5,
    required_capabilities: [],
    dependencies: [],
  };
  return { ...defaults, ...fields };
}

function message(fields: Partial<PostMessageInput> = {}): PostMessageInput {
  return { text: "hello", type: "message", topic: "hmmm", to: [], refs: [], ...fields };
}

const JOURNAL = { after: 0, limit: 100 };

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

Deno.test("retryTask(): what ended is announced again by who may steer it, with a deadline that lies ahead", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const { facade } = node;
  const { task: posted } = await facade.postTask(task({ deadline_ms: mesh.clock.nowMs() + 60_000 }));
  const id = posted.task_id;

  const early = await codeOf(facade.retryTask(id, { reason: "" }));
  await facade.cancelTask(id, { reason: "not now" });
  await mesh.clock.advance(120_000);
  const late = await codeOf(facade.retryTask(id, { reason: "" }));
  const absurd = await codeOf(facade.retryTask(id, { reason: "", deadline_ms: Number.MAX_SAFE_INTEGER }));
  const again = await facade.retryTask(id, { reason: "now", deadline_ms: mesh.clock.nowMs() + 60_000 });

  assert.deepEqual([early, late, absurd], ["task_refused", "invalid_request", "invalid_request"]);
  assert.deepEqual([again.state, again.deadline_ms, again.reason], ["announced", mesh.clock.nowMs() + 60_000, "now"]);
  assert.equal(await codeOf(facade.retryTask("01ARZ3NDEKTSV4RRFFQ69G5FAV", { reason: "" })), "not_found");
});

Deno.test("reviewTask(): a result is judged when there is one, by who may; who is refused changes nothing", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const { facade } = node;
  const { task: posted } = await facade.postTask(task({ review: { role: "reviewer" } }));
  const id = posted.task_id;
  const before = await facade.journal(JOURNAL);

  assert.equal(await codeOf(facade.reviewTask(id, { verdict: "accept", reason: "" })), "task_refused");
  assert.equal(await codeOf(facade.reviewTask("nonsense", { verdict: "accept", reason: "" })), "not_found");

  assert.deepEqual(await facade.journal(JOURNAL), before);
});

Deno.test("postTask(): what it depends on must be known, and its deadline a moment that comes", async () => {
  await using mesh = new OfflineMesh();
  const { facade } = await mesh.start(person("alice"));
  const { task: first } = await facade.postTask(task());
  const unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

  const { task: second } = await facade.postTask(task({ dependencies: [first.task_id.toLowerCase()] }));

  assert.deepEqual(second.dependencies, [first.task_id]);
  assert.equal(second.session, `session/${first.task_id}`);
  assert.equal((await facade.task(first.task_id))?.session, second.session, "one session, one name");
  assert.equal(await codeOf(facade.postTask(task({ dependencies: [unknown] }))), "invalid_request");
  assert.equal(await codeOf(facade.postTask(task({ parent: unknown }))), "invalid_request");
  assert.equal(await codeOf(facade.postTask(task({ deadline_ms: 8.64e15 + 1 }))), "invalid_request");
});

Deno.test("an objection to a task whose plan is not discussed is refused; an advisory word is heard", async () => {
  await using mesh = new OfflineMesh();
  const { facade } = await mesh.start(person("alice"));
  const { task: posted } = await facade.postTask(task());
  const about = { task_id: posted.task_id, thread: `task/${posted.task_id}`, type: "objection" as const };

  assert.equal(await codeOf(facade.postMessage(message({ ...about, severity: "blocking" }))), "task_refused");
  assert.equal(await codeOf(facade.postMessage(message({ ...about, severity: "advisory" }))), "none");
  const nothing = { ...about, task_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", severity: "blocking" as const };
  assert.equal(await codeOf(facade.postMessage(message(nothing))), "not_found");
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
  const leaders: ElectionView[] = [];
  const unwatch = alice.facade.watch((event) => {
    if (event.type === "peer") return void peers.push(event);
    if (event.type === "leader") return void leaders.push(event.election);
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
  await mesh.clock.advance(10);
  await alice.facade.election.order("trigger", { reason: "" });
  unwatch();
  await alice.facade.postTask(task());

  assert.deepEqual(seen, ["task_posted true true", "request_opened true true", "election_ordered true true"]);
  assert.ok(leaders.some(({ role }) => role === "leaving"));
  assert.deepEqual(peers.map((event) => event.type === "peer" && [event.change, event.peer.agent_id]), [
    ["admitted", "worker"],
  ]);
});

Deno.test("election.order(): a master's order is in the history and ends the term; nobody else's is written at all", async () => {
  await using mesh = new OfflineMesh();
  const admin = await mesh.start(person("alice"));
  const worker = await mesh.start({ agentId: "worker" });
  await mesh.clock.advance(10);
  const before = await admin.facade.election.show();

  const ordered = await admin.facade.election.order("step_down", { reason: "its machine is needed" });
  const refused = await codeOf(worker.facade.election.order("trigger", { reason: "" }));
  const between = await codeOf(admin.facade.election.order("trigger", { reason: "" }));

  assert.deepEqual([before.role, before.term, before.leader?.agent_id], ["leader", 1, "alice"]);
  assert.deepEqual([ordered.role, ordered.deposed_by?.agent_id], ["leaving", "alice"]);
  assert.equal(refused, "not_allowed");
  assert.equal(between, "no_leader");
  const orders = (node: OfflineNode) =>
    node.journal.entriesAfter(0, { limit: 100, kinds: ["election_ordered"] }).map(({ body }) => body);
  assert.deepEqual(orders(admin), [{ order: "step_down", term: 1, reason: "its machine is needed" }]);
  assert.deepEqual(orders(worker), []);
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
  await mesh.clock.advance(10);
  alice.presence.heard(
    { peer: agent.member.peerId, agentId: agent.member.grant.agentId, binaryType: "agent", role: "developer" },
    { ...IDLE_PRESENCE, status: "busy" },
  );

  const status = await alice.facade.status();
  const [peer] = await alice.facade.peers();
  const agents = await alice.facade.agents();
  const members = await alice.facade.members();

  assert.deepEqual([status.node.agent_id, status.state, status.tasks], ["alice", "starting", { announced: 1 }]);
  assert.deepEqual([status.leadership.term, status.leadership.leader?.agent_id], [1, "alice"]);
  assert.deepEqual([peer?.agent_id, peer?.presence, peer?.is_connected], ["worker", "busy", false]);
  assert.deepEqual(agents.map(({ agent_id }) => agent_id), ["alice", "worker"]);
  assert.deepEqual(members.map((member) => [member.agent_id, member.is_self]), [["alice", true], ["worker", false]]);
  await alice.facade.stop({ reason: "asked" });
  assert.deepEqual(alice.stops, ["asked"]);
});

Deno.test("setPerson(): what a person says of themselves is in this node's presence from then on", async () => {
  await using mesh = new OfflineMesh();
  const alice = await mesh.start(person("alice"));

  const [before] = await alice.facade.agents();
  const said = await alice.facade.setPerson("away");

  assert.deepEqual([before?.person, said.person, (await alice.facade.agents())[0]?.person], [
    undefined,
    "away",
    "away",
  ]);
});
