import assert from "node:assert/strict";
import { ManualClock } from "./testing.ts";
import { WallAlarms } from "./wall_alarms.ts";

function world(options = {}) {
  const clock = new ManualClock(0);
  const rang: string[] = [];
  const alarms = new WallAlarms<string>(clock, (id) => rang.push(`${id} ${clock.nowMs()}`), options);
  return { clock, rang, alarms };
}

Deno.test("alarms ring at their times, each once, with one timer; one that is moved or called off does not", async () => {
  const { clock, rang, alarms } = world();
  alarms.set("b", 90_000);
  alarms.set("a", 30_000);
  alarms.set("moved", 10_000);
  alarms.set("moved", 200_000);
  alarms.set("off", 20_000);
  alarms.set("off", undefined);
  assert.equal(clock.pendingTimers, 1);

  await clock.advance(300_000);

  assert.deepEqual(rang, ["a 30000", "b 90000", "moved 200000"]);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a wall clock that jumps ahead is noticed within a minute; what has come rings although it is called off", async () => {
  const { clock, rang, alarms } = world();
  alarms.set("a", 3_600_000);
  clock.jumpWall(3_600_000);
  alarms.set("a", undefined);

  await clock.advance(60_000);

  assert.deepEqual(rang, ["a 3660000"]);
});

Deno.test("more than there is room for: the latest goes; stop() ends all", async () => {
  const { clock, rang, alarms } = world({ capacity: 2 });
  for (const [id, atMs] of [["a", 10], ["b", 30], ["c", 20]] as const) alarms.set(id, atMs);
  await clock.advance(100);
  assert.deepEqual(rang, ["a 10", "c 20"]);

  alarms.set("d", 200);
  alarms.stop();
  await clock.advance(1_000);

  assert.equal(rang.length, 2);
});
