import assert from "node:assert/strict";
import { concatBytes, hexEncode } from "@bzzz/base";
import fc from "fast-check";
import { type RpcLimits, splitRpc } from "./gossip_rpc.ts";
import { decodeVarint, encodeVarint } from "./varint.ts";

const LIMITS: RpcLimits = { maxItems: 1000, maxEntries: 1000, entriesIn: () => 1 };
/** Messages that say in their first byte how many entries they hold. */
const entriesIn = (data: Uint8Array): number => data[0] ?? 1;

const withLength = (body: Uint8Array): Uint8Array => concatBytes(encodeVarint(body.byteLength), body);
const field = (number: number, bytes: Uint8Array): Uint8Array =>
  concatBytes(encodeVarint((number << 3) | 2), withLength(bytes));
const message = (data: Uint8Array): Uint8Array => field(2, concatBytes(field(2, data), field(4, Uint8Array.of(116))));
const rpcOf = (...fields: readonly Uint8Array[]): Uint8Array => withLength(concatBytes(...fields));

/** What each part counts for. */
function entriesOf(rpc: Uint8Array, limits: Partial<RpcLimits> = {}): number[] | string {
  const parts = splitRpc(rpc, { ...LIMITS, ...limits });
  return typeof parts === "string" ? parts : parts.map(({ entries }) => entries);
}

/** The bytes of a part without its length. */
function bodyOf(bytes: Uint8Array): Uint8Array {
  const head = decodeVarint(bytes);
  assert.ok(typeof head !== "string" && head.size + head.length === bytes.byteLength);
  return bytes.subarray(head.size);
}

Deno.test("splitRpc() counts messages, subscriptions and control blocks, up to its limit", () => {
  const rpc = rpcOf(
    field(1, Uint8Array.of(8, 1, 18, 1, 116)),
    message(Uint8Array.of(1)),
    field(3, field(1, field(1, Uint8Array.of(116)))),
  );

  assert.deepEqual(splitRpc(rpc, LIMITS), [{ bytes: rpc, entries: 3 }]);
  assert.equal(entriesOf(rpc, { maxItems: 2 }), "too_many");
  assert.deepEqual(entriesOf(rpcOf()), [0]);
});

Deno.test("splitRpc() counts a message for as many entries as it holds", () => {
  const rpc = rpcOf(field(1, Uint8Array.of(8, 1)), message(Uint8Array.of(64)), message(Uint8Array.of(0)));
  const twice = rpcOf(field(2, concatBytes(field(2, Uint8Array.of(64)), field(2, Uint8Array.of(1)))));

  assert.deepEqual(entriesOf(rpc, { entriesIn }), [66]);
  assert.deepEqual(entriesOf(twice, { entriesIn }), [65], "data that is there twice counts twice");
});

Deno.test("splitRpc() cuts an RPC with many entries into RPCs that have all of it, in order", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(weights, fc.integer({ min: 1, max: 200 }), (all, maxEntries) => {
    const fields = all.map((weight) => message(Uint8Array.of(weight)));
    const parts = splitRpc(rpcOf(...fields), { ...LIMITS, maxEntries, entriesIn });

    assert.ok(typeof parts !== "string");
    assert.equal(hexEncode(concatBytes(...parts.map(({ bytes }) => bodyOf(bytes)))), hexEncode(concatBytes(...fields)));
    for (const { bytes, entries } of parts) {
      assert.ok(entries <= Math.max(maxEntries, 64), `${entries} entries where ${maxEntries} are allowed`);
      assert.deepEqual(entriesOf(bytes, { entriesIn }), [entries]);
    }
  }));
});

Deno.test("splitRpc() takes every RPC whose messages are well-formed, and no cut of one", () => {
  const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(messages, fc.nat(), (all, at) => {
    const body = concatBytes(...all.map(message));
    const last = message(all.at(-1) ?? new Uint8Array(1)).byteLength;

    assert.deepEqual(entriesOf(withLength(body)), [all.length]);
    const cut = body.byteLength - 1 - at % (last - 1);
    assert.equal(entriesOf(withLength(body.subarray(0, cut))), "malformed");
  }));
});

Deno.test("splitRpc() names what is no RPC: other wire types, field 0, lengths beyond the end, junk in a message", () => {
  for (const junk of [[8, 1], [2, 0], [0x12, 0x7f, 1], [0x12], [0xff, 0xff, 0xff, 0xff, 1], [0x12, 2, 8, 1]]) {
    assert.equal(entriesOf(withLength(Uint8Array.from(junk))), "malformed", junk.join(" "));
  }
  assert.equal(entriesOf(new Uint8Array(0)), "malformed");
});

Deno.test("splitRpc() never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const entries = entriesOf(withLength(bytes), { maxItems: 50 });
    assert.ok(typeof entries === "string" || entries.length === 1);
  }));
});
