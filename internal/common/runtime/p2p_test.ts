import assert from "node:assert/strict";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { createLogger, createMemorySink } from "@bzzz/logging";
import { OfflineMesh, type OfflineNode } from "./facade/testing.ts";
import type { MeshMessage } from "./interfaces.ts";
import { createAddressBook, GossipPort, isContainer, MeshParticipant, networkOptions } from "./p2p.ts";

function participant(mesh: OfflineMesh, node: OfflineNode, options: { handlerTimeoutMs?: number } = {}) {
  const sink = createMemorySink();
  const logger = createLogger({ sink: sink.sink, nowMs: () => mesh.clock.nowMs() }, { level: "debug" });
  let joined = 0;
  const joining = () => {
    joined++;
    return Promise.resolve();
  };
  const made = new MeshParticipant(
    { node: node.node, journal: node.journal, clock: mesh.clock, logger, join: joining },
    {
      handlerTimeoutMs: options.handlerTimeoutMs ?? 5_000,
    },
  );
  return { made, sink, joined: () => joined };
}

Deno.test("F-58 publishMessage() resolves once the message is on disk, by name or alias of the topic", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start();
  const { made } = participant(mesh, node);

  const first = await made.publishMessage("coordination", "hello");
  const second = await made.publishMessage("hmmm/meta-discussion/v1", { a: 1 });

  assert.deepEqual([first.seq, second.seq], [1, 2]);
  const [one, two] = node.journal.entriesAfter(0, { limit: 10 });
  assert.deepEqual([one?.envelope.id, one?.envelope.header.topic], [first.id, "bzzz/coordination/v1"]);
  assert.deepEqual(two?.body, { type: "message", text: '{"a":1}' });
  await assert.rejects(made.publishMessage("nowhere", "x"), TypeError);
  assert.throws(() => made.subscribeToTopic("nowhere", () => {}), TypeError);
});

Deno.test("A-14 F-30 subscribeToTopic() gives what is stored from now on, own and others', until it is called off", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start();
  const other = await mesh.start();
  for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);
  const { made } = participant(mesh, node);
  const elsewhere = participant(mesh, other).made;
  await made.publishMessage("coordination", "before");
  const heard: MeshMessage[] = [];

  const unsubscribe = made.subscribeToTopic("coordination", (message) => void heard.push(message));
  await made.publishMessage("coordination", "own");
  await made.publishMessage("hmmm", "another topic");
  await elsewhere.publishMessage("coordination", "theirs");
  await mesh.share();
  unsubscribe();
  unsubscribe();
  await made.publishMessage("coordination", "after");
  await made.stop();

  assert.deepEqual(heard.map(({ author, kind, body }) => [author, kind, (body as { text: string }).text]), [
    [node.member.peerId, "message_posted", "own"],
    [other.member.peerId, "message_posted", "theirs"],
  ]);
});

Deno.test("A-11 F-73 a handler that throws, rejects or hangs keeps nobody else from hearing", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start();
  const { made, sink } = participant(mesh, node, { handlerTimeoutMs: 1_000 });
  const heard: string[] = [];
  made.subscribeToTopic("coordination", () => {
    throw new Error("thrown");
  });
  made.subscribeToTopic("coordination", () => Promise.reject(new Error("rejected")));
  made.subscribeToTopic("coordination", () => new Promise(() => {}));
  made.subscribeToTopic("coordination", ({ body }) => void heard.push((body as { text: string }).text));

  await made.publishMessage("coordination", "one");
  await made.publishMessage("coordination", "two");
  await mesh.clock.advance(1_000);
  await made.stop();

  assert.deepEqual(heard, ["one", "two"]);
  const failures = sink.records.filter(({ message }) => message === "A message handler failed");
  assert.equal(failures.length, 6);
});

Deno.test("a handler that cannot keep up misses messages instead of piling them up", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start();
  const { made, sink } = participant(mesh, node, { handlerTimeoutMs: 1_000 });
  let running = 0;
  made.subscribeToTopic("coordination", () => {
    running++;
    return new Promise(() => {});
  });

  await Promise.all(Array.from({ length: 300 }, (_, i) => made.publishMessage("coordination", `${i}`)));

  assert.equal(running, 256);
  assert.equal(sink.records.filter(({ message }) => /cannot keep up/.test(message)).length, 1, "told once");
  await mesh.clock.advance(1_000);
  await made.stop();
  await made.publishMessage("coordination", "again");
  assert.equal(running, 257);
  await mesh.clock.advance(1_000);
});

Deno.test("joinMesh() joins, unless it was called off; peers are those that are admitted", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start();
  const { made, joined } = participant(mesh, node);

  await assert.rejects(made.joinMesh({ signal: AbortSignal.abort(new Error("no")) }), /no/);
  await made.joinMesh();

  assert.equal(joined(), 1);
  assert.equal(made.getPeerID(), node.member.peerId);
  assert.deepEqual(made.getConnectedPeers(), []);
});

Deno.test("GossipPort takes nothing before gossip is there: the outbox keeps it", async () => {
  const port = new GossipPort();

  assert.equal(await port.publish("bzzz/agents/v1", new Uint8Array()), 0);
});

Deno.test("networkOptions() carries every network setting; mdns is off in a container", async () => {
  await using mesh = new OfflineMesh();
  const { local } = await mesh.start();
  const { config } = parseConfig({
    profile: CONFIG_PROFILES.agent,
    env: {},
    flags: {
      "network.listen_host": "::1",
      "network.p2p_port": 9123,
      "network.announce": ["/ip4/192.0.2.1/tcp/9"],
      "network.bootstrap": ["example.org:9000"],
      "network.max_connections": 7,
      "network.max_connections_per_host": 3,
      "limits.messages_per_second_per_peer": 11,
      "limits.burst": 22,
    },
  });
  const facts = { isContainer: true, software: "x/1" };

  const options = networkOptions(config, local, facts);

  const { listen, announce, bootstrap, maxConnections, maxConnectionsPerPeerIp, gossip, mdns } = options;
  assert.deepEqual(
    { listen, announce, bootstrap, maxConnections, maxConnectionsPerPeerIp, gossip, mdns },
    {
      listen: ["[::1]:9123"],
      announce: ["/ip4/192.0.2.1/tcp/9"],
      bootstrap: ["example.org:9000"],
      maxConnections: 7,
      maxConnectionsPerPeerIp: 3,
      gossip: { messagesPerSecond: 11, burstMessages: 22 },
      mdns: false,
    },
  );
  assert.equal(networkOptions(config, local, { ...facts, isContainer: false }).mdns, true);
  const forced = { ...config, network: { ...config.network, mdns: true as const } };
  assert.equal(networkOptions(forced, local, facts).mdns, true);
  assert.deepEqual([
    isContainer({}),
    isContainer({ KUBERNETES_SERVICE_HOST: "x" }),
    isContainer({ container: "docker" }),
  ], [
    false,
    true,
    true,
  ]);
});

Deno.test("the address book is private, and empty before it was saved", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const book = createAddressBook(`${folder}/peers.json`);
    const peer = { peer: "ana" as never, addresses: ["/ip4/192.0.2.1/tcp/9"], lastSeenMs: 5 };

    assert.deepEqual(await book.load(), []);
    await Promise.all([book.save([peer]), book.save([peer])]);

    assert.deepEqual(await book.load(), [peer]);
    assert.equal(((await Deno.stat(`${folder}/peers.json`)).mode ?? 0) & 0o777, 0o600);
    assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 1, "no temporary file stays");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
