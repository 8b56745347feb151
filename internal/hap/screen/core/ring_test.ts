import assert from "node:assert/strict";
import fc from "fast-check";
import { append, emptyRing, itemAt } from "./ring.ts";

Deno.test("a ring keeps the newest, by their numbers, within its bounds", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 900 }), (capacity, count) => {
    let ring = emptyRing<number>();
    for (let i = 0; i < count; i++) ring = append(ring, i * 3, capacity);

    assert.equal(ring.total, count);
    assert.ok(ring.length >= Math.min(count, capacity) && ring.length < capacity + 64);
    const oldest = ring.total - ring.length;
    for (const number of [oldest - 1, oldest, Math.floor((oldest + count) / 2), count - 1, count]) {
      assert.equal(itemAt(ring, number), number >= oldest && number < count ? number * 3 : undefined, `${number}`);
    }
  }));
});

Deno.test("appending leaves the ring before as it was", () => {
  const one = append(emptyRing<string>(), "a", 10);

  append(one, "b", 10);

  assert.deepEqual([one.length, itemAt(one, 0), itemAt(one, 1)], [1, "a", undefined]);
});
