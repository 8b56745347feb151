import assert from "node:assert/strict";
import type { RequestId, TaskId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { TOPICS } from "@bzzz/wire";
import { MockExecutor } from "./executors/mock.ts";
import { FakeMesh, type FakeNode } from "./testing.ts";

const SECOND = 1000;

interface World {
  readonly clock: ManualClock;
  readonly mesh: FakeMesh;
  readonly executor: MockExecutor;
  readonly ana: FakeNode;
  readonly agents: readonly FakeNode[];
}

function createWorld(agents: number): World {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const ana = mesh.addPerson("ana");
  const nodes = Array.from({ length: agents }, (_, i) => mesh.addNode(`agent-${i}`));
  return { clock, mesh, executor: new MockExecutor({ clock }), ana, agents: nodes };
}

function noticesOf(node: FakeNode): Set<RequestId> {
  return new Set(node.bodies("request_opened").map(({ requestId }) => requestId));
}

/** A person sends the result back. */
async function reject({ ana, clock }: World, taskId: TaskId): Promise<void> {
  const body = { taskId, verdict: "reject", reason: "the numbers are wrong" } as const;
  const { envelope } = await ana.append({ kind: "task_reviewed", topic: TOPICS.coordination, body, task: taskId });
  const decided = ana.decide(taskId, { type: "reject", told: envelope.id });
  await clock.advance(SECOND);
  assert.equal(await decided, "decided");
}

Deno.test("a result that is sent back three times goes to people, with its history, once", async () => {
  const world = createWorld(2);
  const { mesh, executor, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, executor);
  const taskId = await mesh.post(ana, { input: "one two", review: {} });
  for (let tries = 0; tries < 3; tries++) {
    await clock.advance(10 * SECOND);
    assert.equal(ana.task(taskId)?.state, "review");
    await reject(world, taskId);
  }
  await clock.advance(10 * SECOND);

  const view = ana.task(taskId);
  assert.deepEqual([view?.state, view?.isExhausted, view?.attempts.length], ["failed", true, 3]);
  const [notice, ...more] = ana.bodies("request_opened");
  assert.deepEqual(more, []);
  assert.deepEqual([notice?.kind, notice?.taskId], ["notice", taskId]);
  assert.match(notice?.body ?? "", /attempt 3 on .*: rejected: the numbers are wrong/);

  const last = agents.find((n) => n.peer === view?.attempts.at(-1)?.holder) ?? assert.fail();
  mesh.crash(last);
  await mesh.startAgent(last, executor);
  await clock.advance(SECOND);
  assert.equal(noticesOf(ana).size, 1, "not asked again after a restart");
});

Deno.test("a result that is sent back for the last time while its maker is gone goes to people all the same, once", async () => {
  const world = createWorld(3);
  const { mesh, executor, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, executor);
  const taskId = await mesh.post(ana, { input: "one two", review: {} });
  for (let tries = 0; tries < 3; tries++) {
    await clock.advance(10 * SECOND);
    if (tries === 2) mesh.crash(agents.find((n) => n.peer === ana.task(taskId)?.value?.worker) ?? assert.fail());
    await reject(world, taskId);
  }
  await clock.advance(10 * SECOND);

  assert.equal(ana.task(taskId)?.state, "failed");
  assert.equal(noticesOf(ana).size, 1);
  for (const node of agents.filter(({ candidate }) => !candidate)) await mesh.startAgent(node, executor);
  await clock.advance(10 * SECOND);
  assert.equal(noticesOf(ana).size, 1, "its maker finds that people know");
});

Deno.test("a task that is tried again and fails three times more goes to people again", async () => {
  const world = createWorld(1);
  const { mesh, executor, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, executor);
  const taskId = await mesh.post(ana, { input: JSON.stringify({ fail: { reason: "no disk" } }) });
  await clock.advance(30 * SECOND);
  assert.equal(noticesOf(ana).size, 1);

  const body = { taskId, reason: "there is a new disk" };
  const { envelope } = await ana.append({ kind: "task_retried", topic: TOPICS.coordination, body, task: taskId });
  const decided = ana.decide(taskId, { type: "retry", told: envelope.id });
  await clock.advance(30 * SECOND);

  assert.equal(await decided, "decided");
  assert.equal(ana.task(taskId)?.attempts.length, 6);
  assert.equal(noticesOf(ana).size, 2);
});
