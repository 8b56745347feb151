import { strict as assert } from "node:assert";
import { LoopbackMesh } from "./loopback_mesh.ts";
import type { P2pNode } from "./types.ts";

const FRAME = new Uint8Array(1024 * 1024).fill(9);
const FRAMES = 6;
const PROTOCOL = "/test/bulk/1.0.0";

/** Counts frames of every stream. */
function receiveAll(node: P2pNode, counts: { received: number }): void {
  node.handle(PROTOCOL, async (stream) => {
    while (true) {
      const frame = await stream.receive();
      if (!frame) return await stream.close();
      assert.equal(frame.byteLength, FRAME.byteLength);
      assert.equal(frame.every((byte) => byte === 9), true);
      counts.received++;
    }
  });
}

Deno.test("large frames between several peers at once arrive whole", async () => {
  await using mesh = new LoopbackMesh();
  const nodes = await mesh.addConnected(3);
  const counts = { received: 0 };
  for (const node of nodes) receiveAll(node, counts);

  await Promise.all(nodes.flatMap((from) =>
    nodes.filter((to) => to !== from).map(async (to) => {
      const stream = await from.open(to.peerId, PROTOCOL, {});
      for (let n = 0; n < FRAMES; n++) await stream.send(FRAME);
      await stream.closeWrite();
      assert.equal(await stream.receive(), undefined);
      await stream.close();
    })
  ));

  assert.equal(counts.received, FRAMES * 6);
});
