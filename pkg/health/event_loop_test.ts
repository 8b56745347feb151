import { strict as assert } from "node:assert";
import { ManualClock } from "@bzzz/base/testing";
import { EventLoopMonitor } from "./mod.ts";

/** A clock whose loop can be held up: time passes and the tick comes late. */
class StallingClock {
  nowMs = 0;
  tick: () => void = () => {};
  monotonicMs(): number {
    return this.nowMs;
  }
  setPeriodic(_periodMs: number, fn: () => void): { cancel(): void } {
    this.tick = fn;
    return { cancel: () => this.tick = () => {} };
  }
}

Deno.test("lagMs() is 0 on an idle loop", async () => {
  const clock = new ManualClock();
  using monitor = new EventLoopMonitor({ clock });

  monitor.start();
  await clock.advance(60_000);

  assert.equal(monitor.lagMs(), 0);
});

Deno.test("lagMs() tells an overdue tick before it has run, and forgets a hiccup at the next", () => {
  const clock = new StallingClock();
  const monitor = new EventLoopMonitor({ clock }, { periodMs: 500 });
  monitor.start();

  clock.nowMs = 6_500;
  const whileStalled = monitor.lagMs();
  clock.tick();
  const justAfter = monitor.lagMs();
  clock.nowMs = 7_000;
  clock.tick();

  assert.deepEqual([whileStalled, justAfter, monitor.lagMs()], [6_000, 6_000, 0]);
  assert.equal(monitor.takeMaxLagMs(), 6_000, "the worst is kept for the scraper");
  assert.equal(monitor.takeMaxLagMs(), 0, "and told once");
});

Deno.test("a monitor that does not run reports nothing and leaves no timer", () => {
  const clock = new ManualClock();
  const monitor = new EventLoopMonitor({ clock });
  const before = monitor.lagMs();

  monitor.start();
  monitor.start();
  const timers = clock.pendingTimers;
  monitor.stop();

  assert.deepEqual([before, timers, clock.pendingTimers, monitor.lagMs()], [0, 1, 0, 0]);
});
