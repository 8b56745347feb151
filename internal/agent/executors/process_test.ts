import assert from "node:assert/strict";
import { type Clock, createSystemClock, type RequestId, type TaskId } from "@bzzz/base";
import { ManualClock, waitFor } from "@bzzz/base/testing";
import type { TaskUse } from "@bzzz/coordinator";
import { createNullLogger } from "@bzzz/logging";
import { ExecutionStopped, ExecutorError, type ExecutorErrorCode } from "../errors.ts";
import type { Answer, AskRequest, ExecutionJob } from "../types.ts";
import { findMemoryProbe } from "./group_memory.ts";
import { ProcessExecutor, type ProcessExecutorOptions } from "./process.ts";
import { selectEnvironment } from "./program_host.ts";

const TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as TaskId;
const ASK = "01ARZ3NDEKTSV4RRFFQ69G5FAW" as RequestId;

function job(fields: Partial<ExecutionJob> = {}): ExecutionJob {
  return {
    taskId: TASK,
    attempt: 1,
    token: 1,
    postedBy: [],
    budgets: {},
    title: "Count",
    description: "the words",
    input: "a b c",
    priority: 5,
    requiredCapabilities: [],
    answers: [],
    ...fields,
  };
}

/** A folder with one shell script, and an executor that may start it. */
class Bench implements AsyncDisposable {
  readonly progress: { percent?: number | undefined; text: string }[] = [];
  readonly logs: string[] = [];
  readonly asked: AskRequest[] = [];
  readonly performed: [string, string, string][] = [];
  readonly controller = new AbortController();
  answer: (request: AskRequest) => Promise<Answer> = () =>
    Promise.resolve({ requestId: ASK, decision: "answer", text: "yes" });
  readonly uses: TaskUse[] = [];
  onUsed = (use: TaskUse): void => void this.uses.push(use);
  clock: Clock = createSystemClock();
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async create(script: string): Promise<Bench> {
    const root = await Deno.makeTempDir();
    await Deno.writeTextFile(`${root}/work.sh`, script);
    await Deno.mkdir(`${root}/folders`);
    return new Bench(root);
  }

  async run(options: Partial<ProcessExecutorOptions> = {}, fields: Partial<ExecutionJob> = {}) {
    const executor = new ProcessExecutor({ clock: this.clock, logger: createNullLogger() }, {
      commands: [{ name: "work", argv: ["/bin/sh", `${this.root}/work.sh`] }],
      timeoutMs: 20_000,
      maxOutputBytes: 100_000,
      memoryLimitBytes: 1 << 30,
      env: {},
      workRoot: `${this.root}/folders`,
      ...options,
    });
    return await executor.run(job(fields), {
      signal: this.controller.signal,
      progress: (update) => this.progress.push(update),
      used: (use) => this.onUsed(use),
      ask: (request) => {
        this.asked.push(request);
        return this.answer(request);
      },
      performed: (requestId, outcome, text) => Promise.resolve(void this.performed.push([requestId, outcome, text])),
      log: (stream, line) => this.logs.push(`${stream}: ${line}`),
    });
  }

  async fails(code: ExecutorErrorCode, options: Partial<ProcessExecutorOptions> = {}): Promise<ExecutorError> {
    let caught: ExecutorError | undefined;
    await assert.rejects(this.run(options), (error) => {
      caught = error as ExecutorError;
      return error instanceof ExecutorError && error.code === code;
    });
    assert.ok(caught);
    return caught;
  }

