import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { ExecutionStopped, ExecutorError } from "../../errors.ts";
import { Bench, fakeAgent, tidyUp } from "./testdata/bench.ts";

const PATIENCE_MS = 30_000;

Deno.test("a stop is told first: an agent that ends its turn is not killed for it", async () => {
  await using bench = await Bench.create();
  const running = bench.run({ log: bench.log, turns: [[{ wait: "for cancel" }]] }, { cancelGraceMs: 60_000 });
  await waitFor(async () => (await bench.prompts().catch(() => [])).length === 1, {
    timeoutMs: PATIENCE_MS,
    what: "the prompt",
  });

  bench.controller.abort(new ExecutionStopped("cancelled"));

  await assert.rejects(running, (error) => error instanceof ExecutionStopped && error.reason === "cancelled");
  assert.equal((await bench.heard()).at(-1)?.method, "session/cancel");
});

Deno.test("a stop ends an agent that does not want to, with its group", async () => {
  await using bench = await Bench.create();
  const script = `trap "" TERM; sleep 1000 & echo $! > ${bench.root}/child; exec "$0" "$@"`;
  const argv = [
    "/bin/sh",
    "-c",
    script,
    ...fakeAgent({ ignoresEnd: true, log: bench.log, turns: [[{ wait: "for ever" }]] }),
  ];
  const running = bench.run({}, { argv, cancelGraceMs: 50, killGraceMs: 200 });
  await waitFor(async () => (await bench.prompts().catch(() => [])).length === 1, {
    timeoutMs: PATIENCE_MS,
    what: "the prompt",
  });
  const child = (await Deno.readTextFile(`${bench.root}/child`)).trim();

  bench.controller.abort(new ExecutionStopped("lost"));

  await assert.rejects(running, (error) => error instanceof ExecutionStopped && error.reason === "lost");
  await waitFor(() => isGone(child), { timeoutMs: PATIENCE_MS, what: "the end of its child" });
});

Deno.test("an agent that stays after its last word is ended, and its result counts", async () => {
  await using bench = await Bench.create();

  const result = await bench.run({ ignoresEnd: true, turns: [[{ say: "done" }]] }, {
    exitGraceMs: 50,
    killGraceMs: 200,
  });

  assert.equal(result.summary, "done");
});

Deno.test("a budget that is used up ends it for that reason", async () => {
  await using bench = await Bench.create();
  const why = new ExecutorError("budget_exhausted", "too much", { isRetryable: false });
  const io = bench.io();
  const spending = { ...io, used: () => bench.controller.abort(why) };
  const cost = { sessionUpdate: "usage_update", used: 1, size: 2, cost: { amount: 5, currency: "USD" } };
  const executor = bench.executor({ turns: [[{ update: cost }, { wait: "for ever" }]] }, { cancelGraceMs: 50 });

  await assert.rejects(executor.run(tidyUp(), spending), (error) => error === why);
});

async function isGone(pid: string): Promise<boolean> {
  try {
    return /\) [ZX] /.test(await Deno.readTextFile(`/proc/${pid}/stat`));
  } catch {
    return true;
  }
}
