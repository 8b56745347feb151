import assert from "node:assert/strict";
import { ManualClock, waitFor } from "@bzzz/base/testing";
import { ExecutorError } from "../../errors.ts";
import { Bench, done, EDIT, fakeAgent, tidyUp } from "./testdata/bench.ts";

const PATIENCE_MS = 30_000;

Deno.test("a permission is an exact action for people; the yes reaches the agent, and what came of it the people", async () => {
  await using bench = await Bench.create();
  const behaviour = {
    log: bench.log,
    turns: [[
      { permit: { toolCall: EDIT, then: [done("call-1"), { say: "edited" }], otherwise: [{ say: "not edited" }] } },
    ]],
  };

  const result = await bench.run(behaviour);

  assert.equal(result.summary, "edited");
  const [ask] = bench.asked;
  assert.equal(ask?.title, "edit parser.ts");
  assert.equal(ask?.stakes, "normal");
  assert.deepEqual([ask?.action?.verb, ask?.action?.target], ["acp.edit", "parser.ts"]);
  assert.match(ask?.body ?? "", /The coding agent Fake Agent asks[^]*Change of parser.ts:\n- a\n\+ b$/);
  assert.deepEqual(bench.performed.map(([, outcome, text]) => [outcome, text]), [["done", "one line"]]);
  const answers = (await bench.heard()).filter(({ method, result }) => method === undefined && result);
  assert.deepEqual(answers.map(({ result }) => result), [{ outcome: { outcome: "selected", optionId: "yes" } }]);
});

Deno.test("the result waits until what was permitted is told, on however slow a disk", async () => {
  await using bench = await Bench.create();
  const told: string[] = [];
  const slow = {
    ...bench.io(),
    performed: async (requestId: string) => {
      // nothing reaches a program whose result is taken: its input is closed first
      await waitFor(async () => (await bench.heard()).filter(({ method }) => method === undefined).length === 2, {
        timeoutMs: PATIENCE_MS,
        what: "the answer to what the agent asks after its turn, beside the one to its question",
      });
      told.push(requestId);
    },
  };
  const behaviour = {
    log: bench.log,
    turns: [[{ permit: { toolCall: EDIT, then: [done("call-1"), { say: "edited" }] } }]],
    afterwards: [{ write: { path: "notes.txt", content: "edited" } }],
  };

  await bench.executor(behaviour).run(tidyUp(), slow);

  assert.equal(told.length, 1);
});

Deno.test("an agent that does not say who it is goes by its program, which is found on the PATH it is given", async () => {
  await using bench = await Bench.create();
  const [, ...args] = fakeAgent({ isNameless: true, turns: [[{ permit: { toolCall: EDIT } }]] });
  const PATH = Deno.execPath().replace(/\/[^/]+$/, "");

  await bench.run({}, { argv: ["deno", ...args], env: { PATH } });

  assert.match(bench.asked[0]?.body ?? "", /^The coding agent deno asks/);
});

Deno.test("a no is told at once, its reason when the turn is over, and the work goes on", async () => {
  await using bench = await Bench.create();
  bench.answer = (_, requestId) =>
    Promise.resolve({
      requestId,
      decision: "deny",
      reason: "that parser is frozen",
      by: { name: "ben", role: "architect" },
    });
  for (const end of [{ say: "then not" }, { stop: "cancelled" }]) {
    const behaviour = {
      log: bench.log,
      turns: [[{ permit: { toolCall: EDIT, otherwise: [end] } }], [{ say: "left as it is" }]],
    };

    const result = await bench.run(behaviour);

    assert.equal(result.summary, "left as it is");
    const told = (await bench.prompts()).at(-1) ?? "";
    assert.match(told, /why not: edit parser.ts, by ben \(role architect\)\nthat parser is frozen\nDATA>>>/);
  }
});

