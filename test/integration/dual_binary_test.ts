import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";

Deno.test("S-06 F-53 F-54 F-55 F-56 F-57 an agent and a portal see each other, and a message of one is in the other's journal", async () => {
  await using mesh = await TestMesh.create("agent-1");
  await mesh.add("ana", { program: "bzzz-hap", role: "admin", through: "agent-1" });
  const agent = await mesh.node("agent-1").api();
  const hap = await mesh.node("ana").api();
  await waitFor(
    async () => (await agent.status()).peers.connected === 1 && (await hap.status()).peers.connected === 1,
    {
      timeoutMs: PATIENCE_MS,
      what: "both programs to be connected",
    },
  );

  const sent = await hap.postMessage({ topic: "coordination", text: "test collaboration message" });

  const entry = await waitFor(() => agent.entry(sent.id).catch(() => undefined), {
    timeoutMs: PATIENCE_MS,
    what: "the message in the agent's journal",
  });
  assert.equal(entry.body?.["text"], "test collaboration message");
  assert.notEqual((await agent.status()).node.peer_id, (await hap.status()).node.peer_id);
});
