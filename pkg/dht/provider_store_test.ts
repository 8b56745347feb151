import assert from "node:assert/strict";
import fc from "fast-check";
import { ProviderStore } from "./provider_store.ts";

const VALUE = Uint8Array.of(1);

/** The name of content `n`, as long as a SHA-256 multihash in base32. */
function contentName(n: number): string {
  return `ciq${String(n).padStart(52, "a")}`;
}

function keyOf(content: number, peer: string): string {
  return `/dht/provider/${contentName(content)}/${peer}`;
}

function providersOf(store: ProviderStore, content: number): string[] {
  return [...store.query({ prefix: `/dht/provider/${contentName(content)}` })].map(({ key }) =>
    key.toString().split("/").at(-1) ?? ""
  );
}

Deno.test("who has a content is kept, told, and forgotten", () => {
  const store = new ProviderStore();

  store.put(keyOf(1, "ana"), VALUE);
  store.put(keyOf(1, "ben"), VALUE);
  store.put(keyOf(2, "ana"), VALUE);
  store.put(keyOf(1, "ana"), VALUE);

  assert.deepEqual(providersOf(store, 1), ["ben", "ana"]);
  assert.deepEqual([store.size, [...store.query({ prefix: "/dht/provider" })].length], [3, 3]);
  for (const { key } of store.query({ prefix: "/dht/provider" })) store.delete(key);
  assert.deepEqual([store.size, providersOf(store, 2)], [0, []]);
});

Deno.test("anything else is refused, and found nowhere", () => {
  const store = new ProviderStore();
  const long = `/dht/provider/${"a".repeat(1_000_000)}/ana`;

  for (const key of ["/dht/record/abc", "/x", "", "/dht/provider/abc/ana", `/dht/provider/${contentName(1)}`, long]) {
    assert.throws(() => store.put(key, VALUE), { code: "record_refused" }, key.slice(0, 80));
  }

  assert.throws(() => store.get("/dht/record/abc"), { name: "NotFoundError" });
  assert.equal(store.size, 0);
});

Deno.test("a member that says it has everything pushes out its own word, not that of others", () => {
  const store = new ProviderStore({ maxRecords: 100 });
  for (let n = 0; n < 30; n++) store.put(keyOf(n, "ana"), VALUE);

  for (let n = 0; n < 10_000; n++) store.put(keyOf(n, "liar"), VALUE);

  assert.equal(store.size, 100);
  for (let n = 0; n < 30; n++) assert.ok(providersOf(store, n).includes("ana"), `content ${n}`);
  assert.deepEqual(providersOf(store, 9_999), ["liar"], "its newest is kept");
});

Deno.test("its size is that of what can be asked for, and never over the bound (property)", () => {
  const operation = fc.record({
    isPut: fc.boolean(),
    content: fc.nat(20),
    peer: fc.constantFrom("ana", "ben", "cleo"),
  });
  fc.assert(fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
    const store = new ProviderStore({ maxRecords: 15 });
    for (const { isPut, content, peer } of operations) {
      if (isPut) store.put(keyOf(content, peer), VALUE);
      else store.delete(keyOf(content, peer));
      if (isPut) assert.ok(providersOf(store, content).includes(peer), "what was said last is kept");
    }
    assert.ok(store.size <= 15);
    assert.equal([...store.query({})].length, store.size);
  }));
});
