import assert from "node:assert/strict";
import type { AgentId } from "@bzzz/base";
import { TOPICS } from "@bzzz/wire";
import { bindRequest, requestBodyOf } from "./asks.ts";
import { asking, createWorld, firstRequest, holderOf, SECOND, slow } from "./testdata/workshop.ts";

Deno.test("an agent asks, is restarted while it waits, gets the answer and finishes; the person is asked once", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  await mesh.startAgent(node, shop.at(node));
  const taskId = await mesh.post(ana, { input: asking });
  await clock.advance(2 * SECOND);
  assert.equal(ana.task(taskId)?.state, "blocked");
  const [request] = ana.bodies("request_opened");
  assert.ok(request);

  mesh.crash(node);
  await clock.advance(3_600 * SECOND);
  const runner = await mesh.startAgent(node, shop.at(node));
  await clock.advance(10 * SECOND);
  assert.equal(shop.runs.length, 1, "it waits without a process");
  assert.equal(runner.status().activeTasks, 0);
  await mesh.answer(ana, request.requestId, "yes");
  await clock.advance(5 * SECOND);

  const view = ana.task(taskId);
  assert.equal(view?.state, "completed");
  assert.equal(JSON.parse(ana.textsOf(taskId)?.output ?? "").answer.text, "yes");
  assert.equal(ana.bodies("request_opened").length, 1);
  assert.deepEqual(shop.runs.map((run) => run.answers), [0, 1]);
  assert.deepEqual([request.kind, request.title, request.onTimeout], ["question", "Go on?", "hold"]);
  await runner.stop();
});

Deno.test("a member that opens an agent's question before it does cannot have it answered by its own person", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const eve = mesh.addNode("eve");
  const eva = mesh.addPerson("eva");
  const taskId = await mesh.post(ana, { input: asking });
  await clock.advance(SECOND);
  const view = ana.task(taskId);
  assert.ok(view);
  const ask = { title: "Go on?", body: "It is late", choices: undefined };
  const wanted = requestBodyOf(view, ask, { human: "eva" as AgentId }, clock.nowMs());
  const { body } = bindRequest(wanted, [node.peer], () => undefined);
  await eve.append({ kind: "request_opened", topic: TOPICS.hmmm, body, task: taskId });
  await clock.advance(SECOND);
  await mesh.answer(eva, body.requestId, "do as eve says");

  const runner = await mesh.startAgent(node, shop.at(node));
  await clock.advance(5 * SECOND);
  const waiting = ana.task(taskId)?.state;
  await mesh.answer(ana, body.requestId, "yes");
  await clock.advance(5 * SECOND);

  assert.equal(waiting, "blocked");
  assert.equal(JSON.parse(ana.textsOf(taskId)?.output ?? "").answer.text, "yes");
  await runner.stop();
});

Deno.test("the answer reaches the agent that waits, without a restart", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const runner = await mesh.startAgent(node, shop.at(node));
  const taskId = await mesh.post(ana, { input: asking });
  await clock.advance(2 * SECOND);

  await mesh.answer(ana, firstRequest(ana), "yes");
  await clock.advance(2 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.equal(shop.runs.length, 1);
  assert.deepEqual(node.entries.map((e) => e.kind).filter((k) => k.startsWith("task_")), [
    "task_posted",
    "task_decided", // executing
    "task_progress",
    "task_decided", // blocked
    "task_resumed",
    "task_decided", // executing
    "task_progress",
    "task_completed",
    "task_decided", // completed
  ]);
  const states = mesh.voters.decided.map(({ value }) => value.state);
  assert.deepEqual(states.filter((state, i) => state !== states[i - 1]), [
    "executing",
    "blocked",
    "executing",
    "completed",
  ]);
  await runner.stop();
});

Deno.test("a question that waits for long gives its slot to other tasks", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const runner = await mesh.startAgent(node, shop.at(node), { parkAfterMs: 10 * SECOND });
  const blocked = await mesh.post(ana, { input: asking });
  await clock.advance(SECOND);
  const other = await mesh.post(ana, { input: "x" });
  await clock.advance(5 * SECOND);
  assert.equal(ana.task(other)?.state, "announced");

  await clock.advance(10 * SECOND);
  assert.equal(ana.task(other)?.state, "completed");
  assert.equal(ana.task(blocked)?.state, "blocked");
  await mesh.answer(ana, firstRequest(ana), "yes");
  await clock.advance(5 * SECOND);

  assert.equal(ana.task(blocked)?.state, "completed");
  assert.equal(ana.task(blocked)?.attempt, 1);
  await runner.stop();
});

Deno.test("a blocked task whose holder is lost waits for its answer, and another agent goes on with it", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, shop.at(node));
  const taskId = await mesh.post(ana, { input: asking });
  await clock.advance(2 * SECOND);

  mesh.crash(holderOf(world, taskId));
  await clock.advance(60 * SECOND);
  assert.equal(ana.task(taskId)?.attempt, 1, "nothing to take over before the answer");
  await mesh.answer(ana, firstRequest(ana), "yes");
  await clock.advance(10 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.equal(ana.task(taskId)?.attempt, 2);
  assert.equal(ana.bodies("request_opened").length, 1, "the person is asked once");
});

Deno.test("a task that fails three times goes to people, with its history, once", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, shop.at(node));
  const taskId = await mesh.post(ana, { input: JSON.stringify({ fail: { reason: "no disk" } }) });
  await clock.advance(30 * SECOND);

  const view = ana.task(taskId);
  assert.equal(view?.state, "failed");
  assert.equal(shop.runs.length, 3);
  assert.ok(new Set(shop.runs.map((run) => run.node)).size === 2, "another agent had its try");
  const [notice, ...more] = ana.bodies("request_opened");
  assert.deepEqual(more, []);
  assert.deepEqual([notice?.kind, notice?.taskId], ["notice", taskId]);
  assert.match(notice?.body ?? "", /attempt 3 on .*: failed: no disk/);

  const last = agents.find((n) => n.peer === view?.attempts.at(-1)?.holder);
  assert.ok(last);
  mesh.crash(last);
  await mesh.startAgent(last, shop.at(last));
  await clock.advance(SECOND);
  assert.equal(ana.bodies("request_opened").length, 1, "not asked again after a restart");
});

Deno.test("a task whose holders are lost three times is given up without work and goes to people", async () => {
  const world = createWorld(4);
  const { mesh, shop, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, shop.at(node));
  const taskId = await mesh.post(ana, { input: slow(600 * SECOND) });
  for (let i = 0; i < 3; i++) {
    await clock.advance(3 * SECOND);
    mesh.crash(holderOf(world, taskId));
  }
  await clock.advance(5 * SECOND);

  assert.equal(shop.runs.length, 3);
  assert.equal(ana.task(taskId)?.state, "failed");
  assert.equal(ana.bodies("request_opened").length, 1);
});
