import assert from "node:assert/strict";
import { Chance } from "./chance.ts";
import { EventLoop } from "./event_loop.ts";
import { SimNetwork } from "./network.ts";
import { NodeHost } from "./node_host.ts";

const STEPS = { maxSteps: 10_000 };

function started(loop: EventLoop, options: { rate?: number; wallOffsetMs?: number; name?: string } = {}): NodeHost {
  const host = new NodeHost(loop, { rate: 1, wallOffsetMs: 0, name: "n0", ...options });
  host.start();
  return host;
}

Deno.test("events happen in order of time, and of one moment in the order they were planned", () => {
  const loop = new EventLoop();
  const chance = new Chance(7);
  const planned = Array.from({ length: 500 }, (_, order) => ({ atMs: chance.int(50), order }));
  const happened: { atMs: number; order: number }[] = [];
  for (const event of planned) loop.later(event.atMs, () => happened.push(event));
  loop.later(20, () => assert.fail("was cancelled")).cancel();

  loop.run(100, STEPS);

  assert.deepEqual(happened, planned.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order));
  assert.equal(loop.nowMs, 100);
});

Deno.test("a run that never ends is refused", () => {
  const loop = new EventLoop();
  const again = (): void => void loop.later(0, again);
  again();

  assert.throws(() => loop.run(1, { maxSteps: 100 }), /Cannot end the run: 100 events/);
});

Deno.test("a fast clock's timers fire early, and its wall clock runs ahead", () => {
  const loop = new EventLoop();
  const host = started(loop, { rate: 1.25, wallOffsetMs: 1_000 });
  const clock = host.createClock();
  const before = clock.nowMs();
  let firedAtMs = -1;
  clock.setTimer(1_000, () => firedAtMs = loop.nowMs);

  loop.run(2_000, STEPS);

  assert.equal(firedAtMs, 800);
  assert.equal(clock.monotonicMs(), 2_500);
  assert.equal(clock.nowMs() - before, 2_500);
});

Deno.test("a laptop that sleeps has a monotonic clock that stands still, and a wall clock that does not", () => {
  const loop = new EventLoop();
  const host = started(loop);
  const clock = host.createClock();
  const wallMs = clock.nowMs();
  let firedAtMs = -1;
  clock.setTimer(1_000, () => firedAtMs = loop.nowMs);
  loop.later(500, () => host.pause("asleep"));
  loop.later(10_500, () => host.resume());

  loop.run(12_000, STEPS);

  assert.equal(firedAtMs, 11_000);
  assert.equal(clock.monotonicMs(), 2_000);
  assert.equal(clock.nowMs() - wallMs, 12_000);
});

Deno.test("a stopped process does what fell due when it goes on, a crashed one never", () => {
  const loop = new EventLoop();
  const stopped = started(loop, { name: "stopped" });
  const crashed = started(loop, { name: "crashed" });
  const fired: string[] = [];
  for (const host of [stopped, crashed]) {
    host.createClock().setTimer(1_000, () => fired.push(`${host.name} at ${loop.nowMs}`));
  }
  loop.later(500, () => {
    stopped.pause("stopped");
    crashed.crash();
  });
  loop.later(600, () => crashed.start());
  loop.later(3_000, () => stopped.resume());

  loop.run(5_000, STEPS);

  assert.deepEqual(fired, ["stopped at 3000"]);
  assert.equal(stopped.monotonicMs(), 5_000);
});

Deno.test("packets pass where nothing is cut, one direction alone may be, and two cuts need two ends", () => {
  const loop = new EventLoop();
  const quality = { minDelayMs: 1, meanExtraMs: 5, loss: 0, duplication: 0 };
  const network = new SimNetwork({ loop, chance: new Chance(1) }, quality);
  const a = started(loop, { name: "a" });
  const b = started(loop, { name: "b" });
  const heard: string[] = [];
  const say = (text: string): void => {
    network.send(a, b, () => heard.push(`b: ${text}`));
    network.send(b, a, () => heard.push(`a: ${text}`));
  };

  const undo = [network.cut("a", "b"), network.cut("a", "b")];
  say("one way");
  loop.run(1_000, STEPS);
  undo[0]?.();
  say("still");
  loop.run(2_000, STEPS);
  undo[1]?.();
  say("both");
  loop.run(3_000, STEPS);

  assert.deepEqual(heard.sort(), ["a: both", "a: one way", "a: still", "b: both"]);
});

Deno.test("loss and duplication come as often as asked for", () => {
  const loop = new EventLoop();
  const quality = { minDelayMs: 1, meanExtraMs: 1, loss: 0.2, duplication: 0.1 };
  const network = new SimNetwork({ loop, chance: new Chance(3) }, quality);
  const [a, b] = [started(loop, { name: "a" }), started(loop, { name: "b" })];
  let heard = 0;

  for (let i = 0; i < 2_000; i++) network.send(a, b, () => heard++);
  loop.run(1_000, STEPS);

  assert.ok(heard > 1_650 && heard < 1_870, `${heard} of 2000 at 80 % and 10 % twice`);
});

Deno.test("a fork of chance does not depend on what was drawn before", () => {
  const one = new Chance(5);
  const other = new Chance(5);
  one.float();

  assert.equal(one.fork("x").float(), other.fork("x").float());
  assert.notEqual(one.fork("x").float(), one.fork("y").float());
});
