import assert from "node:assert/strict";
import fc from "fast-check";
import { actionDigest } from "@bzzz/hmmm";
import { requestBodyOf } from "../../asks.ts";
import type { AskRequest } from "../../types.ts";
import { outcomeOf, permissionAsk, type PermissionContext } from "./permission.ts";
import { type PermissionOption, TOOL_KINDS } from "./protocol.ts";
import { type ToolCall, ToolCalls } from "./tool_calls.ts";

const ONCE: readonly PermissionOption[] = [
  { optionId: "a", kind: "allow_always" },
  { optionId: "o", kind: "allow_once" },
  { optionId: "r", kind: "reject_once" },
];

function call(fields: Partial<ToolCall> = {}): ToolCall {
  return {
    id: "1",
    title: "Run the tests",
    kind: "execute",
    status: "pending",
    content: [],
    locations: [],
    rawInput: { command: "deno test", timeout: 60, background: false },
    ...fields,
  };
}

function askOf(fields: Partial<ToolCall> = {}, context: Partial<PermissionContext> = {}): AskRequest {
  const shown = (path: string) => path.startsWith("/space/") ? path.slice(7) : path.startsWith("/") ? undefined : path;
  return permissionAsk(call(fields), { program: "Fake", shown, options: ONCE, repeats: 0, ...context });
}

Deno.test("a command is the target, all that the tool is given are arguments", () => {
  const ask = askOf();

  assert.equal(ask.title, "execute deno test");
  assert.equal(ask.stakes, "high");
  assert.deepEqual(ask.action, {
    verb: "acp.execute",
    target: "deno test",
    args: [
      { name: "command", value: "deno test" },
      { name: "timeout", value: 60 },
      { name: "background", value: false },
    ],
    effect: "It runs a command, with the rights of the agent's user.",
  });
  assert.equal(ask.body, "The coding agent Fake asks for permission: Run the tests");
});

Deno.test("stakes follow from what a tool does", () => {
  const stakes = Object.fromEntries(TOOL_KINDS.map((kind) => [kind, askOf({ kind }).stakes]));

  assert.deepEqual(stakes, {
    read: "low",
    edit: "normal",
    delete: "high",
    move: "normal",
    search: "low",
    execute: "high",
    think: "low",
    fetch: "normal",
    switch_mode: "high",
    other: "high",
  });
});

