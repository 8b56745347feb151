import assert from "node:assert/strict";
import { FairShare, heapBytesOf } from "./mod.ts";

/** Gives up what is too much; returns the keys. */
function settle(shares: FairShare): string[] {
  const gone: string[] = [];
  for (let key = shares.excess(); key !== undefined; key = shares.excess()) {
    shares.delete(key);
    gone.push(key);
  }
  return gone;
}

Deno.test("FairShare gives up what is of the owner who has most bytes, the lowest rank first, of it what was touched longest ago", () => {
  const shares = new FairShare({ maxItems: 100, maxBytes: 10 });
  for (const key of ["a1", "a2", "a3", "a4"]) shares.set(key, { owner: "a", bytes: 2, rank: key === "a3" ? 0 : 1 });
  shares.set("a1", { owner: "a", bytes: 2, rank: 1 });
  shares.set("b1", { owner: "b", bytes: 3, rank: 0 });

  assert.deepEqual(settle(shares), ["a3"]);
  shares.set("b2", { owner: "b", bytes: 2, rank: 1 });
  assert.deepEqual(settle(shares), ["a2"], "a has 6 bytes, b 5");
  shares.set("c1", { owner: "c", bytes: 2, rank: 1 });
  assert.deepEqual([settle(shares), shares.bytes], [["b1"], 8]);
});

Deno.test("FairShare lets one owner have all, and bounds the number of items, too", () => {
  const shares = new FairShare({ maxItems: 3, maxBytes: 100 });
  for (const key of ["a1", "a2", "a3"]) shares.set(key, { owner: "a", bytes: 1, rank: 1 });

  assert.deepEqual(settle(shares), []);
  shares.set("b1", { owner: "b", bytes: 90, rank: 1 });
  assert.deepEqual(settle(shares), ["a1"], "by number a has most");
});

Deno.test("FairShare ends with room also when one item alone is too much", () => {
  const shares = new FairShare({ maxItems: 3, maxBytes: 10 });
  shares.set("a1", { owner: "a", bytes: 1, rank: 1 });
  shares.set("b1", { owner: "b", bytes: 11, rank: 1 });

  assert.deepEqual([settle(shares), shares.bytes], [["b1"], 1]);
});

Deno.test("heapBytesOf() counts long texts, wherever they are", () => {
  assert.ok(heapBytesOf({ a: [{ b: "x".repeat(1_000) }, new Uint8Array(500)] }) > 2_500);
  assert.ok(heapBytesOf({ a: 1, b: undefined, c: null }) < 500);
});
