import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { MAX_SEALED_BYTES } from "@bzzz/crypto";
import { CONTENT_PROTOCOL, type ContentHash, contentHashOf } from "@bzzz/dht";
import { sealedFile, StorageMesh, type StorageNode, testPeer } from "@bzzz/dht/testing";
import { decodeRequest, encodeAnswer, encodeRequest } from "./content_messages.ts";

/** What a member that lies has sent before it broke its transfer off: it begins as a sealed file does. */
async function leaveJunk(reader: StorageNode, hash: ContentHash, sealed: Uint8Array, bytes: number): Promise<void> {
  const junk = new Uint8Array(bytes).fill(7);
  junk.set(sealed.subarray(0, 300));
  const part = await reader.content.openPart(hash);
  await part.append(junk);
  part.close();
}

async function canRead(reader: StorageNode, hash: ContentHash): Promise<boolean> {
  const bytes = await reader.storage.get(hash);
  return bytes !== undefined && contentHashOf(bytes) === hash;
}

function blamed(reader: StorageNode): PeerId[] {
  return reader.node.penalties.map(({ peer }) => peer);
}

Deno.test("what one peer began wrongly is not held against the one that ends it", async () => {
  await using mesh = new StorageMesh();
  const [reader, honest] = [await mesh.start(1), await mesh.start(2)];
  const sealed = await sealedFile(1, 200_000);
  const hash = contentHashOf(sealed);
  await honest.content.put(sealed, { isPinned: true });
  await leaveJunk(reader, hash, sealed, 100_000);

  assert.ok(await canRead(reader, hash));

  assert.deepEqual(blamed(reader), []);
});

Deno.test("junk that is longer than a content keeps nobody from reading it", async () => {
  await using mesh = new StorageMesh();
  const [reader, honest] = [await mesh.start(1), await mesh.start(2)];
  const sealed = await sealedFile(1, 200_000);
  const hash = contentHashOf(sealed);
  await honest.content.put(sealed, { isPinned: true });
  await leaveJunk(reader, hash, sealed, 300_000);

  assert.ok(await canRead(reader, hash));

  assert.deepEqual(blamed(reader), []);
});

Deno.test("junk that is longer than a content keeps nobody from offering it", async () => {
  for (const junk of [100_000, 300_000]) {
    await using mesh = new StorageMesh();
    const [keeper, writer] = [await mesh.start(1), await mesh.start(2)];
    const sealed = await sealedFile(1, 200_000);
    const hash = contentHashOf(sealed);
    await writer.content.put(sealed, { isPinned: true });
    await leaveJunk(keeper, hash, sealed, junk);

    const first = await writer.exchange.offer(keeper.peer, hash);
    const second = first === "kept" ? first : await writer.exchange.offer(keeper.peer, hash);

    assert.equal(second, "kept", `after ${junk} bytes of junk`);
    assert.deepEqual(blamed(keeper), [], `after ${junk} bytes of junk`);
  }
});

Deno.test("what has come of a content is kept when a peer has nothing of it", async () => {
  await using mesh = new StorageMesh();
  const [reader, other] = [await mesh.start(1), await mesh.start(2)];
  const sealed = await sealedFile(1, 200_000);
  const hash = contentHashOf(sealed);
  const part = await reader.content.openPart(hash);
  await part.append(sealed.subarray(0, 150_000));
  part.close();

  assert.equal(await reader.exchange.fetch(other.peer, hash, { isPinned: false }), "none");

  const left = await reader.content.openPart(hash);
  assert.equal(left.size, 150_000);
  left.close();
});

Deno.test("an offer whose bytes do not come keeps nobody from fetching the content", async () => {
  await using mesh = new StorageMesh();
  const [reader, honest, liar] = [await mesh.start(1), await mesh.start(2), await mesh.start(3)];
  const sealed = await sealedFile(1, 200_000);
  const hash = contentHashOf(sealed);
  await honest.content.put(sealed, { isPinned: true });
  const offer = await liar.node.open(reader.peer, CONTENT_PROTOCOL, {});
  await offer.send(encodeRequest({ t: "offer", hash, size: sealed.byteLength }));
  assert.deepEqual(await offer.receive(), encodeAnswer({ t: "send", offset: 0 }));
  await offer.send(sealed.subarray(0, 1000)); // and then nothing

  assert.ok(await canRead(reader, hash));
});

Deno.test("a peer that sends a content drop by drop is passed over", async () => {
  const clock = new ManualClock();
  await using mesh = new StorageMesh(clock);
  const reader = await mesh.start(1);
  const honest = await mesh.start(2);
  const sealed = await sealedFile(1, 200_000);
  const hash = contentHashOf(sealed);
  await honest.content.put(sealed, { isPinned: true });
  const liar = mesh.network.createNode(testPeer(9));
  let drops = 0;
  liar.handle(CONTENT_PROTOCOL, async (stream) => {
    const request = decodeRequest(await stream.receive() ?? new Uint8Array());
    assert.ok(request?.t === "want");
    await stream.send(encodeAnswer({ t: "have", size: sealed.byteLength }));
    for (let at = request.offset; at < sealed.byteLength; at += 1000) {
      await clock.advance(5_000);
      await stream.send(sealed.subarray(at, at + 1000));
      drops++;
    }
  });
  mesh.network.connect(reader.peer, liar.peerId);

  assert.equal(await reader.exchange.fetch(liar.peerId, hash, { isPinned: false }), "failed");

  assert.ok(drops < 100, `${drops} of 200 drops were waited for`); // 64 of them are on their way at once
  assert.ok(await canRead(reader, hash));
});

Deno.test("a peer that says a content is longer than its entry does is passed over at once", async () => {
  const clock = new ManualClock();
  await using mesh = new StorageMesh(clock);
  const [reader, honest] = [await mesh.start(1), await mesh.start(2)];
  const sealed = await sealedFile(1, 200_000);
  const hash = contentHashOf(sealed);
  const liar = mesh.network.createNode(testPeer(9));
  let drops = 0;
  liar.handle(CONTENT_PROTOCOL, async (stream) => {
    const request = decodeRequest(await stream.receive() ?? new Uint8Array());
    assert.ok(request?.t === "want");
    await stream.send(encodeAnswer({ t: "have", size: MAX_SEALED_BYTES }));
    await stream.send(sealed.subarray(0, 2_000)); // it begins as it should, and goes on fast enough
    for (; drops < 3_000; drops++) {
      await clock.advance(100);
      await stream.send(new Uint8Array(4_000));
    }
  });
  await honest.content.put(sealed, { isPinned: true });
  mesh.namedBytes.set(hash, sealed.byteLength);
  mesh.network.connect(reader.peer, liar.peerId);

  const maxBytes = sealed.byteLength;
  assert.equal(await reader.exchange.fetch(liar.peerId, hash, { isPinned: false, maxBytes }), "failed");
  const taken = drops;
  assert.ok(await canRead(reader, hash));

  assert.ok(taken < 100, `${taken} of its drops were taken`); // 64 of them are on their way at once
  assert.deepEqual(blamed(reader), [], "an entry may name a wrong size, too");
});
