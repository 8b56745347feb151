// How a run of a model ends without a result, and what is tried before.
import assert from "node:assert/strict";
import { failureOf } from "../testing.ts";
import { call, Desk, finish, model } from "./testdata/desk.ts";

Deno.test("a wrong call is told to the model once; wrong again, and the try fails with its reason", async () => {
  const wrong = [
    call("ask_person", { title: "" }),
    call("rm", { path: "/" }),
    call("finish", "{not json"),
    call("ask_person", { title: "x", choices: ["a"], approval: { verb: "b" } }),
  ];
  for (const answer of wrong) {
    await using mended = new Desk([answer, finish("better")]);
    assert.equal((await mended.run()).summary, "better");
    const told = mended.messages(1).at(-1)?.content ?? "";
    assert.match(told, /^Wrong call: (the arguments of|there is no tool)/, told);

    await using broken = new Desk([answer, answer, finish("late")]);
    const error = await failureOf(broken.run());
    assert.deepEqual([error.code, error.isRetryable, broken.server.chats.length], ["protocol_broken", true, 2]);
    assert.match(error.message, /calls its tools in a wrong way: (the arguments of|there is no tool)/);
    assert.deepEqual(broken.asks, []);
  }
});

Deno.test("words instead of a tool are reminded of once, and then they are the result", async () => {
  await using late = new Desk([{ text: "It is the Ruby." }, finish("Named", "Ruby")]);
  await using words = new Desk([{ text: "Let me see" }, { text: "The Ruby\nbecause it is red" }]);
  await using silent = new Desk([{ text: "" }, { text: " " }, { text: "" }]);

  assert.deepEqual(await late.run(), { summary: "Named", output: "Ruby" });
  assert.match(late.messages(1).at(-1)?.content ?? "", /call finish/);
  assert.deepEqual(await words.run(), { summary: "The Ruby", output: "The Ruby\nbecause it is red" });
  assert.equal((await failureOf(silent.run())).code, "protocol_broken");
});

Deno.test("giving up, refusing, a cut answer and too many answers are failures of their own", async () => {
  await using up = new Desk([call("give_up", { reason: "There is no ship", retryable: false })]);
  await using no = new Desk([{ text: "I will not.", stop: "content_filter" }]);
  await using cut = new Desk([{ text: "It is", stop: "length" }]);
  await using many = new Desk(() => call("ask_person", { title: "And?" }), { maxTurns: 3 });

  const errors = await Promise.all([up, no, cut, many].map((desk) => failureOf(desk.run())));

  assert.deepEqual(errors.map(({ code, isRetryable }) => [code, isRetryable]), [
    ["work_failed", false],
    ["work_failed", false],
    ["limit_exceeded", true],
    ["limit_exceeded", true],
  ]);
  assert.equal(errors[0]?.message, "There is no ship");
  assert.match(errors[1]?.message ?? "", /tiny refuses the task: I will not\./);
  assert.match(errors[3]?.message ?? "", /within 3 answers/);
  assert.equal(many.server.chats.length, 3);
});

Deno.test("who is stopped while a person thinks leaves nothing behind", async () => {
  await using desk = new Desk([call("ask_person", { title: "And?" })]);
  const asked = Promise.withResolvers<void>();
  desk.answer = () => {
    asked.resolve();
    return new Promise<never>((_, reject) => {
      desk.stop.signal.addEventListener("abort", () => reject(desk.stop.signal.reason), { once: true });
    });
  };
  const run = desk.run();
  await asked.promise;

  desk.stop.abort(new Error("parked"));

  await assert.rejects(run, /parked/);
});

Deno.test("a model that is not there, or cannot do it, gives way to the next; nothing else does", async () => {
  const missing = { response: () => Response.json({ error: "model 'big' not found" }, { status: 404 }) };
  const toolless = {
    response: () => Response.json({ error: { message: "big does not support tools" } }, { status: 400 }),
  };
  const available = [model("big", { outputPrice: 1_000_000_000_000 }), model("tiny")];
  for (const first of [missing, toolless]) {
    await using desk = new Desk([first, finish("by the small one")], { available });

    assert.equal((await desk.run()).summary, "by the small one");
    assert.deepEqual(desk.server.chats.map(({ body }) => body.model), ["big", "tiny"]);
    assert.deepEqual([desk.used, desk.unfit], [[{ tokens: 15, money: 0 }], 1]);
  }
  await using last = new Desk([toolless], { available: [model("big")] });
  await using later = new Desk([call("ask_person", { title: "And?" }), missing], { available });

  assert.match((await failureOf(last.run())).message, /does not support tools/);
  assert.equal((await failureOf(later.run())).code, "start_failed", "a conversation is not handed on");
});

Deno.test("what is gone for now counts as a start that failed, so that the agent pauses its claims", async () => {
  const answers: readonly (readonly [Response, string])[] = [
    [new Response("", { status: 401 }), "start_failed"],
    [new Response("", { status: 429 }), "start_failed"],
    [new Response("", { status: 500 }), "start_failed"],
    [new Response("<html>"), "protocol_broken"],
    [new Response("x".repeat(10 * 1024 * 1024)), "protocol_broken"],
  ];
  for (const [response, code] of answers) {
    await using desk = new Desk(() => ({ response: () => response.clone() }));

    const error = await failureOf(desk.run());

    assert.deepEqual([error.code, error.isRetryable], [code, true], error.message);
    assert.deepEqual(desk.used, []);
    await response.body?.cancel();
  }
  await using none = new Desk([], { available: [] });
  const error = await failureOf(none.run());
  assert.deepEqual([error.code, error.message], ["start_failed", "Cannot ask a model: it has none"]);
});
