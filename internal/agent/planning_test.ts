import assert from "node:assert/strict";
import type { EntryId, TaskId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { threadOfTask } from "@bzzz/hmmm";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import { MockExecutor } from "./executors/mock.ts";
import type { Executor } from "./mod.ts";
import { FakeMesh, type FakeNode } from "./testing.ts";

const SECOND = 1000;
const PLANNED = { plan: { windowMs: 30 * SECOND }, input: "one two" };

interface World {
  readonly clock: ManualClock;
  readonly mesh: FakeMesh;
  readonly ana: FakeNode;
  readonly taskId: TaskId;
  readonly stop: () => Promise<void>;
}

/** One agent and a person, with a planned task whose plan is told. */
async function discussing(): Promise<World> {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const ana = mesh.addPerson("ana");
  const node = mesh.addNode("agent-0");
  const runner = await mesh.startAgent(node, new MockExecutor({ clock }), { leaseMs: 30 * SECOND });
  const taskId = await mesh.post(ana, PLANNED);
  await clock.advance(2 * SECOND);
  assert.equal(ana.task(taskId)?.state, "discussing");
  return { clock, mesh, ana, taskId, stop: () => runner.stop() };
}

function planOf({ ana }: World): EntryId {
  const entry = ana.entries.find(({ kind, body }) =>
    kind === "message_posted" && (body as BodyOf<"message_posted">).type === "plan"
  );
  assert.ok(entry, "no plan was told");
  return entry.envelope.id;
}

async function say({ ana, taskId }: World, body: BodyOf<"message_posted">, parent?: EntryId): Promise<void> {
  const place = { topic: TOPICS.hmmm, task: taskId, thread: threadOfTask(taskId) };
  await ana.append({ kind: "message_posted", ...place, body, ...(parent ? { parent } : {}) });
}

Deno.test("a plan is told, and silence through the window is consent", async () => {
  const world = await discussing();
  const { clock, ana, taskId } = world;

  await clock.advance(26 * SECOND);
  assert.equal(ana.task(taskId)?.state, "discussing", "the window is open");
  await clock.advance(5 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.match(ana.bodies("message_posted")[0]?.text ?? "", /^Count the words/);
  await world.stop();
});

Deno.test("an advisory objection is heard and stops nothing", async () => {
  const world = await discussing();
  const { clock, ana, taskId } = world;

  await say(world, { type: "objection", severity: "advisory", text: "I would not" }, planOf(world));
  await clock.advance(31 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  await world.stop();
});

Deno.test("a blocking objection stops it until people approve", async () => {
  const world = await discussing();
  const { clock, mesh, ana, taskId } = world;

  await say(world, { type: "objection", severity: "blocking", text: "not on a Friday" }, planOf(world));
  await clock.advance(3_600 * SECOND);
  assert.equal(ana.task(taskId)?.state, "blocked");
  const [request] = ana.bodies("request_opened");
  assert.deepEqual([request?.kind, request?.allow], ["approval", ["approve", "deny"]]);
  await mesh.decideRequest(ana, request?.requestId ?? assert.fail(), { decision: "approve" });
  await clock.advance(10 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  await world.stop();
});

Deno.test("when people sustain the objection the task fails, with their reason", async () => {
  const world = await discussing();
  const { clock, mesh, ana, taskId } = world;

  await say(world, { type: "objection", severity: "blocking", text: "never" }, planOf(world));
  await clock.advance(60 * SECOND);
  const [request] = ana.bodies("request_opened");
  const reason = "the freeze goes on";
  await mesh.decideRequest(ana, request?.requestId ?? assert.fail(), { decision: "deny", reason });
  await clock.advance(10 * SECOND);

  assert.equal(ana.task(taskId)?.state, "failed");
  assert.match(ana.task(taskId)?.reason ?? "", /the freeze goes on/);
  await world.stop();
});

Deno.test("an objection that its author takes back stops nothing", async () => {
  const world = await discussing();
  const { clock, ana, taskId } = world;

  await say(world, { type: "objection", severity: "blocking", text: "wait" }, planOf(world));
  await clock.advance(SECOND);
  await say(world, { type: "agreement", text: "it is fine" });
  await clock.advance(31 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  await world.stop();
});

Deno.test("an executor that makes no plans does not get such a task done", async () => {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const ana = mesh.addPerson("ana");
  const node = mesh.addNode("agent-0");
  const run = () => Promise.resolve({ summary: "", output: "" });
  const runner = await mesh.startAgent(node, { name: "mute", run });

  const taskId = await mesh.post(ana, PLANNED);
  await clock.advance(10 * SECOND);

  assert.equal(ana.task(taskId)?.state, "failed");
  assert.match(ana.task(taskId)?.reason ?? "", /makes no plans/);
  await runner.stop();
});

Deno.test("a task that is used up in time ends, and is not tried again", async () => {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const ana = mesh.addPerson("ana");
  const node = mesh.addNode("agent-0");
  const runner = await mesh.startAgent(node, new MockExecutor({ clock }), { leaseMs: 30 * SECOND });
  const parent = await mesh.post(ana, { input: "a", budgets: { timeMs: 5 * SECOND } });
  await clock.advance(3 * SECOND);

  const slow = JSON.stringify({ text: "a", step_ms: 60 * SECOND });
  const taskId = await mesh.post(ana, { parent, input: slow, budgets: { timeMs: 50 * SECOND } });
  await clock.advance(8 * SECOND);

  assert.equal(ana.task(taskId)?.state, "failed", "its parent had only five seconds to give");
  assert.match(ana.task(taskId)?.reason ?? "", /its 5000 ms are used up/);
  await runner.stop();
});

Deno.test("the plan that was told is given to the work, also after a restart in between", async () => {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const ana = mesh.addPerson("ana");
  const node = mesh.addNode("agent-0");
  const plans: (string | undefined)[] = [];
  const executor: Executor = {
    name: "planner",
    plan: (job) => Promise.resolve(`Count, as ${job.plan ?? "nobody"} said`),
    run: ({ plan }) => {
      plans.push(plan);
      return Promise.resolve({ summary: "counted", output: "" });
    },
  };
  await mesh.startAgent(node, executor, { leaseMs: 30 * SECOND });
  const taskId = await mesh.post(ana, PLANNED);
  await clock.advance(2 * SECOND);
  mesh.crash(node);
  const runner = await mesh.startAgent(node, executor, { leaseMs: 30 * SECOND });
  await clock.advance(60 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.deepEqual(plans, ["Count, as nobody said"]);
  await runner.stop();
});
