import { strict as assert } from "node:assert";
import { concatBytes, createSystemClock, type PeerId, utf8Decode, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import type { PeerStream, RoutableP2pNode } from "@bzzz/p2p";
import { LoopbackMesh } from "@bzzz/p2p/testing";
import { sha256 } from "@bzzz/crypto";
import { createPubSub, type Gate, type GateVerdict, type PubSub } from "./mod.ts";

const TOPIC = "test/flood/v1";
const GOSSIP_PROTOCOL = "/meshsub/1.2.0";
/** Far below what the attacker can send, so that the test is short. */
const LIMITS = { messagesPerSecond: 100, burstMessages: 200, patienceMs: 400 };
/** How long the attacker goes on at most: on a slow machine its flood is one later. */
const PATIENCE_MS = 60_000;
/** Generous against noise, and a fraction of what the attacker can send on loopback: what is kept shows. */
const MAX_GROWTH_BYTES = 96 * 1024 * 1024;

interface Site {
  readonly node: RoutableP2pNode;
  readonly pubsub: PubSub;
  readonly received: { from: PeerId; frame: Uint8Array }[];
  readonly dropped: { peer: PeerId; reason: string }[];
  count: number;
}

async function startSite(
  node: RoutableP2pNode,
  verdict: (frame: Uint8Array) => GateVerdict,
  words: Pick<Gate, "authorOf" | "entriesIn"> = {},
): Promise<Site> {
  const received: Site["received"] = [];
  const dropped: Site["dropped"] = [];
  node.events.on("peer:dropped", (detail) => void dropped.push(detail));
  const pubsub = createPubSub({
    node,
    gate: {
      idOf: sha256,
      ...words,
      receive: (frame, from) => {
        site.count++;
        if (frame.byteLength < 64) received.push({ from, frame });
        return { verdict: verdict(frame) };
      },
    },
    clock: createSystemClock(),
    logger: createNullLogger(),
  }, { topics: [TOPIC], maxFrameBytes: 1024 * 1024 });
  const site: Site = { node, pubsub, received, dropped, count: 0 };
  await pubsub.start();
  return site;
}

/** A gossip RPC with one message, as protobuf: 2 = publish { 2 = data, 4 = topic }. */
function encodeRpc(data: Uint8Array): Uint8Array {
  const topic = utf8Encode(TOPIC);
  const message = concatBytes(field(2, data), field(4, topic));
  return field(2, message);
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = bytes.byteLength;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return concatBytes(Uint8Array.of((number << 3) | 2, ...length, rest), bytes);
}

/** Writes as fast as the connection takes it until it is thrown out; returns how many frames it got rid of. */
async function flood(stream: PeerStream, nextFrame: () => Uint8Array, untilMs: number): Promise<number> {
  const clock = createSystemClock();
  let sent = 0;
  try {
    while (clock.monotonicMs() < untilMs) {
      for (let i = 0; i < 16; i++) await stream.send(nextFrame());
      sent += 16;
    }
  } catch {
    // thrown out, as it should be
  }
  return sent;
}

function memoryUsed(): number {
  return Deno.memoryUsage().rss;
}

Deno.test("a member that floods valid messages is dropped, memory stays bounded, others are served", async () => {
  await using mesh = new LoopbackMesh();
  const [victimNode, honestNode, attacker] = await mesh.addConnected(3, { gossip: LIMITS });
  assert.ok(victimNode && honestNode && attacker);
  // the victim passes on what it takes for messages: the honest node must know that they are another's
  const authorOf = (frame: Uint8Array) => frame.byteLength < 64 ? honestNode.peerId : attacker.peerId;
  const victim = await startSite(victimNode, () => "accept", { authorOf });
  const honest = await startSite(honestNode, () => "accept", { authorOf });
  await waitFor(() => honest.pubsub.peers(TOPIC).includes(victimNode.peerId), {
    timeoutMs: PATIENCE_MS,
    what: "topic peers",
  });
  const stream = await attacker.open(victimNode.peerId, GOSSIP_PROTOCOL, {});
  const memoryBefore = memoryUsed();
  const startedMs = createSystemClock().monotonicMs();

  const flooding = flood(
    stream,
    () => encodeRpc(crypto.getRandomValues(new Uint8Array(1024))),
    startedMs + PATIENCE_MS,
  );
  let published = 0;
  while (victim.dropped.length === 0 && createSystemClock().monotonicMs() < startedMs + PATIENCE_MS) {
    await honest.pubsub.publish(TOPIC, utf8Encode(`honest ${published++}`));
    await createSystemClock().sleep(20);
  }
  const sent = await flooding;
  const growth = memoryUsed() - memoryBefore;

  assert.deepEqual(victim.dropped, [{ peer: attacker.peerId, reason: "gossip_flood" }]);
  assert.deepEqual(honest.dropped, []);
  assert.equal(victimNode.isConnected(attacker.peerId), false);
  assert.ok(growth < MAX_GROWTH_BYTES, `grew by ${growth} bytes over ${sent} frames`);
  const fromHonest = () =>
    victim.received.filter(({ from }) => from === honestNode.peerId).map(({ frame }) => utf8Decode(frame)).sort();
  const texts = Array.from({ length: published }, (_, i) => `honest ${i}`).sort();
  await waitFor(() => fromHonest().join() === texts.join(), {
    timeoutMs: PATIENCE_MS,
    what: "honest messages",
    state: () => texts.filter((text) => !fromHonest().includes(text)),
  });
  await assert.rejects(attacker.dial(victimNode.addresses()[0] ?? ""));
  await victim.pubsub.stop();
  await honest.pubsub.stop();
});

Deno.test("a member that floods with messages of many entries gets no more of them through than one by one", async () => {
  await using mesh = new LoopbackMesh();
  const [victimNode, attacker] = await mesh.addConnected(2, { gossip: LIMITS });
  assert.ok(victimNode && attacker);
  const entries = 64;
  const victim = await startSite(victimNode, () => "accept", {
    authorOf: () => attacker.peerId,
    entriesIn: () => entries,
  });
  const stream = await attacker.open(victimNode.peerId, GOSSIP_PROTOCOL, {});
  const startedMs = createSystemClock().monotonicMs();

  await flood(stream, () => encodeRpc(crypto.getRandomValues(new Uint8Array(1024))), startedMs + PATIENCE_MS);

  await waitFor(() => victim.dropped.length > 0, { timeoutMs: PATIENCE_MS, what: "the drop" });
  const seconds = (createSystemClock().monotonicMs() - startedMs) / 1000;
  const allowed = LIMITS.burstMessages + (seconds + 1) * LIMITS.messagesPerSecond;
  assert.deepEqual(victim.dropped, [{ peer: attacker.peerId, reason: "gossip_flood" }]);
  assert.ok(victim.count * entries <= allowed, `${victim.count * entries} entries judged, ${allowed} allowed`);
  await victim.pubsub.stop();
});

Deno.test("one RPC with as much as the limits of many seconds is judged at their pace, and all of it", async () => {
  await using mesh = new LoopbackMesh();
  const [victimNode, relay] = await mesh.addConnected(2, { gossip: { ...LIMITS, patienceMs: 10_000 } });
  assert.ok(victimNode && relay);
  const author = relay.peerId.replace(/.$/, "x") as PeerId; // any other than the relay
  const victim = await startSite(victimNode, () => "accept", { authorOf: () => author, entriesIn: () => 64 });
  const stream = await relay.open(victimNode.peerId, GOSSIP_PROTOCOL, {});
  const startedMs = createSystemClock().monotonicMs();

  await stream.send(concatBytes(...Array.from({ length: 8 }, (_, n) => encodeRpc(Uint8Array.of(n)))));

  await waitFor(() => victim.count === 8, { timeoutMs: PATIENCE_MS, what: "all messages" });
  const elapsedMs = createSystemClock().monotonicMs() - startedMs;
  assert.ok(elapsedMs > 2_500, `512 entries passed in ${elapsedMs} ms`);
  assert.deepEqual(victim.dropped, []);
  await victim.pubsub.stop();
});

Deno.test("a member that sends rejected messages is dropped after a few", async () => {
  await using mesh = new LoopbackMesh();
  const [victimNode, attacker] = await mesh.addConnected(2);
  assert.ok(victimNode && attacker);
  const victim = await startSite(victimNode, () => "reject");
  const stream = await attacker.open(victimNode.peerId, GOSSIP_PROTOCOL, {});

  await flood(
    stream,
    () => encodeRpc(crypto.getRandomValues(new Uint8Array(200))),
    createSystemClock().monotonicMs() + 5000,
  );

  await waitFor(() => victim.dropped.length > 0, { timeoutMs: PATIENCE_MS, what: "the drop" });
  assert.deepEqual(victim.dropped, [{ peer: attacker.peerId, reason: "rejected_message" }]);
  assert.ok(victim.count < 40, `judged ${victim.count} messages before it dropped the peer`);
  await victim.pubsub.stop();
});

Deno.test("a peer without a grant can neither send gossip nor hear any", async () => {
  await using mesh = new LoopbackMesh();
  const [aNode, bNode] = await mesh.addConnected(2);
  assert.ok(aNode && bNode);
  const [a, b] = [await startSite(aNode, () => "accept"), await startSite(bNode, () => "accept")];
  const stranger = await startSite(await mesh.addNode({ isStranger: true }), () => "accept");
  await waitFor(() => a.pubsub.peers(TOPIC).length === 1, { timeoutMs: PATIENCE_MS, what: "topic peers" });

  const dialled = stranger.node.dial(aNode.addresses()[0] ?? "");
  const reached = await stranger.pubsub.publish(TOPIC, utf8Encode("from a stranger"));
  await assert.rejects(dialled);
  const recipients = await a.pubsub.publish(TOPIC, utf8Encode("between members"));

  await waitFor(() => b.received.length === 1, { timeoutMs: PATIENCE_MS, what: "the member's message" });
  assert.equal(recipients, 1);
  assert.equal(reached, 0);
  assert.equal(a.count, 0);
  assert.equal(stranger.count, 0);
  for (const { pubsub } of [a, b, stranger]) await pubsub.stop();
});

Deno.test("one RPC with thousands of items is refused before it is decoded", async () => {
  await using mesh = new LoopbackMesh();
  const [victimNode, attacker] = await mesh.addConnected(2);
  assert.ok(victimNode && attacker);
  const victim = await startSite(victimNode, () => "accept");
  const stream = await attacker.open(victimNode.peerId, GOSSIP_PROTOCOL, {});
  const tiny = encodeRpc(Uint8Array.of(1));

  await stream.send(concatBytes(...Array.from({ length: 5000 }, () => tiny)));

  await waitFor(() => victim.dropped.length > 0, { timeoutMs: PATIENCE_MS, what: "the drop" });
  assert.deepEqual(victim.dropped, [{ peer: attacker.peerId, reason: "gossip_rpc_items" }]);
  assert.equal(victim.count, 0);
  await victim.pubsub.stop();
});
