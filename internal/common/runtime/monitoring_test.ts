import assert from "node:assert/strict";
import { type Config, CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { HealthManager, MetricsRegistry } from "@bzzz/health";
import { createNullLogger } from "@bzzz/logging";
import { IDLE_PRESENCE, OfflineMesh, person } from "./facade/testing.ts";
import { followState, registerStateMetrics } from "./monitoring.ts";
import { SharedState } from "./state.ts";

Deno.test("A-35 the shared state follows tasks and members, and the metrics tell it", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const { peerId, grant } = mesh.mesh.issue({ agentId: "worker" });
  const { config } = parseConfig({ profile: CONFIG_PROFILES.hap, env: {}, flags: {} });
  const state = new SharedState<Config>(config);
  const healthManager = new HealthManager({ clock: mesh.clock, logger: createNullLogger() });
  followState(state, { ...node, healthManager, electionManager: node.election }, mesh.clock);
  const registry = new MetricsRegistry();
  registerStateMetrics(registry, state);
  const samples = () => registry.render().split("\n").filter((line) => /^bzzz_(tasks|members)/.test(line)).sort();
  const identity = { peer: peerId, agentId: grant.agentId, binaryType: "agent", role: "developer" } as const;
  let changes = 0;
  state.events.on("state:changed", () => void changes++);

  const { task } = await node.facade.postTask({
    title: "x",
    description: "",
    priority: 5,
    required_capabilities: [],
    dependencies: [],
  });
  node.presence.heard(identity, IDLE_PRESENCE);
  node.presence.heard(identity, IDLE_PRESENCE);
  assert.equal(changes, 2, "hearing the same again is no news");
  assert.deepEqual(samples(), ['bzzz_members_heard{status="ready"} 1', 'bzzz_tasks_active{state="announced"} 1']);

  node.presence.heard(identity, { ...IDLE_PRESENCE, status: "busy" });
  await node.facade.cancelTask(task.task_id, { reason: "" });
  assert.deepEqual(samples(), ['bzzz_members_heard{status="busy"} 1']);
  assert.equal(state.current.finishedTasks.size, 1);

  node.presence.left(peerId, "stopped");
  assert.equal(state.current.peerRegistry.get(peerId)?.status, "left");
  node.presence.revoked(peerId);
  assert.equal(state.current.peerRegistry.size, 0);
});
