// `/bzzz/content/1.0.0` with a member that keeps to no rule, on either side of the stream: nothing is kept, and others are served.
import assert from "node:assert/strict";
import { hexDecode, type Random, randomInt, randomPick } from "@bzzz/base";
import { CONTENT_PROTOCOL, type ContentHash, contentHashOf, MAX_SMALL_CONTENT_BYTES } from "@bzzz/dht";
import { sealedFile, StorageMesh, type StorageNode, testPeer } from "@bzzz/dht/testing";
import type { PeerStream } from "@bzzz/p2p";
import type { MemoryNode } from "@bzzz/p2p/testing";
import { encodeCbor } from "@bzzz/wire";
import { filesBelow } from "../helpers/needles.ts";
import { fuzz } from "../helpers/fuzz.ts";

/** What somebody says one after the other: every message of the protocol, contents under names that are not theirs. */
function conversations(hash: ContentHash, sealed: Uint8Array, large: Uint8Array): Uint8Array[][] {
  const name = hexDecode(hash);
  const other = (n: number) => new Uint8Array(32).fill(n);
  const said = (message: Record<string, unknown>): Uint8Array => encodeCbor(message);
  return [
    [said({ t: "want", hash: name, offset: 0 })],
    [said({ t: "want", hash: name, offset: 100 }), said({ t: "which", hashes: [name, other(0)] })],
    [said({ t: "offer", hash: other(7), size: 1_000_000 }), sealed],
    [said({ t: "offer", hash: other(8), size: sealed.byteLength }), sealed],
    [said({ t: "offer", hash: other(9), size: large.byteLength }), large],
    [said({ t: "offer", hash: name, size: sealed.byteLength })],
    [said({ t: "have", size: sealed.byteLength }), sealed],
    [said({ t: "have", size: large.byteLength }), large.subarray(0, 70_000), large.subarray(70_000)],
    [said({ t: "these", has: Uint8Array.of(1, 0) })],
    [said({ t: "send", offset: 0 }), said({ t: "kept" })],
    [said({ t: "none" })],
    [said({ t: "refused" })],
  ];
}

/** Sends the frames; whatever comes back is read until the other ends it. */
async function pour(stream: PeerStream, frames: readonly Uint8Array[]): Promise<void> {
  try {
    for (const frame of frames) await stream.send(frame);
    await stream.closeWrite();
    while (await stream.receive() !== undefined);
  } catch {
    // hung up on, as it should be
  }
  stream.abort(new Error("done"));
}

async function ask(liar: MemoryNode, victim: StorageNode, frames: readonly Uint8Array[]): Promise<void> {
  await pour(await liar.open(victim.peer, CONTENT_PROTOCOL, {}), frames);
}

/** The victim asks, and is answered with `answers`, which `liar` has been told before. */
async function askVictimTo(victim: StorageNode, liar: MemoryNode, hash: ContentHash, random: Random): Promise<void> {
  const unknown = contentHashOf(random.bytes(8));
  switch (randomInt(random, 3)) {
    case 0:
      return assert.notEqual(await victim.exchange.fetch(liar.peerId, unknown, { isPinned: false }), "kept");
    case 1:
      return void await victim.exchange.offer(liar.peerId, hash);
    default: {
      const asked = [hash, unknown];
      const has = await victim.exchange.which(liar.peerId, asked);
      assert.ok(has === undefined || has.every((one) => asked.includes(one)));
    }
  }
}

Deno.test("fuzz: streams of content, asked and answered", async () => {
  await using mesh = new StorageMesh();
  const [victim, honest] = [await mesh.start(1), await mesh.start(2)];
  const sealed = await sealedFile(1, 3_000);
  const hash = contentHashOf(sealed);
  await victim.content.put(sealed, { isPinned: true });
  const liar = mesh.network.createNode(testPeer(9));
  mesh.network.connect(liar.peerId, victim.peer);
  let answers: readonly Uint8Array[] = [];
  liar.handle(CONTENT_PROTOCOL, (stream) => pour(stream, answers));
  const spoken = conversations(hash, sealed, await sealedFile(2, 2 * MAX_SMALL_CONTENT_BYTES));

  await fuzz("content streams", spoken.flat(), async (input, random) => {
    const frames = [...randomPick(random, spoken) ?? []];
    if (random.float() < 0.8) frames.splice(randomInt(random, frames.length + 1), randomInt(random, 2), input);
    if (random.float() < 0.5) return await ask(liar, victim, frames);
    answers = frames;
    await askVictimTo(victim, liar, hash, random);
  });

  await liar.stop();
  assert.deepEqual(await victim.storage.get(hash), sealed);
  assert.equal(await honest.exchange.fetch(victim.peer, hash, { isPinned: false }), "kept", "others are served");
  const files = await Array.fromAsync(filesBelow(victim.folder));
  assert.deepEqual(await victim.content.hashes(), [hash], "nothing else is kept");
  assert.ok(files.filter((path) => path.endsWith(".part")).length <= 64, files.join());
});
