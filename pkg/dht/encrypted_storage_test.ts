import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { CONTENT_PROTOCOL, type ContentHash, contentHashOf, keepersOf } from "@bzzz/dht";
import { sealedFile, StorageMesh, type StorageNode, testPeer } from "@bzzz/dht/testing";
import { tamperWith } from "@bzzz/store/testing";
import { encodeAnswer, encodeRequest } from "./content_messages.ts";

async function everywhere(mesh: StorageMesh, hash: ContentHash, copies: number): Promise<void> {
  await waitFor(async () => await mesh.copiesOf(hash) >= copies, {
    timeoutMs: 30_000,
    what: `${copies} copies of ${hash.slice(0, 8)}`,
  });
}

Deno.test("what is written on one node is on three disks, and read on a fourth node", async () => {
  await using mesh = new StorageMesh();
  const nodes: StorageNode[] = [];
  for (const n of [1, 2, 3, 4, 5]) nodes.push(await mesh.start(n));
  const [writer] = nodes;
  assert.ok(writer);
  const sealed = await sealedFile(1, 700_000);

  const hash = await mesh.write(writer, sealed);

  const peers = keepersOf(hash, nodes.map(({ peer }) => peer));
  const keepers = nodes.filter(({ peer }) => peers.includes(peer));
  assert.equal(keepers.length, 3);
  await waitFor(async () => (await Promise.all(keepers.map(({ content }) => content.has(hash)))).every(Boolean), {
    timeoutMs: 30_000,
    what: "the keepers to have it",
  });
  for (const node of nodes) assert.deepEqual(await node.storage.get(hash), sealed);
  assert.deepEqual((await writer.storage.holders(hash)).sort(), nodes.map(({ peer }) => peer).sort());
  assert.deepEqual(await writer.storage.holders("0".repeat(64)), []);
});

Deno.test("nothing but age files gets in, whatever the way", async () => {
  await using mesh = new StorageMesh();
  const [a, b] = [await mesh.start(1), await mesh.start(2)];
  const plain = utf8Encode("a secret in plain text");

  await assert.rejects(a.storage.put(plain), { code: "malformed" });
  const stream = await b.node.open(a.peer, CONTENT_PROTOCOL, {});
  await stream.send(encodeRequest({ t: "offer", hash: contentHashOf(plain), size: plain.byteLength }));
  await stream.receive();
  await stream.send(plain);
  const answer = await stream.receive();

  assert.deepEqual(answer, encodeAnswer({ t: "refused" }));
  assert.deepEqual(await a.content.hashes(), []);
  assert.deepEqual(a.node.penalties.map(({ peer, reason }) => [peer, reason]), [[b.peer, "content_wrong_bytes"]]);
  await stream.close();
});

Deno.test("two of three nodes gone and one wiped: everything is there again, three times", async () => {
  await using mesh = new StorageMesh();
  const [a] = [await mesh.start(1), await mesh.start(2), await mesh.start(3)];
  const hashes: ContentHash[] = [];
  for (let i = 0; i < 100; i++) hashes.push(await mesh.write(a, await sealedFile(i, 1000 + i)));
  for (const hash of hashes) await everywhere(mesh, hash, 3);

  await mesh.kill(1);
  await mesh.kill(2);
  await mesh.wipe(1);
  const [again] = [await mesh.start(1), await mesh.start(2)];
  const wiped = mesh.nodes.get(1);
  assert.ok(wiped);
  assert.deepEqual(await wiped.content.hashes(), []);
  assert.ok(await again.storage.get(hashes[0] ?? ""), "read from the others before it is repaired");
  await wiped.storage.repair();

  for (const hash of hashes) assert.equal(await mesh.copiesOf(hash), 3);
  const { missing, underReplicated } = await wiped.storage.stats();
  assert.deepEqual({ missing, underReplicated }, { missing: 0, underReplicated: 0 });
});

Deno.test("a node that left is made up for, and what others keep may go", async () => {
  await using mesh = new StorageMesh();
  for (const n of [1, 2, 3, 4]) await mesh.start(n);
  const writer = mesh.nodes.get(1);
  assert.ok(writer);
  const hash = await mesh.write(writer, await sealedFile(9, 1000));
  await everywhere(mesh, hash, 3);
  const gone = keepersOf(hash, [1, 2, 3, 4].map(testPeer)).find((peer) => peer !== writer.peer);
  const left = [...mesh.nodes.values()].find(({ peer }) => peer === gone);
  assert.ok(left);

  await mesh.kill(left.n);
  for (const { storage } of mesh.nodes.values()) await storage.repair();

  // a copy that is on its way already is refused to a second one, and arrives a moment after the repair
  await everywhere(mesh, hash, 3);
  assert.equal(await mesh.copiesOf(hash), 3);
  mesh.catalog.delete(hash);
  for (const { storage, content } of mesh.nodes.values()) {
    await storage.repair();
    const { pinned } = await content.stats();
    assert.ok(
      pinned === 0 || content === writer.content,
      "what nothing refers to is not pinned, but where it was just written",
    );
  }
});

Deno.test("one node alone keeps everything and says that it is degraded", async () => {
  await using mesh = new StorageMesh();
  const alone = await mesh.start(1);

  const hash = await mesh.write(alone, await sealedFile(1, 10));
  await alone.storage.repair();

  const { wanted, possible } = alone.storage.replication();
  assert.deepEqual({ wanted, possible }, { wanted: 3, possible: 1 });
  assert.ok(await alone.storage.local(hash));
  assert.equal(await alone.storage.get("0".repeat(64)), undefined);
  assert.equal(await alone.storage.get("no hash"), undefined);
});

