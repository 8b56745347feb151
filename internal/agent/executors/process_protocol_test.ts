import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { Bench, RESULT } from "./testdata/process_bench.ts";
import { ASK, TASK } from "./testing.ts";

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

Deno.test("a program is told why earlier tries came to nothing, and which answers are of such a try", async () => {
  await using bench = await Bench.create(`read -r task; echo "$task" > ${"$"}{0%/*}/task.json; ${RESULT}`);
  const answer = { requestId: ASK, title: "Go on?", body: "", decision: "deny" as const };

  await bench.run({}, {
    earlierTries: [{ outcome: "rejected", reason: "too short" }],
    answers: [{ ...answer, isOfFailedTry: true }, { ...answer, title: "Stop?" }],
  });

  const task = JSON.parse(await bench.file("task.json") ?? "");
  assert.deepEqual(task.earlier_tries, [{ outcome: "rejected", reason: "too short" }]);
  assert.deepEqual(task.answers.map((told: Record<string, unknown>) => told["of_failed_try"]), [true, undefined]);
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
