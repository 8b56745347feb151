import assert from "node:assert/strict";
import { TOPICS } from "@bzzz/wire";
import { asking, createWorld, SECOND, slow } from "./testdata/workshop.ts";

Deno.test("a task is claimed by one agent, done, and its result is everywhere", async () => {
  const world = createWorld(3);
  const { mesh, shop, clock, ana, agents } = world;
  const runners = await Promise.all(agents.map((node) => mesh.startAgent(node, shop.at(node))));

  const taskId = await mesh.post(ana, { input: "one two three" });
  await clock.advance(5 * SECOND);

  assert.equal(shop.runs.length, 1);
  for (const node of [ana, ...agents]) {
    assert.equal(node.task(taskId)?.state, "completed");
    assert.equal(node.task(taskId)?.result?.summary, "3 words, 13 bytes");
  }
  await Promise.all(runners.map((r) => r.stop()));
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a hundred tasks for five agents: each is done once, by a capable agent, never too many at once", async () => {
  const world = createWorld(5, { latencyMs: 20 });
  const { mesh, shop, clock, ana, agents } = world;
  const runners = await Promise.all(
    agents.map((node, i) =>
      mesh.startAgent(node, shop.at(node), {
        leaseMs: 30 * SECOND,
        maxTasks: 2,
        capabilities: i === 0 ? ["text", "gpu"] : ["text"],
      })
    ),
  );

  const tasks = await Promise.all(
    Array.from(
      { length: 100 },
      (_, i) => mesh.post(ana, { input: slow(300), requiredCapabilities: i % 10 === 0 ? ["gpu"] : [] }),
    ),
  );
  await clock.advance(60 * SECOND);

  for (const [i, taskId] of tasks.entries()) {
    assert.equal(ana.task(taskId)?.state, "completed", `task ${i}: ${JSON.stringify(ana.task(taskId))}`);
    assert.ok(shop.finishedOnce(taskId), `task ${i} was done more than once`);
  }
  const onGpu = shop.runs.filter((run) => tasks.indexOf(run.taskId) % 10 === 0);
  assert.ok(onGpu.every((run) => run.node === "agent-0"));
  for (const [node, most] of shop.most) assert.ok(most <= 2, `${node} did ${most} at once`);
  assert.equal(shop.most.get("task"), 1, "no task by two at once");
  assert.equal(shop.most.size, 6, "every agent had work");
  await Promise.all(runners.map((r) => r.stop()));
});

Deno.test("a task waits for those it depends on", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents } = world;
  const runners = await Promise.all(agents.map((node) => mesh.startAgent(node, shop.at(node))));
  const first = await mesh.post(ana, { input: slow(5 * SECOND) });
  const second = await mesh.post(ana, { input: slow(SECOND), dependencies: [first] });
  await clock.advance(3 * SECOND);
  assert.equal(ana.task(second)?.state, "announced");
  await clock.advance(5 * SECOND);

  assert.deepEqual(shop.runs.map((run) => run.taskId), [first, second]);
  assert.equal(ana.task(second)?.state, "completed");
  await Promise.all(runners.map((runner) => runner.stop()));
});

Deno.test("a cancelled task is stopped at once", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const runner = await mesh.startAgent(node, shop.at(node));
  const taskId = await mesh.post(ana, { input: slow(60 * SECOND) });
  await clock.advance(2 * SECOND);

  const told = await ana.append({
    kind: "task_cancelled",
    topic: TOPICS.coordination,
    body: { taskId, reason: "changed plans" },
    task: taskId,
  });
  const cancelling = ana.decide(taskId, { type: "cancel", told: told.envelope.id });
  await clock.advance(100);
  assert.equal(await cancelling, "decided");

  assert.equal(runner.status().status, "ready");
  assert.equal(ana.task(taskId)?.state, "cancelled");
  await runner.stop();
});

