import { strict as assert } from "node:assert";
import { BoundedQueue, BzzzError } from "@bzzz/base";
import { ManualClock, settle, waitFor } from "@bzzz/base/testing";
import { createTestLogger } from "@bzzz/logging";
import fc from "fast-check";
import { ShutdownManager } from "./shutdown.ts";
import {
  assertShutdownPlan,
  DEFAULT_SHUTDOWN_PLAN,
  phaseBudgetMs,
  SHUTDOWN_PHASES,
  type ShutdownPlan,
} from "./shutdown_plan.ts";
import { InterruptGate, listenToSignals } from "./signals.ts";

function createHarness(plan?: ShutdownPlan) {
  const clock = new ManualClock();
  const exits: number[] = [];
  const { logger } = createTestLogger();
  const manager = new ShutdownManager({ clock, logger, forceExit: (status) => exits.push(status) }, plan);
  const signals = new BoundedQueue<string>({ capacity: 8, overflow: "drop_newest" });
  return { clock, exits, manager, signals };
}

Deno.test("the plan keeps each phase's reserve and never exceeds its total (property)", () => {
  const uses = fc.tuple(...SHUTDOWN_PHASES.map(() => fc.double({ min: 0, max: 2, noNaN: true })));
  fc.assert(fc.property(uses, (greed) => {
    let elapsedMs = 0;
    SHUTDOWN_PHASES.forEach((phase, i) => {
      const budgetMs = phaseBudgetMs(DEFAULT_SHUTDOWN_PLAN, phase, elapsedMs);
      assert.ok(budgetMs >= DEFAULT_SHUTDOWN_PLAN.reserveMs[phase] - 1e-6, phase);
      elapsedMs += Math.min(budgetMs, budgetMs * (greed[i] ?? 0));
    });
    assert.ok(elapsedMs <= DEFAULT_SHUTDOWN_PLAN.totalMs + 1e-6);
  }));
});

Deno.test("a plan that does not add up is refused", () => {
  const { reserveMs } = DEFAULT_SHUTDOWN_PLAN;

  assert.throws(() => assertShutdownPlan({ totalMs: 24_999, reserveMs }), RangeError);
  assert.throws(() => assertShutdownPlan({ totalMs: 25_000, reserveMs: { ...reserveMs, drain: NaN } }), RangeError);
});

Deno.test("phases run in order, the hooks of a phase side by side", async () => {
  const { manager } = createHarness();
  const log: string[] = [];
  for (const phase of SHUTDOWN_PHASES.toReversed()) {
    for (const name of ["a", "b"]) {
      manager.on(phase, name, async () => {
        log.push(`${phase} ${name} begins`);
        await settle();
        log.push(`${phase} ${name} ends`);
      });
    }
  }

  const report = await manager.request({ kind: "finished" });

  assert.deepEqual(
    log,
    SHUTDOWN_PHASES.flatMap((phase) => ["a begins", "b begins", "a ends", "b ends"].map((what) => `${phase} ${what}`)),
  );
  assert.deepEqual([report.isClean, report.exitStatus, report.hooks.length], [true, 0, 8]);
});

Deno.test("F-21 the first signal drains and ends with 0; the second ends at once with 130", async () => {
  const { manager, signals, exits, clock } = createHarness();
  manager.on("drain", "tasks", ({ reason, signal }) => {
    assert.deepEqual(reason, { kind: "signal", signal: "SIGTERM" });
    return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  });
  const watching = manager.watch(signals);

  signals.push("SIGTERM");
  await settle();
  const exitsAfterOne = [...exits];
  const isRequested = manager.signal.aborted;
  signals.push("SIGINT");
  await watching;

  assert.deepEqual([exitsAfterOne, isRequested, exits], [[], true, [130]]);
  await clock.advance(25_000);
  await manager.finished;
});

