import assert from "node:assert/strict";
import { TypedEventTarget } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { readMemoryDecision } from "@bzzz/coordinator/testing";
import type { IssueTaskDraft, SourcedTask } from "@bzzz/github";
import { OfflineMesh, type OfflineNode, person } from "../facade/testing.ts";
import type { MeshReadModel } from "../read_model.ts";
import { JournalMeshTasks } from "./mesh_tasks.ts";

const DRAFT: IssueTaskDraft = {
  taskId: "00000000000123456789ABCDEF" as IssueTaskDraft["taskId"],
  clientId: "github:acme/shop#7",
  title: "Pay once",
  description: "Nobody pays twice.",
  priority: 5,
  requiredCapabilities: [],
  input: "{}",
};
const { taskId } = DRAFT;
const OTHER = "00000000009876543210ABCDEF" as IssueTaskDraft["taskId"];

function tasksOf(mesh: OfflineMesh, node: OfflineNode, readModel = node.readModel): JournalMeshTasks {
  const { local, journal, register } = node;
  const decisions = { read: readMemoryDecision };
  return new JournalMeshTasks({
    local,
    journal,
    readModel,
    register,
    decisions,
    clock: mesh.clock,
    random: createSeededRandom(3),
  });
}

function posts(node: OfflineNode): number {
  return node.journal.entriesAfter(0, { limit: 100, kinds: ["task_posted"] }).length;
}

Deno.test("two leaders that post one issue without having heard of each other have posted one task", async () => {
  await using mesh = new OfflineMesh();
  const [first, second] = [await mesh.start({ agentId: "atlas" }), await mesh.start({ agentId: "basil" })];
  for (const grant of mesh.mesh.membership().grants()) first.local.membership.addGrant(grant);
  const [one, other] = [tasksOf(mesh, first), tasksOf(mesh, second)];

  await Promise.all([one.post(DRAFT), one.post(DRAFT)]);
  await mesh.clock.advance(1_000);
  await other.post({ ...DRAFT, title: "Pay once, edited" });
  await mesh.share();
  await other.post(DRAFT);

  assert.deepEqual([posts(first), posts(second)], [2, 2]);
  for (const node of [first, second]) {
    const { items: tasks } = await node.facade.tasks({ limit: 10 });
    assert.deepEqual(tasks.map(({ task_id, client_id, title }) => [task_id, client_id, title]), [
      [taskId, "github:acme/shop#7", "Pay once"],
    ]);
  }
  assert.deepEqual(one.find(taskId), { taskId, version: 0, state: "open" });
});

Deno.test("a task that goes on and one that ended lately are looked at; a change of state is told, and nothing else", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start({ agentId: "atlas" });
  const tasks = tasksOf(mesh, node);
  const told: SourcedTask[] = [];
  const stopped = new AbortController();
  tasks.onChanged((task) => void told.push(task), { signal: stopped.signal });
  await tasks.post(DRAFT);
  await node.facade.postTask({ ...PLAIN, client_id: "another" });
  const sourced = { taskId, clientId: DRAFT.clientId };
  assert.deepEqual([tasks.recent(Infinity), told], [[sourced], [sourced]]);

  await tasks.cancel(taskId, "issue acme/shop#7 was closed");

  assert.deepEqual(tasks.find(taskId), {
    taskId,
    version: 1,
    state: "cancelled",
    reason: "issue acme/shop#7 was closed",
  });
  assert.deepEqual([tasks.recent(Infinity), tasks.recent(mesh.clock.nowMs() - 1_000), told.length], [[], [sourced], 2]);
  await assert.rejects(tasks.cancel(taskId, "again"), { code: "task_closed" });
  stopped.abort();
  await node.facade.retryTask(taskId, { reason: "" });
  assert.deepEqual([told.length, tasks.find(taskId)?.state], [2, "open"]);
});

Deno.test("what sync brings of a task that ended long ago is no news", async () => {
  await using mesh = new OfflineMesh();
  const [old, late] = [await mesh.start({ agentId: "atlas" }), await mesh.start({ agentId: "basil" })];
  await tasksOf(mesh, old).post(DRAFT);
  await tasksOf(mesh, old).cancel(taskId, "closed");
  await mesh.clock.advance(25 * 3_600_000);
  await tasksOf(mesh, old).post({ ...DRAFT, taskId: OTHER, clientId: "github:acme/shop#8" });
  const told: string[] = [];
  const stopped = new AbortController();
  tasksOf(mesh, late).onChanged(({ clientId }) => void told.push(clientId), { signal: stopped.signal });

  await mesh.share();

  assert.deepEqual(told, ["github:acme/shop#8"]);
  stopped.abort();
});

Deno.test("a task that the board has forgotten is read from the journal", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start({ agentId: "atlas" });
  await tasksOf(mesh, node).post(DRAFT);
  await tasksOf(mesh, node).cancel(taskId, "closed");
  const { readModel } = node;
  const forgetful = Object.assign(Object.create(readModel) as MeshReadModel, {
    events: new TypedEventTarget(),
    task: () => undefined,
    grantAt: readModel.grantAt.bind(readModel),
  });

  assert.equal(tasksOf(mesh, node, forgetful).find(taskId)?.state, "cancelled");
});

Deno.test("who may not post or cancel is refused before anything is written", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start({ agentId: "atlas", role: "observer" });
  const tasks = tasksOf(mesh, node);
  const before = node.journal.stats().entries;

  await assert.rejects(tasks.post(DRAFT), { code: "not_allowed" });
  assert.equal(node.journal.stats().entries, before);
  const [poster, other] = [
    await mesh.start({ agentId: "basil", role: "developer" }),
    await mesh.start({ agentId: "cedar", role: "developer" }),
  ];
  await tasksOf(mesh, poster).post(DRAFT);
  await mesh.share();
  await assert.rejects(tasksOf(mesh, other).cancel(taskId, "closed"), { code: "not_allowed" });
  const ana = await mesh.start(person("ana"));
  await mesh.share();
  assert.equal((await ana.facade.cancelTask(taskId, { reason: "" })).state, "cancelled");
});

const PLAIN = {
  title: "Plain",
  description: "",
  priority: 5,
  required_capabilities: [],
  dependencies: [],
};
