// Claims that two can never hold: many at once, and with holders that are killed. What is asserted is read from the journal.
import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import { createSeededRandom, waitFor } from "@bzzz/base/testing";
import { IS_SLOW, note, testSeed } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { allTasks, assertFenced, mostAtOnce } from "../helpers/tasks.ts";

const clock = createSystemClock();
const QUICK: Readonly<Record<string, string>> = {
  BZZZ_COORDINATION_PRESENCE_INTERVAL_SECONDS: "1",
  BZZZ_COORDINATION_PRESENCE_TIMEOUT_SECONDS: "2",
  BZZZ_COORDINATION_LEASE_SECONDS: "5",
};
const MAX_TASKS = 3;

Deno.test("S-09 A-16 A-18 a hundred tasks at once for five agents: each is won once, by who can, never more than max_tasks", async () => {
  await using mesh = await TestMesh.create("boss", { env: { BZZZ_AGENT_CAPABILITIES: "lead" } });
  const workers = ["w1", "w2", "w3", "w4", "w5"];
  for (const [i, name] of workers.entries()) {
    const capabilities = i === 0 ? "dig,blast" : "dig";
    await mesh.add(name, {
      through: "boss",
      env: { BZZZ_AGENT_CAPABILITIES: capabilities, BZZZ_AGENT_MAX_TASKS: String(MAX_TASKS) },
    });
  }
  await mesh.connected("boss", ...workers);
  const boss = await mesh.node("boss").api();
  await waitFor(async () => (await boss.agents()).filter(({ presence }) => presence === "ready").length === 6, {
    timeoutMs: PATIENCE_MS,
    what: "every agent to be present",
  });

  const began = performance.now();
  await Promise.all(
    Array.from(
      { length: 100 },
      (_, i) =>
        boss.postTask({ title: `hole ${i}`, required_capabilities: [i % 10 === 0 ? "blast" : "dig"], input: "a b c" }),
    ),
  );
  const postedMs = performance.now() - began;
  await waitFor(async () => (await boss.status()).tasks["completed"] === 100, {
    timeoutMs: 60_000,
    what: "all tasks to be done",
    state: async () => (await boss.status()).tasks,
  });
  const tookMs = performance.now() - began;

  const tasks = await allTasks(boss);
  const agents = new Map((await boss.agents()).map((agent) => [agent.peer_id, agent]));
  for (const task of tasks) {
    assertFenced(task);
    assert.equal(task.attempts.length, 1, `${task.title}: exactly one winner, ${JSON.stringify(task.attempts)}`);
    const winner = agents.get(task.attempts[0]?.holder.peer_id ?? "");
    for (const needed of task.required_capabilities) assert.ok(winner?.capabilities.includes(needed), task.title);
    assert.equal(task.history.filter(({ kind }) => kind === "task_completed").length, 1, `${task.title}: done once`);
  }
  for (const [peer, agent] of agents) {
    if (agent.agent_id !== "boss") assert.ok(mostAtOnce(tasks, peer) <= MAX_TASKS, `${agent.agent_id} had too many`);
  }
  // whoever has the entries comes to the same end
  const views = tasks.map(({ history: _, ...view }) => view).sort((a, b) => a.task_id < b.task_id ? -1 : 1);
  const other = await mesh.node("w5").api();
  await waitFor(async () => (await other.status()).tasks["completed"] === 100, {
    timeoutMs: PATIENCE_MS,
    what: "the same at another node",
  });
  const others = (await allTasks(other)).map(({ history: _, ...view }) => view);
  assert.deepEqual(others.sort((a, b) => a.task_id < b.task_id ? -1 : 1), views);
  note(`100 tasks posted in ${Math.round(postedMs)} ms, done after ${Math.round(tookMs)} ms`);
  await mesh.node("w5").stop();
  await mesh.verify("w5");
});

const KILLS = IS_SLOW ? 200 : 4;

Deno.test(`kill -9 of ${KILLS} holders: no double hold, every task is finished, no result is lost`, async () => {
  const seed = testSeed();
  const random = createSeededRandom(seed);
  await using mesh = await TestMesh.create("boss", { env: { ...QUICK, BZZZ_AGENT_CAPABILITIES: "lead" } });
  const workers = ["w1", "w2", "w3"];
  for (const name of workers) {
    await mesh.add(name, {
      through: "boss",
      env: { ...QUICK, BZZZ_AGENT_CAPABILITIES: "dig", BZZZ_AGENT_MAX_TASKS: "2" },
    });
  }
  await mesh.connected("boss", ...workers);
  const boss = await mesh.node("boss").api();
  const input = JSON.stringify({ steps: 20, step_ms: 100, text: "a b c" });
  const acknowledged = new Map<string, string>();
  let posted = 0;

  for (let kill = 0; kill < KILLS; kill++) {
    // always a few tasks under way
    const open = (await boss.tasks({ limit: 1_000 })).filter(({ state }) => !isOver(state)).length;
    for (let i = open; i < 4; i++) {
      await boss.postTask({ title: `hole ${posted++}`, required_capabilities: ["dig"], input });
    }
    const held = await waitFor(async () => (await boss.tasks({ state: "executing" })).find(({ holder }) => holder), {
      timeoutMs: 30_000,
      what: "a task to be executed",
      state: async () => (await boss.status()).tasks,
    });
    await clock.sleep(random.float() * 2_000);
    const victim = held.holder?.agent_id ?? workers[0] ?? "";
    await mesh.node(victim).kill();
    for (const task of await boss.tasks({ state: "completed", limit: 1_000 })) {
      acknowledged.set(task.task_id, task.result?.output ?? "");
    }
    await mesh.start(victim);
  }

  await waitFor(async () => (await boss.tasks({ limit: 1_000 })).every(({ state }) => isOver(state)), {
    timeoutMs: 90_000,
    what: `every task to be over, seed ${seed}`,
    state: async () => (await boss.status()).tasks,
  });
  const tasks = await allTasks(boss);
  const retried = tasks.filter(({ attempts }) => attempts.length > 1).length;
  for (const task of tasks) {
    assertFenced(task);
    // three lost tries are the end by the rules; nothing else but a result is
    const isGivenUp = task.state === "failed" && task.spent >= 3;
    assert.ok(task.state === "completed" || isGivenUp, `${task.title} is ${task.state}, seed ${seed}`);
  }
  for (const [taskId, output] of acknowledged) {
    assert.equal(tasks.find((task) => task.task_id === taskId)?.result?.output, output, `task ${taskId}, seed ${seed}`);
  }
  note(
    `seed ${seed}: ${KILLS} kills, ${tasks.length} tasks, ${retried} taken up again, ${acknowledged.size} results kept`,
  );
});

function isOver(state: string): boolean {
  return state === "completed" || state === "failed";
}
