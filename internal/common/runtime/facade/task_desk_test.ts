import assert from "node:assert/strict";
import { parseTaskId } from "@bzzz/base";
import { commandFor, type TaskAct, taskKey, termsOf } from "@bzzz/coordinator";
import { encodeCertificate } from "@bzzz/register";
import { TOPICS } from "@bzzz/wire";
import { codeOf, OfflineMesh, type OfflineNode, person } from "./testing.ts";
import { messageInput, taskInput } from "./testdata/inputs.ts";

const JOURNAL = { after: 0, limit: 100 };

Deno.test("postTask(): one client id makes one task, at once, again, and after a restart", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const input = taskInput({ client_id: "c-1", deadline_ms: mesh.clock.nowMs() + 60_000 });

  const posted = await Promise.all([1, 2, 3, 4].map(() => node.facade.postTask(input)));
  const again = await mesh.restart(node);
  await mesh.clock.advance(120_000);
  const later = await again.facade.postTask(input);

  assert.equal(new Set([...posted, later].map(({ task }) => task.task_id)).size, 1);
  assert.deepEqual(posted.map(({ isNew }) => isNew), [true, false, false, false]);
  assert.equal(later.isNew, false, "also when its deadline has passed since");
  assert.equal((await again.facade.journal(JOURNAL)).length, 1);
  assert.equal(await codeOf(again.facade.postTask({ ...input, title: "Other" })), "client_id_conflict");
  assert.equal(
    await codeOf(again.facade.postTask(taskInput({ deadline_ms: mesh.clock.nowMs() - 1 }))),
    "invalid_request",
  );
});

Deno.test("postTask(): without a client id every post is a task; who may not write is told", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const observer = await mesh.start(person("eve", "observer"));

  const posted = await Promise.all([1, 2].map(() => node.facade.postTask(taskInput())));

  assert.equal(new Set(posted.map((post) => post.task.task_id)).size, 2);
  assert.equal(await codeOf(observer.facade.postTask(taskInput())), "not_allowed");
  assert.equal(await codeOf(observer.facade.postMessage(messageInput())), "not_allowed");
});

Deno.test("cancelTask(): the poster, people and coordinators may; nobody else, and nothing that has ended", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const poster = await mesh.start(person("alice", "developer"));
  for (const node of [agent, poster]) {
    for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);
  }
  const { task: posted } = await poster.facade.postTask(taskInput());
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
  const { task: posted } = await node.facade.postTask(taskInput());

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
  const { task: posted } = await facade.postTask(taskInput({ deadline_ms: mesh.clock.nowMs() + 60_000 }));
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
  const { task: posted } = await facade.postTask(taskInput({ review: { role: "reviewer" } }));
  const id = posted.task_id;
  const before = await facade.journal(JOURNAL);

  assert.equal(await codeOf(facade.reviewTask(id, { verdict: "accept", reason: "" })), "task_refused");
  assert.equal(await codeOf(facade.reviewTask("nonsense", { verdict: "accept", reason: "" })), "not_found");

  assert.deepEqual(await facade.journal(JOURNAL), before);
});

