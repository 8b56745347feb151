import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { Introductions } from "./introductions.ts";
import { PresenceService } from "./mod.ts";

const ANA = "ana" as PeerId;
const BEN = "ben" as PeerId;

Deno.test("a newcomer hears of this node three times; one that comes again starts anew; nothing outlives stop()", async () => {
  const clock = new ManualClock();
  let announced = 0;
  const introductions = new Introductions({ clock, announce: () => void announced++ });

  introductions.greet(ANA);
  await clock.advance(100);
  assert.equal(announced, 1);
  introductions.greet(ANA);
  assert.equal(clock.pendingTimers, 3, "not more for one that flaps");
  await clock.advance(2_000);
  assert.deepEqual([announced, clock.pendingTimers], [4, 0]);

  introductions.greet(ANA);
  introductions.greet(BEN);
  introductions.stop();
  introductions.greet(BEN);
  await clock.advance(2_000);
  assert.deepEqual([announced, clock.pendingTimers], [4, 0]);
});

Deno.test("PresenceService says nothing after stop(): a good-bye stays the last word", async () => {
  const clock = new ManualClock();
  let sent = 0;
  const presence = new PresenceService({
    clock,
    send: () => void sent++,
    describe: () => ({
      status: "ready",
      activeTasks: 0,
      maxTasks: 1,
      capabilities: [],
      models: [],
      load: 0,
      incarnation: "1",
      addresses: [],
    }),
  }, { intervalMs: 5_000, timeoutMs: 15_000 });
  presence.start();
  await clock.advance(5_000);
  presence.greet(ANA);
  assert.equal(sent, 2);

  presence.stop();
  presence.announce();
  await clock.advance(60_000);

  assert.equal(sent, 2);
});
