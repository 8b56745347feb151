import assert from "node:assert/strict";
import { openTextIndex } from "@bzzz/store";

Deno.test("textIndex: all words, the last one begun, marks around what fits", () => {
  using index = openTextIndex({ maxBytes: 10_000 });
  index.add(1, "The queue keeps every message until it is delivered");
  index.add(2, "A message without a qüeue");
  index.add(3, "Nothing of the kind");

  assert.deepEqual(index.search({ text: "message QUEUE", limit: 9 }).ids.toSorted(), [1, 2]);
  assert.deepEqual(index.search({ text: "deliv", limit: 9 }).ids, [1]);
  assert.ok(index.snippet("delivered", 1).includes("\u0002delivered\u0003"));
  assert.deepEqual(index.search({ text: "eliv", limit: 9 }), { ids: [], isRanked: true });
});

Deno.test("textIndex: the language of FTS5 is no part of a query", () => {
  using index = openTextIndex({ maxBytes: 10_000 });
  index.add(1, "near or not and body");

  for (const text of ['"', "*", "NEAR(", "a OR", "body:", "^", '") OR 1', "-", "", "( )", "\u0000", "{body}"]) {
    assert.doesNotThrow(() => index.search({ text, limit: 9 }), text);
    assert.doesNotThrow(() => index.snippet(text, 1), text);
  }
  assert.equal(index.search({ text: "NEAR or NOT", limit: 9 }).ids.length, 1);
});

Deno.test("textIndex: what was added first goes when the bound is met", () => {
  using index = openTextIndex({ maxBytes: 100 });
  for (let id = 1; id <= 5; id++) index.add(id, `word${id} ${"x".repeat(34)}`); // 40 bytes each
  const two = index.stats();
  index.add(6, "y".repeat(1000)); // cut to 33

  assert.deepEqual(two, { texts: 2, bytes: 80, dropped: 3 });
  assert.deepEqual(index.stats(), { texts: 2, bytes: 73, dropped: 4 });
  assert.deepEqual(index.search({ text: "word", limit: 9 }).ids, [5]);
});

Deno.test("textIndex: few texts come best first, more than the limit newest first", () => {
  using index = openTextIndex({ maxBytes: 10_000 });
  index.add(1, "queue queue queue");
  for (let id = 2; id <= 9; id++) index.add(id, "a queue and many other words that say nothing of it");

  const few = index.search({ text: "queue", limit: 9 });
  const many = index.search({ text: "queue", limit: 3 });

  assert.deepEqual([few.ids[0], few.ids.length, few.isRanked], [1, 9, true]);
  assert.deepEqual(many, { ids: [9, 8, 7], isRanked: false });
});
