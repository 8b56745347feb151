import assert from "node:assert/strict";
import type { AgentId, PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { PresenceService } from "@bzzz/presence";
import type { BodyOf } from "@bzzz/wire";
import { ServicePresenceView } from "./presence_view.ts";

const BODY: BodyOf<"presence"> = {
  status: "working",
  activeTasks: 1,
  maxTasks: 2,
  capabilities: ["text"],
  models: [],
  load: 0,
  incarnation: "1",
  addresses: [],
};
const who = (name: string, binaryType = "agent") => ({
  peer: name as PeerId,
  agentId: name as AgentId,
  binaryType,
  role: "developer",
});

Deno.test("the others are the agents that are alive; people and the silent are left out", async () => {
  const clock = new ManualClock();
  const presence = new PresenceService({ clock, send: () => {}, describe: () => BODY }, {
    intervalMs: 5000,
    timeoutMs: 15_000,
  });
  using view = new ServicePresenceView({ presence, clock }, {
    timeoutMs: 15_000,
    readyAfterMs: 2000,
    hasCaughtUp: () => false,
  });
  const { signal } = new AbortController();
  let changes = 0;
  view.onChanged(() => changes++, { signal });
  presence.start();

  presence.heard(who("ana", "hap"), BODY);
  presence.heard(who("bob"), BODY);
  assert.deepEqual(view.snapshot(), {
    others: [{
      peer: "bob",
      role: "developer",
      capabilities: ["text"],
      activeTasks: 1,
      maxTasks: 2,
      isDraining: false,
      weight: 2,
    }],
    isReady: false,
    isWarm: false,
  });
  await clock.advance(25_000);
  presence.stop();

  assert.deepEqual(view.snapshot(), { others: [], isReady: true, isWarm: true });
  assert.ok(changes >= 5, `${changes} changes were told`);
});

Deno.test("a view is ready as soon as the journal has caught up, and asks no more", async () => {
  const clock = new ManualClock();
  const presence = new PresenceService({ clock, send: () => {}, describe: () => BODY }, {
    intervalMs: 5000,
    timeoutMs: 15_000,
  });
  let isCaughtUp = false;
  let questions = 0;
  const hasCaughtUp = () => {
    questions++;
    return isCaughtUp;
  };
  const view = new ServicePresenceView({ presence, clock }, { timeoutMs: 15_000, readyAfterMs: 2000, hasCaughtUp });

  await clock.advance(300);
  assert.deepEqual([view.snapshot().isReady, questions], [false, 3]);
  isCaughtUp = true;
  await clock.advance(100);
  assert.equal(view.snapshot().isReady, true);
  await clock.advance(10_000);
  assert.equal(questions, 4);
  view[Symbol.dispose]();
  await clock.advance(60_000);

  assert.equal(view.snapshot().isWarm, false);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a paused view lets no claim begin until it goes on", async () => {
  const clock = new ManualClock();
  const presence = new PresenceService({ clock, send: () => {}, describe: () => BODY }, {
    intervalMs: 5000,
    timeoutMs: 15_000,
  });
  using view = new ServicePresenceView({ presence, clock }, {
    timeoutMs: 15_000,
    readyAfterMs: 2000,
    hasCaughtUp: () => true,
  });
  const { signal } = new AbortController();
  const told: boolean[] = [];
  view.onChanged(() => told.push(view.snapshot().isReady), { signal });

  await clock.advance(100);
  view.setPaused("memory", true);
  view.setPaused("memory", true);
  view.setPaused("memory", false);

  assert.deepEqual(told, [true, false, true]);
});
