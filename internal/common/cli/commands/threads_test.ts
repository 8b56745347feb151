import assert from "node:assert/strict";
import { createTestShell } from "../testing.ts";

Deno.test("thread: shows the message it began with and the answers, and says something in it", async () => {
  const { run, mesh } = createTestShell();
  const root = mesh.append("message_posted", { type: "message", text: "Which tea?" }, { topic: "coordination" });

  const said = await run("thread", root.id, "green", "tea");
  const shown = await run("thread", root.id);

  assert.equal(said.out, `Sent to thread message/${root.id}.\n`);
  assert.deepEqual([mesh.entries.at(-1)?.thread, mesh.entries.at(-1)?.topic], [`message/${root.id}`, root.topic]);
  assert.match(shown.out, /Which tea\?[\s\S]*green tea/);
  assert.equal((await run("thread", `message/${root.id}`)).out, shown.out);
});

Deno.test("thread: of a task by its short id; what is said there is about the task", async () => {
  const { run, client, mesh } = createTestShell();
  await run("task", "post", "Ship", "it");
  const [task = assert.fail()] = await client.tasks();
  await run("hmmm", "memo", task.task_id, "look", "here");

  const shown = await run("thread", task.task_id.slice(-6));
  await run("thread", task.task_id, "done");

  assert.match(shown.out, /look here/);
  const last = mesh.entries.at(-1);
  assert.deepEqual([last?.thread, last?.task_id], [`task/${task.task_id}`, task.task_id]);
});

Deno.test("thread: the thread of an answer is the one it stands in; one that is not there says so", async () => {
  const { run, mesh } = createTestShell();
  const answer = mesh.append("message_posted", { type: "message", text: "here", to: [], refs: [] }, {
    topic: "hmmm",
    thread: "help/x",
  });

  const shown = await run("thread", answer.id);
  const gone = await run("thread", "nosuch", "words");

  assert.match(shown.out, /here/);
  assert.equal(gone.status, 3);
  assert.match(gone.err, /Cannot open thread "nosuch": nothing was said in it/);
  assert.equal(mesh.entries.length, 1, "nothing was sent");
});
