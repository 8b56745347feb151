// An agent asks a person: the question waits, over restarts of either side, and the answer reaches the work.
import assert from "node:assert/strict";
import type { RequestView } from "@bzzz/api";
import { waitFor } from "@bzzz/base/testing";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { run, runOk } from "../helpers/programs.ts";

async function pending(mesh: TestMesh, name: string): Promise<RequestView> {
  const api = await mesh.node(name).api();
  return await waitFor(async () => (await api.requests({ state: "pending" }))[0], {
    timeoutMs: PATIENCE_MS,
    what: `the question at ${name}`,
    state: () => mesh.node(name).log.slice(-2000),
  });
}

async function inState(mesh: TestMesh, name: string, taskId: string, state: string) {
  const api = await mesh.node(name).api();
  return await waitFor(async () => {
    const task = await api.task(taskId).catch(() => undefined);
    return task?.state === state && task;
  }, {
    timeoutMs: PATIENCE_MS,
    what: `task ${taskId} to be ${state} at ${name}`,
    state: () => mesh.node(name).log.slice(-3000),
  });
}

Deno.test("S-15 A-33 a question waits for a person who is away, and survives restarts of both sides", async () => {
  await using mesh = await TestMesh.create("hub", { env: { BZZZ_AGENT_CAPABILITIES: "lead" } });
  await mesh.add("digger", { through: "hub", env: { BZZZ_AGENT_CAPABILITIES: "dig" } });
  await mesh.join("ana", { program: "bzzz-hap", role: "reviewer", through: "hub" });
  await mesh.connected("hub", "digger");
  const hub = await mesh.node("hub").api();
  const { task_id } = await hub.postTask({
    title: "dig",
    required_capabilities: ["dig"],
    input: JSON.stringify({ steps: 4, ask: { title: "How deep?", body: "In metres." } }),
  });
  const blocked = await inState(mesh, "hub", task_id, "blocked");
  assert.equal(blocked.holder?.agent_id, "digger");

  // the agent starts again: it holds the task, and asks nothing twice
  await mesh.node("digger").stop();
  await mesh.start("digger");
  await mesh.connected("hub", "digger");
  assert.equal((await inState(mesh, "hub", task_id, "blocked")).holder?.agent_id, "digger");

  // the person comes later, and finds the question
  const began = performance.now();
  await mesh.start("ana");
  const question = await pending(mesh, "ana");
  note(`in the inbox ${Math.round(performance.now() - began)} ms after the portal was started`);
  assert.equal(question.title, "How deep?");
  assert.equal(question.is_addressed_to_me, true);
  const inbox = await runOk("bzzz-hap", ["inbox", "--json", "--home", mesh.home("ana")]);
  assert.equal(inbox.trim().split("\n").length, 1, "asked once");

  // answered while the agent is down, by a portal that is killed at once
  await mesh.node("digger").kill();
  await runOk("bzzz-hap", ["answer", question.short_id, "two", "metres", "--home", mesh.home("ana")]);
  await waitFor(async () => (await hub.request(question.request_id)).state === "answered", {
    timeoutMs: PATIENCE_MS,
    what: "the answer at the hub",
  });
  await mesh.node("ana").kill();
  await mesh.start("digger");

  const done = await inState(mesh, "hub", task_id, "completed");
  assert.equal(done.attempt, 1, "no work was lost");
  assert.deepEqual(JSON.parse(done.result?.output ?? "{}").answer, { decision: "answer", text: "two metres" });
  await mesh.start("ana");
  await inState(mesh, "ana", task_id, "completed");
  const kinds = done.history.map((entry) => entry.kind);
  assert.equal(kinds.filter((kind) => kind === "request_opened").length, 1);
  assert.equal(kinds.filter((kind) => kind === "request_answered").length, 1);
});

const ASKING = `
read -r task
printf '%s\\n' '{"type":"ask","id":"q1","title":"Which colour?","choices":["red","blue"]}'
read -r answer
printf '{"type":"result","summary":"painted","output":%s}\\n' "$answer"
`;

Deno.test("S-16 two people answer: the first counts, the second is told who was first", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await Deno.writeTextFile(`${folder}/paint.sh`, ASKING);
    await using mesh = await TestMesh.create("painter", {
      env: {
        BZZZ_EXECUTOR_KIND: "process",
        BZZZ_EXECUTOR_PROCESS_COMMANDS: JSON.stringify([{ name: "paint", argv: ["/bin/sh", `${folder}/paint.sh`] }]),
      },
    });
    await mesh.add("ana", { program: "bzzz-hap", role: "reviewer", through: "painter" });
    await mesh.add("ben", { program: "bzzz-hap", role: "reviewer", through: "painter" });
    await mesh.connected("painter", "ana", "ben");
    const painter = await mesh.node("painter").api();

    await t.step("one after the other", async () => {
      const { task_id } = await painter.postTask({ title: "paint the door" });
      const question = await pending(mesh, "ana");
      await pending(mesh, "ben");
      await runOk("bzzz-hap", ["answer", question.request_id, "blue", "--home", mesh.home("ana")]);
      const ben = await mesh.node("ben").api();
      await waitFor(async () => (await ben.request(question.request_id)).state === "answered", {
        timeoutMs: PATIENCE_MS,
        what: "the answer at the second person",
      });

      const late = await run("bzzz-hap", ["answer", question.request_id, "red", "--home", mesh.home("ben")]);

      assert.equal(late.code, 3, late.stderr);
      assert.match(late.stderr, /answered/);
      assert.match(late.stderr, /ana/, "who was first is named");
      const done = await inState(mesh, "painter", task_id, "completed");
      assert.equal(JSON.parse(done.result?.output ?? "{}").choice, "blue");
    });
    await t.step("at the same moment: all agree on one", async () => {
      const { task_id } = await painter.postTask({ title: "paint the window" });
      const question = await pending(mesh, "ana");
      await pending(mesh, "ben");
      const answers = await Promise.allSettled(["ana", "ben"].map(async (name, index) => {
        const api = await mesh.node(name).api();
        const choice = index === 0 ? "blue" : "red";
        return await api.answer(question.request_id, { request_digest: question.digest, decision: "choose", choice });
      }));
      assert.ok(answers.some((answer) => answer.status === "fulfilled"));
      const done = await inState(mesh, "painter", task_id, "completed");
      const winners = await waitFor(async () => {
        const views = await Promise.all(["painter", "ana", "ben"].map(async (name) => {
          return (await (await mesh.node(name).api()).request(question.request_id)).answer;
        }));
        return views.every((view) => view !== undefined && view.entry_id === views[0]?.entry_id) && views;
      }, { timeoutMs: PATIENCE_MS, what: "everybody to agree" });
      assert.equal(JSON.parse(done.result?.output ?? "{}").choice, winners[0]?.choice, "the work got the same answer");
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
