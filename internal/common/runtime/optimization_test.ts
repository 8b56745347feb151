import { strict as assert } from "node:assert";
import { ManualClock } from "@bzzz/base/testing";
import { createTestLogger } from "@bzzz/logging";
import fc from "fast-check";
import {
  assessMemory,
  DEFAULT_MEMORY_THRESHOLDS,
  INITIAL_MEMORY_STATE,
  memoryShare,
  readProcessMemory,
} from "./memory.ts";
import { ResourceOptimizer } from "./optimization.ts";
import { createFakeMemory } from "./testing.ts";

function createHarness() {
  const clock = new ManualClock();
  const memory = createFakeMemory(256);
  const { logger, records } = createTestLogger();
  const optimizer = new ResourceOptimizer(
    { clock, logger, readMemory: () => memory.readMemory() },
    { memoryLimitMb: 256, sampleMs: 1_000 },
  );
  const told: string[] = [];
  for (const name of ["memory:high", "memory:critical", "memory:recovered"] as const) {
    optimizer.events.on(name, ({ level, share }) => told.push(`${name} ${level} ${share}`));
  }
  return { clock, memory, optimizer, told, records };
}

Deno.test("F-52 high memory is told once several samples agree, then critical, then recovered", async () => {
  const { clock, memory, optimizer, told, records } = createHarness();
  optimizer.start();

  for (const share of [0.3, 0.9, 0.99, 0.8, 0.5]) {
    memory.share = share;
    await clock.advance(3_000);
  }

  assert.deepEqual(told, [
    "memory:high high 0.9",
    "memory:critical critical 0.99",
    "memory:high high 0.8",
    "memory:recovered normal 0.5",
  ]);
  assert.deepEqual(records.map((record) => record.level), ["warn", "warn", "warn", "info"]);
  optimizer.stop();
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a single spike is not told", async () => {
  const { clock, memory, optimizer, told } = createHarness();
  optimizer.start();

  for (const share of [0.99, 0.99, 0.3, 0.99, 0.99, 0.3]) {
    memory.share = share;
    await clock.advance(1_000);
  }

  assert.deepEqual(told, []);
  optimizer.stop();
});

Deno.test("the health check says how much is used, and is never critical", async () => {
  const { clock, memory, optimizer } = createHarness();
  const check = optimizer.healthCheck();
  const run = () => check.run({ signal: new AbortController().signal });
  optimizer.start();
  const before = await run();

  memory.share = 0.9;
  await clock.advance(3_000);

  assert.deepEqual(before, { ok: true, detail: "30 % of 256 MiB in use" });
  assert.deepEqual(await run(), { ok: false, code: "memory_high", message: "90 % of 256 MiB in use" });
  assert.equal(check.critical, false);
  optimizer.stop();
});

Deno.test("what cannot be sampled breaks nothing", async () => {
  const clock = new ManualClock();
  const { logger, records } = createTestLogger();
  const readMemory = () => {
    throw new Error("no /proc");
  };
  using optimizer = new ResourceOptimizer({ clock, logger, readMemory }, { memoryLimitMb: 1 });

  optimizer.start();
  optimizer.start();
  await clock.advance(5_000);

  assert.equal(records.length, 1);
});

Deno.test("the level follows the samples: it changes only on agreement, and never flaps inside the band (property)", () => {
  const thresholds = DEFAULT_MEMORY_THRESHOLDS;
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1.5, noNaN: true }), { maxLength: 60, size: "max" }), (shares) => {
      let state = INITIAL_MEMORY_STATE;
      const recent: number[] = [];
      for (const share of shares) {
        const before = state.level;
        state = assessMemory(state, share, thresholds);
        recent.push(share);
        if (state.level === before) continue;
        const last = recent.slice(-thresholds.samplesToAgree);
        assert.equal(last.length, thresholds.samplesToAgree, "a change needs that many samples");
        if (state.level === "critical") assert.ok(last.every((s) => s >= thresholds.criticalAt));
        if (state.level === "high") assert.ok(last.every((s) => s >= thresholds.recoveredAt));
        if (state.level === "normal") assert.ok(last.every((s) => s < thresholds.recoveredAt));
      }
    }),
  );
});

Deno.test("the share is that of what ends first: resident memory or heap", () => {
  const sample = { rssBytes: 50, heapUsedBytes: 90, heapLimitBytes: 100 };

  assert.equal(memoryShare(sample, 100), 0.9);
  assert.equal(memoryShare({ ...sample, rssBytes: 95 }, 100), 0.95);
});

Deno.test("this process can be measured, and the flag of a profile leaves room beside the heap", () => {
  const sample = readProcessMemory();

  assert.ok(sample.rssBytes > 0 && sample.heapUsedBytes > 0 && sample.heapLimitBytes > sample.heapUsedBytes);
});