Deno.test("a hook that hangs costs its phase's time only, and the exit status tells", async () => {
  const { manager, clock } = createHarness();
  const log: string[] = [];
  manager.on("drain", "stuck", () => new Promise(() => {}));
  manager.on("stop", "services", ({ budgetMs }) => void log.push(`stop within ${budgetMs}`));
  manager.on("flush", "log", () => void log.push("flush"));

  const requested = manager.request({ kind: "finished" });
  await settle();
  await clock.advance(14_000);
  const report = await requested;

  assert.deepEqual(log, ["stop within 8000", "flush"]);
  assert.deepEqual(report.hooks.map(({ name, outcome }) => [name, outcome]), [
    ["stuck", "timed_out"],
    ["services", "done"],
    ["log", "done"],
  ]);
  assert.deepEqual([report.isClean, report.exitStatus, report.durationMs], [false, 10, 14_000]);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("the whole ends within its total, whatever hangs", async () => {
  const { manager, clock } = createHarness();
  for (const phase of SHUTDOWN_PHASES) manager.on(phase, "stuck", () => new Promise(() => {}));

  const requested = manager.request({ kind: "finished" });
  await settle();
  await clock.advance(25_000);

  assert.equal((await requested).durationMs, 25_000);
});

Deno.test("a hook that throws does not keep the others", async () => {
  const { manager } = createHarness();
  let wasFlushed = false;
  manager.on("announce", "leave", () => {
    throw new Error("not connected");
  });
  manager.on("flush", "log", () => void (wasFlushed = true));

  const report = await manager.request({ kind: "finished" });

  assert.ok(wasFlushed);
  assert.deepEqual([report.hooks[0]?.outcome, report.isClean], ["failed", false]);
});

Deno.test("a shutdown because of an error ends with the error's status", async () => {
  const { manager } = createHarness();

  const report = await manager.request({ kind: "failed", error: new BzzzError("store_corrupt", "Cannot read") });

  assert.deepEqual([report.isClean, report.exitStatus], [true, 14]);
});

Deno.test("a second request joins the first; hooks come no more; removed ones do not run", async () => {
  const { manager } = createHarness();
  let runs = 0;
  manager.on("stop", "kept", () => void runs++);
  manager.on("stop", "removed", () => void runs++)[Symbol.dispose]();
  assert.throws(() => manager.on("stop", "kept", () => {}), TypeError);

  const [first, second] = await Promise.all([
    manager.request({ kind: "requested", by: "operator" }),
    manager.request({ kind: "finished" }),
  ]);

  assert.equal(first, second);
  assert.deepEqual([first.reason, runs], [{ kind: "requested", by: "operator" }, 1]);
  assert.throws(() => manager.on("stop", "late", () => {}), TypeError);
});

Deno.test({
  name: "listenToSignals() leaves the keyboard's signals to whoever holds them, and no others",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const gate = new InterruptGate();
    const signals = listenToSignals(["SIGQUIT", "SIGUSR2"], gate);
    const received: string[] = [];
    const reading = (async () => {
      for await (const signal of signals) received.push(signal);
    })();

    const first = gate.hold();
    const second = gate.hold();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    for (const name of ["SIGQUIT", "SIGUSR2"] as const) Deno.kill(Deno.pid, name); // the test runner takes SIGINT itself
    await waitFor(() => received.length > 0, { timeoutMs: 30_000, what: "the signal that is for everybody" });
    second[Symbol.dispose]();
    Deno.kill(Deno.pid, "SIGQUIT");
    await waitFor(() => received.length > 1, { timeoutMs: 30_000, what: "the next one" });
    signals[Symbol.dispose]();
    await reading;

    assert.deepEqual(received, ["SIGUSR2", "SIGQUIT"]);
  },
});

Deno.test({
  name: "listenToSignals() hands on real signals until it is disposed",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const signals = listenToSignals(["SIGUSR2"]);
    const iterator = signals[Symbol.asyncIterator]();
    const received: string[] = [];
    const next = iterator.next().then(({ value }) => void received.push(String(value)));

    Deno.kill(Deno.pid, "SIGUSR2");
    // Signals do not keep the event loop alive; the wait does.
    await waitFor(() => received.length > 0, { timeoutMs: 30_000, what: "the signal" });
    await next;
    signals[Symbol.dispose]();

    assert.deepEqual(received, ["SIGUSR2"]);
    assert.equal((await iterator.next()).done, true);
  },
});
