import assert from "node:assert/strict";
import { formatIssues } from "@bzzz/config";
import fc from "fast-check";
import { BUILTIN_TEMPLATES } from "./builtin.ts";
import { parseTemplate } from "./template.ts";
import { parseTemplateText, renderTemplateText } from "./template_text.ts";

const TEXT = `id: review-request
version: 2
title: Request a review
send: { topic: "#review", kind: review, stakes: normal }
fields:
  - { name: address,  label: UCXL address,   type: ucxl, required: true, help: "what to look at" }
  - { name: severity, label: Severity,       type: enum, values: [low, normal, high], default: normal }
  - { name: hours,    label: Budget (hours), type: integer, min: 1, max: 40, when: { severity: [normal, high] } }
  - { name: notify,   label: Notify all,     type: boolean, default: false }
title_text: "Review {{address}}"
body: |
  Please review {{address}} ({{severity}}).{{#hours}} Budget {{hours}} h.{{/hours}}
`;

function issuesOf(text: string): string {
  const parsed = parseTemplate(text, "t.yaml");
  return parsed.ok ? "" : formatIssues(parsed.issues);
}

Deno.test("a template is read as the design has it", () => {
  const parsed = parseTemplate(TEXT, "t.yaml");

  assert.ok(parsed.ok, issuesOf(TEXT));
  const { id, version, fields, send } = parsed.value;
  assert.deepEqual([id, version, send.kind, fields.length], ["review-request", 2, "review", 4]);
  assert.deepEqual(fields[2]?.when, { severity: ["normal", "high"] });
});

Deno.test("each built-in template is valid and has the id of its file", () => {
  for (const [id, text] of Object.entries(BUILTIN_TEMPLATES)) {
    const parsed = parseTemplate(text, `${id}.yaml`);
    assert.ok(parsed.ok, parsed.ok ? "" : formatIssues(parsed.issues));
    assert.equal(parsed.value.id, id);
  }
});

Deno.test("a mistake in a template is told with its line, what was found and what is expected", () => {
  const cases: readonly (readonly [from: string, to: string, expected: RegExp])[] = [
    ["version: 2", "version: 2\ncolour: red", /t\.yaml:3:1.*colour/s],
    ["type: ucxl", "type: secret", /t\.yaml:6:\d+.*fields.*type/s],
    ["values: [low, normal, high], default", "default", /t\.yaml:7:\d+.*enum without values/s],
    ["default: normal", "default: urgent", /t\.yaml:7:\d+.*"urgent".*one of low, normal, high/s],
    ["severity: [normal, high]", "severity: [normal, grave]", /t\.yaml:8:\d+.*"grave"/s],
    ["when: { severity:", "when: { colour:", /t\.yaml:8:\d+.*"colour".*before this one/s],
    ["min: 1, max: 40", "min: 41, max: 40", /t\.yaml:8:\d+.*41, more than max/s],
    ["name: notify", "name: hours", /t\.yaml:9:\d+.*"hours" again/s],
    ["Review {{address}}", "Review {{adress}}", /t\.yaml:10:\d+.*\{\{adress\}\}.*address, severity/s],
    ["{{/hours}}", "", /t\.yaml:11:\d+.*\{\{#hours\}\}.*\{\{\/hours\}\} behind it/s],
    ["{{severity}}", "{{severity", /t\.yaml:11:\d+.*\{\{severity/s],
    ["stakes: normal", "stakes: grave", /t\.yaml:4:\d+.*"grave".*low, normal, high/s],
    ["stakes: normal", "to: ana", /t\.yaml:4:\d+.*"ana".*@ana/s],
    ["kind: review", "kind: task", /t\.yaml:4:\d+.*(topic|stakes)/s],
    ["kind: review", "kind: form", /t\.yaml:4:\d+.*a kind: message/s],
    ["kind: review", "kind: choice", /t\.yaml:4:\d+.*a choice without choices/s],
  ];
  for (const [from, to, expected] of cases) {
    assert.ok(TEXT.includes(from), from);
    assert.match(issuesOf(TEXT.replace(from, to)), expected, to);
  }
});

Deno.test("a section is there only while its field says something, and a value is never read as a template", () => {
  const render = (text: string, values: Record<string, string | number | boolean | string[]>) => {
    const parsed = parseTemplateText(text, new Set(["a", "b"]));
    assert.ok(parsed.ok);
    return renderTemplateText(parsed.parts, values);
  };

  assert.equal(render("{{#a}}[{{a}}{{#b}} and {{b}}{{/b}}]{{/a}}.", { a: 1, b: true }), "[1 and yes].");
  assert.equal(render("{{#a}}[{{a}}{{#b}} and {{b}}{{/b}}]{{/a}}.", { a: 0, b: false }), "[0].");
  for (const a of [[], "", false]) assert.equal(render("{{#a}}x{{/a}}.", { a }), ".", JSON.stringify(a));
  assert.equal(render("{{a}}", { a: "{{b}}{{/b}}", b: "x" }), "{{b}}{{/b}}");
  assert.equal(render("{{a}}", { a: ["x", "y"] }), "x, y");
});

Deno.test("any text is taken apart or refused, and what is taken apart says the words and values alone", () => {
  const piece = fc.constantFrom("{{a}}", "{{#a}}", "{{/a}}", "{{", "}}", "{{c}}", "words", "\n", "{", "#");
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const parsed = parseTemplateText(pieces.join(""), new Set(["a"]));
    if (!parsed.ok) return assert.ok(parsed.expected !== "");
    const expected = pieces.join("").replaceAll(/\{\{[#/]a\}\}/g, "").replaceAll("{{a}}", "V");
    assert.equal(renderTemplateText(parsed.parts, { a: "V" }), expected);
  }));
});

Deno.test("random files are refused with a reason, never with an exception", () => {
  fc.assert(fc.property(fc.string(), fc.nat(TEXT.length), (noise, at) => {
    const text = TEXT.slice(0, at) + noise + TEXT.slice(at);
    const parsed = parseTemplate(text, "t.yaml");
    if (!parsed.ok) assert.ok(parsed.issues.length > 0);
  }));
});