Deno.test("what the task has no right to is told once for each kind, however often it was asked for", async () => {
  await using bench = await Bench.create();
  const permit = (i: number) => ({ permit: { toolCall: { ...EDIT, toolCallId: `c${i}`, title: `Edit ${i}` } } });
  const behaviour = {
    log: bench.log,
    turns: [Array.from({ length: 100 }, (_, i) => permit(i)), [{ say: "without" }]],
  };

  await bench.run(behaviour, {}, { rights: ["acp.read"] });

  assert.deepEqual(bench.asked, []);
  const told = (await bench.prompts()).at(-1) ?? "";
  assert.equal(told.match(/<<<DATA/g)?.length, 1);
  assert.match(told, /why not: Edit 0\nthe task has no right to "acp\.edit"; nobody was asked\n/);
});

Deno.test("a no without a reason costs no further turn", async () => {
  await using bench = await Bench.create();
  bench.answer = (_, requestId) => Promise.resolve({ requestId, decision: "deny" });
  const behaviour = { log: bench.log, turns: [[{ permit: { toolCall: EDIT, otherwise: [{ say: "then not" }] } }]] };

  assert.equal((await bench.run(behaviour)).summary, "then not");
  assert.equal((await bench.prompts()).length, 1);
});

Deno.test("one yes is for one time: the same again is asked again, and what an earlier run did is not permitted twice", async () => {
  await using bench = await Bench.create();
  const again = (id: string, then: readonly unknown[]) => ({ permit: { toolCall: { ...EDIT, toolCallId: id }, then } });
  // the first question of this task was answered and acted on by a run before this one
  bench.answer = (_, requestId) =>
    Promise.resolve({ requestId, decision: "approve", ...(bench.asked.length === 1 ? { performed: "done" } : {}) });

  await bench.run({ turns: [[again("1", [done("1"), again("2", [done("2", "failed")])])]] });

  assert.equal(bench.asked.length, 3);
  assert.equal(new Set(bench.asked.map(({ body }) => body)).size, 3, "each is a request of its own");
  assert.equal(new Set(bench.asked.map(({ action }) => JSON.stringify(action))).size, 1, "about one action");
  assert.deepEqual(bench.performed.map(([, outcome]) => outcome), ["done", "failed"]);
});

Deno.test("what the rights of a task do not cover nobody is asked for", async () => {
  await using bench = await Bench.create();
  const behaviour = {
    log: bench.log,
    turns: [[{ permit: { toolCall: EDIT, then: [{ say: "edited" }], otherwise: [{ say: "not edited" }] } }], []],
  };

  const result = await bench.run(behaviour, {}, { rights: ["code", "acp.read"] });

  assert.equal(result.summary, "not edited");
  assert.deepEqual(bench.asked, []);
  assert.match((await bench.prompts())[0] ?? "", /of these kinds and no others: read\./);
  assert.match((await bench.prompts())[1] ?? "", /the task has no right to "acp.edit"; nobody was asked/);
  const allowed = { turns: [[{ permit: { toolCall: EDIT, then: [{ say: "edited" }] } }]] };
  assert.equal((await bench.run(allowed, {}, { rights: ["acp.edit"] })).summary, "edited");
});

Deno.test("waiting for a person takes no working time", async () => {
  await using bench = await Bench.create();
  const manual = new ManualClock();
  bench.clock = manual;
  bench.answer = async (_, requestId) => {
    await manual.advance(86_400_000);
    return { requestId, decision: "approve" };
  };

  const result = await bench.run(
    { turns: [[{ permit: { toolCall: EDIT, then: [{ say: "edited" }] } }]] },
    { timeoutMs: 400 },
  );

  assert.equal(result.summary, "edited");
});

Deno.test("what people cannot be asked ends the work with that reason", async () => {
  await using bench = await Bench.create();
  bench.answer = () =>
    Promise.reject(new ExecutorError("ask_refused", "the approval was taken back", { isRetryable: false }));

  const error = await bench.fails("ask_refused", {
    turns: [[{ permit: { toolCall: EDIT, otherwise: [{ wait: "for ever" }] } }]],
  });

  assert.equal(error.message, "the approval was taken back");
});
