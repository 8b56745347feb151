import assert from "node:assert/strict";
import { createTestShell } from "../testing.ts";

type Shell = ReturnType<typeof createTestShell>;

/** Posts tasks that `agent` holds. */
async function held({ run, mesh }: Shell, agent: string, ...titles: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const title of titles) {
    const before = new Set(mesh.taskMap.keys());
    await run("task", "post", title);
    const id = [...mesh.taskMap.keys()].find((one) => !before.has(one)) ?? assert.fail();
    const task = mesh.taskMap.get(id) ?? assert.fail();
    mesh.taskMap.set(id, { ...task, state: "executing", holder: { peer_id: `12D3KooW${agent}`, agent_id: agent } });
    ids.push(id);
  }
  return ids;
}

Deno.test("task stop: shows the tasks of that agent alone, and cancels them after y", async () => {
  const shell = createTestShell({ answers: ["y"] });
  const [first = "", second = ""] = await held(shell, "atlas", "Survey", "Drill");
  const [other = ""] = await held(shell, "basil", "Write");

  const { status, out, err } = await shell.run("task", "stop", "@atlas", "the", "well", "is", "dry");

  assert.equal(status, 0, out + err);
  assert.match(out, /Survey[\s\S]*Cancelled task \w{6}: Survey/);
  assert.doesNotMatch(out, /Write/);
  assert.deepEqual(shell.questions, ["type y to cancel these 2 tasks: "]);
  const stateOf = (id: string) => shell.mesh.taskMap.get(id)?.state;
  assert.deepEqual([first, second, other].map(stateOf), ["cancelled", "cancelled", "executing"]);
  assert.equal(shell.mesh.taskMap.get(first)?.reason, "the well is dry");
});

Deno.test("task stop: without y nothing is cancelled; without a terminal --yes is required; nothing held is said", async () => {
  const shell = createTestShell({ answers: ["n"] });
  const [id = ""] = await held(shell, "atlas", "Survey");
  const script = createTestShell();
  const [own = ""] = await held(script, "atlas", "Survey");

  const refused = await shell.run("task", "stop", "atlas");
  const idle = await shell.run("task", "stop", "@nobody");
  const unseen = await script.run("task", "stop", "atlas");
  const done = await script.run("task", "stop", "atlas", "--yes");

  assert.deepEqual([refused.status, idle.status, unseen.status, done.status], [2, 0, 2, 0]);
  assert.match(idle.out, /nobody holds no task/);
  assert.match(unseen.err, /give --yes/);
  assert.equal(shell.mesh.taskMap.get(id)?.state, "executing");
  assert.equal(script.mesh.taskMap.get(own)?.state, "cancelled");
});

Deno.test("task stop: what was handed on meanwhile is left alone, and what may not be cancelled is named with status 1", async () => {
  const shell = createTestShell();
  const [moved = "", over = "", good = ""] = await held(shell, "atlas", "Moved", "Over", "Good");
  const task = shell.mesh.task.bind(shell.mesh);
  shell.mesh.task = (id) => {
    const view = shell.mesh.taskMap.get(id) ?? assert.fail();
    if (id === moved) shell.mesh.taskMap.set(id, { ...view, holder: { peer_id: "p", agent_id: "basil" } });
    return task(id);
  };
  const cancel = shell.mesh.cancelTask.bind(shell.mesh);
  shell.mesh.cancelTask = async (id, options) => {
    const view = shell.mesh.taskMap.get(id) ?? assert.fail();
    if (id === over) shell.mesh.taskMap.set(id, { ...view, state: "completed" });
    return await cancel(id, options);
  };

  const { status, out } = await shell.run("task", "stop", "atlas", "--yes");

  assert.equal(status, 1);
  assert.match(out, /Left alone, it is not theirs any more: task \w{6}: Moved/);
  assert.match(out, /Cannot cancel the task: it is completed/);
  const stateOf = (id: string) => shell.mesh.taskMap.get(id)?.state;
  assert.deepEqual([moved, good].map(stateOf), ["executing", "cancelled"]);
});
