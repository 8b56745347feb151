import assert from "node:assert/strict";
import { ManualClock, waitFor } from "@bzzz/base/testing";
import { Bench } from "./testdata/bench.ts";

const PATIENCE_MS = 30_000;

Deno.test("ways a turn ends that are no result", async () => {
  const cases = [
    [{ stop: "refusal" }, "work_failed", false, /refuses/],
    [{ stop: "max_tokens" }, "work_failed", true, /no tokens left/],
    [{ stop: "max_turn_requests" }, "work_failed", true, /as often as it may/],
    [{ stop: "cancelled" }, "work_failed", true, /nobody did that/],
    [{ stop: "bored" }, "protocol_broken", false, /without a reason/],
    [{ error: { code: -32603, message: "quota\u001b[31m used up" } }, "work_failed", true, /it says: quota␛ used up$/],
    [{ exit: 3 }, "work_failed", true, /ended with status 3 in the middle of its work/],
    [{ exit: 0 }, "work_failed", true, /ended with status 0 in the middle of its work/],
  ] as const;
  for (const [step, code, isRetryable, message] of cases) {
    await using bench = await Bench.create();

    const error = await bench.fails(code, { turns: [[step]] });

    assert.match(error.message, message);
    assert.equal(error.isRetryable, isRetryable, error.message);
  }
});

Deno.test("a program that is none, or speaks something else, is named with what it said", async () => {
  const html = ["<!DOCTYPE html>", "<title>Log in</title>"];
  const cases = [
    [
      { isLoggedOut: true },
      {},
      /log in first \(Log in with the fake\): log in with the program itself.*executor.acp.env/,
    ],
    [{ version: 2 }, {}, /speaks version 2 .* speaks version 1: install/],
    [{ version: "one" }, {}, /answer to initialize is none/],
    [{ first: html, exitFirst: 0 }, {}, /ended with status 0 before it had answered .*"<!DOCTYPE html>"/],
    [{ first: Array(30).fill("garbage"), isSilent: true }, {}, /does not speak .*"garbage"/],
    [{}, { argv: ["/nonexistent/agent"] }, /Cannot start the coding agent: /],
    [{}, { argv: ["/bin/sh", "-c", "echo no such model >&2; exit 7"] }, /status 7 before .*: no such model/],
  ] as const;
  for (const [behaviour, options, message] of cases) {
    await using bench = await Bench.create();

    const error = await bench.fails("start_failed", behaviour, options);

    assert.match(error.message, message);
    assert.equal(error.isRetryable, true);
  }
});

Deno.test("a program that waits for something else than messages is not waited for for ever", async () => {
  await using bench = await Bench.create();
  const manual = new ManualClock();
  bench.clock = manual;
  const failing = bench.fails("start_failed", { first: ["<!DOCTYPE html>"], isSilent: true }, { timeoutMs: 600_000 });
  await waitFor(() => bench.logs.length > 0, { timeoutMs: PATIENCE_MS, what: "its first line" });

  await manual.advance(120_000);

  assert.match((await failing).message, /did not answer initialize within 120000 ms; it writes "<!DOCTYPE html>"/);
});

Deno.test("output, a line, a workspace and time have limits", async () => {
  const times = 300_000;
  const cases = [
    [[{ say: "x", times }, { say: "x", times }], { maxOutputBytes: 400_000 }, /wrote more than 400000 bytes/],
    [
      [{ write: { path: "big", content: "x" }, times }, { wait: "for ever" }],
      { workspaceLimitBytes: 200_000, workspaceSampleMs: 20 },
      /folder holds more than 200000 bytes/,
    ],
    [[{ wait: "for ever" }], { timeoutMs: 1_500 }, /worked for 1500 ms/],
  ] as const;
  for (const [steps, options, message] of cases) {
    await using bench = await Bench.create();

    assert.match((await bench.fails("limit_exceeded", { turns: [steps] }, options)).message, message);
  }
});

Deno.test("a program that asks for file after file and reads none of them is ended", async () => {
  await using bench = await Bench.create();
  const script = `
    read -r line; echo '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":1}}'
    read -r line; echo '{"jsonrpc":"2.0","id":1,"result":{"sessionId":"s"}}'
    head -c 4000000 /dev/zero | tr '\\0' x > big
    while :; do
      echo '{"jsonrpc":"2.0","id":7,"method":"fs/read_text_file","params":{"sessionId":"s","path":"big"}}'
    done
  `;

  const error = await bench.fails("limit_exceeded", {}, { argv: ["/bin/sh", "-c", script], maxOutputBytes: 1 << 30 });

  assert.match(error.message, /does not read \d+ bytes/);
});
