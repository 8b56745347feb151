import { strict as assert } from "node:assert";
import { createSystemClock, createSystemRandom, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { createSigningKey } from "@bzzz/crypto";
import { parseAddress, portOfAddress } from "./address.ts";
import { P2pError } from "./errors.ts";
import { addressOf, areAdmitted, LoopbackMesh } from "./loopback_mesh.ts";
import { startRelay } from "./tcp_relay.ts";
import type { RememberedPeer } from "./types.ts";

/** The most a healed link may take (issue: connected again within 5 s). */
const HEAL_MS = 5000;

Deno.test("a broken connection is dialled again without being asked", async () => {
  await using mesh = new LoopbackMesh();
  const [a, b] = await mesh.addConnected(2);
  assert.ok(a && b);
  let losses = 0;
  a.events.on("peer:disconnected", () => void losses++);

  for (const connection of a.router().connectionManager.getConnections()) connection.abort(new Error("cable pulled"));

  await waitFor(() => losses === 1 && areAdmitted(a, b), { timeoutMs: HEAL_MS, what: "the reconnect" });
});

Deno.test("a peer that restarts with the same key and port is met again", async () => {
  await using mesh = new LoopbackMesh();
  const key = createSigningKey(createSystemRandom());
  const a = await mesh.addNode();
  const before = await mesh.addNode({ key });
  await a.dial(addressOf(before));
  const port = portOfAddress(parseAddress(addressOf(before)));
  await before.stop();

  const after = await mesh.addNode({ key, listen: [`127.0.0.1:${port}`] });

  await waitFor(() => areAdmitted(a, after), { timeoutMs: HEAL_MS, what: "the reconnect" });
  after.handle("/test/echo/1", async (stream) => await stream.send(await stream.receive() ?? utf8Encode("")));
  const stream = await a.open(after.peerId, "/test/echo/1", {});
  await stream.send(utf8Encode("still there?"));
  assert.equal((await stream.receive())?.byteLength, 12);
  await stream.close();
});

Deno.test("a link that swallows everything is noticed within five seconds and replaced", async () => {
  await using mesh = new LoopbackMesh();
  const [a, b] = [await mesh.addNode(), await mesh.addNode()];
  await using relay = startRelay(portOfAddress(parseAddress(addressOf(b))) ?? 0);
  await a.dial(`127.0.0.1:${relay.port}`);
  const cutAtMs = createSystemClock().monotonicMs();
  let noticedAfterMs = 0;
  a.events.on("peer:disconnected", () => (noticedAfterMs = createSystemClock().monotonicMs() - cutAtMs));

  relay.freeze();

  await waitFor(() => noticedAfterMs > 0, { timeoutMs: 30_000, what: "the silence to be noticed" });
  assert.ok(noticedAfterMs < 5000, `noticed after ${noticedAfterMs} ms`);
  await waitFor(() => areAdmitted(a, b), { timeoutMs: HEAL_MS, what: "the direct connection" });
});

Deno.test("members learn each other's addresses through a common peer, and an address book keeps them", async () => {
  await using mesh = new LoopbackMesh();
  let saved: readonly RememberedPeer[] = [];
  const addressBook = {
    load: () => Promise.resolve(saved),
    save: (peers: readonly RememberedPeer[]) => Promise.resolve(void (saved = peers)),
  };
  const hub = await mesh.addNode();
  const b = await mesh.addNode();
  await b.dial(addressOf(hub));
  const key = createSigningKey(createSystemRandom());

  const c = await mesh.addNode({ key, bootstrap: [addressOf(hub)] }, { addressBook });
  await waitFor(() => areAdmitted(b, c), { timeoutMs: HEAL_MS, what: "the exchange of addresses" });
  await c.stop();
  await hub.stop();
  const again = await mesh.addNode({ key }, { addressBook });

  await waitFor(() => areAdmitted(b, again), { timeoutMs: HEAL_MS, what: "the dial from the address book" });
  assert.deepEqual(new Set(saved.map(({ peer }) => peer)), new Set([b.peerId, hub.peerId]));
});

Deno.test("a bootstrap list that names the node itself, and a host by name, works", async () => {
  await using mesh = new LoopbackMesh();
  const b = await mesh.addNode();
  const port = portOfAddress(parseAddress(addressOf(b)));

  const a = await mesh.addNode({ bootstrap: [`localhost:${port}`, "127.0.0.1:1"] });

  await waitFor(() => areAdmitted(a, b), { timeoutMs: HEAL_MS, what: "the bootstrap" });
});

Deno.test("start() names the address that is taken and what to do", async () => {
  await using mesh = new LoopbackMesh();
  const a = await mesh.addNode();
  const port = portOfAddress(parseAddress(addressOf(a)));

  const started = mesh.addNode({ listen: [`127.0.0.1:${port}`] });

  await assert.rejects(started, (error) => {
    assert.ok(error instanceof P2pError);
    assert.equal(error.code, "p2p_listen_failed");
    assert.match(error.message, new RegExp(`^Cannot listen on /ip4/127.0.0.1/tcp/${port}: port ${port} is in use`));
    return true;
  });
});

Deno.test({
  name: "start() without the permission to listen fails with the flag to give",
  permissions: { net: ["127.0.0.1:1"], sys: true, env: true, read: true },
  fn: async () => {
    await using mesh = new LoopbackMesh();

    const started = mesh.addNode({ listen: ["127.0.0.1:39999"] });

    await assert.rejects(started, (error) => {
      assert.ok(error instanceof P2pError);
      assert.equal(error.code, "p2p_listen_failed");
      assert.match(error.message, /--allow-net=127\.0\.0\.1:39999$/);
      return true;
    });
  },
});
