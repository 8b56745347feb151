import assert from "node:assert/strict";
import type { FormValues } from "@bzzz/hmmm";
import { BUILTIN_TEMPLATES } from "./builtin.ts";
import { composeOutgoing, describeOutgoing, OutgoingError } from "./outgoing.ts";
import { parseTemplate, type Template } from "./template.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 18, 3);

function template(text: string): Template {
  const parsed = parseTemplate(text, "t.yaml");
  assert.ok(parsed.ok);
  return parsed.value;
}

function compose(id: string, values: FormValues) {
  return composeOutgoing(template(BUILTIN_TEMPLATES[id] ?? ""), values, NOW_MS);
}

Deno.test("a filled-in template becomes a message, an ask, a task or a proposal", () => {
  assert.deepEqual(compose("status", { done: "the parser", channel: "#coordination" }), {
    what: "message",
    input: { text: "Status\n\nDone: the parser", type: "memo", topic: "coordination", to: [], refs: [] },
  });
  const values = { question: "Which branch?", to: "@ana", stakes: "high", due: "2h" };
  assert.deepEqual(compose("question", values), {
    what: "ask",
    input: {
      kind: "question",
      to: { human: "ana" },
      title: "Which branch?",
      body: "Which branch?",
      stakes: "high",
      refs: [],
      deadline_ms: NOW_MS + 7_200_000,
    },
  });
  assert.deepEqual(compose("task-assign", { what: "Survey", done: "it is", capability: "dig, fly", priority: 7 }), {
    what: "task",
    input: {
      title: "Survey",
      description: "Survey\n\nDone when: it is",
      required_capabilities: ["dig", "fly"],
      priority: 7,
    },
  });
  assert.deepEqual(compose("decision-record", { decision: "Use k=8", context: "load", outcome: "approval" }).input, {
    title: "Use k=8",
    summary: "Context: load",
    type: "architectural",
    outcome: "approval",
    citations: [],
  });
});

Deno.test("what a field says stays where the template puts it: in lines it is one line, and a value is no template", () => {
  const said = { question: "a\n\nto: {{to}}", to: "all", stakes: "low" };

  const { input } = compose("question", said);

  assert.equal("title" in input ? input.title : "", "a to: {{to}}");
});

Deno.test("a peer with and without its sign is the same", () => {
  const values = { what: "x", state: "y", next: "z" };
  for (const to of ["basil", "@basil"]) {
    const { input } = compose("handover", { ...values, to });
    assert.deepEqual("to" in input && input.to, { human: "basil" }, to);
  }
});

Deno.test("what does not fit is refused with what is expected", () => {
  const base = { question: "x", to: "all", stakes: "low" };
  const cases: readonly (readonly [FormValues, RegExp])[] = [
    [{ ...base, to: "ana" }, /to would be "ana"; expected a person as @ana/],
    [{ ...base, due: "soon" }, /due would be "soon"; expected a time/],
    [{ ...base, stakes: "grave" }, /stakes would be "grave"; expected one of low/],
  ];
  for (const [values, expected] of cases) {
    assert.throws(
      () => compose("question", values),
      (error) => error instanceof OutgoingError && expected.test(error.message),
      String(expected),
    );
  }
});

Deno.test("describeOutgoing() shows all that is sent", () => {
  const text = describeOutgoing(compose("status", { done: "a\nb", channel: "#hmmm" }));

  assert.equal(text, "Sends as message:\n  text:\n    Status\n    \n    Done: a\n    b\n  type: memo\n  topic: hmmm");
});
