import { strict as assert } from "node:assert";
import type { PeerId } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { SILENCE_TIMEOUT_MS } from "./constants.ts";
import { Liveness } from "./liveness.ts";
import { MemoryNetwork } from "./memory_network.ts";

const [A, B] = ["peer-a" as PeerId, "peer-b" as PeerId];

async function setUp() {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock });
  const [a, b] = [network.createNode(A), network.createNode(B)];
  const theirs = Promise.withResolvers<Liveness>();
  b.handle("/hello", async (stream) => {
    const liveness = new Liveness({ clock, stream });
    theirs.resolve(liveness);
    await liveness.listen({
      signal: new AbortController().signal,
      onFlood: () => floods++,
      onFrame: (frame) => frames.push(frame),
      onBye: () => byes++,
    });
    ended.resolve();
  });
  let floods = 0;
  let byes = 0;
  const frames: Uint8Array[] = [];
  const ended = Promise.withResolvers<void>();
  network.connectAll();
  const stream = await a.open(B, "/hello", {});
  return {
    clock,
    stream,
    ours: new Liveness({ clock, stream }),
    theirs: await theirs.promise,
    floods: () => floods,
    byes: () => byes,
    frames,
    ended: ended.promise,
  };
}

Deno.test("a peer that beats is alive, one that stops is silent after the timeout", async () => {
  const { clock, ours, theirs } = await setUp();

  for (let i = 0; i < 10; i++) {
    await clock.advance(1500);
    await ours.beat();
    await settle();
    assert.equal(theirs.isSilent, false);
  }
  await clock.advance(SILENCE_TIMEOUT_MS + 1);

  assert.equal(theirs.isSilent, true);
});

Deno.test("time in which this process stood still is forgiven", async () => {
  const { clock, theirs } = await setUp();
  await clock.advance(60_000);

  theirs.forgive(58_000);

  assert.equal(theirs.isSilent, false);
  assert.equal(theirs.silentMs, 2000);
});

Deno.test("beats that come by the hundred are reported", async () => {
  const { ours, floods } = await setUp();

  for (let i = 0; i < 100; i++) await ours.beat();
  await settle();

  assert.ok(floods() >= 50);
});

Deno.test("a good-bye is heard once, before the end of the stream", async () => {
  const { ours, byes, ended } = await setUp();
  await ours.beat();

  await ours.sayBye();
  await ended;

  assert.equal(byes(), 1);
});
