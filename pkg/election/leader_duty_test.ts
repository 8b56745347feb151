import assert from "node:assert/strict";
import { createSeededRandom, ManualClock, settle } from "@bzzz/base/testing";
import { createTestLogger } from "@bzzz/logging";
import { LeaderDuty, type Leadership, type LeaderWork } from "./leader_duty.ts";

function setUp(work: LeaderWork) {
  const clock = new ManualClock();
  const { logger, records } = createTestLogger();
  const duty = new LeaderDuty({ clock, random: createSeededRandom(1), logger }, "curator", work);
  const win = (term: number) => {
    const controller = new AbortController();
    const leadership: Leadership = { term, signal: controller.signal, isHeld: () => !controller.signal.aborted };
    duty.begin(leadership);
    return controller;
  };
  return { clock, records, duty, win };
}

Deno.test("a duty starts on winning and stops on losing", async () => {
  const log: string[] = [];
  const { duty, win } = setUp(({ term, signal }) => {
    log.push(`start ${term}`);
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    return promise.then(() => void log.push(`stop ${term}`));
  });

  const first = win(1);
  await settle();
  assert.deepEqual(log, ["start 1"]);
  assert.ok(duty.isRunning);
  first.abort();
  await duty.ended();

  assert.deepEqual(log, ["start 1", "stop 1"]);
  assert.ok(!duty.isRunning);
});

Deno.test("there are never two runs: the next term waits for the end of the one before", async () => {
  const ends: (() => void)[] = [];
  let running = 0;
  const seen: number[] = [];
  const { duty, win } = setUp(async ({ term }) => {
    running++;
    assert.equal(running, 1);
    seen.push(term);
    await new Promise<void>((resolve) => ends.push(resolve)); // does not listen to its signal
    running--;
  });

  win(1).abort(); // lost before it began: no run
  const second = win(2);
  await settle();
  second.abort();
  win(3);
  await settle();
  assert.deepEqual(seen, [2]);
  ends.shift()?.();
  await settle();
  assert.deepEqual(seen, [2, 3]);
  ends.shift()?.();

  await duty.ended();
  assert.equal(running, 0);
});

Deno.test("a run that fails is logged and begun again while the term is held, and not after", async () => {
  let runs = 0;
  const { clock, records, duty, win } = setUp(() => {
    runs++;
    return Promise.reject(new Error("no disk"));
  });

  const term = win(4);
  await settle();
  await clock.advance(1_000);
  assert.equal(runs, 2);
  term.abort();
  await duty.ended();
  await clock.advance(60_000);

  assert.equal(runs, 2);
  assert.deepEqual(records.map(({ level, fields }) => [level, fields["duty"], fields["term"]]), [
    ["error", "curator", 4],
    ["error", "curator", 4],
  ]);
});
