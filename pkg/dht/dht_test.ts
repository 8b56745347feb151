import assert from "node:assert/strict";
import { type PeerId, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { contentHashOf, type Dht, Libp2pDht, OnDemandDht } from "@bzzz/dht";
import { MemoryDht, MemoryDhtHub, testKey, testPeer } from "@bzzz/dht/testing";
import { createNullLogger } from "@bzzz/logging";
import { addressOf, areAdmitted, LoopbackMesh } from "@bzzz/p2p/testing";

/** Three running nodes of one mesh; the second is not connected to the third. */
interface Trio extends AsyncDisposable {
  readonly nodes: readonly [Dht, Dht, Dht];
  readonly peers: readonly [PeerId, PeerId, PeerId];
}

async function memoryTrio(): Promise<Trio> {
  const hub = new MemoryDhtHub();
  const make = (n: number) => new MemoryDht(hub, { self: testPeer(n) });
  const nodes = [make(1), make(2), make(3)] as const;
  for (const node of nodes) await node.start();
  return { nodes, peers: [testPeer(1), testPeer(2), testPeer(3)], [Symbol.asyncDispose]: () => closeAll(nodes) };
}

async function loopbackTrio(): Promise<Trio> {
  const mesh = new LoopbackMesh();
  const [hub, left, right] = [
    await mesh.addNode({ key: testKey(1) }),
    await mesh.addNode({ key: testKey(2) }),
    await mesh.addNode({ key: testKey(3) }),
  ];
  for (const node of [left, right]) await node.dial(addressOf(hub));
  await waitFor(() => areAdmitted(hub, left) && areAdmitted(hub, right), { timeoutMs: 30_000, what: "admission" });
  const make = (node: typeof hub) =>
    new Libp2pDht({
      routing: () => node.routing(),
      isMember: (peer) => node.isAdmitted(peer),
      logger: createNullLogger(),
    }, { self: node.peerId });
  const nodes = [make(hub), make(left), make(right)] as const;
  for (const node of nodes) await node.start();
  return {
    nodes,
    peers: [hub.peerId, left.peerId, right.peerId],
    [Symbol.asyncDispose]: async () => {
      await closeAll(nodes);
      await mesh[Symbol.asyncDispose]();
    },
  };
}

async function closeAll(nodes: readonly Dht[]): Promise<void> {
  for (const node of nodes) await node[Symbol.asyncDispose]();
}

/** What every `Dht` does. libp2p's own timers outlive a stopped node by a moment: see pkg/p2p. */
for (const [name, create] of [["MemoryDht", memoryTrio], ["Libp2pDht", loopbackTrio]] as const) {
  const isReal = name === "Libp2pDht";
  const test = (what: string, fn: (trio: Trio) => Promise<void>) =>
    Deno.test({
      name: `${name}: ${what}`,
      sanitizeOps: !isReal,
      sanitizeResources: !isReal,
      fn: async () => {
        await using trio = await create();
        await fn(trio);
      },
    });

  test("a provider is found by members it is not connected to, and never by itself", async (trio) => {
    const [, left, right] = trio.nodes;
    const hash = contentHashOf(utf8Encode("content"));

    const found = await waitFor(async () => {
      await left.provide(hash);
      const providers = await right.findProviders(hash, { limit: 5 });
      return providers.length > 0 && providers;
    }, { timeoutMs: 30_000, what: "the provider" });

    assert.deepEqual(found, [trio.peers[1]]);
    assert.deepEqual(await left.findProviders(hash, { limit: 5 }), []);
    assert.deepEqual(await right.findProviders(contentHashOf(utf8Encode("other")), { limit: 5 }), []);
  });

  test("after its end it refuses", async (trio) => {
    const [hub] = trio.nodes;
    await hub[Symbol.asyncDispose]();

    await assert.rejects(hub.findProviders(contentHashOf(new Uint8Array()), { limit: 1 }), { code: "dht_not_running" });
  });
}

Deno.test("on demand: nothing runs until it is needed, then it does", async () => {
  const hub = new MemoryDhtHub();
  let isNeeded = false;
  const inner = new MemoryDht(hub, { self: testPeer(1) });
  await using dht = new OnDemandDht({ inner, isNeeded: () => isNeeded, logger: createNullLogger() });
  const hash = contentHashOf(new Uint8Array(1));

  await dht.provide(hash);
  assert.deepEqual([hub.providers.size, dht.isRunning, await dht.findProviders(hash, { limit: 1 })], [0, false, []]);
  isNeeded = true;
  await dht.provide(hash);

  assert.ok(dht.isRunning && hub.providers.get(hash)?.has(testPeer(1)));
});