Deno.test("stop() lets work end that can, gives the rest back, and keeps what waits for a person", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents: [node, other] } = world;
  assert.ok(node && other);
  const runner = await mesh.startAgent(node, shop.at(node), { maxTasks: 3 });
  const short = await mesh.post(ana, { input: slow(4 * SECOND) });
  const long = await mesh.post(ana, { input: slow(600 * SECOND) });
  const blocked = await mesh.post(ana, { input: asking });
  await clock.advance(2 * SECOND);

  const stopping = runner.stop({ drainMs: 5 * SECOND });
  const late = await mesh.post(ana, { input: "x" });
  await clock.advance(4 * SECOND);
  assert.equal(runner.status().status, "draining");
  assert.equal(ana.task(short)?.state, "completed");
  assert.equal(ana.task(long)?.state, "executing");
  await clock.advance(4 * SECOND);
  await stopping;

  assert.equal(ana.task(long)?.state, "announced");
  assert.equal(ana.task(long)?.attempts[0]?.outcome, "released");
  assert.equal(ana.task(blocked)?.state, "blocked");
  assert.equal(ana.task(late)?.state, "announced");
  assert.equal(clock.pendingTimers, 0);
  mesh.crash(node);
  const heir = await mesh.startAgent(other, shop.at(other), { maxTasks: 3 });
  await clock.advance(5 * SECOND);
  assert.equal(ana.task(long)?.holder, other.peer);
  assert.equal(ana.task(late)?.state, "completed");
  const end = heir.stop({ drainMs: 0 });
  await clock.advance(SECOND);
  await end;
});

Deno.test("entries that cannot be stored for a while are stored later; nothing is done twice", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const runner = await mesh.startAgent(node, shop.at(node));
  node.failures = 2;
  const taskId = await mesh.post(ana, { input: slow(3 * SECOND) });
  await clock.advance(4 * SECOND);
  node.failures = 3;
  await clock.advance(20 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.equal(shop.runs.length, 1);
  await runner.stop();
});

Deno.test("a journal that stays full does not make an agent do a task again and again", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const runner = await mesh.startAgent(node, shop.at(node));
  const taskId = await mesh.post(ana, { input: slow(2 * SECOND) });
  await clock.advance(1.5 * SECOND);
  node.failures = Infinity;
  await clock.advance(600 * SECOND);

  assert.equal(shop.runs.length, 1);
  assert.equal(runner.status().status, "ready");
  node.failures = 0;
  mesh.crash(node);
  await mesh.startAgent(node, shop.at(node));
  await clock.advance(10 * SECOND);
  assert.equal(ana.task(taskId)?.state, "completed");
});

Deno.test("the order of waking up does not matter: an agent that starts late takes what is open", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const low = await mesh.post(ana, { priority: 1, input: slow(SECOND) });
  const high = await mesh.post(ana, { priority: 9, input: slow(SECOND) });
  await clock.advance(SECOND);

  const runner = await mesh.startAgent(node, shop.at(node));
  await clock.advance(10 * SECOND);

  assert.deepEqual(shop.runs.map((run) => run.taskId), [high, low]);
  await runner.stop();
});

Deno.test("the holder stops at the deadline, and the task is not tried again", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents } = world;
  const runners = await Promise.all(agents.map((node) => mesh.startAgent(node, shop.at(node))));

  const taskId = await mesh.post(ana, { input: slow(60 * SECOND), deadlineMs: clock.nowMs() + 10 * SECOND });
  await clock.advance(9 * SECOND);
  const before = ana.task(taskId)?.state;
  await clock.advance(3 * SECOND);

  assert.equal(before, "executing");
  assert.equal(ana.task(taskId)?.state, "failed");
  assert.match(ana.task(taskId)?.reason ?? "", /deadline .* has passed/);
  await clock.advance(60 * SECOND);
  assert.ok(shop.finishedOnce(taskId));
  await Promise.all(runners.map((r) => r.stop()));
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a deadline in a year does not end the work at once", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents } = world;
  const [agent] = agents;
  assert.ok(agent);
  const runner = await mesh.startAgent(agent, shop.at(agent));

  const taskId = await mesh.post(ana, { input: slow(SECOND), deadlineMs: clock.nowMs() + 365 * 86_400 * SECOND });
  await clock.advance(10 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  await runner.stop();
  assert.equal(clock.pendingTimers, 0);
});
