import assert from "node:assert/strict";
import {
  abortable,
  backoffMs,
  BoundedQueue,
  createDeadline,
  createSystemClock,
  SerialQueue,
  TaskGroup,
  TimeoutError,
  withTimeout,
} from "./mod.ts";
import { createSeededRandom, ManualClock, settle, waitFor } from "./testing.ts";

Deno.test("withTimeout() rejects after its bound and leaves no timer behind", async () => {
  const clock = new ManualClock();

  const waiting = withTimeout(clock, new Promise(() => {}), { timeoutMs: 100, what: "the answer" });
  const failed = assert.rejects(waiting, TimeoutError);
  await clock.advance(100);
  await failed;
  await withTimeout(clock, Promise.resolve(), { timeoutMs: 100, what: "nothing" });

  assert.equal(clock.pendingTimers, 0);
});

Deno.test("createDeadline() aborts with its parent's reason or its own", async () => {
  const clock = new ManualClock();
  const parent = new AbortController();
  using own = createDeadline(clock, { timeoutMs: 10, what: "a" });
  using joined = createDeadline(clock, { timeoutMs: 10, what: "b", parent: parent.signal });

  parent.abort(new Error("parent"));
  assert.equal((joined.signal.reason as Error).message, "parent");
  assert.equal(own.signal.aborted, false);
  await clock.advance(10);

  assert.ok(own.signal.reason instanceof TimeoutError);
});

Deno.test("abortable() rejects with the signal's reason", async () => {
  const controller = new AbortController();

  const waiting = abortable(new Promise(() => {}), controller.signal);
  const failed = assert.rejects(waiting, /enough/);
  controller.abort(new Error("enough"));

  await failed;
  await assert.rejects(abortable(Promise.resolve(1), controller.signal), /enough/);
  assert.equal(await abortable(Promise.resolve(1), undefined), 1);
});

Deno.test("SerialQueue runs one job at a time, goes on after a failure, and refuses what exceeds its capacity", async () => {
  const queue = new SerialQueue({ capacity: 3 });
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();

  const first = queue.run(async () => {
    await gate.promise;
    order.push("first");
    throw new Error("broken");
  });
  const failed = assert.rejects(first, /broken/);
  const second = queue.run(() => void order.push("second"));
  const third = queue.run(() => void order.push("third"));
  await assert.rejects(queue.run(() => {}), { code: "queue_full" });
  gate.resolve();
  await failed;
  await Promise.all([second, third]);
  await queue.idle();

  assert.deepEqual(order, ["first", "second", "third"]);
  assert.equal(queue.size, 0);
});

Deno.test("BoundedQueue drops by its policy and ends when closed", async () => {
  const oldest = new BoundedQueue<number>({ capacity: 2, overflow: "drop_oldest" });
  const newest = new BoundedQueue<number>({ capacity: 2, overflow: "drop_newest" });

  const dropped = [1, 2, 3].map((n) => [oldest.push(n), newest.push(n)]);
  oldest.close();
  newest.close();

  assert.deepEqual(dropped, [[undefined, undefined], [undefined, undefined], [1, 3]]);
  assert.deepEqual(await Array.fromAsync(oldest), [2, 3]);
  assert.deepEqual(await Array.fromAsync(newest), [1, 2]);
  assert.equal(oldest.push(9), 9, "a closed queue takes nothing");
});

Deno.test("BoundedQueue wakes a consumer that waits", async () => {
  const queue = new BoundedQueue<string>({ capacity: 4, overflow: "drop_newest" });
  const taken: string[] = [];
  const consumer = (async () => {
    for await (const item of queue) taken.push(item);
  })();

  await settle();
  queue.push("late");
  await settle();
  queue.close();
  await consumer;

  assert.deepEqual(taken, ["late"]);
});

Deno.test("A-22 backoffMs() grows to its maximum with jitter below it", () => {
  const random = createSeededRandom(1);
  for (let attempt = 0; attempt < 40; attempt++) {
    const delay = backoffMs(random, attempt, { baseMs: 100, maxMs: 5000 });
    const ceiling = Math.min(5000, 100 * 2 ** attempt);
    assert.ok(delay >= ceiling / 2 && delay <= ceiling, `attempt ${attempt}: ${delay}`);
  }
});

Deno.test("TaskGroup reports failures and settles when its work has", async () => {
  const reported: string[] = [];
  const group = new TaskGroup((error, what) => reported.push(`${what}: ${(error as Error).message}`));

  group.run("good work", () => Promise.resolve());
  group.run("bad work", () => Promise.reject(new Error("oops")));
  await group.settled();

  assert.deepEqual(reported, ["bad work: oops"]);
  assert.equal(group.size, 0);
});

Deno.test("sleep() on both clocks ends at its time or with the signal", async () => {
  const manual = new ManualClock();
  const controller = new AbortController();
  const aborted = assert.rejects(manual.sleep(1000, { signal: controller.signal }), /stop/);
  controller.abort(new Error("stop"));
  await aborted;
  assert.equal(manual.pendingTimers, 0);

  const system = createSystemClock();
  const before = system.monotonicMs();
  await system.sleep(5);

  assert.ok(system.monotonicMs() - before >= 4);
});

Deno.test("waitFor() tells what it waited for and what it saw", async () => {
  await assert.rejects(
    waitFor(() => false, { timeoutMs: 20, what: "the impossible", state: () => ({ seen: 3 }) }),
    /Waited 20 ms for the impossible: \{ seen: 3 \}/,
  );
});
