import assert from "node:assert/strict";
import { createTestShell } from "../testing.ts";

async function posted(): Promise<ReturnType<typeof createTestShell> & { readonly id: string; readonly full: string }> {
  const shell = createTestShell();
  await shell.run(
    "task",
    "post",
    "Ship",
    "it",
    "--plan-window",
    "10s",
    "--review-role",
    "reviewer",
    "--max-time",
    "1h",
  );
  const [task] = await shell.client.tasks();
  const full = task?.task_id ?? assert.fail();
  return { ...shell, id: full.slice(-6), full };
}

Deno.test("task post: plan, review, budgets and what comes first are part of the post, and shown", async () => {
  const { run, client, id, full } = await posted();

  await run(
    "task",
    "post",
    "Then",
    "this",
    "--after",
    full,
    "--plan",
    "--review",
    "--right",
    "deploy",
    "--parent",
    full,
  );

  const [second, first] = await client.tasks();
  assert.deepEqual([first?.plan, first?.review, first?.budgets], [
    { window_ms: 10_000 },
    { role: "reviewer" },
    { time_ms: 3_600_000 },
  ]);
  assert.deepEqual([second?.plan, second?.review], [{ window_ms: 30_000 }, {}]);
  assert.deepEqual([second?.dependencies, second?.rights, second?.parent], [[full], ["deploy"], full]);
  const shown = (await run("task", "show", id)).out;
  assert.match(shown, /^Plan first: 10 s for objections$/m);
  assert.match(shown, /^Review: by reviewer$/m);
});

Deno.test("task show: what was used stands beside the budgets it counts against, and at each attempt", async () => {
  const { run, client, mesh } = createTestShell();
  await run("task", "post", "Ship", "it", "--max-tokens", "5000");
  const [task = assert.fail()] = await client.tasks();
  const { task_id: id } = task;
  const linesOf = async () => (await run("task", "show", id)).out.split("\n");
  assert.ok((await linesOf()).includes("Used: 0 of 5000 tokens"));

  const claim = { token: 1, attempt: 1, holder: mesh.agent, claimed_at_ms: 0, outcome: "budget_exhausted" };
  const used = { tokens: 5_100, money: 20_000 };
  mesh.taskMap.set(id, { ...task, used, attempts: [{ ...claim, used }] });

  const lines = await linesOf();
  assert.ok(lines.includes("Used: 5100 of 5000 tokens, 0.02 in money"), lines.join("\n"));
  assert.ok(lines.includes("Attempt 1: agent-7f3a, budget_exhausted (5100 tokens, 0.02 in money)"), lines.join("\n"));
});

Deno.test("hmmm: what is said about a task is in its thread", async () => {
  const { run, mesh, id, full } = await posted();

  const objected = await run("hmmm", "object", id, "not", "on", "a", "Friday");
  const agreed = await run("hmmm", "agree", id);
  await run("hmmm", "object", id, "hm", "--advisory");

  assert.equal(objected.out, `Told everyone about task ${id}.\n`);
  assert.equal(agreed.status, 0);
  const said = mesh.entries.filter(({ kind }) => kind === "message_posted");
  assert.deepEqual(said.map(({ body, thread, task_id }) => [body?.["type"], body?.["severity"], thread, task_id]), [
    ["objection", "blocking", `task/${full}`, full],
    ["agreement", undefined, `task/${full}`, full],
    ["objection", "advisory", `task/${full}`, full],
  ]);
  assert.match(
    (await run("hmmm", "thread", id)).out,
    /ana +blocking objection +not on a Friday\n.*ana +agreement +agreed/,
  );
});

Deno.test("hmmm: what is not there is said so", async () => {
  const { run, id } = await posted();

  const noPlan = await run("hmmm", "plan", id);
  const noSession = await run("hmmm", "thread", id, "--session");
  const noTask = await run("hmmm", "object", "ZZZZZZ", "no");
  const noWords = await run("hmmm", "object", id);

  assert.match(noPlan.err, /Cannot show the plan of task .*: none was told/);
  assert.match(noSession.err, /Cannot show the session of task .*: it depends on none/);
  assert.deepEqual([noTask.status, noWords.status], [3, 2]);
});

Deno.test("task retry, accept and reject: named refusals, and what they did", async () => {
  const { run, mesh, id, full } = await posted();

  const early = await run("task", "retry", id);
  await run("task", "cancel", id);
  const again = await run("task", "retry", id, "--reason", "needed");
  const unreviewed = await run("task", "accept", id);
  const wordless = await run("task", "reject", id);
  const task = mesh.taskMap.get(full) ?? assert.fail();
  const result = { entry_id: "a".repeat(64), summary: "shipped", output: "", duration_ms: 1 };
  mesh.taskMap.set(full, { ...task, state: "review", token: 1, result });
  const rejected = await run("task", "reject", id, "not", "proven");

  assert.deepEqual([early.status, early.err], [
    3,
    "bzzz-hap: Cannot retry the task: it is announced, not at its end\n",
  ]);
  assert.equal(again.out, `Announced task ${id} again: Ship it\n`);
  assert.match(unreviewed.err, /not in review/);
  assert.equal(wordless.status, 2);
  assert.equal(rejected.out, `Sent back the result of task ${id}: Ship it\n`);
});
