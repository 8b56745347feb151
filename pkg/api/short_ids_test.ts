import assert from "node:assert/strict";
import fc from "fast-check";
import { createUlid } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { resolveShortId, shortIds } from "./mod.ts";

const ulids = fc.tuple(fc.integer(), fc.integer({ min: 1, max: 40 })).map(([seed, count]) => {
  const random = createSeededRandom(seed);
  // A source with few values makes equal ends likely.
  const poor = { ...random, bytes: (length: number) => random.bytes(length).map((byte) => byte % 2) };
  return [...new Set(Array.from({ length: count }, () => createUlid(1_700_000_000_000, poor)))];
});

Deno.test("shortIds() are unique, shortest, and resolve to their id", () => {
  fc.assert(fc.property(ulids, (ids) => {
    const shorts = shortIds(ids);

    assert.equal(new Set(shorts.values()).size, ids.length);
    for (const [id, short] of shorts) {
      assert.ok(id.endsWith(short) && short.length >= 4);
      assert.equal(resolveShortId(short.toLowerCase(), ids), id);
      if (short.length > 4) assert.ok(ids.filter((other) => other.endsWith(short.slice(1))).length > 1);
    }
  }));
});

Deno.test("resolveShortId() never picks one of several", () => {
  const ids = ["01KDVDNV00AAAAAAAAAAAAX7KQ", "01KDVDNV00AAAAAAAAAAAAY7KQ"];

  assert.throws(() => resolveShortId("01KDVDNV", ids), { code: "ambiguous_id", message: /X7KQ, Y7KQ/ });
  assert.equal(resolveShortId("7KQ", ids), undefined, "three characters are too few");
  assert.equal(resolveShortId("ZZZZ", ids), undefined);
});
