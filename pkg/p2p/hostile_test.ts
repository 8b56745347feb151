import { strict as assert } from "node:assert";
import { createSystemRandom, type PeerId } from "@bzzz/base";
import { createSeededRandom, waitFor } from "@bzzz/base/testing";
import { multiaddr } from "@multiformats/multiaddr";
import type { MessageStream } from "@libp2p/interface";
import { MAX_HELLO_BYTES, MAX_STREAMS_PER_CONNECTION, MAX_UNADMITTED_STREAMS } from "./constants.ts";
import { FrameReader, type ReadableStreamSide } from "./frame_reader.ts";
import { decodeHello, encodeHello } from "./hello.ts";
import { buildLibp2p } from "./libp2p_factory.ts";
import { addressOf, LoopbackMesh } from "./loopback_mesh.ts";
import { type DialConditions, RedialPlan } from "./redial.ts";
import { releaseTimers } from "./timer_release.ts";
import { encodeVarint } from "./varint.ts";

const PEER = "peer-1" as PeerId;
const OWN = "/ip4/10.0.0.1/tcp/9000";

function conditions(nowMs: number, changes: Partial<DialConditions> = {}): DialConditions {
  const nobody = { isConnected: () => false, isDenied: () => false, isMember: () => true };
  return { nowMs, ...nobody, slots: 8, hasEnough: false, isAlone: false, ...changes };
}

Deno.test("a revocation that keeps a thousand records does not break the hello", () => {
  const revocation = new Uint8Array(40_000).fill(7);

  const hello = decodeHello(encodeHello({
    mesh: "00112233445566778899aabbccddeeff",
    software: "bzzz",
    protocolMin: 1,
    protocolMax: 1,
    instance: new Uint8Array(16),
    addresses: [],
    credentials: { grant: undefined, grants: [], revocations: [revocation] },
    peers: [],
  }));

  assert.deepEqual(hello.credentials.revocations, [revocation]);
});

Deno.test("what neighbours say of a peer cannot push out the address at which it was met", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  plan.remember(PEER, [OWN], 0);
  plan.admitted(PEER, { nowMs: 0, wallMs: 1 });

  for (let port = 1; port <= 100; port++) plan.rememberHearsay(PEER, [`/ip4/10.6.6.6/tcp/${port}`], port);

  const addresses = plan.addressesOf(PEER);
  assert.equal(addresses[0], OWN);
  assert.equal(addresses.length, 9, "and at most eight of theirs are tried beside it");
  assert.deepEqual(plan.remembered()[0]?.addresses, [OWN], "theirs are neither kept nor passed on");
});

Deno.test("an address that names another peer keeps nobody from being dialled at the others", async () => {
  await using mesh = new LoopbackMesh();
  const [a, b, other] = [await mesh.addNode(), await mesh.addNode(), await mesh.addNode()];
  b.handle("/test/1.0.0", (stream) => stream.close());

  a.rememberAddresses(b.peerId, [`/ip4/127.0.0.1/tcp/1/p2p/${other.peerId}`, addressOf(b)]);

  const stream = await a.open(b.peerId, "/test/1.0.0", {});
  await stream.close();
});

Deno.test("answers on the local network, which nobody signs, push out no address at which a peer was met", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  plan.remember(PEER, [OWN], 0);
  plan.admitted(PEER, { nowMs: 0, wallMs: 1 });

  for (let port = 1; port <= 100; port++) plan.hear(PEER, [`/ip4/10.6.6.6/tcp/${port}`], port);

  const addresses = plan.addressesOf(PEER);
  assert.equal(addresses[0], OWN);
  assert.equal(addresses.length, 9, "and at most eight of theirs are tried beside it");
  assert.deepEqual(plan.remembered()[0]?.addresses, [OWN], "theirs are neither kept nor passed on");
});

Deno.test("where what a peer said of itself does not work, what others say comes first now and then", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  plan.remember(PEER, [OWN], 0);
  plan.hear(PEER, ["/ip4/10.0.0.2/tcp/1"], 0);
  plan.rememberHearsay(PEER, ["/ip4/10.0.0.3/tcp/1"], 0);

  const first = new Set<string | undefined>();
  for (let nowMs = 0; nowMs < 600_000; nowMs += 1000) {
    for (const target of plan.due(conditions(nowMs))) {
      first.add(target.addresses[0]);
      plan.settled(target, "failed", nowMs);
    }
  }

  assert.deepEqual([...first].sort(), [OWN, "/ip4/10.0.0.2/tcp/1", "/ip4/10.0.0.3/tcp/1"].sort());
});

