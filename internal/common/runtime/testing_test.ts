import { strict as assert } from "node:assert";
import type { PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import type { MeshMessage } from "./interfaces.ts";
import { createServiceManager } from "./manager.ts";
import { createFakeExit, createFakeSignals, createLoggedService, MemoryMesh } from "./testing.ts";
import { ShutdownManager } from "./shutdown.ts";

Deno.test("MemoryMesh delivers to all that joined, the author too, until they unsubscribe", async () => {
  const mesh = new MemoryMesh();
  const [ana, bob] = ["peer-a", "peer-b"].map((id) => mesh.createParticipant(id as PeerId));
  assert.ok(ana && bob);
  const heard: string[] = [];
  const note = (who: string) => (message: MeshMessage) => void heard.push(`${who}: ${message.body}`);
  ana.subscribeToTopic("coordination", note("ana"));
  const leave = bob.subscribeToTopic("coordination", note("bob"));

  const aloneWith = bob.getConnectedPeers();
  await Promise.all([ana.joinMesh(), bob.joinMesh()]);
  const receipt = await ana.publishMessage("coordination", "one");
  leave();
  leave();
  await ana.publishMessage("coordination", "two");

  assert.deepEqual(heard, ["ana: one", "bob: one", "ana: two"]);
  assert.deepEqual([aloneWith, bob.getConnectedPeers(), receipt.seq], [[], ["peer-a"], 1]);
  assert.equal(mesh.entries.length, 2);
});

Deno.test("a program in small: services under a manager, ended by a signal", async () => {
  interface Services {
    readonly store: object;
    readonly api: object;
  }
  const clock = new ManualClock();
  const logger = createNullLogger();
  const log: string[] = [];
  const { forceExit, statuses } = createFakeExit();
  const manager = createServiceManager<Services>({ clock, logger }, [
    createLoggedService<Services>(log, "api", ["store"]),
    createLoggedService<Services>(log, "store"),
  ]);
  const shutdown = new ShutdownManager({ clock, logger, forceExit });
  shutdown.on("stop", "services", ({ budgetMs }) => manager.stop({ timeoutMs: budgetMs }));
  const signals = createFakeSignals();
  await manager.start({ signal: shutdown.signal });

  const watching = shutdown.watch(signals);
  signals.send("SIGTERM");
  const report = await shutdown.finished;
  signals.end();
  await watching;

  assert.deepEqual([report.exitStatus, report.isClean, statuses], [0, true, []]);
  assert.deepEqual(log.slice(-2), ["stop api", "stop store"]);
});
