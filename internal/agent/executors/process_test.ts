import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { ExecutionStopped, ExecutorError } from "../errors.ts";
import { findMemoryProbe } from "./group_memory.ts";
import type { ProcessExecutorOptions } from "./process.ts";
import { selectEnvironment } from "./program_host.ts";
import { Bench, RESULT } from "./testdata/process_bench.ts";

/** A killed orphan may stay a zombie where nobody reaps it. */
async function isAlive(pid: string): Promise<boolean> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid.trim()}/stat`);
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

Deno.test("a program that uses too much is killed with its children", async () => {
  await using bench = await Bench.create(`
    read -r task
    trap "" TERM
    sleep 1000 & echo $! > "${"${0%/*}"}/child"
    echo '{"type":"progress","used":{"tokens":9}}'
    wait; sleep 1000
  `);
  const why = new ExecutorError("budget_exhausted", "too much", { isRetryable: false });
  bench.onUsed = () => bench.controller.abort(why);

  await bench.fails("budget_exhausted", { killGraceMs: 100 });

  assert.equal(await isAlive(await bench.file("child") ?? assert.fail("there was no child")), false);
});

Deno.test("A-24 A-26 the environment is clean and the home is a private folder that is gone afterwards", async () => {
  await using bench = await Bench.create(`
    env > ${"$"}{0%/*}/env.txt
    ls -ld "$HOME" > ${"$"}{0%/*}/home.txt
    echo secret > "$HOME/file"
    ${RESULT}
  `);

  await bench.run({ env: selectEnvironment(["LANG", "MISSING"], { LANG: "C", SECRET: "s" }) });

  const names = (await bench.file("env.txt") ?? "").trim().split("\n").map((line) => line.split("=")[0]).sort();
  assert.deepEqual(names.filter((n) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(n ?? "")), [
    "HOME",
    "LANG",
    "PATH",
    "TMPDIR",
  ]);
  assert.match(await bench.file("home.txt") ?? "", /^drwx------/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(`${bench.root}/folders`)), []);
});

Deno.test("A-25 the exit status counts, with the end of stderr; some statuses say that trying again is of no use", async () => {
  for (const [status, isRetryable] of [[3, true], [65, false]] as const) {
    await using bench = await Bench.create(`${RESULT}; echo "disk is full" >&2; exit ${status}`);

    const error = await bench.fails("work_failed");

    assert.equal(error.message, `The program ended with status ${status}: disk is full`);
    assert.equal(error.isRetryable, isRetryable);
  }
});

Deno.test("a command that is not there is a failure to start", async () => {
  await using bench = await Bench.create("");

  await bench.fails("start_failed", { commands: [{ name: "x", argv: ["/nonexistent/program"] }] });
});

Deno.test("A-25 time, output and lingering are limited", async () => {
  const cases: [string, string, Partial<ProcessExecutorOptions>, RegExp][] = [
    ["time", "sleep 30", { timeoutMs: 200 }, /worked for 200 ms/],
    [
      "output",
      "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
      { maxOutputBytes: 50_000 },
      /more than 50000/,
    ],
    [
      "errors",
      "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa >&2; done",
      { maxOutputBytes: 50_000 },
      /more than 50000/,
    ],
    ["lingering", `${RESULT}; sleep 30`, { exitGraceMs: 200 }, /did not end within 200 ms/],
  ];
  for (const [what, script, options, message] of cases) {
    await using bench = await Bench.create(script);

    assert.match((await bench.fails("limit_exceeded", options)).message, message, what);
    assert.ok(bench.logs.length <= 200, `${what}: ${bench.logs.length} lines logged`);
  }
});

Deno.test({
  name: "memory of the whole group is limited",
  ignore: await findMemoryProbe() === undefined,
  fn: async () => {
    await using bench = await Bench.create(`sh -c 'x=$(head -c 40000000 /dev/zero | tr "\\0" x); sleep 30' & wait`);

    const error = await bench.fails("limit_exceeded", { memoryLimitBytes: 20_000_000, memorySampleMs: 50 });

    assert.match(error.message, /bytes of memory/);
  },
});

Deno.test("a stop kills the whole group, those too that ignore SIGTERM", async () => {
  await using bench = await Bench.create(`
    sh -c 'trap "" TERM; echo $$ > ${"$"}{0%/*}/never; while :; do sleep 0.1; done' "$0" &
    sleep 60 & echo $! > ${"$"}{0%/*}/child
    wait
  `);
  const running = bench.run({ killGraceMs: 300 });
  const stubborn = await waitFor(() => bench.file("never"), { timeoutMs: 30_000, what: "the grandchild" });
  const child = await waitFor(() => bench.file("child"), { timeoutMs: 30_000, what: "the child" });

  bench.controller.abort(new ExecutionStopped("lost"));

  await assert.rejects(running, (error) => error instanceof ExecutionStopped && error.reason === "lost");
  await waitFor(async () => !await isAlive(stubborn) && !await isAlive(child), {
    timeoutMs: 30_000,
    what: "their end",
  });
});

Deno.test("a program may end in good order when it is stopped", async () => {
  await using bench = await Bench.create(`
    trap 'echo bye > ${"$"}{0%/*}/bye; exit 0' TERM
    echo up > ${"$"}{0%/*}/up
    while :; do sleep 0.05; done
  `);
  const running = bench.run();
  await waitFor(() => bench.file("up"), { timeoutMs: 30_000, what: "the start" });

  bench.controller.abort(new ExecutionStopped("cancelled"));

  await assert.rejects(running, ExecutionStopped);
  assert.equal(await bench.file("bye"), "bye\n");
});

Deno.test("A-26 children that a finished program left behind are killed", async () => {
  await using bench = await Bench.create(`
    sleep 60 >/dev/null 2>&1 & echo $! > ${"$"}{0%/*}/child
    ${RESULT}
  `);

  await bench.run();

  const child = await bench.file("child") ?? "";
  await waitFor(async () => !await isAlive(child), { timeoutMs: 30_000, what: "its end" });
});

Deno.test("a descendant that has left the group does not hold up the end", async () => {
  await using bench = await Bench.create(`
    setsid sh -c 'echo $$ > ${"$"}{0%/*}/escaped; exec sleep 30' "$0" &
    while [ ! -s ${"$"}{0%/*}/escaped ]; do sleep 0.02; done
    ${RESULT}
  `);

  const result = await bench.run({ killGraceMs: 200 });
  const escaped = await bench.file("escaped") ?? "";
  const survived = await isAlive(escaped);
  Deno.kill(Number(escaped), "SIGKILL");

  assert.equal(result.summary, "ok");
  assert.ok(survived, "the run did not wait for it");
});

Deno.test("folders of runs that were killed are removed before the first task; links out of them are not followed", async () => {
  await using bench = await Bench.create(`read task; echo '{"type":"result","summary":"ok"}'`);
  const left = `${bench.root}/folders/bzzz-task-left`;
  await Deno.mkdir(`${left}/closed/deep`, { recursive: true });
  await Deno.writeTextFile(`${bench.root}/precious`, "stays");
  await Deno.symlink(bench.root, `${left}/closed/link`);
  await Deno.writeTextFile(`${bench.root}/folders/notes`, "not ours");
  await Deno.chmod(`${left}/closed`, 0o000);

  await bench.run();

  const names = await Array.fromAsync(Deno.readDir(`${bench.root}/folders`), ({ name }) => name);
  assert.deepEqual(names, ["notes"]);
  assert.equal(await Deno.readTextFile(`${bench.root}/precious`), "stays");
});
