import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { ExecutionStopped, ExecutorError } from "../errors.ts";
import type { ExecutionIo, ExecutionJob, Executor } from "../types.ts";
import { GuardedExecutor } from "./guarded.ts";

const JOB = {} as ExecutionJob; // the fakes look at nothing of it
const IO = {} as ExecutionIo;

function guarded(run: Executor["run"]): { clock: ManualClock; executor: GuardedExecutor; pauses: boolean[] } {
  const clock = new ManualClock();
  const pauses: boolean[] = [];
  const executor = new GuardedExecutor({ clock, executor: { name: "p", run }, onPaused: (is) => pauses.push(is) });
  return { clock, executor, pauses };
}

function failing(code: "start_failed" | "work_failed"): Executor["run"] {
  return () => Promise.reject(new ExecutorError(code, "no", { isRetryable: true }));
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  return await run.then(() => "ok", (error) => error instanceof ExecutionStopped ? error.reason : error.code);
}

Deno.test("claims pause after three starts that failed, and may be made again half a minute later", async () => {
  const { clock, executor, pauses } = guarded(failing("start_failed"));
  using _ = executor;

  const codes = [];
  for (let i = 0; i < 4; i++) codes.push(await codeOf(executor.run(JOB, IO)));
  await clock.advance(30_000);

  assert.deepEqual(codes, ["start_failed", "start_failed", "start_failed", "unavailable"]);
  assert.deepEqual(pauses, [true, false]);
});

Deno.test("work that fails says nothing of the executor", async () => {
  const { executor, pauses } = guarded(failing("work_failed"));
  using _ = executor;

  for (let i = 0; i < 5; i++) assert.equal(await codeOf(executor.run(JOB, IO)), "work_failed");

  assert.deepEqual(pauses, []);
});

Deno.test("when the first start after the pause succeeds, all goes on", async () => {
  let isIll = true;
  const { clock, executor, pauses } = guarded((job, io) =>
    isIll ? failing("start_failed")(job, io) : Promise.resolve({ summary: "", output: "" })
  );
  using _ = executor;
  for (let i = 0; i < 3; i++) await codeOf(executor.run(JOB, IO));

  isIll = false;
  await clock.advance(30_000);

  assert.equal(await codeOf(executor.run(JOB, IO)), "ok");
  assert.deepEqual(pauses, [true, false]);
});
