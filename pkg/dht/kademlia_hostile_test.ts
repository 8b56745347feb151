// What a member can make of the others' memory that speaks Kademlia by itself.
import assert from "node:assert/strict";
import { concatBytes, hexDecode, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { contentHashOf, KAD_PROTOCOL, Libp2pDht } from "@bzzz/dht";
import { testKey } from "@bzzz/dht/testing";
import { createNullLogger } from "@bzzz/logging";
import type { RoutableP2pNode } from "@bzzz/p2p";
import { addressOf, areAdmitted, LoopbackMesh } from "@bzzz/p2p/testing";
import { type KadDHT, kadDHT, passthroughMapper } from "@libp2p/kad-dht";

/** Type of the message by which a peer says that it has a content (libp2p's specification of Kademlia). */
const ADD_PROVIDER = 2;

/** A test with a node that runs a DHT, and a member without one. libp2p's timers outlive a stopped node by a moment. */
function test(
  name: string,
  fn: (honest: RoutableP2pNode, liar: RoutableP2pNode, dht: Libp2pDht) => Promise<void>,
): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using mesh = new LoopbackMesh();
      const [honest, liar] = [await mesh.addNode({ key: testKey(1) }), await mesh.addNode({ key: testKey(2) })];
      await liar.dial(addressOf(honest));
      await waitFor(() => areAdmitted(honest, liar), { timeoutMs: 30_000, what: "admission" });
      await using dht = new Libp2pDht({
        routing: () => honest.routing(),
        isMember: (peer) => honest.isAdmitted(peer),
        logger: createNullLogger(),
      }, { self: honest.peerId });
      await dht.start();
      await fn(honest, liar, dht);
    },
  });
}

/** The protobuf of an Ed25519 public key. */
function keyBytes(n: number): Uint8Array {
  return concatBytes(Uint8Array.of(0x08, 0x01, 0x12, 32), testKey(n).publicKey);
}

/** The multihash of a peer id: its key as it is. */
function peerBytes(n: number): Uint8Array {
  const key = keyBytes(n);
  return concatBytes(Uint8Array.of(0, key.byteLength), key);
}

/** A member of a protobuf message: bytes under a number below 16. */
function member(number: number, bytes: Uint8Array): Uint8Array {
  const { byteLength } = bytes;
  const length = byteLength < 128 ? [byteLength] : [(byteLength & 127) | 128, byteLength >> 7];
  assert.ok(byteLength < 2 ** 14, "two bytes are enough for the length");
  return concatBytes(Uint8Array.of((number << 3) | 2, ...length), bytes);
}

test("a member that speaks Kademlia by itself puts no records into others", async (_honest, liar) => {
  const kad = kadDHT({ protocol: KAD_PROTOCOL, peerInfoMapper: passthroughMapper, allowQueryWithZeroPeers: true })(
    liar.routing(),
  ) as KadDHT & { start(): Promise<void>; stop(): Promise<void> }; // the instance has them, its interface does not
  await kad.start();
  const key = concatBytes(utf8Encode("/pk/"), peerBytes(3)); // Kademlia takes the key of anybody, under its name

  const answers = await waitFor(async () => {
    const events = await Array.fromAsync(kad.put(key, keyBytes(3)));
    const puts = events.filter((event) => "messageName" in event && event.messageName === "PUT_VALUE");
    return puts.length > 0 && puts.map((event) => event.name);
  }, { timeoutMs: 30_000, what: "it to have asked" });
  await kad.stop();

  assert.ok(!answers.includes("PEER_RESPONSE"), answers.join());
});

test(
  "addresses that a member tells with what it has are not kept: there is no end of them",
  async (honest, liar, dht) => {
    const hash = contentHashOf(utf8Encode("x"));
    const multihash = concatBytes(Uint8Array.of(0x12, 32), hexDecode(hash) ?? new Uint8Array());
    const known = async () =>
      (await honest.routing().peerStore.all()).find(({ id }) => id.toString() === liar.peerId)?.addresses.length ?? 0;
    const before = await known();
    const stream = await liar.open(honest.peerId, KAD_PROTOCOL, {});

    for (let n = 0; n < 20; n++) {
      const addresses = Array.from({ length: 100 }, (_, i) => member(2, Uint8Array.of(4, 10, 0, n, i, 6, 0x23, 0x28))); // /ip4/10.0.n.i/tcp/9000
      const provider = concatBytes(member(1, peerBytes(2)), ...addresses);
      await stream.send(concatBytes(Uint8Array.of(1 << 3, ADD_PROVIDER), member(2, multihash), member(9, provider)));
    }
    await waitFor(async () => (await dht.findProviders(hash, { limit: 1 })).includes(liar.peerId), {
      timeoutMs: 30_000,
      what: "its word to be taken",
    });
    stream.abort(new Error("done"));

    assert.equal(await known(), before);
  },
);

test(
  "a member that asks without end is hung up on, on whatever stream, and may ask again later",
  async (honest, liar) => {
    const ping = Uint8Array.of(1 << 3, 5);
    const answersTo = async (questions: number) => {
      const stream = await liar.open(honest.peerId, KAD_PROTOCOL, {});
      let answers = 0;
      try {
        for (let n = 0; n < questions; n++) await stream.send(ping);
        while (answers < questions && await stream.receive() !== undefined) answers++;
      } catch {
        // hung up on
      }
      stream.abort(new Error("done"));
      return answers;
    };
    const asked = 20;

    const answers: number[] = [];
    for (let n = 0; n < asked; n++) answers.push(await answersTo(500));

    const sum = answers.reduce((all, one) => all + one, 0);
    assert.ok(sum > 0 && sum < asked * 500, `${sum} answers`);
    await waitFor(async () => await answersTo(1) === 1, { timeoutMs: 30_000, what: "it to be answered again" });
  },
);
