import assert from "node:assert/strict";
import { createWorld, holderOf, SECOND, slow } from "./testdata/workshop.ts";

Deno.test("when the holder is lost, the next agent takes the task over after the lease", async () => {
  const world = createWorld(3);
  const { mesh, shop, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, shop.at(node));
  const taskId = await mesh.post(ana, { input: slow(10 * SECOND) });
  await clock.advance(2 * SECOND);
  const lost = holderOf(world, taskId);

  mesh.crash(lost);
  await clock.advance(900);
  assert.equal(ana.task(taskId)?.attempt, 1, "not before the lease is over");
  await clock.advance(20 * SECOND);

  const view = ana.task(taskId);
  assert.equal(view?.state, "completed");
  assert.notEqual(view?.result?.by, lost.peer);
  assert.deepEqual(view?.attempts.map((a) => a.outcome), ["lost", "completed"]);
});

Deno.test("a holder that restarts within the lease goes on with the same attempt", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, shop.at(node));
  const taskId = await mesh.post(ana, { input: slow(5 * SECOND) });
  await clock.advance(2 * SECOND);
  const node = holderOf(world, taskId);

  mesh.crash(node);
  await clock.advance(500);
  await mesh.startAgent(node, shop.at(node));
  await clock.advance(10 * SECOND);

  assert.equal(ana.task(taskId)?.result?.by, node.peer);
  assert.deepEqual(shop.runs.map((run) => [run.node, run.attempt]), [
    [node.grant.agentId, 1],
    [node.grant.agentId, 1],
  ]);
});

Deno.test("S-11 in a split mesh only the side with the voters claims; the other waits, and nothing is done twice", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents: [left, right] } = world;
  assert.ok(left && right);
  const taskId = await mesh.post(ana, { input: slow(SECOND) });
  await clock.advance(SECOND);
  mesh.partition([ana, left], [right]);
  for (const node of [left, right]) await mesh.startAgent(node, shop.at(node));
  await clock.advance(5 * SECOND);
  assert.equal(left.task(taskId)?.state, "completed");
  assert.equal(right.task(taskId)?.state, "announced");

  mesh.heal();
  await clock.advance(5 * SECOND);

  const views = [ana, left, right].map((node) => node.task(taskId));
  for (const view of views) assert.deepEqual(view, views[0], "all see the same");
  assert.deepEqual(shop.runs.map((run) => run.node), [left.grant.agentId]);
  assert.deepEqual(views[0]?.superseded, []);
});

Deno.test("a holder cut off from the voters stops at 0.75 of its lease, before another can have the task", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, shop.at(node), { leaseMs: 8 * SECOND });
  const taskId = await mesh.post(ana, { input: slow(60 * SECOND) });
  await clock.advance(2 * SECOND);
  const cut = holderOf(world, taskId);
  const other = agents.find((node) => node !== cut);
  assert.ok(other);

  mesh.partition([ana, other], [cut]);
  await clock.advance(4 * SECOND);
  assert.equal(shop.running(cut), 1, "its lease goes on");
  await clock.advance(3 * SECOND);
  assert.equal(shop.running(cut), 0, "0.75 of the lease is over");
  assert.equal(ana.task(taskId)?.holder, cut.peer, "1.25 of it is not");
  await clock.advance(6 * SECOND);

  assert.equal(ana.task(taskId)?.holder, other.peer);
  assert.equal(shop.most.get("task"), 1, "never two at once");
  mesh.heal();
  await clock.advance(70 * SECOND);
  assert.deepEqual([ana.task(taskId)?.state, ana.task(taskId)?.result?.by], ["completed", other.peer]);
  assert.equal(shop.runs.length, 2);
});

Deno.test("a holder whose machine slept through its lease stops within a second of waking", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const runner = await mesh.startAgent(node, shop.at(node), { leaseMs: 60 * SECOND });
  await mesh.post(ana, { input: slow(300 * SECOND) });
  await clock.advance(5 * SECOND);
  assert.equal(shop.running(node), 1);

  mesh.voters.isDown = true;
  clock.jumpWall(50 * SECOND); // as a suspend: the monotonic clock stood still, and so did the timers
  await clock.advance(SECOND);

  assert.equal(shop.running(node), 0, "55 of 60 seconds are over, its timers have seen 6");
  mesh.voters.isDown = false;
  await clock.advance(400 * SECOND);
  assert.deepEqual(shop.most.get("task"), 1);
  await runner.stop();
});