/** A portal with a task that wants a review, and an agent that does it. */
async function startReviewed(mesh: OfflineMesh) {
  const worker = await mesh.start({ agentId: "worker" });
  const portal = await mesh.start(person("alice"));
  for (const grant of mesh.mesh.membership().grants()) {
    for (const node of [worker, portal]) node.local.membership.addGrant(grant);
  }
  const { task: posted } = await portal.facade.postTask(taskInput({ review: {} }));
  const id = parseTaskId(posted.task_id) ?? assert.fail();
  const { agentId, role, binaryType } = worker.member.grant;
  const record = { agentId, role, binaryType, capabilities: [], models: [], software: "1", protocolMin: 1 };
  await worker.journal.append({
    kind: "agent_record",
    topic: TOPICS.agents,
    body: { ...record, protocolMax: 1 },
  });
  await mesh.share();
  const tell = async (kind: "task_completed" | "task_decided", body: object) => {
    // both kinds' bodies are made below as their schemas want them
    const { envelope } = await worker.journal.append(
      { kind, topic: TOPICS.coordination, task: id, body: { taskId: id, ...body } } as never,
    );
    await mesh.share();
    return envelope.id;
  };
  /** Decided by the voters; the portal hears of it unless it is `isUntold`. */
  const decide = async (who: OfflineNode, act: TaskAct, isUntold = false) => {
    const view = portal.readModel.task(id) ?? assert.fail();
    const value = portal.voters.value(id);
    const command = commandFor(value, { post: view.post, terms: termsOf(view) }, act);
    const outcome = await portal.voters.register({ peer: who.member.peerId }).submit(taskKey(id), command);
    assert.ok(outcome.type === "decided", JSON.stringify(outcome));
    if (!isUntold) await tell("task_decided", { certificate: encodeCertificate(outcome.certificate) });
  };
  /** One try, up to the result that waits to be judged; its entry. */
  const finish = async (output: string, isUntold = false) => {
    await decide(worker, { type: "claim", leaseMs: 60_000, isBegun: true }, isUntold);
    const { attempt = 1, token = 1 } = portal.voters.value(id) ?? {};
    const told = await tell("task_completed", {
      attempt,
      token,
      summary: "done",
      output,
      durationMs: 1,
      used: undefined,
    });
    await decide(worker, { type: "complete", told }, isUntold);
    return told;
  };
  return { id, facade: portal.facade, portal, decide, finish };
}

Deno.test("reviewTask(): a result that was looked at is judged, and no other that stands in its place by now", async () => {
  await using mesh = new OfflineMesh();
  const { id, facade, finish } = await startReviewed(mesh);
  const first = await finish("good");
  assert.equal((await facade.task(id))?.result?.entry_id, first);
  await facade.reviewTask(id, { verdict: "reject", reason: "shorter", result: first });
  const second = await finish("bad");
  const before = await facade.journal(JOURNAL);

  for (const verdict of ["accept", "reject"] as const) {
    assert.equal(
      await codeOf(facade.reviewTask(id, { verdict, reason: "yes", result: first })),
      "result_moved",
      verdict,
    );
  }

  assert.deepEqual(await facade.journal(JOURNAL), before);
  assert.equal((await facade.task(id))?.state, "review");
  const accepted = await facade.reviewTask(id, { verdict: "accept", reason: "", result: second });
  assert.deepEqual([accepted.state, accepted.result?.output], ["completed", "bad"]);
});

Deno.test("reviewTask(): the voters judge no result of which this node has not heard, whether one was named or not", async () => {
  for (const isNamed of [true, false]) {
    await using mesh = new OfflineMesh();
    const { id, facade, portal, decide, finish } = await startReviewed(mesh);
    const first = await finish("good");
    const { envelope } = await portal.journal.append({
      kind: "task_reviewed",
      topic: TOPICS.coordination,
      task: id,
      body: { taskId: id, verdict: "reject", reason: "shorter" },
    });
    await decide(portal, { type: "reject", told: envelope.id }, true);
    await finish("bad", true);

    const named = isNamed ? { result: first } : {};
    const code = await codeOf(facade.reviewTask(id, { verdict: "accept", reason: "", ...named }));

    assert.equal(code, "result_moved");
    assert.equal(portal.voters.value(id)?.state, "review");
  }
});

Deno.test("postTask(): what it depends on must be known, and its deadline a moment that comes", async () => {
  await using mesh = new OfflineMesh();
  const { facade } = await mesh.start(person("alice"));
  const { task: first } = await facade.postTask(taskInput());
  const unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

  const { task: second } = await facade.postTask(taskInput({ dependencies: [first.task_id.toLowerCase()] }));

  assert.deepEqual(second.dependencies, [first.task_id]);
  assert.equal(second.session, `session/${first.task_id}`);
  assert.equal((await facade.task(first.task_id))?.session, second.session, "one session, one name");
  assert.equal(await codeOf(facade.postTask(taskInput({ dependencies: [unknown] }))), "invalid_request");
  assert.equal(await codeOf(facade.postTask(taskInput({ parent: unknown }))), "invalid_request");
  assert.equal(await codeOf(facade.postTask(taskInput({ deadline_ms: 8.64e15 + 1 }))), "invalid_request");
});
