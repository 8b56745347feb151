import { strict as assert } from "node:assert";
import type { PeerId } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { P2pError } from "./errors.ts";
import { MemoryNetwork } from "./memory_network.ts";

const [A, B] = ["peer-a" as PeerId, "peer-b" as PeerId];

function setUp(options: { latencyMs?: number; bufferFrames?: number } = {}) {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock }, options);
  const [a, b] = [network.createNode(A), network.createNode(B)];
  return { clock, network, a, b };
}

Deno.test("frames cross after the latency, in order, and an end is seen after the last one", async () => {
  const { clock, network, a, b } = setUp({ latencyMs: 50 });
  const got: (number | undefined)[] = [];
  b.handle("/x", async (stream) => {
    for (let frame = await stream.receive(); frame; frame = await stream.receive()) got.push(frame[0]);
    got.push(undefined);
  });
  network.connectAll();

  const stream = await a.open(B, "/x", {});
  for (const byte of [1, 2, 3]) await stream.send(Uint8Array.of(byte));
  const closing = stream.closeWrite();
  await clock.advance(49);
  const early = [...got];
  await clock.advance(60);
  await closing;

  assert.deepEqual(early, []);
  assert.deepEqual(got, [1, 2, 3, undefined]);
});

Deno.test("a cut fails open streams and new ones until it heals", async () => {
  const { network, a, b } = setUp();
  b.handle("/x", async (stream) => void await stream.receive());
  const lost: string[] = [];
  a.events.on("peer:disconnected", ({ peer }) => void lost.push(peer));
  network.connectAll();
  const stream = await a.open(B, "/x", {});
  const receiving = assert.rejects(stream.receive(), isCode("p2p_stream_failed"));

  network.cut(A, B);

  await receiving;
  await assert.rejects(a.open(B, "/x", {}), isCode("p2p_not_connected"));
  assert.deepEqual(lost, [B]);
  network.heal(A, B);
  await (await a.open(B, "/x", {})).close();
});

Deno.test("send() waits while the reader does not read", async () => {
  const { network, a, b } = setUp({ bufferFrames: 2 });
  const gate = Promise.withResolvers<void>();
  b.handle("/x", async (stream) => {
    await gate.promise;
    while (await stream.receive());
  });
  network.connectAll();
  const stream = await a.open(B, "/x", {});
  let sent = 0;

  const sending = (async () => {
    for (; sent < 10; sent++) await stream.send(Uint8Array.of(sent));
  })();
  await settle();
  const sentBefore = sent;
  gate.resolve();
  await sending;

  assert.equal(sentBefore, 2);
  assert.equal(sent, 10);
  await stream.close();
});

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof P2pError && error.code === code;
}
