// `/bzzz/kad/1.0.0` with a member that writes its messages by hand: the node stays, and others find who has what. What is
// fed is the handler of streams that libp2p calls, so that thousands of inputs cost no connections.
import assert from "node:assert/strict";
import { concatBytes, hexDecode, type PeerId, type Random, randomInt, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { contentHashOf, Libp2pDht } from "@bzzz/dht";
import { testKey } from "@bzzz/dht/testing";
import { createNullLogger } from "@bzzz/logging";
import type { RoutableP2pNode } from "@bzzz/p2p";
import { addressOf, areAdmitted, LoopbackMesh } from "@bzzz/p2p/testing";
import type { Connection, StreamHandler, StreamHandlerOptions } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { fuzz, mutate } from "../helpers/fuzz.ts";
import { framed, HandStream } from "../helpers/hand_stream.ts";

/** kad-dht keeps a timer of ten seconds for each message; in a node, `QuestionLimit` of `@bzzz/p2p` bounds how many. */
const MAX_GROWTH_BYTES = 512 * 1024 * 1024;
/** Types of kad-dht's messages (libp2p's specification of Kademlia). */
const TYPES = { putValue: 0, getValue: 1, addProvider: 2, getProviders: 3, findNode: 4, ping: 5 } as const;

/** A member of a protobuf message: bytes under a number below 16. */
function member(number: number, bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of((number << 3) | 2), framed(bytes));
}

function message(type: number, ...members: readonly Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(1 << 3, type), ...members);
}

/** The protobuf of a public key. */
function keyBytes(n: number): Uint8Array {
  return concatBytes(Uint8Array.of(0x08, 0x01, 0x12, 32), testKey(n).publicKey);
}

/** The multihash of a peer id: its key as it is. */
function peerBytes(n: number): Uint8Array {
  const key = keyBytes(n);
  return concatBytes(Uint8Array.of(0, key.byteLength), key);
}

function multihashOf(text: string): Uint8Array {
  return concatBytes(Uint8Array.of(0x12, 32), hexDecode(contentHashOf(utf8Encode(text))) ?? new Uint8Array());
}

/** A peer with its address. */
function peerInfo(n: number): Uint8Array {
  const address = concatBytes(Uint8Array.of(4, 127, 0, 0, 1, 6), Uint8Array.of(0x23, 0x28)); // /ip4/127.0.0.1/tcp/9000
  return concatBytes(member(1, peerBytes(n)), member(2, address));
}

/** What a member answers: peers that are closer, and who has it. */
function answers(): Uint8Array[] {
  const closer = [3, 4, 5].map((n) => member(8, peerInfo(n)));
  const providers = [2, 3, 6].map((n) => member(9, peerInfo(n)));
  const key = member(2, multihashOf("content"));
  return [
    message(TYPES.getProviders, key, ...closer, ...providers),
    message(TYPES.getProviders, key, ...providers),
    message(TYPES.findNode, ...closer),
    message(TYPES.getValue, key, member(3, concatBytes(member(1, multihashOf("content")), member(2, keyBytes(2))))),
    message(TYPES.ping),
  ];
}

function messages(): Uint8Array[] {
  const multihash = multihashOf("content");
  const [key, self, provider] = [keyBytes(2), peerBytes(2), peerInfo(2)];
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

/** A router of contents and the ways into it, as libp2p would use them. */
interface Bench {
  readonly dht: Libp2pDht;
  /** What answers a stream that a member has opened. */
  readonly handler: StreamHandler;
  /** Instead of a stream to a member, this one is used; undefined: real ones. */
  fake: (() => HandStream) | undefined;
}

async function benchOf(node: RoutableP2pNode): Promise<Bench> {
  const routing = node.routing();
  const { registrar, connectionManager } = routing;
  let handler: StreamHandler | undefined;
  const bench = { fake: undefined as Bench["fake"] };
  const dht = new Libp2pDht({
    routing: () => ({
      ...routing,
      registrar: {
        ...methodsOf(registrar),
        handle: (protocol: string, given: StreamHandler, options?: StreamHandlerOptions) => {
          handler = given;
          return registrar.handle(protocol, given, options);
        },
      },
      connectionManager: {
        ...methodsOf(connectionManager),
        openStream: (...args: Parameters<typeof connectionManager.openStream>) =>
          bench.fake ? Promise.resolve(bench.fake().asStream()) : connectionManager.openStream(...args),
      },
    } as ReturnType<RoutableP2pNode["routing"]>), // the methods that kad-dht uses, as in `RoutingHost`
    isMember: (peer) => node.isAdmitted(peer),
    logger: createNullLogger(),
  }, { self: node.peerId });
  await dht.start();
  assert.ok(handler, "it answers");
  return Object.assign(bench, { dht, handler });
}

/** The routing host's parts are plain objects of functions. */
function methodsOf<T extends object>(part: T): T {
  return { ...part };
}

/** One stream with these messages, until the other side has done with it; how much it answered. */
async function pour(bench: Bench, liar: PeerId, frames: readonly Uint8Array[]): Promise<number> {
  const stream = new HandStream();
  const connection = { remotePeer: peerIdFromString(liar) } as Connection; // all that is looked at
  const done = Promise.resolve(bench.handler(stream.asStream(), connection));
  for (const frame of frames) stream.deliver(frame);
  stream.end();
  await done.catch(() => {}); // hung up on, as it should be
  return stream.sent.length;
}

/** Three nodes, of which the first is looked into; libp2p's own timers outlive a stopped node by a moment: see pkg/p2p. */
function test(name: string, fn: (bench: Bench, liar: RoutableP2pNode) => Promise<void>): void {
  Deno.test({
    name,
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
      const [bench, other] = [await benchOf(victim), await benchOf(honest)];
      await using dht = bench.dht;
      await using theirs = other.dht;

      const findsWhatOthersHave = async (text: string) => {
        const hash = contentHashOf(utf8Encode(text));
        const found = await waitFor(async () => {
          await theirs.provide(hash);
          const providers = await dht.findProviders(hash, { limit: 1 });
          return providers.length > 0 && providers;
        }, { timeoutMs: 15_000, what: "the provider" });
        assert.deepEqual(found, [honest.peerId]);
      };

      await findsWhatOthersHave("before");
      await fn(bench, liar);
      await findsWhatOthersHave("after");
    },
  });
}

test("fuzz: messages of Kademlia", async (bench, liar) => {
  const seeds = messages();
  const frame = (bytes: Uint8Array, random: Random) => random.float() < 0.9 ? framed(bytes) : bytes;

  let answered = 0;
  await fuzz("Kademlia, asked", seeds, async (input, random) => {
    const more = Array.from({ length: randomInt(random, 3) }, () => mutate(random, seeds));
    answered += await pour(bench, liar.peerId, [input, ...more].map((bytes) => frame(bytes, random)));
  }, { maxGrowthBytes: MAX_GROWTH_BYTES });
  assert.ok(answered > 0, "some are messages");
});

test("fuzz: answers of Kademlia", async (bench) => {
  const seeds = answers();
  const hash = contentHashOf(utf8Encode("content"));

  let found = 0;
  await fuzz("Kademlia, answered", seeds, async (input, random) => {
    let streams = 0;
    bench.fake = () => {
      const bytes = streams++ === 0 ? input : mutate(random, seeds);
      return new HandStream((stream) => {
        stream.deliver(random.float() < 0.9 ? framed(bytes) : bytes);
        stream.end();
      });
    };
    found += (await bench.dht.findProviders(hash, { limit: 20 })).length;
  });
  assert.ok(found > 0, "some are answers");
  bench.fake = undefined;
});
