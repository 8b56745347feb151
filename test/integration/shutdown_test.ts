// SIGTERM under load: drained, told to the others, gone in time.
import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { note, Poster } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";

const clock = createSystemClock();

async function presenceOf(mesh: TestMesh, seenBy: string, name: string): Promise<string | undefined> {
  const agents = await (await mesh.node(seenBy).api()).agents();
  return agents.find((agent) => agent.agent_id === name)?.presence;
}

Deno.test("S-25 A-38 SIGTERM under load: work is given back, peers see it left, exit 0 in time", async () => {
  // a lease so long that only a release gives the task to the other
  await using mesh = await TestMesh.create("boss", { env: { BZZZ_AGENT_MAX_TASKS: "1" } });
  await mesh.add("worker", {
    through: "boss",
    env: { BZZZ_COORDINATION_LEASE_SECONDS: "86400", BZZZ_AGENT_CAPABILITIES: "general,dig" },
  });
  await mesh.connected("boss", "worker");
  const worker = mesh.node("worker");
  const api = await worker.api();
  const long = await api.postTask({
    title: "a long dig",
    required_capabilities: ["dig"],
    input: JSON.stringify({ steps: 600, step_ms: 100 }),
  });
  await waitFor(async () => (await api.task(long.task_id)).state === "executing", {
    timeoutMs: PATIENCE_MS,
    what: "the task to be executed",
    state: async () => await api.task(long.task_id),
  });
  const short = await api.postTask({
    title: "a short dig",
    required_capabilities: ["dig"],
    input: JSON.stringify({ steps: 10, step_ms: 300 }),
  });
  await waitFor(async () => (await api.task(short.task_id)).state === "executing", {
    timeoutMs: PATIENCE_MS,
    what: "the short task to be executed",
  });
  const poster = new Poster(api, { label: "load" });
  await waitFor(() => poster.acknowledged.length >= 20, { timeoutMs: PATIENCE_MS, what: "the load to be there" });

  const sinceTheSignal = new Stopwatch();
  const status = await worker.stop();
  const tookMs = sinceTheSignal.within(25_000, "drained");
  await poster.stop();
  const sinceTheEnd = new Stopwatch();

  assert.equal(status.code, 0, worker.log.slice(-3000));
  const boss = await mesh.node("boss").api();
  await waitFor(async () => await presenceOf(mesh, "boss", "worker") === "left", {
    timeoutMs: PATIENCE_MS,
    what: "the peer to see that the worker left",
    state: () => presenceOf(mesh, "boss", "worker"),
  });
  sinceTheEnd.within(2_000, "seen as left");
  await waitFor(async () => (await boss.task(short.task_id)).state === "completed", {
    timeoutMs: PATIENCE_MS,
    what: "the short task to be finished before the end",
  });
  const given = await boss.task(long.task_id);
  assert.equal(given.state, "announced", "the long task was given back");
  assert.ok(given.history.some((entry) => entry.kind === "task_released"));
  note(`drained in ${tookMs} ms, ${poster.acknowledged.length} posts acknowledged meanwhile`);
});

Deno.test("S-25 SIGTERM at any moment of the start ends in good order", async () => {
  await using mesh = await TestMesh.create("node-a");
  await mesh.join("node-b", { through: "node-a" });
  for (const delayMs of [0, 20, 60, 100, 120, 140, 160, 200, 250]) {
    const node = mesh.spawn("node-b");
    await clock.sleep(delayMs);
    node.kill("SIGTERM");
    const { code, stderr } = await node.finished;
    // before its handlers are there the system ends it (143), before the verb is read the command does (130)
    assert.ok([0, 130, 143].includes(code), `after ${delayMs} ms: ${code} ${stderr}`);
  }
  const node = await mesh.start("node-b");
  assert.equal((await node.stop()).code, 0, node.log.slice(-2000));
});

Deno.test("S-25 a second signal ends the node at once with 130", async () => {
  await using mesh = await TestMesh.create("busy");
  const node = mesh.node("busy");
  const api = await node.api();
  const task = await api.postTask({ title: "long", input: JSON.stringify({ steps: 600, step_ms: 100 }) });
  await waitFor(async () => (await api.task(task.task_id)).state === "executing", {
    timeoutMs: PATIENCE_MS,
    what: "the task to be executed",
  });

  node.signal("SIGTERM");
  await waitFor(() => node.log.includes("is shutting down"), { timeoutMs: PATIENCE_MS, what: "the shutdown to begin" });
  const sinceTheSecond = new Stopwatch();
  node.signal("SIGTERM");
  const status = await node.ended(5_000);

  assert.equal(status.code, 130);
  sinceTheSecond.within(1_000, "ended");
  await mesh.verify("busy");
  await mesh.start("busy");
});

Deno.test("S-26 a node that was killed is seen as failed, not as left", async () => {
  const env = { BZZZ_COORDINATION_PRESENCE_INTERVAL_SECONDS: "1", BZZZ_COORDINATION_PRESENCE_TIMEOUT_SECONDS: "2" };
  await using mesh = await TestMesh.create("node-a", { env });
  await mesh.add("node-b", { through: "node-a", env });
  await waitFor(async () => await presenceOf(mesh, "node-a", "node-b") === "ready", {
    timeoutMs: PATIENCE_MS,
    what: "b to be there",
  });

  await mesh.node("node-b").kill();

  await waitFor(async () => await presenceOf(mesh, "node-a", "node-b") === "failed", {
    timeoutMs: PATIENCE_MS,
    what: "b to be seen as failed",
    state: () => presenceOf(mesh, "node-a", "node-b"),
  });
});
