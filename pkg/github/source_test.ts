import assert from "node:assert/strict";
import { ends, SHOP, Stage } from "./testdata/stage.ts";

Deno.test("an issue becomes a task, is shown in progress, and its end is told without a word of the mesh", async () => {
  await using stage = new Stage();
  const issue = stage.github.add(SHOP, { title: "Pay once", labels: ["bzzz-task", "priority-8", "type-pay"] });
  await stage.lead();

  await stage.until("the first comment", () => issue.comments.length === 1);
  const task = stage.tasks.at(0);
  assert.ok(task);
  assert.deepEqual(
    [task.draft.title, task.draft.priority, task.draft.requiredCapabilities, task.draft.clientId],
    ["Pay once", 8, ["pay"], "github:acme/shop#1"],
  );
  stage.tasks.decide(task.taskId, { state: "held" });
  await stage.until("the label", () => issue.labels.includes("in-progress"));
  stage.tasks.decide(task.taskId, { state: "completed", summary: "SECRET of the mesh" });
  await stage.until("the last comment", () => issue.comments.length === 2);
  await stage.rounds(2);

  assert.deepEqual(ends(issue), ["posted 0", "ended 2"]);
  assert.deepEqual(issue.labels.toSorted(), ["completed", "priority-8", "type-pay"]);
  assert.equal(JSON.stringify(issue.comments).includes("SECRET"), false);
  assert.equal(issue.state, "open");
  assert.equal(stage.tasks.tasks.size, 1);
});

Deno.test("with results and close, the result is told as a block and the issue is closed", async () => {
  await using stage = new Stage({ tellsResults: true, closes: true });
  const issue = stage.github.add(SHOP);
  await stage.lead();
  await stage.until("the task", () => stage.tasks.at(0));

  const { taskId } = stage.tasks.at(0) ?? assert.fail("no task");
  stage.tasks.decide(taskId, { state: "completed", summary: "Paid @ana once" });
  await stage.until("the end", () => issue.comments.length === 2);

  assert.match(issue.comments[1]?.body ?? "", /\n```text\nPaid @ana once\n```\n/);
  assert.equal(issue.state, "closed");
});

Deno.test("wherever a leader is broken off, the next one goes on: one task, every comment once", async () => {
  let brokenOff = 0;
  for (let stopAfter = 1; stopAfter <= 12; stopAfter++) {
    await using stage = new Stage();
    const { github, tasks } = stage;
    const issue = github.add(SHOP);
    const isTold = (words: string) => ends(issue).some((end) => end.startsWith(words));
    let requests = 0;
    // it is carried out, and the leader never hears of it: the worst moment to be killed
    github.onCarriedOut = () => void (++requests === stopAfter && stage.breakOff());
    for (let leaders = 0; leaders < 2; leaders++) {
      await stage.lead();
      await stage.until("the task to be told", () => stage.isOver || isTold("posted"));
      if (stage.isOver) continue;
      const { taskId, state } = tasks.at(0) ?? assert.fail("no task");
      if (state === "open") tasks.decide(taskId, { state: "completed" });
      await stage.until("its end to be told", () => stage.isOver || isTold("ended"));
    }
    brokenOff += Number(requests >= stopAfter);
    github.onCarriedOut = () => {};
    if (stage.isOver) await stage.lead();
    await stage.rounds(2);

    assert.deepEqual(ends(issue), ["posted 0", "ended 1"], `broken off after ${stopAfter} requests`);
    assert.deepEqual([issue.labels, tasks.tasks.size], [["completed"], 1]);
  }
  assert.ok(brokenOff >= 6, `${brokenOff}`);
});

