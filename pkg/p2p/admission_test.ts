import { strict as assert } from "node:assert";
import { type Clock, createSystemClock, createSystemRandom, type PeerId } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import { HELLO_PROTOCOL } from "./constants.ts";
import { P2pError } from "./errors.ts";
import { buildLibp2p } from "./libp2p_factory.ts";
import { parseAddress } from "./address.ts";
import { addressOf, areAdmitted, LoopbackMesh } from "./loopback_mesh.ts";
import { releaseTimers } from "./timer_release.ts";

/** The real clock, with the waits of ten seconds and more cut to a fiftieth. */
function createHurriedClock(): Clock {
  const clock = createSystemClock();
  return { ...clock, setTimer: (ms, fn, options) => clock.setTimer(ms >= 10_000 ? ms / 50 : ms, fn, options) };
}

/** A holder of the network key that speaks libp2p and never says hello. */
async function createMute(networkKey: Uint8Array) {
  const { libp2p, components } = await buildLibp2p({
    seed: createSystemRandom().bytes(32),
    networkKey,
    listen: [],
    announce: [],
    maxConnections: 10,
    gater: {},
    software: "mute",
  });
  await libp2p.start();
  return {
    libp2p,
    async [Symbol.asyncDispose]() {
      await libp2p.stop();
      releaseTimers(components);
    },
  };
}

Deno.test("a peer without a grant is refused by name and cannot use member protocols", async () => {
  await using mesh = new LoopbackMesh();
  const a = await mesh.addNode();
  const stranger = await mesh.addNode({ isStranger: true });
  const refusals: { peer: PeerId; reason: string; by: string }[] = [];
  a.events.on("peer:refused", (detail) => void refusals.push(detail));
  let served = 0;
  a.handle("/test/members/1", () => Promise.resolve(void served++));

  await assert.rejects(stranger.dial(addressOf(a)), isCode("p2p_not_admitted"));
  const opened = stranger.open(a.peerId, "/test/members/1", {});

  await assert.rejects(opened);
  await waitFor(() => !a.isConnected(stranger.peerId), { timeoutMs: 30_000, what: "the close" });
  assert.deepEqual(refusals, [{ peer: stranger.peerId, reason: "not_in_roster", by: "us" }]);
  assert.equal(served, 0);
});

Deno.test("a connection that says no hello is closed, and its streams are refused until then", async () => {
  await using mesh = new LoopbackMesh();
  const a = await mesh.addNode({}, { clock: createHurriedClock() });
  let served = 0;
  a.handle("/test/members/1", () => Promise.resolve(void served++));
  await using mute = await createMute(mesh.networkKey);

  const connection = await mute.libp2p.dial(parseAddress(addressOf(a)));
  const stream = await connection.newStream(["/test/members/1"]).catch(() => undefined);

  await waitFor(() => stream === undefined || stream.status !== "open", { timeoutMs: 30_000, what: "the refusal" });
  await waitFor(() => connection.status !== "open", { timeoutMs: 30_000, what: "the close" });
  assert.equal(served, 0);
});

Deno.test("junk in place of a hello closes the connection", async () => {
  await using mesh = new LoopbackMesh();
  const a = await mesh.addNode();
  await using mute = await createMute(mesh.networkKey);
  const connection = await mute.libp2p.dial(parseAddress(addressOf(a)));

  const stream = await connection.newStream([HELLO_PROTOCOL]);
  stream.send(Uint8Array.of(3, 1, 2, 3));

  await waitFor(() => connection.status !== "open", { timeoutMs: 30_000, what: "the close" });
  assert.equal(a.peers().filter(({ isAdmitted }) => isAdmitted).length, 0);
});

Deno.test("a revoked peer is cut off at once and stays out", async () => {
  await using mesh = new LoopbackMesh();
  const [a, b] = await mesh.addConnected(2);
  assert.ok(a && b);

  mesh.roster.revoke(b.peerId);

  await waitFor(() => !a.isConnected(b.peerId) && !b.isConnected(a.peerId), { timeoutMs: 30_000, what: "the cut" });
  await assert.rejects(b.dial(addressOf(a)));
});

Deno.test("a peer of another mesh is refused", async () => {
  await using mesh = new LoopbackMesh();
  const a = await mesh.addNode();
  const other = await mesh.addNode({ meshId: "ffeeddccbbaa99887766554433221100" as never });
  const reasons: string[] = [];
  other.events.on("peer:refused", ({ reason }) => void reasons.push(reason));

  await assert.rejects(other.dial(addressOf(a)), isCode("p2p_not_admitted"));

  assert.deepEqual(reasons, ["wrong_mesh"]);
});

Deno.test("a peer that keeps offending is dropped and denied", async () => {
  await using mesh = new LoopbackMesh();
  const [a, b] = await mesh.addConnected(2);
  assert.ok(a && b);
  const dropped: string[] = [];
  a.events.on("peer:dropped", ({ reason }) => void dropped.push(reason));

  for (let i = 0; i < 10; i++) a.penalise(b.peerId, "test");
  const isThereAfterTen = a.isConnected(b.peerId);
  a.penalise(b.peerId, "test");

  assert.equal(isThereAfterTen, true);
  assert.deepEqual(dropped, ["test"]);
  await waitFor(() => !a.isConnected(b.peerId) && !b.isConnected(a.peerId), { timeoutMs: 30_000, what: "the drop" });
  await assert.rejects(b.dial(addressOf(a)));
  assert.equal(a.stats().deniedPeers, 1);
});

Deno.test("connection limits hold, in total and per address", async () => {
  await using mesh = new LoopbackMesh();
  const total = await mesh.addNode({ maxConnections: 2 });
  const perIp = await mesh.addNode({ maxConnectionsPerPeerIp: 2 });

  for (const target of [total, perIp]) {
    const dials = await Promise.allSettled(
      (await Promise.all([1, 2, 3, 4, 5].map(() => mesh.addNode()))).map((node) => node.dial(addressOf(target))),
    );
    assert.equal(dials.filter(({ status }) => status === "fulfilled").length, 2);
    assert.equal(target.stats().connections, 2);
  }
});

Deno.test("two nodes that dial each other at once end with one connection", async () => {
  await using mesh = new LoopbackMesh();
  const [a, b] = [await mesh.addNode(), await mesh.addNode()];

  await Promise.allSettled([a.dial(addressOf(b)), b.dial(addressOf(a))]);

  await waitFor(() => areAdmitted(a, b), { timeoutMs: 30_000, what: "admission" });
  await waitFor(() => a.stats().connections === 1 && b.stats().connections === 1, {
    timeoutMs: 30_000,
    what: "one connection",
    state: () => [a.stats().connections, b.stats().connections],
  });
  assert.ok(areAdmitted(a, b));
});

Deno.test("a stream to a peer that is not there fails with a code", async () => {
  await using mesh = new LoopbackMesh();
  const a = await mesh.addNode();
  const { publicKey } = createSigningKey(createSystemRandom());
  const absent = peerIdFromPublicKey(publicKey);

  await assert.rejects(a.open(absent, "/test/x/1", {}), isCode("p2p_not_admitted"));
  mesh.roster.admit(absent);
  await assert.rejects(a.open(absent, "/test/x/1", {}), isCode("p2p_not_connected"));
});

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof P2pError && error.code === code;
}
