import assert from "node:assert/strict";
import type { AgentId, RequestId, TaskId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { TOPICS } from "@bzzz/wire";
import { bindRequest, requestBodyOf } from "./asks.ts";
import { MockExecutor } from "./executors/mock.ts";
import type { ExecutionIo, ExecutionJob, ExecutionResult, Executor } from "./mod.ts";
import { FakeMesh, type FakeNode } from "./testing.ts";

/** Mock work that remembers who did what, and how much at once. */
class Workshop {
  readonly runs: {
    readonly taskId: TaskId;
    readonly attempt: number;
    readonly token: number;
    readonly node: string;
    answers: number;
  }[] = [];
  readonly most = new Map<string, number>();
  readonly #mock: MockExecutor;
  readonly #running = new Map<string, number>();
  readonly #tasks = new Map<symbol, TaskId>();

  constructor(clock: ManualClock) {
    this.#mock = new MockExecutor({ clock });
  }

  at(node: FakeNode): Executor {
    return { name: "workshop", run: (job, io) => this.#run(node.grant.agentId, job, io) };
  }

  /** Runs at the moment on a node. */
  running(node: FakeNode): number {
    return this.#running.get(node.grant.agentId) ?? 0;
  }

  finishedOnce(taskId: TaskId): boolean {
    return this.runs.filter((run) => run.taskId === taskId).length === 1;
  }

  async #run(node: string, job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult> {
    this.runs.push({ taskId: job.taskId, attempt: job.attempt, token: job.token, node, answers: job.answers.length });
    const running = (this.#running.get(node) ?? 0) + 1;
    this.#running.set(node, running);
    this.most.set(node, Math.max(running, this.most.get(node) ?? 0));
    const ofTask = [...this.#tasks.values()].filter((id) => id === job.taskId).length + 1;
    const run = Symbol("run");
    this.#tasks.set(run, job.taskId);
    this.most.set("task", Math.max(ofTask, this.most.get("task") ?? 0));
    try {
      return await this.#mock.run(job, io);
    } finally {
      this.#running.set(node, (this.#running.get(node) ?? 0) - 1);
      this.#tasks.delete(run);
    }
  }
}

interface World {
  readonly clock: ManualClock;
  readonly mesh: FakeMesh;
  readonly shop: Workshop;
  readonly ana: FakeNode;
  readonly agents: FakeNode[];
}

function createWorld(agents: number, options: { latencyMs?: number } = {}): World {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock, options);
  const ana = mesh.addPerson("ana");
  const nodes = Array.from({ length: agents }, (_, i) => mesh.addNode(`agent-${i}`));
  return { clock, mesh, shop: new Workshop(clock), ana, agents: nodes };
}

/** Who holds the task, by ana's journal. */
function holderOf({ ana, agents }: World, taskId: TaskId): FakeNode {
  const node = agents.find((n) => n.peer === ana.task(taskId)?.holder);
  assert.ok(node, "nobody holds the task");
  return node;
}

function firstRequest(node: FakeNode): RequestId {
  const [request] = node.bodies("request_opened");
  assert.ok(request, "nobody was asked");
  return request.requestId;
}

const SECOND = 1000;
const slow = (stepMs: number) => JSON.stringify({ text: "a b c", step_ms: stepMs });
const asking = JSON.stringify({ text: "a b c", ask: { title: "Go on?", body: "It is late" } });

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
  assert.equal(JSON.parse(view?.result?.output ?? "").answer.text, "yes");
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
  assert.equal(JSON.parse(ana.task(taskId)?.result?.output ?? "").answer.text, "yes");
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
