import assert from "node:assert/strict";
import fc from "fast-check";
import { checkForm, FIELD_TYPES, fieldValueOf, type FormField, parseFormSchema, valuesOfPairs } from "./mod.ts";

const FIELDS: readonly FormField[] = [
  { name: "address", label: "UCXL address", type: "ucxl", isRequired: true },
  {
    name: "severity",
    label: "Severity",
    type: "enum",
    values: ["low", "normal", "high"],
    isRequired: false,
    default: "normal",
  },
  {
    name: "hours",
    label: "Budget (hours)",
    type: "integer",
    min: 1,
    max: 40,
    isRequired: true,
    when: { severity: ["normal", "high"] },
  },
  { name: "notify", label: "Notify all", type: "boolean", isRequired: false, default: false },
];
const ADDRESS = "ucxl://any:any@bzzz:main/*^/pkg/dht";

function check(...pairs: string[]) {
  return checkForm(FIELDS, valuesOfPairs(FIELDS, pairs).given);
}

Deno.test("checkForm() fills defaults in and takes words, numbers of choices and yes or no", () => {
  assert.deepEqual(check(`address=${ADDRESS}`, "hours=4"), {
    ok: true,
    values: { address: ADDRESS, severity: "normal", hours: 4, notify: false },
  });
  assert.deepEqual(check(`address=${ADDRESS}`, "severity=3", "hours=4", "notify=Yes"), {
    ok: true,
    values: { address: ADDRESS, severity: "high", hours: 4, notify: true },
  });
});

Deno.test("checkForm() names every wrong field, and drops nothing in silence", () => {
  const cases: [string[], string[]][] = [
    [["hours=4"], ["address"]],
    [[`address=${ADDRESS}`, "hours=41"], ["hours"]],
    [[`address=${ADDRESS}`, "hours=four"], ["hours"]],
    [[`address=${ADDRESS}`, "hours=4", "notify=perhaps"], ["notify"]],
    [["address=https://example.org", "severity=urgent"], ["address", "severity"]],
    [[`address=${ADDRESS}`, "hours=4", "colour=red"], ["colour"]],
    // not asked for while the severity is low
    [[`address=${ADDRESS}`, "severity=low", "hours=4"], ["hours"]],
  ];
  for (const [pairs, fields] of cases) {
    const result = check(...pairs);
    assert.deepEqual(result.ok ? [] : result.problems.map((problem) => problem.field), fields, pairs.join(" "));
  }
});

Deno.test("a field that depends on another is asked for only then", () => {
  assert.equal(check(`address=${ADDRESS}`, "severity=low").ok, true);
  assert.equal(check(`address=${ADDRESS}`, "severity=high").ok, false);
});

Deno.test("valuesOfPairs() refuses what is no pair", () => {
  assert.deepEqual(valuesOfPairs(FIELDS, ["hours", "=4"]).problems.length, 2);
});

Deno.test("parseFormSchema() reads MCP's subset and says what it cannot read", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string", title: "Your name", minLength: 2, maxLength: 20 },
      mail: { type: "string", format: "email" },
      size: { type: "string", oneOf: [{ const: "s", title: "Small" }, { const: "l", title: "Large" }] },
      tags: { type: "array", items: { type: "string", enum: ["a", "b"] }, minItems: 1 },
      count: { type: "integer", minimum: 1 },
      sure: { type: "boolean", default: false },
    },
    required: ["name", "count"],
  };
  const parsed = parseFormSchema(JSON.stringify(schema));
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.fields.map(({ name, type, isRequired }) => [name, type, isRequired]), [
    ["name", "text", true],
    ["mail", "email", false],
    ["size", "enum", false],
    ["tags", "multi-enum", false],
    ["count", "integer", true],
    ["sure", "boolean", false],
  ]);
  assert.equal(parsed.fields[0]?.label, "Your name");
  const wrong: [unknown, RegExp][] = [
    ["no object", /object/],
    [{ ...schema, properties: {} }, /1 to 32 fields/],
    [{ ...schema, required: ["other"] }, /required/],
    [{ ...schema, properties: { deep: { type: "object" } } }, /properties\.deep/],
    [{ ...schema, properties: { name: { type: "string", pattern: "(a+)+$" } } }, /properties\.name/],
    [{ ...schema, $ref: "#/x" }, /\$ref/],
  ];
  for (const [value, pattern] of wrong) {
    const result = parseFormSchema(JSON.stringify(value));
    assert.ok(!result.ok && pattern.test(result.problem), JSON.stringify(result));
  }
  assert.deepEqual(parseFormSchema("{"), { ok: false, problem: "it is not JSON" });
});

Deno.test("property: whatever is typed into any field, it is a checked value or a named problem", () => {
  fc.assert(fc.property(
    fc.constantFrom(...FIELD_TYPES),
    fc.string({ unit: "grapheme" }),
    fc.boolean(),
    (type, typed, isRequired) => {
      const field: FormField = { name: "f", label: "F", type, isRequired, values: ["a", "b"] };
      const result = checkForm([field], { f: fieldValueOf(field, typed) });
      if (result.ok) assert.deepEqual(Object.keys(result.values), ["f"]);
      else assert.deepEqual(result.problems.map((problem) => problem.field), ["f"]);
    },
  ));
});