Deno.test("strangers of the local network, however many, keep no member waiting", () => {
  const plan = new RedialPlan({ random: createSeededRandom(1) });
  const isMember = (peer: PeerId) => peer === PEER;
  for (let n = 0; n < 1000; n++) plan.hear(`fake-${n}` as PeerId, ["/ip4/10.6.6.6/tcp/1"], 0);
  plan.remember(PEER, [OWN], 1000);

  const inFlight = plan.due(conditions(2000, { isMember, slots: 8 }));

  assert.ok(inFlight.some(({ peer }) => peer === PEER), "it is not behind them in the line");
  assert.ok(inFlight.length < 8, "and they leave room for others");
  assert.deepEqual(plan.due(conditions(3000, { isMember, slots: 8 - inFlight.length })), []);
  for (let n = 0; n < 2000; n++) plan.hear(`more-${n}` as PeerId, ["/ip4/10.6.6.6/tcp/1"], 4000);
  assert.deepEqual(plan.addressesOf(PEER), [OWN], "nor do they make this node forget it");
});

Deno.test("addresses are dialled in the order in which they are believed", async () => {
  await using mesh = new LoopbackMesh();
  const node = await mesh.addNode();
  const { libp2p, components } = await buildLibp2p({
    seed: createSystemRandom().bytes(32),
    networkKey: mesh.networkKey,
    listen: [],
    announce: [],
    maxConnections: 4,
    gater: { denyDialMultiaddr: () => false },
    software: "test",
  });
  await libp2p.start();
  const own = multiaddr(addressOf(node));
  const hearsay = multiaddr(`/ip4/203.0.113.1/tcp/1/p2p/${node.peerId}`); // of everybody's network, and own is not
  const stop = new AbortController();
  const order: string[] = [];

  await assert.rejects(libp2p.dial([own, hearsay], {
    signal: stop.signal,
    onProgress: (event) => {
      if (event.type !== "dial-queue:calculated-addresses") return;
      // libp2p 3.3.11 tells the addresses in the order in which it dials them
      order.push(...(event.detail as { multiaddr: unknown }[]).map((one) => String(one.multiaddr)));
      stop.abort();
    },
  }));

  assert.deepEqual(order, [String(own), String(hearsay)]);
  await libp2p.stop();
  releaseTimers(components);
});

Deno.test("a frame that arrives in single bytes takes the memory of its bytes", () => {
  const stream = new EventTarget() as EventTarget & { status: MessageStream["status"]; readBufferLength: number };
  Object.assign(stream, { status: "open", readBufferLength: 0, pause: () => {}, resume: () => {} });
  // the events are the same; their typed target is libp2p's own
  const reader = new FrameReader(stream as unknown as ReadableStreamSide, { maxFrameBytes: MAX_HELLO_BYTES });
  const arrive = (data: Uint8Array): void =>
    void stream.dispatchEvent(Object.assign(new Event("message"), { data: data.subarray(0) }));
  arrive(encodeVarint(MAX_HELLO_BYTES));
  const before = Deno.memoryUsage();

  for (let n = 1; n < MAX_HELLO_BYTES; n++) arrive(Uint8Array.of(n));

  const { heapUsed, external } = Deno.memoryUsage();
  const grownMiB = (heapUsed + external - before.heapUsed - before.external) / 1024 / 1024;
  assert.equal(reader.bufferedBytes, MAX_HELLO_BYTES - 1 + 3);
  assert.ok(reader.bufferedChunks < 100, `${reader.bufferedChunks} chunks, grown by ${grownMiB} MiB`);
  reader.release();
});

Deno.test("before it is accepted a peer can open only a few streams, a member the full number", async () => {
  await using mesh = new LoopbackMesh();
  const [victim, member] = await mesh.addConnected(2);
  assert.ok(victim && member);
  const stranger = await buildLibp2p({
    seed: createSystemRandom().bytes(32),
    networkKey: mesh.networkKey,
    listen: [],
    announce: [],
    maxConnections: 4,
    gater: {},
    software: "stranger",
  });
  await stranger.libp2p.start();
  const connection = await stranger.libp2p.dial(multiaddr(addressOf(victim)));
  const { muxer } = connection as unknown as {
    muxer: { createStream(): Promise<MessageStream> };
  };

  const streams = await Promise.all(Array.from({ length: 30 }, () => muxer.createStream()));
  for (const stream of streams) stream.send(Uint8Array.of(1));

  const open = (): number => streams.filter(({ status }) => status === "open").length;
  await waitFor(() => open() <= MAX_UNADMITTED_STREAMS, {
    timeoutMs: 30_000,
    what: "the rest to be reset",
    state: open,
  });
  victim.handle("/test/many/1.0.0", async (stream) => void await stream.receive(), { maxInboundStreams: 100 });
  const many = await Promise.all(
    Array.from({ length: MAX_UNADMITTED_STREAMS * 3 }, () => member.open(victim.peerId, "/test/many/1.0.0", {})),
  );
  assert.ok(many.length < MAX_STREAMS_PER_CONNECTION);
  for (const stream of many) await stream.close();
  await stranger.libp2p.stop();
  releaseTimers(stranger.components);
});
