import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import fc from "fast-check";
import { ExecutionStopped, ExecutorError } from "../errors.ts";
import type { ExecutionIo, ExecutionJob } from "../types.ts";
import { MockExecutor } from "./mock.ts";
import { ASK, job } from "./testing.ts";

function work(input: unknown): ExecutionJob {
  const text = typeof input === "string" || input === undefined ? input : JSON.stringify(input);
  return job({ title: "one two", description: "three", input: text });
}

function io(fields: Partial<ExecutionIo> = {}): ExecutionIo & { readonly steps: string[] } {
  const steps: string[] = [];
  return {
    steps,
    signal: new AbortController().signal,
    progress: ({ text }) => steps.push(text),
    used: ({ tokens, money }) => steps.push(`used ${tokens} and ${money}`),
    ask: ({ title }) => {
      steps.push(`ask ${title}`);
      return Promise.resolve({ requestId: ASK, decision: "choose", choice: "yes" });
    },
    performed: (_id, outcome) => Promise.resolve(void steps.push(outcome)),
    log: () => {},
    ...fields,
  };
}

const mock = new MockExecutor({ clock: new ManualClock() });

Deno.test("the mock computes over its input: the numbers are true", async () => {
  const result = await mock.run(work("hello  world\nbye"), io());

  assert.equal(result.summary, "3 words, 16 bytes");
  assert.deepEqual(JSON.parse(result.output), {
    words: 3,
    lines: 2,
    bytes: 16,
    // printf 'hello  world\nbye' | sha256sum
    sha256: "250111cb6b6abf8ad083820640d2fad7b3e0b21a3a82da9b25fc2034fd25e340",
  });
});

Deno.test("without input it works on title and description", async () => {
  assert.match((await mock.run(work(undefined), io())).summary, /^3 words/);
});

Deno.test("property: the number of words does not depend on the number of steps", async () => {
  await fc.assert(fc.asyncProperty(fc.string(), fc.integer({ min: 1, max: 30 }), async (text, steps) => {
    const whole = await mock.run(work({ text }), io());
    assert.equal((await mock.run(work({ text, steps }), io())).output, whole.output);
  }));
});

Deno.test("it takes steps, asks in the middle and fails at the end when it is told to", async () => {
  const sink = io();

  await assert.rejects(
    mock.run(
      work({ text: "a b", steps: 2, ask: { title: "Sure?" }, fail: { reason: "told to", retryable: false } }),
      sink,
    ),
    (error) => error instanceof ExecutorError && error.code === "work_failed" && !error.isRetryable,
  );

  assert.deepEqual(sink.steps, ["step 1 of 2", "ask Sure?", "step 2 of 2"]);
});

Deno.test("it says after each step what it has used, and is stopped by it", async () => {
  const controller = new AbortController();
  const sink = io();
  const input = { text: "a b", steps: 2, use: { tokens: 3 } };

  await mock.run(work(input), sink);
  assert.deepEqual(sink.steps, ["step 1 of 2", "used 3 and 0", "step 2 of 2", "used 3 and 0"]);

  const used = () => controller.abort(new ExecutionStopped("finished"));
  await assert.rejects(
    mock.run(work({ ...input, steps: 1 }), io({ signal: controller.signal, used })),
    ExecutionStopped,
  );
});

Deno.test("the answer is part of the output", async () => {
  const result = await mock.run(work({ text: "a", ask: { title: "Sure?", choices: ["yes", "no"] } }), io());

  assert.deepEqual(JSON.parse(result.output).answer, { decision: "choose", choice: "yes" });
});

Deno.test("input with members it does not know is refused for good", async () => {
  await assert.rejects(
    mock.run(work({ stepz: 3 }), io()),
    (error) => error instanceof ExecutorError && error.code === "task_unfit" && !error.isRetryable,
  );
});

Deno.test("it stops in the middle of a step", async () => {
  const controller = new AbortController();
  const running = mock.run(work({ steps: 2, step_ms: 1000 }), io({ signal: controller.signal }));

  controller.abort(new ExecutionStopped("cancelled"));

  await assert.rejects(running, ExecutionStopped);
});

Deno.test("the mock asks for an approval, and tells that it did what was approved, once", async () => {
  const input = { text: "a", ask: { title: "Push?", action: { verb: "repo.push", target: "main" } } };
  const ask = (performed?: "done") => () =>
    Promise.resolve({ requestId: ASK, decision: "approve" as const, ...(performed ? { performed } : {}) });
  const first = io({ ask: ask() });
  const again = io({ ask: ask("done") });

  await mock.run(work(input), first);
  await mock.run(work(input), again);

  assert.deepEqual(first.steps.filter((step) => step === "done"), ["done"]);
  assert.deepEqual(again.steps.filter((step) => step === "done"), []);
});
