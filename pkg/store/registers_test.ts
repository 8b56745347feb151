import assert from "node:assert/strict";
import { createTestStore, tamperWith } from "./testing.ts";

const RECORD = new Uint8Array([1, 2, 3]);

Deno.test("a register's record comes back as it was written", () => {
  using test = createTestStore();
  const { registers } = test.store;

  registers.set("task/a", new Uint8Array([9]));
  registers.set("task/a", RECORD);

  assert.deepEqual(registers.get("task/a"), { record: RECORD });
  assert.equal(registers.get("task/b"), undefined);
});

Deno.test("a record that was changed, or moved to another key, is damaged and the others are not", () => {
  using test = createTestStore();
  const { registers } = test.store;
  for (const key of ["task/a", "task/b", "task/c"]) registers.set(key, RECORD);

  tamperWith(test.path, "UPDATE registers SET record = ? WHERE key = ?", new Uint8Array([1, 2, 4]), "task/a");
  tamperWith(test.path, "UPDATE registers SET key = ? WHERE key = ?", "task/z", "task/b");

  assert.equal(registers.get("task/a"), "damaged");
  assert.equal(registers.get("task/z"), "damaged");
  assert.deepEqual(registers.get("task/c"), { record: RECORD });
});

Deno.test("keys are listed in order and in pages, damaged ones too, until all is forgotten", () => {
  using test = createTestStore();
  const { registers } = test.store;
  for (const key of ["c", "a", "b"]) registers.set(key, RECORD);
  tamperWith(test.path, "UPDATE registers SET record = x'00' WHERE key = 'b'");

  assert.deepEqual(registers.keys("", 2), ["a", "b"]);
  assert.deepEqual(registers.keys("b", 2), ["c"]);
  registers.clear();
  assert.deepEqual(registers.keys("", 2), []);
});
