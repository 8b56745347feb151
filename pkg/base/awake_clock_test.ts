import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { createAwakeClock } from "./mod.ts";

Deno.test("createAwakeClock() counts the time that the machine slept, and never goes back", async () => {
  const clock = new ManualClock();
  const now = createAwakeClock(clock);
  const beganMs = now();

  await clock.advance(1_000);
  assert.equal(now() - beganMs, 1_000);
  clock.jumpWall(60_000); // a suspend: the wall clock went on, the monotonic one did not
  assert.equal(now() - beganMs, 61_000);
  clock.jumpWall(-3_600_000);
  assert.equal(now() - beganMs, 61_000);
  clock.jumpWall(200); // what NTP corrects is no sleep
  await clock.advance(500);
  assert.equal(now() - beganMs, 61_500);
});
