import assert from "node:assert/strict";
import fc from "fast-check";
import {
  assertNever,
  base64UrlDecode,
  base64UrlEncode,
  BzzzError,
  compareBytes,
  concatBytes,
  CounterMap,
  createSystemRandom,
  createUlid,
  equalBytes,
  errorMessage,
  hexDecode,
  hexEncode,
  LruMap,
  parseAgentId,
  parsePeerId,
  parseTaskId,
  randomInt,
  randomPick,
  TokenBucket,
  TypedEventTarget,
} from "./mod.ts";
import { createSeededRandom } from "./testing.ts";

Deno.test("hexadecimal and base64url decode what they encode, and nothing else", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    assert.deepEqual(hexDecode(hexEncode(bytes)), new Uint8Array(bytes));
    assert.deepEqual(base64UrlDecode(base64UrlEncode(bytes)), new Uint8Array(bytes));
  }));
  assert.equal(hexDecode("abc"), undefined);
  assert.equal(hexDecode("zz"), undefined);
  assert.equal(base64UrlDecode("a+b/"), undefined);
  assert.equal(base64UrlDecode("abcde"), undefined);
});

Deno.test("bytes are joined, compared and ordered by content", () => {
  const joined = concatBytes(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3));

  assert.deepEqual(joined, Uint8Array.of(1, 2, 3));
  assert.ok(equalBytes(joined, Uint8Array.of(1, 2, 3)));
  assert.ok(!equalBytes(joined, Uint8Array.of(1, 2)));
  assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(2)) < 0);
});

Deno.test("a ULID has 26 characters and sorts by time", () => {
  const random = createSeededRandom(5);
  const ids = [0, 1, 1000, Date.UTC(2026, 10, 22), 2 ** 48 - 1].map((ms) => createUlid(ms, random));

  assert.deepEqual([...ids].sort(), ids);
  for (const id of ids) assert.equal(parseTaskId(id), id);
  assert.equal(parseTaskId(ids[3]?.toLowerCase() ?? ""), ids[3]);
});

Deno.test("ids are made only by their parsers", () => {
  assert.equal(parseAgentId("coder-7"), "coder-7");
  for (const bad of ["", "-x", "a", "Ana", "a b", "a/../b", "x".repeat(64)]) {
    assert.equal(parseAgentId(bad), undefined, bad);
  }
  assert.equal(parsePeerId("12D3KooW"), undefined);
  assert.equal(parseTaskId("I".repeat(26)), undefined);
});

Deno.test("LruMap forgets the least recently used", () => {
  const map = new LruMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.get("a");
  map.set("c", 3);

  assert.deepEqual([map.get("a"), map.get("b"), map.get("c"), map.size], [1, undefined, 3, 2]);
});

Deno.test("TokenBucket allows its burst, then its rate, and is not fooled by a clock that goes back", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3, nowMs: 0 });

  const taken = [0, 0, 0, 0, 50, 100, 100, -5000].map((nowMs) => bucket.take(nowMs));

  assert.deepEqual(taken, [true, true, true, false, false, true, false, false]);
});

Deno.test("CounterMap is bounded: a new name past its capacity counts as other", () => {
  const counters = new CounterMap(2);
  for (const name of ["a", "b", "c", "d", "a"]) counters.add(name);

  assert.deepEqual([counters.get("a"), counters.get("b"), counters.get("other")], [2, 1, 2]);
});

Deno.test("events reach their listeners until the signal aborts", () => {
  const target = new TypedEventTarget<{ "thing:happened": number }>();
  const controller = new AbortController();
  const heard: number[] = [];
  target.on("thing:happened", (n) => heard.push(n), { signal: controller.signal });

  target.emit("thing:happened", 1);
  controller.abort();
  target.emit("thing:happened", 2);

  assert.deepEqual(heard, [1]);
});

Deno.test("chance is seeded in tests and stays in its range", () => {
  const [a, b] = [createSeededRandom(3), createSeededRandom(3)];
  assert.equal(a.float(), b.float());
  const system = createSystemRandom();
  for (let i = 0; i < 100; i++) {
    const n = randomInt(system, 7);
    assert.ok(n >= 0 && n < 7 && Number.isInteger(n));
  }
  assert.equal(system.bytes(5).byteLength, 5);
  assert.equal(randomPick(system, []), undefined);
  assert.equal(randomPick(system, ["x"]), "x");
});

Deno.test("a BzzzError carries code, details and cause, and its own class name", () => {
  class OddError extends BzzzError<"odd"> {}
  const cause = new Error("root");

  const error = new OddError("odd", "Cannot go on: odd", { details: { n: 1 }, cause });

  assert.deepEqual([error.name, error.code, error.details, error.cause], ["OddError", "odd", { n: 1 }, cause]);
  assert.equal(errorMessage(error), "Cannot go on: odd");
  assert.equal(errorMessage("text"), "text");
  assert.throws(() => assertNever("surprise" as never), TypeError);
});
