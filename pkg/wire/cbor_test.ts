import assert from "node:assert/strict";
import { hexDecode } from "@bzzz/base";
import fc from "fast-check";
import { CborError, decodeCbor, encodeCbor, toCamelCase, toSnakeCase } from "./mod.ts";

Deno.test("encodeCbor() does not depend on the order of keys", () => {
  assert.deepEqual(encodeCbor({ b: 1, aa: 2, a: 3 }), encodeCbor({ a: 3, aa: 2, b: 1 }));
});

Deno.test("decodeCbor() is the inverse of encodeCbor()", () => {
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "small", maxDepth: 6 },
      fc.string(),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("node"), { maxLength: 4 }),
    ),
  })).node;
  fc.assert(fc.property(value, (v) => assert.deepEqual(decodeCbor(encodeCbor(v)), v)));
});

Deno.test("decodeCbor() refuses what is not one deterministic item", () => {
  const refused = {
    "two items": "0102",
    "an indefinite array": "9f01ff",
    "a duplicate key": "a2616101616102",
    "a long form of 1": "1801",
    "a tag": "c001",
    "a cut string": "6568",
    "an array longer than the input": "9affffffff",
    "nesting without end": "81".repeat(5000),
    "NaN": "f97e00",
    "nothing": "",
  };
  for (const [what, hex] of Object.entries(refused)) {
    const bytes = hexDecode(hex);
    assert.ok(bytes, what);
    assert.throws(() => decodeCbor(bytes), CborError, what);
  }
});

Deno.test("keys are renamed in depth, and a hostile __proto__ is dropped", () => {
  assert.deepEqual(toSnakeCase({ taskId: 1, list: [{ maxTasks: 2 }], gone: undefined }), {
    task_id: 1,
    list: [{ max_tasks: 2 }],
  });
  assert.deepEqual(toCamelCase({ task_id: 1, list: [{ max_tasks: 2 }] }), { taskId: 1, list: [{ maxTasks: 2 }] });
  assert.deepEqual(toCamelCase(JSON.parse('{"__proto__": {"polluted": true}, "a": 1}')), { a: 1 });
});
