import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { WorkTimer } from "./work_timer.ts";

Deno.test("working time runs only while nothing is paused, and ends once", async () => {
  const clock = new ManualClock();
  let expired = 0;
  using timer = new WorkTimer(clock, { budgetMs: 100, onExpired: () => expired++ });

  await clock.advance(60);
  timer.pause();
  timer.pause();
  await clock.advance(1000);
  timer.resume();
  await clock.advance(1000);
  timer.resume();
  await clock.advance(39);
  assert.equal(expired, 0);

  await clock.advance(1);

  assert.equal(expired, 1);
});

Deno.test("a disposed timer never expires", async () => {
  const clock = new ManualClock();
  const timer = new WorkTimer(clock, { budgetMs: 100, onExpired: () => assert.fail("expired") });

  timer.pause();
  timer[Symbol.dispose]();
  timer.resume();
  await clock.advance(1000);

  assert.equal(clock.pendingTimers, 0);
});
