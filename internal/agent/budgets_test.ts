import assert from "node:assert/strict";
import type { TaskId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { TOPICS } from "@bzzz/wire";
import { MAX_PROGRESS_ENTRIES } from "./constants.ts";
import { MockExecutor } from "./executors/mock.ts";
import type { ExecutionJob, Executor } from "./mod.ts";
import { FakeMesh, type FakeNode } from "./testing.ts";

const SECOND = 1000;

interface World {
  readonly clock: ManualClock;
  readonly mesh: FakeMesh;
  readonly ana: FakeNode;
  readonly agents: readonly FakeNode[];
  /** What executors were given, in order. */
  readonly jobs: ExecutionJob[];
  readonly executor: Executor;
}

async function startWorld(agents: number): Promise<World> {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const ana = mesh.addPerson("ana");
  const mock = new MockExecutor({ clock });
  const jobs: ExecutionJob[] = [];
  const executor: Executor = {
    name: "counting",
    run: (job, io) => {
      jobs.push(job);
      return mock.run(job, io);
    },
  };
  const nodes = Array.from({ length: agents }, (_, i) => mesh.addNode(`agent-${i}`));
  for (const node of nodes) await mesh.startAgent(node, executor, { leaseMs: 10 * SECOND });
  return { clock, mesh, ana, agents: nodes, jobs, executor };
}

/** Work of ten steps of 2 s, each of which uses so much. */
function spending(tokens: number, money = 0, fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ text: "a b c", steps: 10, step_ms: 2 * SECOND, use: { tokens, money }, ...fields });
}

function outcomesOf({ ana }: World, taskId: TaskId): (readonly [string | undefined, number | undefined])[] {
  return ana.task(taskId)?.attempts.map(({ outcome, used }) => [outcome, used?.tokens]) ?? [];
}

function noticesOf({ ana }: World): readonly string[] {
  return ana.bodies("request_opened").filter(({ kind }) => kind === "notice").map(({ body }) => body);
}

for (const [unit, budgets] of [["tokens", { tokens: 35 }], ["money", { money: 3_500_000 }]] as const) {
  Deno.test(`work is stopped when more ${unit} are used than the task may, and people are asked at once`, async () => {
    const world = await startWorld(2);
    const { mesh, clock, ana, jobs } = world;

    const taskId = await mesh.post(ana, { input: spending(10, 1_000_000), budgets });
    await clock.advance(60 * SECOND);

    const view = ana.task(taskId);
    assert.deepEqual([view?.state, view?.isExhausted, jobs.length], ["failed", true, 1]);
    assert.deepEqual(outcomesOf(world, taskId), [["budget_exhausted", 40]]);
    assert.match(
      view?.reason ?? "",
      unit === "tokens" ? /its 35 tokens are used up: 40/ : /3500000 millionths of money/,
    );
    assert.equal(noticesOf(world).length, 1);
    assert.match(noticesOf(world)[0] ?? "", /has used up a budget.*\n.*budget_exhausted/);
  });
}

Deno.test("what is used to the last token is not too much", async () => {
  const world = await startWorld(1);

  const taskId = await world.mesh.post(world.ana, { input: spending(10), budgets: { tokens: 100 } });
  await world.clock.advance(60 * SECOND);

  assert.deepEqual(outcomesOf(world, taskId), [["completed", 100]]);
});

Deno.test("a try counts what those before it have used, and is told what is left", async () => {
  const world = await startWorld(2);
  const { mesh, clock, ana, jobs } = world;
  const input = spending(4, 0, { steps: 2, fail: { reason: "no luck" } });

  const taskId = await mesh.post(ana, { input, budgets: { tokens: 20, money: 7 } });
  await clock.advance(60 * SECOND);

  assert.deepEqual(outcomesOf(world, taskId), [["failed", 8], ["failed", 8], ["budget_exhausted", 8]]);
  assert.deepEqual(jobs.map(({ budgets }) => [budgets.tokens, budgets.money]), [[20, 7], [12, 7], [4, 7]]);
});

