import { strict as assert } from "node:assert";
import { createSystemClock, createSystemRandom, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { createSigningKey, sha256 } from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import type { RoutableP2pNode } from "@bzzz/p2p";
import { addressOf, areAdmitted, LoopbackMesh, startRelay } from "@bzzz/p2p/testing";
import type { Stream } from "@libp2p/interface";
import { createPubSub, type PubSub } from "./mod.ts";

const TOPIC = "test/recovery/v1";

async function startSite(node: RoutableP2pNode): Promise<{ pubsub: PubSub; received: string[] }> {
  const received: string[] = [];
  const pubsub = createPubSub({
    node,
    gate: {
      idOf: sha256,
      receive: (frame) => {
        received.push(new TextDecoder().decode(frame));
        return { verdict: "accept" };
      },
    },
    clock: createSystemClock(),
    logger: createNullLogger(),
  }, { topics: [TOPIC], maxFrameBytes: 1024 });
  await pubsub.start();
  return { pubsub, received };
}

/** Publishes until the other side has it: what is sent into a stream that is being replaced is lost, as it may be. */
async function publishUntilReceived(from: PubSub, to: { received: string[] }, text: string): Promise<void> {
  let attempt = 0;
  await waitFor(async () => {
    await from.publish(TOPIC, utf8Encode(`${text} ${attempt++}`));
    return to.received.some((one) => one.startsWith(text));
  }, { timeoutMs: 30_000, what: `"${text}" to arrive` });
}

Deno.test("a broken gossip stream is opened again while the connection stays", async () => {
  await using mesh = new LoopbackMesh();
  const [aNode, bNode] = await mesh.addConnected(2);
  assert.ok(aNode && bNode);
  const [a, b] = [await startSite(aNode), await startSite(bNode)];
  await publishUntilReceived(a.pubsub, b, "before");

  for (const connection of aNode.router().connectionManager.getConnections()) {
    for (const stream of connection.streams) {
      if (stream.protocol.startsWith("/meshsub")) stream.abort(new Error("overflow"));
    }
  }

  await publishUntilReceived(a.pubsub, b, "there");
  await publishUntilReceived(b.pubsub, a, "back");
  assert.ok(areAdmitted(aNode, bNode));
  for (const { pubsub } of [a, b]) await pubsub.stop();
});

/** Once when the router hears of the peer, and once when the peer's own stream comes. */
const SPOILED = 2;
/** What may happen to a gossip stream before it is handed over: libp2p writes into its peer store in between. */
const BROKEN_OPENINGS: Readonly<Record<string, (stream: Stream) => void>> = {
  "was reset while it was being opened": (stream) => stream.abort(new Error("reset")),
  "could not be opened": (stream) => {
    stream.abort(new Error("reset"));
    throw new Error("Unexpected EOF");
  },
};

for (const [what, spoil] of Object.entries(BROKEN_OPENINGS)) {
  Deno.test(`a gossip stream that ${what} is opened again`, async () => {
    await using mesh = new LoopbackMesh();
    const [aNode, bNode] = await mesh.addConnected(2);
    assert.ok(aNode && bNode);
    let spoiled = 0;
    for (const connection of aNode.router().connectionManager.getConnections()) {
      const open = connection.newStream;
      connection.newStream = async (protocols, options) => {
        const stream = await open(protocols, options);
        if (stream.protocol.startsWith("/meshsub") && spoiled++ < SPOILED) spoil(stream);
        return stream;
      };
    }
    const [a, b] = [await startSite(aNode), await startSite(bNode)];

    await publishUntilReceived(a.pubsub, b, "there");
    await publishUntilReceived(b.pubsub, a, "back");
    assert.ok(spoiled > SPOILED);
    for (const { pubsub } of [a, b]) await pubsub.stop();
  });
}

Deno.test("gossip goes both ways with a peer that restarted while its old connection still seems alive", async () => {
  await using mesh = new LoopbackMesh();
  const key = createSigningKey(createSystemRandom());
  const aNode = await mesh.addNode();
  const before = await mesh.addNode({ key });
  const [a, old] = [await startSite(aNode), await startSite(before)];
  await using relay = startRelay(Number(addressOf(before).split("/")[4]));
  await aNode.dial(`127.0.0.1:${relay.port}`);
  await publishUntilReceived(a.pubsub, old, "before");
  relay.freeze();
  await old.pubsub.stop();
  await before.stop();
  assert.equal(aNode.isConnected(before.peerId), true, "the old connection still seems alive");

  const after = await mesh.addNode({ key, bootstrap: [addressOf(aNode)] });
  const b = await startSite(after);

  await publishUntilReceived(a.pubsub, b, "to the new");
  await publishUntilReceived(b.pubsub, a, "from the new");
  assert.equal(aNode.stats().connections, 1);
  for (const { pubsub } of [a, b]) await pubsub.stop();
});
