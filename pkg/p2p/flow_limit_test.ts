import assert from "node:assert/strict";
import { concatBytes, type PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import fc from "fast-check";
import { countRpcItems, FlowLimit } from "./flow_limit.ts";
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

const PEER = "12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X" as PeerId;
const LIMITS = { messagesPerSecond: 100, burstMessages: 10, patienceMs: 400 };
const COST = { bytes: 100, messages: 1 };

/** Presses with one message after the other for ten seconds; what became of it, and how many passed. */
async function press(isOwn: boolean): Promise<{ outcome: string; passed: number }> {
  const clock = new ManualClock();
  const flow = new FlowLimit({ clock }, LIMITS);
  const state = { outcome: "slowed", passed: 0 };
  const { signal } = new AbortController();
  const pressing = (async () => {
    while (state.outcome === "slowed" && clock.monotonicMs() < 10_000) {
      if (await flow.pass(PEER, COST, signal) === "flood") state.outcome = "flood";
      else state.passed++;
      if (flow.isPressing(PEER)) flow.note(PEER, isOwn);
    }
  })();
  for (let i = 0; i < 550; i++) await clock.advance(20);
  await pressing;
  return state;
}

Deno.test("FlowLimit drops a peer that presses with its own messages", async () => {
  const { outcome, passed } = await press(true);

  assert.equal(outcome, "flood");
  assert.ok(passed < 100, `${passed} passed`);
});

Deno.test("FlowLimit slows a peer down that presses with others' messages, for as long as it lasts", async () => {
  const { outcome, passed } = await press(false);

  assert.equal(outcome, "slowed");
  assert.ok(passed > 900 && passed < 1100, `${passed} passed in ten seconds at 100 a second`);
});
