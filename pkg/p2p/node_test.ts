import { strict as assert } from "node:assert";
import { waitFor } from "@bzzz/base/testing";
import { utf8Decode, utf8Encode } from "@bzzz/base";
import { P2pError } from "./errors.ts";
import { addressOf, areAdmitted, LoopbackMesh } from "./loopback_mesh.ts";

Deno.test("two members connect, admit each other and exchange frames", async () => {
  await using mesh = new LoopbackMesh();
  const [a, b] = [await mesh.addNode(), await mesh.addNode()];
  b.handle("/test/echo/1", async (stream) => {
    for (let frame = await stream.receive(); frame; frame = await stream.receive()) await stream.send(frame);
  });

  await a.dial(addressOf(b));
  await waitFor(() => areAdmitted(a, b), { timeoutMs: 30_000, what: "admission" });
  const stream = await a.open(b.peerId, "/test/echo/1", {});
  await stream.send(utf8Encode("hello"));
  await stream.send(new Uint8Array(1024 * 1024).fill(9));
  const first = await stream.receive();
  const second = await stream.receive();
  await stream.closeWrite();
  const third = await stream.receive();
  await stream.close();

  assert.equal(utf8Decode(first ?? new Uint8Array()), "hello");
  assert.equal(second?.byteLength, 1024 * 1024);
  assert.equal(third, undefined);
});

Deno.test("a node with another network key is refused", async () => {
  await using mesh = new LoopbackMesh();
  const a = await mesh.addNode();
  const stranger = await mesh.addNode({ networkKey: new Uint8Array(32).fill(8) });

  const dialled = stranger.dial(addressOf(a));

  await assert.rejects(dialled, (error) => error instanceof P2pError && error.code === "p2p_dial_failed");
  assert.equal(a.isConnected(stranger.peerId), false);
});

Deno.test("a peer hears that a node stops on purpose before its connection goes", async () => {
  await using mesh = new LoopbackMesh();
  const [a, b] = await mesh.addConnected(2);
  assert.ok(a && b);
  const heard: string[] = [];
  a.events.on("peer:left", () => heard.push("left"));
  a.events.on("peer:disconnected", () => heard.push("disconnected"));

  await b.stop();
  await waitFor(() => heard.length === 2, { timeoutMs: 30_000, what: "the good-bye and the end", state: () => heard });

  assert.deepEqual(heard, ["left", "disconnected"]);
});