Deno.test("a transfer that breaks off goes on with another peer where it was", async () => {
  await using mesh = new StorageMesh();
  const [a, b] = [await mesh.start(1), await mesh.start(2)];
  const sealed = await sealedFile(1, 3_000_000);
  const hash = contentHashOf(sealed);
  await b.content.put(sealed, { isPinned: true });
  const half = await a.content.openPart(hash); // what another peer had sent before its connection broke
  await half.append(sealed.subarray(0, 2_000_000));
  half.close();
  const asked: number[] = [];
  const { open } = a.node;
  a.node.open = async (peer, protocol, options) => {
    const stream = await open.call(a.node, peer, protocol, options);
    const { receive } = stream;
    stream.receive = async (how) => {
      const frame = await receive.call(stream, how);
      asked.push(frame?.byteLength ?? 0);
      return frame;
    };
    return stream;
  };

  assert.deepEqual(await a.storage.get(hash), sealed);

  const received = asked.reduce((sum, bytes) => sum + bytes, 0);
  assert.ok(received < 1_100_000, `received ${received} bytes`);
});

Deno.test("a peer that sends other bytes is held to account, and the next one is asked", async () => {
  await using mesh = new StorageMesh();
  const reader = await mesh.start(1);
  const [liar, honest] = [await mesh.start(2), await mesh.start(3)];
  const sealed = await sealedFile(1, 100_000);
  const hash = contentHashOf(sealed);
  await honest.content.put(sealed, { isPinned: true });
  await liar.content.put(sealed, { isPinned: true });
  const altered = sealed.slice();
  altered[90_000] = (altered[90_000] ?? 0) ^ 1;
  await Deno.writeFile(liar.content.pathOf(hash), altered);

  assert.equal(await reader.exchange.fetch(liar.peer, hash, { isPinned: false }), "wrong_bytes");
  assert.deepEqual(await reader.storage.get(hash), sealed);

  assert.ok(reader.node.penalties.every(({ peer }) => peer === liar.peer));
  assert.ok(reader.node.penalties.length > 0);
});

Deno.test("a small content that is altered on its way is held against the sender, too", async () => {
  await using mesh = new StorageMesh();
  const [reader, liar, honest] = [await mesh.start(1), await mesh.start(2), await mesh.start(3)];
  const sealed = await sealedFile(1, 1_000);
  const hash = contentHashOf(sealed);
  await honest.content.put(sealed, { isPinned: true });
  await liar.content.put(sealed, { isPinned: true });
  const altered = sealed.slice();
  altered[900] = (altered[900] ?? 0) ^ 1;
  assert.equal(tamperWith(liar.store.path, "UPDATE contents SET sealed = ?", altered), 1);

  assert.equal(await reader.exchange.fetch(liar.peer, hash, { isPinned: false }), "wrong_bytes");
  assert.deepEqual(await reader.storage.get(hash), sealed);
});

Deno.test("a small content whose beginning has come is sent from there on", async () => {
  await using mesh = new StorageMesh();
  const [reader, holder] = [await mesh.start(1), await mesh.start(2)];
  const sealed = await sealedFile(1, 5_000);
  const hash = contentHashOf(sealed);
  await holder.content.put(sealed, { isPinned: true });
  for (const come of [sealed.subarray(0, 2_000), sealed]) { // in part, and all of it without being taken over
    const part = await reader.content.openPart(hash);
    if (part.size < come.byteLength) await part.append(come.subarray(part.size));
    part.close();

    assert.equal(await reader.exchange.fetch(holder.peer, hash, { isPinned: false }), "kept");
    assert.deepEqual(await reader.content.get(hash), sealed);
  }
});

Deno.test("junk instead of a request ends the stream and is held against the peer; nothing is kept", async () => {
  await using mesh = new StorageMesh();
  const [a, b] = [await mesh.start(1), await mesh.start(2)];
  const junk = [new Uint8Array(), utf8Encode("hello"), encodeAnswer({ t: "none" }), new Uint8Array(1000).fill(0x9f)];

  for (const frame of junk) {
    const stream = await b.node.open(a.peer, CONTENT_PROTOCOL, {});
    await stream.send(frame);
    await assert.rejects(async () => {
      if (await stream.receive() === undefined) throw new Error("closed");
    });
    stream.abort(new Error("done"));
  }

  assert.equal(a.node.penalties.length, junk.length);
  assert.deepEqual(await a.content.hashes(), []);
});

Deno.test("a node without room refuses, and the writer keeps what it wrote", async () => {
  await using mesh = new StorageMesh();
  const writer = await mesh.start(1);
  const full = await mesh.start(2, { maxBytes: 1000 });

  const hash = await mesh.write(writer, await sealedFile(1, 50_000));
  await writer.storage.repair();

  assert.equal(await writer.exchange.offer(full.peer, hash), "refused");
  assert.ok(await writer.content.has(hash));
  assert.equal((await writer.storage.stats()).underReplicated, 1);
});

Deno.test("who is not connected to a holder finds it through the DHT", async () => {
  await using mesh = new StorageMesh();
  const [reader, holder] = [await mesh.start(1), await mesh.start(2, { isConnected: false })];
  const hash = await mesh.write(holder, await sealedFile(1, 1000));
  await holder.storage.repair();
  assert.ok(mesh.hub.providers.get(hash)?.has(holder.peer));
  // the transport dials a member that it knows an address of
  const { open } = reader.node;
  reader.node.open = (peer, protocol, options) => {
    mesh.network.connect(reader.peer, peer);
    return open.call(reader.node, peer, protocol, options);
  };

  assert.ok(await reader.storage.get(hash));
});