  async file(name: string): Promise<string | undefined> {
    try {
      return await Deno.readTextFile(`${this.root}/${name}`);
    } catch {
      return undefined; // not written yet
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

/** A killed orphan may stay a zombie where nobody reaps it. */
async function isAlive(pid: string): Promise<boolean> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid.trim()}/stat`);
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

const RESULT = `echo '{"type":"result","summary":"ok","output":{"n":1}}'`;

Deno.test("a program tells what it has used, beside its progress, alone and with its result", async () => {
  await using bench = await Bench.create(`
    read -r task
    echo '{"type":"progress","percent":50,"text":"half","used":{"tokens":120,"money":7}}'
    echo '{"type":"progress","used":{"tokens":30}}'
    echo '{"type":"result","summary":"ok","used":{"money":5}}'
  `);

  const result = await bench.run();

  assert.deepEqual(bench.uses, [{ tokens: 120, money: 7 }, { tokens: 30, money: 0 }]);
  assert.deepEqual(bench.progress, [{ percent: 50, text: "half" }]);
  assert.deepEqual(result.used, { tokens: 0, money: 5 });
});

for (const used of [`{"tokens":-1}`, `{"tokens":1.5}`, `{"tokens":"all"}`, `{"euros":1}`]) {
  Deno.test(`use that is none breaks the protocol: ${used}`, async () => {
    await using bench = await Bench.create(`read -r task; echo '{"type":"progress","used":${used}}'; ${RESULT}`);

    await bench.fails("protocol_broken");

    assert.deepEqual(bench.uses, []);
  });
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

Deno.test("a program gets the task on stdin and gives progress and a result", async () => {
  await using bench = await Bench.create(`
    read -r task
    echo "plain line"
    echo '{"unknown":"object"}'
    echo '{"type":"progress","percent":50,"text":"half"}'
    echo "$task" > ${"$"}{0%/*}/task.json
    ${RESULT}
  `);

  const result = await bench.run();

  assert.deepEqual(result, { summary: "ok", output: '{"n":1}' });
  assert.deepEqual(bench.progress, [{ percent: 50, text: "half" }]);
  assert.deepEqual(bench.logs, ["stdout: plain line", 'stdout: {"unknown":"object"}']);
  const task = JSON.parse(await bench.file("task.json") ?? "");
  assert.deepEqual([task.task_id, task.attempt, task.input, task.answers], [TASK, 1, "a b c", []]);
});

Deno.test("the command is the one a required capability names, otherwise the first", async () => {
  await using bench = await Bench.create(`echo "{\\"type\\":\\"result\\",\\"summary\\":\\"$1\\"}"`);
  const commands = ["first", "second"].map((name) => ({ name, argv: ["/bin/sh", `${bench.root}/work.sh`, name] }));

  assert.equal((await bench.run({ commands })).summary, "first");
  assert.equal((await bench.run({ commands }, { requiredCapabilities: ["second"] })).summary, "second");
});

Deno.test("a question goes to a person and its answer comes back on stdin", async () => {
  await using bench = await Bench.create(`
    read -r task
    echo '{"type":"ask","id":"q1","title":"Go on?","body":"It is late","choices":["yes","no"]}'
    read -r answer
    echo "$answer" > ${"$"}{0%/*}/answer.json
    ${RESULT}
  `);

  await bench.run();

  assert.deepEqual(bench.asked, [{ title: "Go on?", body: "It is late", choices: ["yes", "no"] }]);
  assert.deepEqual(JSON.parse(await bench.file("answer.json") ?? ""), {
    type: "answer",
    id: "q1",
    request_id: ASK,
    decision: "answer",
    text: "yes",
  });
});

Deno.test("an exact action is asked for, and the program tells what came of it", async () => {
  const action = { verb: "repo.push", target: "main", args: [{ name: "commits", value: 3 }], effect: "visible" };
  const line = {
    type: "ask",
    title: "Push?",
    action,
    editable: true,
    stakes: "high",
    due_ms: 60_000,
    human_present: true,
    wording: { id: "approve-push", params: { ref: "main", count: 3 } },
  };
  await using bench = await Bench.create(`
    read -r task
    echo '${JSON.stringify(line)}'
    read -r answer
    echo "$answer" > ${"$"}{0%/*}/answer.json
    echo '{"type":"performed","request_id":"${ASK}","outcome":"failed","text":"the remote refused"}'
    ${RESULT}
  `);
  bench.answer = () =>
    Promise.resolve({ requestId: ASK, decision: "approve", editedAction: action, isAutomatic: true });

  await bench.run();

  assert.deepEqual(bench.asked, [{
    title: "Push?",
    body: "",
    action,
    isEditable: true,
    stakes: "high",
    isPersonRequired: true,
    wording: { id: "approve-push", params: [{ name: "ref", value: "main" }, { name: "count", value: 3 }] },
    due: { afterMs: 60_000, onTimeout: "deny" },
  }]);
  const answer = JSON.parse(await bench.file("answer.json") ?? "");
  assert.deepEqual([answer.decision, answer.edited_action, answer.automatic], ["approve", action, true]);
  assert.deepEqual(bench.performed, [[ASK, "failed", "the remote refused"]]);
});

Deno.test("answers of an earlier run are in the first line", async () => {
  await using bench = await Bench.create(`read -r task; echo "$task" > ${"$"}{0%/*}/task.json; ${RESULT}`);

  await bench.run({}, { answers: [{ requestId: ASK, title: "Go on?", body: "", decision: "deny", reason: "no" }] });

  assert.deepEqual(JSON.parse(await bench.file("task.json") ?? "").answers, [
    { title: "Go on?", request_id: ASK, decision: "deny", reason: "no" },
  ]);
});

Deno.test("waiting for a person takes no working time", async () => {
  await using bench = await Bench.create(`
    echo '{"type":"ask","title":"Go on?"}'
    read -r task; read -r answer
    ${RESULT}
  `);
  const manual = new ManualClock();
  bench.clock = manual;
  bench.answer = async () => {
    await manual.advance(86_400_000);
    return { requestId: ASK, decision: "answer" };
  };

  assert.equal((await bench.run({ timeoutMs: 400 })).summary, "ok");
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

Deno.test("a program that breaks the protocol fails for good", async () => {
  const scripts = {
    "no result": "exit 0",
    "two results": `${RESULT}; ${RESULT}`,
    "ask without a title": `echo '{"type":"ask","body":"?"}'; sleep 30`,
    "too many questions": `for i in 1 2 3 4 5 6 7 8 9; do echo '{"type":"ask","title":"?"}'; done; sleep 30`,
  };
  for (const [what, script] of Object.entries(scripts)) {
    await using bench = await Bench.create(script);
    bench.answer = () => new Promise(() => {});

    assert.equal((await bench.fails("protocol_broken")).isRetryable, false, what);
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

Deno.test("a program that never reads its input can be given a large task", async () => {
  await using bench = await Bench.create(RESULT);

  assert.equal((await bench.run({}, { input: "x".repeat(500_000) })).summary, "ok");
});

Deno.test("a result that is too long for an entry is cut, and says so", async () => {
  await using bench = await Bench.create(`
    x=$(head -c 70000 /dev/zero | tr '\\0' x)
    echo "{\\"type\\":\\"result\\",\\"output\\":\\"$x\\"}"
  `);

  const { output } = await bench.run();

  assert.equal(output.length, 65_536);
  assert.match(output, /\[cut: 70000 characters\]$/);
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