Deno.test("what is not told, too long to be shown, for always or outside asks for more attention", () => {
  const edit = { kind: "edit", rawInput: {}, locations: ["/space/a.ts"] } as const;
  assert.equal(askOf(edit).stakes, "normal");
  assert.equal(askOf(edit).action?.target, "a.ts");
  const diff = (newText: string) => [{ type: "diff" as const, path: "/space/a.ts", newText }];
  const cases: [string, AskRequest, RegExp][] = [
    ["not told", askOf({ ...edit, rawInput: undefined }), /does not tell what exactly/],
    [
      "not told in a way that is shown",
      askOf({ ...edit, rawInput: undefined, content: [{ type: "content", content: { type: "image" } }] }),
      /does not tell what exactly/,
    ],
    [
      "long words",
      askOf({ ...edit, content: [{ type: "content", content: { type: "text", text: "x".repeat(5_000) } }] }),
      /The program says: x/,
    ],
    ["outside", askOf({ ...edit, locations: ["/etc/passwd"] }), /outside of the task's folder/],
    [
      "outside, by its input",
      askOf({ ...edit, rawInput: { file_path: "/etc/passwd" } }),
      /outside of the task's folder/,
    ],
    ["for always", askOf(edit, { options: ONCE.filter(({ kind }) => kind === "allow_always") }), /will not ask again/],
    ["a long change", askOf({ ...edit, content: diff("x".repeat(60_000)) }), /changes files/],
    ["a long argument", askOf({ ...edit, rawInput: { text: "x".repeat(9_000) } }), /changes files/],
  ];
  for (const [what, ask, effect] of cases) {
    assert.equal(ask.stakes, "high", what);
    assert.match(ask.action?.effect ?? "", effect, what);
  }
  assert.equal(askOf({ kind: "read", locations: ["/etc/hosts"], rawInput: {} }).stakes, "low");
});

Deno.test("all the files that a call names are in what is signed", () => {
  const remove = {
    kind: "delete",
    rawInput: undefined,
    title: "Clean up",
    locations: ["/space/a.ts", "/etc/b"],
  } as const;

  assert.deepEqual(askOf(remove).action?.args, [
    { name: "title", value: "Clean up" },
    { name: "paths", value: '["a.ts","/etc/b"]' },
  ]);
});

Deno.test("two calls that differ anywhere are two actions, however long; the same call is the same request", () => {
  const long = "x".repeat(100_000);
  const untold = { rawInput: undefined };
  const says = (text: string): Partial<ToolCall> => ({
    ...untold,
    content: [{ type: "content", content: { type: "text", text } }],
  });
  const cases: [Partial<ToolCall>, Partial<ToolCall>][] = [
    [{ rawInput: { command: `${long}a` } }, { rawInput: { command: `${long}b` } }],
    [{ rawInput: { n: { deep: [1] } } }, { rawInput: { n: { deep: [2] } } }],
    [{ rawInput: "a" }, { rawInput: "b" }],
    [
      { content: [{ type: "diff", path: "a", newText: `${long}a` }] },
      { content: [{ type: "diff", path: "a", newText: `${long}b` }] },
    ],
    [{ kind: "read" }, { kind: "edit" }],
    [{ ...untold, locations: ["/space/a", "/space/b"] }, { ...untold, locations: ["/space/a", "/space/c"] }],
    [{ ...untold, locations: ["/work"], title: "rm a" }, { ...untold, locations: ["/work"], title: "rm b" }],
    [says(`${long}a`), says(`${long}b`)],
    [says("a\u200b"), says("a\u2060")],
  ];
  for (const [one, other] of cases) {
    const [a, b] = [askOf(one), askOf(other)];
    assert.ok(a.action && b.action);
    assert.notEqual(actionDigest(a.action), actionDigest(b.action), JSON.stringify(one).slice(0, 60));
  }
  assert.deepEqual(askOf({ id: "1", status: "in_progress" }), askOf({ id: "2" }));
  assert.notEqual(askOf().body, askOf({}, { repeats: 1 }).body);
  assert.deepEqual(askOf().action, askOf({}, { repeats: 1 }).action);
  // it may have been asked at the same moment: that somebody permitted it is not known
  assert.match(askOf({}, { repeats: 2 }).body, /\n\nThe very same was asked for before in this task: 2 times\.$/);
});

Deno.test("whatever a program says makes a request that fits, without anything that acts on a terminal", () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: "binary", maxLength: 9 }).map((s) => s.repeat(1_000)));
  const record = fc.record({
    title: text,
    kind: fc.constantFrom(...TOOL_KINDS),
    locations: fc.array(text, { maxLength: 3 }),
    rawInput: fc.oneof(fc.anything(), fc.dictionary(text, text, { maxKeys: 40 })),
    content: fc.array(fc.record({ type: fc.constant("diff" as const), path: text, newText: text }), { maxLength: 20 }),
  });
  fc.assert(
    fc.property(record, (fields) => {
      const ask = askOf(fields as Partial<ToolCall>);

      assert.ok(ask.title.length <= 120 && ask.title.length > 0);
      assert.ok(ask.body.length <= 48_000);
      assert.ok(ask.action);
      assert.ok(ask.action.target.length <= 2560 && ask.action.effect.length <= 4096 && ask.action.args.length <= 64);
      for (const { name, value } of ask.action.args) {
        assert.ok(name.length >= 1 && name.length <= 64);
        assert.ok(typeof value !== "string" || value.length <= 8192);
      }
      // deno-lint-ignore no-control-regex -- that is what must not be there
      assert.doesNotMatch(ask.title + ask.body + ask.action.effect, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    }),
    { numRuns: 30 },
  );
});

Deno.test("the request of the largest call fits into an entry", () => {
  const big = "€".repeat(10_000);
  const rawInput = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${i}`, big]));
  const content = Array.from({ length: 40 }, (_, i) => ({ type: "diff" as const, path: `${i}${big}`, newText: big }));

  const ask = askOf({ title: big, rawInput, content, locations: [big] });

  const view = { taskId: "t", attempts: [], postedAt: { ms: 1 } } as unknown as Parameters<typeof requestBodyOf>[0];
  assert.ok(new TextEncoder().encode(JSON.stringify(requestBodyOf(view, ask, {}, 0))).byteLength < 1 << 20);
});

Deno.test("a yes is for this one time where that is offered, and no option is made up", () => {
  assert.deepEqual(outcomeOf(true, ONCE), { outcome: "selected", optionId: "o" });
  assert.deepEqual(outcomeOf(false, ONCE), { outcome: "selected", optionId: "r" });
  assert.deepEqual(outcomeOf(true, ONCE.slice(0, 1)), { outcome: "selected", optionId: "a" });
  assert.deepEqual(outcomeOf(false, [{ optionId: "n", kind: "reject_always" }]), {
    outcome: "selected",
    optionId: "n",
  });
  assert.deepEqual(outcomeOf(false, ONCE.slice(0, 2)), { outcome: "cancelled" });
  assert.deepEqual(outcomeOf(true, ONCE.slice(2)), { outcome: "cancelled" });
});

Deno.test("a tool call is what its updates told, the last word on each", () => {
  const calls = new ToolCalls();

  calls.merge({ toolCallId: "1", title: "Edit", kind: "edit", rawInput: { a: 1 }, locations: [{ path: "x" }] });
  calls.merge({ toolCallId: "1", status: "in_progress", title: null });
  const merged = calls.merge({ toolCallId: "1", rawInput: { a: 2 } });

  assert.deepEqual(merged, {
    id: "1",
    title: "Edit",
    kind: "edit",
    status: "in_progress",
    content: [],
    locations: ["x"],
    rawInput: { a: 2 },
  });
  assert.deepEqual(calls.merge({ toolCallId: "2" }).kind, "other");
});
