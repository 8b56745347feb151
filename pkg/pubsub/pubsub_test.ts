import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { createSystemClock, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import type { RoutableP2pNode } from "@bzzz/p2p";
import { LoopbackMesh } from "@bzzz/p2p/testing";
import { createPubSub, type Gate, type GateVerdict, type PubSub } from "./mod.ts";

const TOPIC = "test/topic/v1";

/** Counts what it receives and answers `verdict`. */
function createCountingGate(
  verdict: (frame: Uint8Array) => GateVerdict = () => "accept",
): Gate & { received: string[] } {
  const received: string[] = [];
  return {
    received,
    idOf: (frame) => createHash("sha256").update(frame).digest(),
    receive: (frame, _from, _topic) => {
      received.push(new TextDecoder().decode(frame.subarray(0, 32)));
      return { verdict: verdict(frame) };
    },
  };
}

async function startPubSub(node: RoutableP2pNode, gate: Gate): Promise<PubSub> {
  const pubsub = createPubSub({ node, gate, clock: createSystemClock(), logger: createNullLogger() }, {
    topics: [TOPIC],
    maxFrameBytes: 1024 * 1024,
  });
  await pubsub.start();
  return pubsub;
}

Deno.test("F-70 three nodes receive every message exactly once", async () => {
  await using mesh = new LoopbackMesh();
  const nodes = await mesh.addConnected(3);
  const gates = nodes.map(() => createCountingGate());
  const pubsubs = await Promise.all(nodes.map((node, i) => startPubSub(node, gates[i] ?? createCountingGate())));
  await waitFor(() => pubsubs.every((one) => one.peers(TOPIC).length === 2), {
    timeoutMs: 30_000,
    what: "topic peers",
  });

  for (let i = 0; i < 100; i++) {
    for (const [n, pubsub] of pubsubs.entries()) {
      const recipients = await pubsub.publish(TOPIC, utf8Encode(`message ${n} ${i}`));
      assert.equal(recipients, 2);
    }
  }

  await waitFor(() => gates.every((gate) => gate.received.length >= 200), { timeoutMs: 30_000, what: "all messages" });
  for (const gate of gates) assert.equal(new Set(gate.received).size, gate.received.length);
  for (const pubsub of pubsubs) await pubsub.stop();
});

Deno.test("publish() without any peer resolves with 0", async () => {
  await using mesh = new LoopbackMesh();
  const pubsub = await startPubSub(await mesh.addNode(), createCountingGate());

  const recipients = await pubsub.publish(TOPIC, utf8Encode("nobody"));
  const again = await pubsub.publish(TOPIC, utf8Encode("nobody"));

  assert.equal(recipients, 0);
  assert.equal(again, 0);
  await pubsub.stop();
});
