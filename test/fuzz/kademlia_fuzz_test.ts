// `/bzzz/kad/1.0.0` with a member that writes its messages by hand: the node stays, and others find who has what.
import assert from "node:assert/strict";
import { concatBytes, hexDecode, type PeerId, randomInt, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { contentHashOf, KAD_PROTOCOL, Libp2pDht } from "@bzzz/dht";
import { testKey } from "@bzzz/dht/testing";
import { createNullLogger } from "@bzzz/logging";
import type { P2pNode, RoutableP2pNode } from "@bzzz/p2p";
import { addressOf, areAdmitted, LoopbackMesh } from "@bzzz/p2p/testing";
import { fuzz, mutate } from "../helpers/fuzz.ts";

/** Types of kad-dht's messages (libp2p's specification of Kademlia). */
const TYPES = { putValue: 0, getValue: 1, addProvider: 2, getProviders: 3, findNode: 4, ping: 5 } as const;

/** A member of a protobuf message: bytes under a number below 16. */
function member(number: number, bytes: Uint8Array): Uint8Array {
  assert.ok(bytes.byteLength < 128, "one byte is enough for the length");
  return concatBytes(Uint8Array.of((number << 3) | 2, bytes.byteLength), bytes);
}

function message(type: number, ...members: readonly Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(1 << 3, type), ...members);
}

function messages(): Uint8Array[] {
  const name = hexDecode(contentHashOf(utf8Encode("content"))) ?? new Uint8Array();
  const multihash = concatBytes(Uint8Array.of(0x12, 32), name);
  const key = concatBytes(Uint8Array.of(0x08, 0x01, 0x12, 32), testKey(2).publicKey);
  const self = concatBytes(Uint8Array.of(0, key.byteLength), key); // the multihash of a peer id is its key
  const address = concatBytes(Uint8Array.of(4, 127, 0, 0, 1, 6), Uint8Array.of(0x23, 0x28)); // /ip4/127.0.0.1/tcp/9000
  const provider = concatBytes(member(1, self), member(2, address));
  const recordKey = concatBytes(utf8Encode("/pk/"), self);
  return [
    message(TYPES.ping),
    message(TYPES.findNode, member(2, self)),
    message(TYPES.getProviders, member(2, multihash)),
    message(TYPES.addProvider, member(2, multihash), member(9, provider)),
    message(TYPES.getValue, member(2, recordKey)),
    message(TYPES.putValue, member(2, recordKey), member(3, concatBytes(member(1, recordKey), member(2, key)))),
  ];
}

/** One stream with these frames; whatever comes back is read until the other ends it. */
async function pour(liar: P2pNode, victim: P2pNode, frames: readonly Uint8Array[]): Promise<void> {
  const stream = await liar.open(victim.peerId, KAD_PROTOCOL, {});
  try {
    for (const frame of frames) await stream.send(frame);
    await stream.closeWrite();
    while (await stream.receive() !== undefined);
  } catch {
    // hung up on, as it should be
  }
  stream.abort(new Error("done"));
}

function dhtOf(node: RoutableP2pNode): Libp2pDht {
  const isMember = (peer: PeerId) => node.isAdmitted(peer);
  return new Libp2pDht({ routing: () => node.routing(), isMember, logger: createNullLogger() }, { self: node.peerId });
}

/** libp2p's own timers outlive a stopped node by a moment: see pkg/p2p. */
Deno.test({
  name: "fuzz: messages of Kademlia",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using mesh = new LoopbackMesh();
    const [victim, liar, honest] = [
      await mesh.addNode({ key: testKey(1) }),
      await mesh.addNode({ key: testKey(2) }),
      await mesh.addNode({ key: testKey(3) }),
    ];
    for (const node of [liar, honest]) await node.dial(addressOf(victim));
    await waitFor(() => areAdmitted(victim, liar) && areAdmitted(victim, honest), {
      timeoutMs: 5_000,
      what: "admission",
    });
    await using dht = dhtOf(victim);
    await using other = dhtOf(honest);
    for (const one of [dht, other]) await one.start();
    const seeds = messages();

    await fuzz("Kademlia", seeds, async (input, random) => {
      await pour(liar, victim, [input, ...Array.from({ length: randomInt(random, 3) }, () => mutate(random, seeds))]);
    });

    const hash = contentHashOf(utf8Encode("what honest members have"));
    const found = await waitFor(async () => {
      await other.provide(hash);
      const providers = await dht.findProviders(hash, { limit: 1 });
      return providers.length > 0 && providers;
    }, { timeoutMs: 15_000, what: "the provider" });
    assert.deepEqual(found, [honest.peerId]);
  },
});
