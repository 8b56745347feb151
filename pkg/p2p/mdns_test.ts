import { strict as assert } from "node:assert";
import type { MeshId } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { areAdmitted, LoopbackMesh } from "./loopback_mesh.ts";
import { mdnsServiceTag } from "./mdns.ts";

Deno.test("mdnsServiceTag() differs between meshes and fits a DNS label", () => {
  const [a, b] = ["a".repeat(32) as MeshId, "b".repeat(32) as MeshId];

  assert.notEqual(mdnsServiceTag(a), mdnsServiceTag(b));
  assert.ok((mdnsServiceTag(a).split(".")[0]?.length ?? 0) < 64);
});

Deno.test("nodes on one network find each other by mDNS within 10 s, or say that they cannot", async () => {
  await using mesh = new LoopbackMesh();

  const a = await mesh.addNode({ mdns: true });
  const b = await mesh.addNode({ mdns: true });

  // where multicast is not to be had (some containers), the nodes run on without it
  await waitFor(() => areAdmitted(a, b) || a.stats().counters.get("mdns.unavailable"), {
    timeoutMs: 30_000,
    what: "discovery",
  });
});

Deno.test({
  name: "without the permission for multicast a node starts and warns",
  permissions: { net: ["127.0.0.1"], sys: true, env: true, read: true },
  fn: async () => {
    await using mesh = new LoopbackMesh();

    const node = await mesh.addNode({ mdns: true });

    assert.equal(node.addresses().length, 1);
    await waitFor(() => node.stats().counters.get("mdns.unavailable") === 1, {
      timeoutMs: 30_000,
      what: "the warning",
    });
  },
});