Deno.test("a label set again posts the issue again as it reads then, though not at once: lists lag behind", async () => {
  await using stage = new Stage({ pollIntervalMs: 10_000 });
  const issue = stage.github.add(SHOP);
  await stage.lead();
  await stage.until("the task", () => stage.tasks.at(0));
  stage.tasks.decide(stage.tasks.at(0)?.taskId ?? assert.fail(), { state: "failed" });
  await stage.until("the end", () => issue.comments.length === 2);

  issue.labels.push("bzzz-task");
  issue.body = "Read me again.";
  await stage.rounds(2);
  assert.equal(stage.tasks.tasks.size, 1, "GitHub may have shown an old list");
  await stage.until("the second task", () => stage.tasks.at(1));
  await stage.rounds(1);

  const { clientId, description } = stage.tasks.at(1)?.draft ?? assert.fail();
  assert.deepEqual([clientId, description], ["github:acme/shop#1.2", "Read me again."]);
  assert.deepEqual(ends(issue), ["posted 0", "ended 1", "posted 0"]);
});

Deno.test("an issue that a person closes is cancelled; one that is gone from the list and open goes on", async () => {
  await using stage = new Stage();
  const [closed, moved] = [stage.github.add(SHOP), stage.github.add(SHOP)];
  await stage.lead();
  await stage.until("both tasks", () => moved?.comments.length === 1);

  assert.ok(closed && moved);
  closed.state = "closed";
  stage.github.fault({ on: `GET /repos/${SHOP}/issues?`, times: 2, answer: () => Response.json([]) });
  await stage.until("the end", () => closed.comments.length === 2);

  assert.deepEqual([stage.tasks.at(0)?.state, stage.tasks.at(1)?.state], ["cancelled", "open"]);
  assert.equal(stage.tasks.at(0)?.reason, "a person closed issue acme/shop#1");
  assert.deepEqual(ends(closed), ["posted 0", "ended 1"]);
});

Deno.test("the task of a deleted issue is cancelled; while the repository is out of sight, none is", async () => {
  await using stage = new Stage({ pollIntervalMs: 10_000 });
  const { github, tasks } = stage;
  const issue = github.add(SHOP);
  await stage.lead();
  await stage.until("the comment", () => issue.comments.length === 1);
  const answer = (status: number) => () => Response.json({ message: "This issue was deleted" }, { status });

  issue.labels = [];
  github.fault({ on: `GET /repos/${SHOP}/issues/1`, times: 1_000, answer: answer(410) });
  github.fault({ on: `GET /repos/${SHOP}/issues?`, times: 3, answer: answer(410) });
  await stage.rounds(2);
  assert.deepEqual([tasks.at(0)?.state, stage.source.status().failure?.code], ["open", "gone"]);
  await stage.until("the end", () => tasks.at(0)?.state === "cancelled");
  await stage.rounds(2);

  assert.equal(tasks.at(0)?.reason, "issue acme/shop#1 was deleted");
  assert.equal(stage.source.status().failure, undefined);
});

Deno.test("an issue that is invalid is told why, once, by one leader after another", async () => {
  await using stage = new Stage();
  const issue = stage.github.add(SHOP, { labels: ["bzzz-task", "priority-12"] });
  await stage.lead();
  await stage.rounds(2);
  await stage.lead();
  await stage.rounds(2);

  assert.match(issue.comments[0]?.body ?? "", /- label priority-…: found `"12"`, expected one of 0 to 9/);
  assert.deepEqual([issue.comments.length, stage.tasks.tasks.size], [1, 0]);
});

Deno.test("a task that somebody gave an issue's client id is not the issue's", async () => {
  await using stage = new Stage();
  const issue = stage.github.add(SHOP, { labels: [] });
  const { tasks } = stage;
  const other = { ...(tasks.at(0)?.draft ?? {}), taskId: "01J00000000000000000000000", clientId: "github:acme/shop#1" };
  await tasks.post(other as Parameters<typeof tasks.post>[0]);
  await stage.lead();
  await stage.rounds(2);

  assert.deepEqual([tasks.at(0)?.state, issue.comments.length], ["open", 0]);
  assert.deepEqual(stage.github.requests(`GET /repos/${SHOP}/issues/`), [], "it is not even looked at");
});
