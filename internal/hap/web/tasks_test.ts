import type { TaskView } from "@bzzz/api";
import assert from "node:assert/strict";
import { createTestPage } from "./testing.ts";

/** A page with one task, in a state. */
async function open(state: TaskView["state"], more: Partial<TaskView> = {}) {
  const page = createTestPage();
  const browser = await page.login();
  const task = await page.client.postTask({ title: "count" });
  page.mesh.taskMap.set(task.task_id, { ...task, state, ...more });
  const path = `/tasks/${task.task_id}`;
  const press = async (act: string, reason = "") => {
    const form = await browser.form(path, path);
    return await browser.post(path, { ...form.fields, act, reason });
  };
  const labels = async () =>
    [...(await browser.get(path)).text.matchAll(/name="act" value="([a-z]+)"/g)].map(([, act]) => act);
  return { page, browser, path, press, labels, now: () => page.mesh.taskMap.get(task.task_id) };
}

Deno.test("a task: only what makes sense in its state is offered", async () => {
  const expected: readonly [TaskView["state"], Partial<TaskView>, readonly string[]][] = [
    ["review", {}, ["accept", "reject", "cancel"]],
    ["failed", {}, ["retry"]],
    ["completed", {}, []],
    ["executing", {}, ["cancel"]],
    ["discussing", { plan_entry: "01M826SY7WST894P2ZSZR5MV3R" }, ["agree", "object", "advise", "cancel"]],
  ];
  for (const [state, more, acts] of expected) {
    const { page, labels } = await open(state, more);
    await using _page = page;
    assert.deepEqual(await labels(), acts, state);
  }
});

Deno.test("a task: a result is sent back with a reason alone, and accepted without one", async () => {
  const { page, press, now } = await open("review");
  await using _page = page;

  const silent = await press("reject");
  assert.equal(silent.status, 422);
  assert.match(silent.text, /say why/);
  assert.equal(now()?.state, "review");
  assert.equal((await press("accept")).headers.get("location")?.endsWith("?done=accept"), true);
  assert.equal(now()?.state, "completed");

  const late = await press("cancel").catch(() => undefined);
  assert.equal(late, undefined, "a task that is over has no form");
});

Deno.test("a task: what is accepted is the result that was shown, and the plan that is agreed to is that one", async () => {
  const shown = { token: 1, result: { entry_id: "a".repeat(64), summary: "good", output: "", duration_ms: 1 } };
  for (
    const [state, act, before, after] of [
      ["review", "accept", shown, {
        token: 2,
        result: { entry_id: "b".repeat(64), summary: "bad", output: "", duration_ms: 1 },
      }],
      ["discussing", "agree", { plan_entry: "a".repeat(64) }, { plan_entry: "b".repeat(64) }],
    ] as const
  ) {
    const { page, browser, path, now } = await open(state, before);
    await using _page = page;
    const form = await browser.form(path, path);
    const task = now();
    assert.ok(task);
    page.mesh.taskMap.set(task.task_id, { ...task, ...after });

    const pressed = await browser.post(path, { ...form.fields, act, reason: "" });

    assert.equal(pressed.status, 409, act);
    assert.equal(now()?.state, state);
    assert.equal(page.mesh.entries.filter(({ kind }) => kind === "message_posted").length, 0);
  }
});

Deno.test("a task: cancelled, tried again; a form counts once, and a refusal keeps the words", async () => {
  const { page, browser, path, press, now } = await open("executing");
  await using _page = page;
  const form = await browser.form(path, path);
  assert.equal((await browser.post(path, { ...form.fields, act: "cancel", reason: "no need" })).status, 303);
  assert.equal(now()?.state, "cancelled");
  const again = await browser.post(path, { ...form.fields, act: "retry", reason: "no need" });
  assert.equal(again.status, 409);
  assert.match(again.text, />\nno need<\/textarea>/);

  const refused = await press("accept", "fine");
  assert.ok(refused.status >= 400);
  assert.match(refused.text, /Cannot accept the task: it is cancelled/);
  assert.equal((await press("retry")).status, 303);
  assert.equal(now()?.state, "announced");
});

Deno.test("a task: an objection is told in its thread, and stands on its page; without a reason there is none", async () => {
  const { page, browser, path, press } = await open("discussing", { plan_entry: "01M826SY7WST894P2ZSZR5MV3R" });
  await using _page = page;

  assert.equal((await press("object")).status, 422);
  assert.equal((await press("object", "it deletes <b>everything</b>")).status, 303);

  const { text } = await browser.get(path);
  assert.match(text, /What was said about it.*blocking objection.*it deletes &lt;b&gt;everything/s);
  assert.equal((await press("agree")).status, 303);
  assert.match((await browser.get(`${path}?part=1`)).text, /agreement.*agreed/s);
});
