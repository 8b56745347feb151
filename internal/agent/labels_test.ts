import assert from "node:assert/strict";
import { TOPICS } from "@bzzz/wire";
import { ExecutorError } from "./errors.ts";
import { MockExecutor } from "./executors/mock.ts";
import type { ExecutionJob, Executor } from "./mod.ts";
import { asking, createWorld, firstRequest, SECOND } from "./testdata/workshop.ts";

Deno.test("an executor is told who posted a task and its parents, and who answered what", async () => {
  const { mesh, clock, ana, agents: [node] } = createWorld(1);
  assert.ok(node);
  const boss = mesh.addPerson("boss");
  const mock = new MockExecutor({ clock });
  const jobs: ExecutionJob[] = [];
  const executor: Executor = {
    name: "listening",
    run: (job, io) => {
      jobs.push(job);
      return mock.run(job, io);
    },
  };
  const parent = await mesh.post(boss, { requiredCapabilities: ["nobody"] });
  await clock.advance(SECOND);
  await mesh.post(ana, { input: asking, parent });
  await mesh.startAgent(node, executor);
  await clock.advance(2 * SECOND);
  mesh.crash(node);
  await mesh.answer(ana, firstRequest(ana), "yes");
  const runner = await mesh.startAgent(node, executor);
  await clock.advance(10 * SECOND);
  await runner.stop();

  assert.equal(jobs.length, 2);
  const ofAna = { name: "ana", role: "developer" };
  assert.deepEqual(jobs[0]?.postedBy, [ofAna, { name: "boss", role: "developer" }]);
  assert.deepEqual(jobs[0]?.answers, []);
  const answers = jobs[1]?.answers.map(({ title, body, text, by }) => ({ title, body, text, by }));
  assert.deepEqual(answers, [{ title: "Go on?", body: "It is late", text: "yes", by: ofAna }]);
});

Deno.test("who is no member any more has no role", async () => {
  const { mesh, clock, ana, agents: [node] } = createWorld(1);
  assert.ok(node);
  mesh.revoke(ana);
  await clock.advance(1);

  assert.deepEqual(node.book().labelOf(ana.peer), { name: ana.peer, role: undefined });
});

Deno.test("answers of a try that failed are marked, those of the try that goes on are not", async () => {
  const { mesh, clock, ana, agents: [node] } = createWorld(1);
  assert.ok(node);
  const seen: (readonly [string, boolean | undefined])[][] = [];
  const executor: Executor = {
    name: "failing",
    run: async (job, io) => {
      seen.push(job.answers.map(({ text, isOfFailedTry }) => [text ?? "", isOfFailedTry]));
      const { text } = await io.ask({ title: "Go on?", body: "" });
      if (text === "no good") throw new ExecutorError("work_failed", "it was no good", { isRetryable: true });
      await io.ask({ title: "And then?", body: "" });
      return { summary: "done", output: "" };
    },
  };
  const lastAsked = () => ana.bodies("request_opened").at(-1)?.requestId ?? assert.fail("nobody was asked");
  const runner = await mesh.startAgent(node, executor, { leaseMs: 600 * SECOND });
  await mesh.post(ana);
  await clock.advance(2 * SECOND);
  await mesh.answer(ana, lastAsked(), "no good");
  await clock.advance(20 * SECOND);
  await mesh.answer(ana, lastAsked(), "better");
  await clock.advance(2 * SECOND);
  mesh.crash(node);
  await runner.stop();
  await mesh.answer(ana, lastAsked(), "that is all");
  const again = await mesh.startAgent(node, executor, { leaseMs: 600 * SECOND });
  await clock.advance(20 * SECOND);
  await again.stop();

  assert.deepEqual(seen, [
    [],
    [["no good", true]],
    [["no good", true], ["better", undefined], ["that is all", undefined]],
  ]);
});

Deno.test("why tries failed, and what a reviewer said, is known to the next one", async () => {
  const { mesh, clock, ana, agents: [node] } = createWorld(1);
  assert.ok(node);
  const seen: ExecutionJob["earlierTries"][] = [];
  const executor: Executor = {
    name: "learning",
    run: (job) => {
      seen.push(job.earlierTries);
      return seen.length === 1
        ? Promise.reject(new ExecutorError("work_failed", "no numbers", { isRetryable: true }))
        : Promise.resolve({ summary: "7", output: "" });
    },
  };
  const runner = await mesh.startAgent(node, executor, { leaseMs: 600 * SECOND });
  const taskId = await mesh.post(ana, { review: {} });
  await clock.advance(60 * SECOND);
  assert.equal(ana.task(taskId)?.state, "review");
  const body = { taskId, verdict: "reject", reason: "it is 8" } as const;
  const { envelope } = await ana.append({ kind: "task_reviewed", topic: TOPICS.coordination, body, task: taskId });
  const decided = ana.decide(taskId, { type: "reject", told: envelope.id });
  await clock.advance(60 * SECOND);
  assert.equal(await decided, "decided");
  await runner.stop();

  const failed = { outcome: "failed", reason: "no numbers" };
  assert.deepEqual(seen, [[], [failed], [failed, { outcome: "rejected", reason: "it is 8" }]]);
});
