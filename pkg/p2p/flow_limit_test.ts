import assert from "node:assert/strict";
import { concatBytes } from "@bzzz/base";
import fc from "fast-check";
import { countRpcItems } from "./flow_limit.ts";
import { encodeVarint } from "./varint.ts";

const field = (number: number, bytes: Uint8Array): Uint8Array =>
  concatBytes(encodeVarint((number << 3) | 2), encodeVarint(bytes.byteLength), bytes);
const message = (data: Uint8Array): Uint8Array => field(2, concatBytes(field(2, data), field(4, Uint8Array.of(116))));

Deno.test("countRpcItems() counts messages, subscriptions and control blocks, up to its limit", () => {
  const rpc = concatBytes(
    field(1, Uint8Array.of(8, 1, 18, 1, 116)),
    message(Uint8Array.of(1)),
    field(3, field(1, field(1, Uint8Array.of(116)))),
  );

  assert.equal(countRpcItems(rpc, 100), 3);
  assert.equal(countRpcItems(rpc, 2), 2);
  assert.equal(countRpcItems(new Uint8Array(0), 100), 0);
});

Deno.test("countRpcItems() takes every RPC whose messages are well-formed, and no cut of one", () => {
  const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(messages, fc.nat(), (all, at) => {
    const rpc = concatBytes(...all.map(message));
    const last = message(all.at(-1) ?? new Uint8Array(1)).byteLength;

    assert.equal(countRpcItems(rpc, 1000), all.length);
    const cut = rpc.byteLength - 1 - at % (last - 1);
    assert.equal(countRpcItems(rpc.subarray(0, cut), 1000), "malformed");
  }));
});

Deno.test("countRpcItems() names what is no RPC: other wire types, field 0, lengths beyond the end, junk in a message", () => {
  for (const junk of [[8, 1], [2, 0], [0x12, 0x7f, 1], [0x12], [0xff, 0xff, 0xff, 0xff, 1], [0x12, 2, 8, 1]]) {
    assert.equal(countRpcItems(Uint8Array.from(junk), 100), "malformed", junk.join(" "));
  }
});

Deno.test("countRpcItems() never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const count = countRpcItems(bytes, 50);
    assert.ok(count === "malformed" || count <= 50);
  }));
});