Deno.test("a holder that was cut off for a moment goes on under the same token", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const runner = await mesh.startAgent(node, shop.at(node), { leaseMs: 8 * SECOND });
  const taskId = await mesh.post(ana, { input: slow(20 * SECOND) });
  await clock.advance(2 * SECOND);

  mesh.voters.isDown = true;
  await clock.advance(10 * SECOND);
  assert.equal(shop.running(node), 0);
  mesh.voters.isDown = false;
  await clock.advance(40 * SECOND);

  assert.deepEqual([ana.task(taskId)?.state, ana.task(taskId)?.token], ["completed", 1]);
  await runner.stop();
});

Deno.test("a result that cannot be decided for long is decided later, and the work not done again", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const runner = await mesh.startAgent(node, shop.at(node), { leaseMs: 60 * SECOND });
  const taskId = await mesh.post(ana, { input: slow(5 * SECOND) });
  await clock.advance(2 * SECOND);

  mesh.voters.isDown = true;
  await clock.advance(30 * SECOND);
  assert.equal(ana.task(taskId)?.state, "executing");
  assert.ok(ana.task(taskId)?.undecided, "the result is told");
  mesh.voters.isDown = false;
  await clock.advance(10 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.equal(shop.runs.length, 1);
  await runner.stop();
});

Deno.test("a holder killed between its result and the decision decides it at its next start, without work", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  await mesh.startAgent(node, shop.at(node), { leaseMs: 60 * SECOND });
  const taskId = await mesh.post(ana, { input: slow(2 * SECOND) });
  await clock.advance(SECOND);
  mesh.voters.isDown = true;
  await clock.advance(2 * SECOND);
  assert.ok(node.task(taskId)?.undecided);

  mesh.crash(node);
  mesh.voters.isDown = false;
  const runner = await mesh.startAgent(node, shop.at(node));
  await clock.advance(3 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.equal(shop.runs.length, 1);
  await runner.stop();
});

Deno.test("a claim whose decision nobody told (a crash in between) is found in the register and taken over", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents: [first, second] } = world;
  assert.ok(first && second);
  const taskId = await mesh.post(ana, { input: slow(10 * SECOND) });
  await clock.advance(SECOND);
  await mesh.startAgent(first, shop.at(first));
  await clock.advance(8);
  assert.equal(mesh.voters.value(taskId)?.holder, first.peer, "decided");
  mesh.crash(first);
  assert.equal(ana.task(taskId)?.state, "announced", "and not told");

  const runner = await mesh.startAgent(second, shop.at(second));
  await clock.advance(3 * SECOND);
  assert.equal(ana.task(taskId)?.attempts[0]?.holder, first.peer, "the second agent tells what it found");
  await clock.advance(20 * SECOND);

  assert.deepEqual([ana.task(taskId)?.state, ana.task(taskId)?.result?.by], ["completed", second.peer]);
  assert.deepEqual(ana.task(taskId)?.attempts.map((a) => a.outcome), ["lost", "completed"]);
  await runner.stop();
});

Deno.test("replies of the voters that get lost change nothing: what was decided is found", async () => {
  const world = createWorld(1);
  const { mesh, shop, clock, ana, agents: [node] } = world;
  assert.ok(node);
  const runner = await mesh.startAgent(node, shop.at(node), { leaseMs: 60 * SECOND });
  const tasks = [];
  for (let lost = 1; lost <= 6; lost++) {
    mesh.voters.lostReplies = lost;
    tasks.push(await mesh.post(ana, { input: slow(SECOND) }));
    await clock.advance(60 * SECOND);
  }

  for (const taskId of tasks) {
    assert.equal(ana.task(taskId)?.state, "completed");
    assert.ok(shop.finishedOnce(taskId));
  }
  await runner.stop();
});

Deno.test("the lease is renewed while the work goes on, on a timer of its own", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents } = world;
  const runners = await Promise.all(
    agents.map((node) => mesh.startAgent(node, shop.at(node), { leaseMs: 3 * SECOND })),
  );
  const taskId = await mesh.post(ana, { input: slow(30 * SECOND) });
  await clock.advance(31 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.equal(shop.runs.length, 1);
  assert.ok(mesh.voters.decided.filter(({ value }) => value.renewals > 0).length >= 25, "every third of the lease");
  await Promise.all(runners.map((runner) => runner.stop()));
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a holder whose disk failed it is present and does not renew: another gets the task all the same", async () => {
  const world = createWorld(2);
  const { mesh, shop, clock, ana, agents } = world;
  for (const node of agents) await mesh.startAgent(node, shop.at(node), { leaseMs: 10 * SECOND });
  const taskId = await mesh.post(ana, { input: slow(3 * SECOND) });
  await clock.advance(2 * SECOND);
  const broken = holderOf(world, taskId);
  broken.failures = Infinity;

  await clock.advance(600 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.notEqual(ana.task(taskId)?.result?.by, broken.peer);
  assert.deepEqual(ana.task(taskId)?.attempts.map((a) => a.outcome), ["lost", "completed"]);
});
