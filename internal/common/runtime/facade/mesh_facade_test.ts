import assert from "node:assert/strict";
import type { ElectionView, MeshEvent } from "@bzzz/api";
import type { RequestId, TaskId } from "@bzzz/base";
import { codeOf, IDLE_PRESENCE, OfflineMesh, type OfflineNode, person } from "./testing.ts";
import { askChoice, messageInput, taskInput } from "./testdata/inputs.ts";

const JOURNAL = { after: 0, limit: 100 };

Deno.test("journal(): filters that do not exist are refused, those that do work", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const { task: posted } = await node.facade.postTask(taskInput());
  await node.facade.postMessage(messageInput());
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

  await alice.facade.postTask(taskInput());
  await askChoice(mesh, agent);
  alice.node.events.emit("peer:admitted", { peer: agent.member.peerId, software: "x" });
  await mesh.clock.advance(10);
  await alice.facade.election.order("trigger", { reason: "" });
  unwatch();
  await alice.facade.postTask(taskInput());

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
  await alice.facade.postTask(taskInput());
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

Deno.test("tasks(): who fills the list hides nobody's tasks, and no answer is larger for it", async () => {
  await using mesh = new OfflineMesh();
  const [alice, mallory] = [await mesh.start(person("alice")), await mesh.start(person("mallory"))];
  alice.local.membership.addGrant(mallory.member.grantBytes);
  await alice.facade.postTask(taskInput({ title: "small" }));
  await mesh.clock.advance(1_000);
  const description = "\u0001".repeat(65_000); // six characters each in JSON
  for (let n = 0; n < 40; n++) await mallory.facade.postTask(taskInput({ title: `flood ${n}`, description }));
  await mesh.share();

  const page = await alice.facade.tasks({ limit: 1_000 });

  assert.equal(page.items.at(-1)?.title, "small", "beside the flood that came after it");
  assert.equal(page.items[0]?.title, "flood 39", "newest first");
  assert.ok(JSON.stringify(page).length < 8 * 1024 * 1024);
  assert.equal(page.total, 41);
});
