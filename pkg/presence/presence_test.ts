import assert from "node:assert/strict";
import type { AgentId, PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import type { BodyOf } from "@bzzz/wire";
import { foldPresence, type LivenessChange, MAX_PRESENCE_RECORDS, PresenceService, type PresenceState } from "./mod.ts";

const BODY: BodyOf<"presence"> = {
  status: "ready",
  activeTasks: 0,
  maxTasks: 1,
  capabilities: [],
  models: [],
  load: 0,
  incarnation: "1",
  addresses: [],
};
const ANA = { peer: "ana" as PeerId, agentId: "ana" as AgentId, binaryType: "hap", role: "admin" };

function createService(clock: ManualClock): { service: PresenceService; sent: string[]; changes: LivenessChange[] } {
  const sent: string[] = [];
  const service = new PresenceService(
    { clock, send: ({ status }) => sent.push(status), describe: () => BODY },
    { intervalMs: 5000, timeoutMs: 15_000 },
  );
  const changes: LivenessChange[] = [];
  service.events.on("liveness:changed", (change) => changes.push(change));
  return { service, sent, changes };
}

Deno.test("a node announces itself at once and then every interval, until it stops", async () => {
  const clock = new ManualClock();
  const { service, sent } = createService(clock);

  service.start();
  await clock.advance(10_000);
  service.stop();
  await clock.advance(10_000);

  assert.deepEqual(sent, Array(3).fill(BODY.status));
});

Deno.test("silence is a failure, a good-bye is not", async () => {
  const clock = new ManualClock();
  const { service, changes } = createService(clock);
  service.start();

  service.heard(ANA, BODY);
  await clock.advance(20_001);
  service.heard(ANA, BODY);
  service.left(ANA.peer, "going home");
  await clock.advance(60_000);
  service.stop();

  assert.deepEqual(changes.map((c) => c.liveness), ["alive", "failed", "alive", "left"]);
  assert.equal(service.get(ANA.peer)?.leavingReason, "going home");
});

Deno.test("a revoked member is forgotten at once", () => {
  const { service, changes } = createService(new ManualClock());
  service.heard(ANA, BODY);

  service.revoked(ANA.peer);

  assert.equal(service.get(ANA.peer), undefined);
  assert.equal(changes.at(-1)?.liveness, "left");
});

Deno.test("the table is bounded: a silent record makes room, an alive one never does", () => {
  let state: PresenceState = new Map();
  const identity = (i: number) => ({ ...ANA, peer: `p${i}` as PeerId });
  for (let i = 0; i <= MAX_PRESENCE_RECORDS; i++) {
    state = foldPresence(state, { type: "heard", identity: identity(i), body: BODY, nowMs: i }).state;
  }
  assert.equal(state.size, MAX_PRESENCE_RECORDS);
  assert.equal(state.has(identity(MAX_PRESENCE_RECORDS).peer), false);

  state = foldPresence(state, { type: "leaving", peer: identity(7).peer, reason: "", nowMs: 9999 }).state;
  state = foldPresence(state, { type: "heard", identity: identity(9000), body: BODY, nowMs: 9999 }).state;

  assert.equal(state.size, MAX_PRESENCE_RECORDS);
  assert.equal(state.has(identity(7).peer), false);
  assert.equal(state.has(identity(9000).peer), true);
});
