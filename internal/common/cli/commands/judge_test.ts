import assert from "node:assert/strict";
import { ShownVersions } from "../mod.ts";
import { createTestShell } from "../testing.ts";

const FIRST = "a".repeat(64);
const SECOND = "b".repeat(64);

/** A shell with a task in review; `redo` has another result stand there. */
async function inReview(
  options: { answers?: (string | (() => string))[]; shown?: ShownVersions; token?: number } = {},
) {
  const shell = createTestShell(options);
  const task = await shell.client.postTask({ title: "count", review: {} });
  const stand = (entry: string, token: number) => {
    const result = { entry_id: entry, summary: `done by ${entry.slice(0, 1)}`, output: "42", duration_ms: 1 };
    shell.mesh.taskMap.set(task.task_id, { ...task, state: "review", token, result });
  };
  stand(FIRST, options.token ?? 1);
  return {
    ...shell,
    id: task.task_id,
    redo: () => stand(SECOND, 2),
    state: () => shell.mesh.taskMap.get(task.task_id)?.state,
  };
}

Deno.test("task show tells which result is judged, for people and for scripts", async () => {
  const { run, id } = await inReview();

  assert.match((await run("task", "show", id)).out, new RegExp(`\nResult: done by a .*\nResult entry: ${FIRST}\n`));
  assert.equal(JSON.parse((await run("task", "show", id, "--json")).out).result.entry_id, FIRST);
});

Deno.test("a script judges the result that it names, and no other", async () => {
  const { run, id, redo, state } = await inReview();
  redo();

  const old = await run("task", "accept", id, "--result", FIRST);
  const short = await run("task", "accept", id, "--result", SECOND.slice(0, 8));
  assert.deepEqual([old.status, short.status, state()], [3, 2, "review"]);
  assert.match(old.err, /Cannot accept the result of task .*: something else stands there.*look again with task show/);

  assert.equal((await run("task", "accept", id, "--result", SECOND.slice(0, 16))).status, 0);
  assert.equal(state(), "completed");
});

Deno.test("a script need not name the first result there is, as it can have seen no other; a later one it must", async () => {
  const first = await inReview();
  assert.equal((await first.run("task", "reject", first.id, "wrong")).status, 0);

  const later = await inReview({ token: 2 });
  for (const more of [[], ["--json"]]) {
    const unseen = await later.run("task", "reject", later.id, "wrong", ...more);
    assert.deepEqual([unseen.status, later.state()], [2, "review"]);
    assert.match(unseen.err, /unseen: .*give --result, from task show/);
  }
});

Deno.test("a person at a terminal is shown the result and confirms it; anything but y sends nothing", async () => {
  const { run, id, state, questions } = await inReview({ answers: ["", "yes", "Y"] });

  for (const _ of ["", "yes"]) {
    const { status, err } = await run("task", "accept", id);
    assert.deepEqual([status, err, state()], [2, "bzzz-hap: Not judged: nothing was sent\n", "review"]);
  }
  const { status, out } = await run("task", "accept", id);

  assert.deepEqual([status, state()], [0, "completed"]);
  assert.match(out, /Result: done by a[^]*\n {2}42\nAccepted the result of task/);
  assert.match(questions[0] ?? "", /^type y to accept the result of task .{6}: $/);
});

Deno.test("a result that comes while the person looks is not the one they judge", async () => {
  const answers: (() => string)[] = [];
  const { run, id, state, redo } = await inReview({ answers });
  answers.push(() => {
    redo();
    return "y";
  });

  const { status, err } = await run("task", "accept", id);

  assert.deepEqual([status, state()], [3, "review"]);
  assert.match(err, /another result stands by now; look at it again/);
});

Deno.test("in a portal what was shown is judged without a question, and what came since is not", async () => {
  const shown = new ShownVersions();
  const { run, id, redo, state, questions } = await inReview({ shown, answers: [] });
  await run("task", "show", id);
  redo();

  const old = await run("task", "accept", id);
  assert.deepEqual([old.status, state()], [3, "review"]);
  await run("task", "show", id, "--json=title");
  assert.equal((await run("task", "accept", id)).status, 3, "a title is not the result");

  await run("task", "show", id);
  assert.equal((await run("task", "accept", id)).status, 0);
  assert.deepEqual(questions, []);
});