Deno.test("a run that starts again after a crash goes on counting where it stopped telling", async () => {
  const world = await startWorld(1);
  const { mesh, clock, ana, agents: [node = assert.fail()], jobs, executor } = world;
  const taskId = await mesh.post(ana, { input: spending(10), budgets: { tokens: 65 } });
  await clock.advance(9.5 * SECOND);
  assert.equal(ana.task(taskId)?.attempts[0]?.used?.tokens, 40, "told within a second");

  mesh.crash(node);
  await mesh.startAgent(node, executor, { leaseMs: 10 * SECOND });
  await clock.advance(60 * SECOND);

  assert.deepEqual(outcomesOf(world, taskId), [["budget_exhausted", 70]]);
  assert.deepEqual(jobs.map(({ budgets }) => budgets.tokens), [65, 25]);
});

Deno.test("long work tells what it uses all the same, when it has no more steps to tell", async () => {
  const world = await startWorld(1);
  const { mesh, clock, ana } = world;
  const taskId = await mesh.post(ana, { input: spending(10, 0, { steps: 1000 }), budgets: { tokens: 100_000 } });

  await clock.advance(600 * SECOND);

  const told = ana.task(taskId)?.attempts[0]?.used?.tokens ?? 0;
  assert.ok(told >= 2_690, `${told} of about 3,000 tokens told, expected all but those of the last minute`);
  assert.ok(ana.bodies("task_progress").length < MAX_PROGRESS_ENTRIES + 8);
});

Deno.test("what was used before work is given back, parked or cancelled counts", async () => {
  const world = await startWorld(1);
  const { mesh, clock, ana } = world;
  const taskId = await mesh.post(ana, { input: spending(10), budgets: { tokens: 1000 } });
  await clock.advance(6.5 * SECOND);

  const body = { taskId, reason: "changed plans" };
  const { envelope } = await ana.append({ kind: "task_cancelled", topic: TOPICS.coordination, body, task: taskId });
  const decided = ana.decide(taskId, { type: "cancel", told: envelope.id });
  await clock.advance(2 * SECOND);

  assert.equal(await decided, "decided");
  assert.deepEqual(outcomesOf(world, taskId), [["cancelled", 30]]);
});

Deno.test("delegated tasks get what is left, and all of them stop when their parent's budget is used up", async () => {
  const world = await startWorld(3);
  const { mesh, clock, ana, jobs } = world;
  const parent = await mesh.post(ana, { input: spending(10, 0, { steps: 3 }), budgets: { tokens: 100 } });
  await clock.advance(10 * SECOND);
  assert.deepEqual(outcomesOf(world, parent), [["completed", 30]]);

  const parts = [
    await mesh.post(ana, { input: spending(10), parent }),
    await mesh.post(ana, { input: spending(10), parent, budgets: { tokens: 50 } }),
  ];
  await clock.advance(60 * SECOND);

  assert.deepEqual(jobs.slice(1).map(({ budgets }) => budgets.tokens).sort(), [50, 70]);
  const used = parts.map((part) => ana.task(part)?.attempts[0]);
  assert.deepEqual(used.map((attempt) => attempt?.outcome), ["budget_exhausted", "budget_exhausted"]);
  const sum = used.reduce((total, attempt) => total + (attempt?.used?.tokens ?? 0), 30);
  assert.ok(sum > 100 && sum <= 120, `${sum} tokens: the step that exceeds it, and what was under way elsewhere`);
  assert.match(ana.task(parts[0] ?? assert.fail())?.reason ?? "", new RegExp(`the 100 tokens of task ${parent}`));
});

Deno.test("a task that is tried again by people has its budgets anew", async () => {
  const world = await startWorld(1);
  const { mesh, clock, ana, jobs } = world;
  const taskId = await mesh.post(ana, { input: spending(10), budgets: { tokens: 35 } });
  await clock.advance(30 * SECOND);
  assert.deepEqual(outcomesOf(world, taskId), [["budget_exhausted", 40]]);

  const body = { taskId, reason: "it is worth it" };
  const { envelope } = await ana.append({ kind: "task_retried", topic: TOPICS.coordination, body, task: taskId });
  const decided = ana.decide(taskId, { type: "retry", told: envelope.id });
  await clock.advance(30 * SECOND);

  assert.equal(await decided, "decided");
  assert.deepEqual(jobs.map(({ budgets }) => budgets.tokens), [35, 35]);
  assert.deepEqual(outcomesOf(world, taskId), [["budget_exhausted", 40], ["budget_exhausted", 40]]);
  assert.equal(new Set(ana.bodies("request_opened").map(({ requestId }) => requestId)).size, 2);
});
