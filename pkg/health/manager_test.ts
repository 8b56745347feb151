import { strict as assert } from "node:assert";
import { BzzzError } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { createTestLogger } from "@bzzz/logging";
import { CHECK_DEFAULTS, type CheckOutcome, type HealthCheck, HealthError, HealthManager } from "./mod.ts";

const FAILING: CheckOutcome = { ok: false, code: "no_peers", message: "No peer is connected" };

function createHarness(eventLoop?: { lagMs(): number }) {
  const clock = new ManualClock();
  const { logger, records } = createTestLogger();
  const health = new HealthManager({ clock, logger, ...(eventLoop ? { eventLoop } : {}) });
  return { clock, health, records };
}

/** A check whose outcome the test sets. */
function createScriptedCheck(fields: Partial<HealthCheck> = {}) {
  const script: { outcome: CheckOutcome; runs: number } = { outcome: { ok: true }, runs: 0 };
  const check: HealthCheck = {
    name: "mesh",
    critical: true,
    run: () => {
      script.runs++;
      return script.outcome;
    },
    ...fields,
  };
  return { script, check };
}

Deno.test("a node is ready once it has started and every critical check has passed", async () => {
  const { health } = createHarness();
  health.register(createScriptedCheck().check);
  const before = health.status();

  await health.start();
  const whileStarting = health.status();
  health.setPhase("started");

  assert.deepEqual([before.isReady, before.status], [false, "degraded"]);
  assert.deepEqual(before.reasons.map((r) => r.code), ["phase_starting", "check_pending"]);
  assert.equal(whileStarting.isReady, false);
  assert.deepEqual([health.status().isReady, health.status().status], [true, "healthy"]);
});

Deno.test("a check fails only after its threshold of failures in a row", async () => {
  const { health, clock } = createHarness();
  const { script, check } = createScriptedCheck({ intervalMs: 1000, failureThreshold: 3 });
  health.register(check);
  health.setPhase("started");
  health.start();
  await settle();
  const states: boolean[] = [];

  script.outcome = FAILING;
  for (let i = 0; i < 3; i++) {
    await clock.advance(1000);
    states.push(health.status().isReady);
  }
  const failing = health.status();
  script.outcome = { ok: true };
  await clock.advance(1000);

  assert.deepEqual(states, [true, true, false]);
  assert.equal(failing.status, "unhealthy");
  assert.deepEqual(failing.reasons, [{ check: "mesh", critical: true, code: "no_peers", message: FAILING.message }]);
  assert.equal(health.status().status, "healthy");
  await health.stop();
});

Deno.test("start() resolves when each check has run once, and what changes together is announced once", async () => {
  const { health } = createHarness();
  const checks = ["mesh", "store", "api"].map((name) => createScriptedCheck({ name }));
  for (const { check } of checks) health.register(check);
  health.setPhase("started");
  const announced: string[] = [];
  health.events.on("health:changed", ({ to }) => announced.push(to.status));

  await health.start();

  assert.deepEqual(checks.map(({ script }) => script.runs), [1, 1, 1]);
  assert.deepEqual([health.status().status, announced], ["healthy", ["healthy"]]);
  await health.stop();
});

Deno.test("a failing check that is not critical degrades and stays ready", async () => {
  const { health } = createHarness();
  const { script, check } = createScriptedCheck({ critical: false, failureThreshold: 1 });
  script.outcome = FAILING;
  health.register(check);
  health.setPhase("started");

  await health.start();
  const status = health.status();

  assert.deepEqual([status.status, status.isReady, status.reasons[0]?.code], ["degraded", true, "no_peers"]);
});

Deno.test("a draining node is not ready and says why", () => {
  const { health } = createHarness();

  health.setPhase("draining");

  assert.deepEqual(health.status().reasons.map((r) => r.code), ["phase_draining"]);
  assert.equal(health.status().isReady, false);
});

Deno.test("a check that never answers times out, and is not run again on top of itself", async () => {
  const { health, clock } = createHarness();
  let runs = 0;
  const aborted: boolean[] = [];
  const hanging = Promise.withResolvers<CheckOutcome>();
  health.register({
    name: "disk",
    critical: true,
    intervalMs: 1000,
    timeoutMs: 100,
    failureThreshold: 2,
    run: ({ signal }) => {
      runs++;
      signal.addEventListener("abort", () => aborted.push(true));
      return hanging.promise;
    },
  });
  health.setPhase("started");
  health.start();

  await clock.advance(100);
  const afterOne = health.status();
  await clock.advance(3000);
  const afterMore = health.status();
  hanging.resolve({ ok: true });
  await settle();
  await clock.advance(1000);

  assert.equal(afterOne.checks[0]?.consecutiveFailures, 1);
  assert.equal(afterMore.reasons[0]?.code, "check_timed_out");
  assert.deepEqual(aborted, [true]);
  assert.equal(runs, 2, "it runs again once the hung run has settled");
  assert.equal(health.status().isReady, true);
  await health.stop();
});

Deno.test("a check that answers at once sets no timer; one that asks for its signal gets one that ends with the run", async () => {
  const { clock, health: manager } = createHarness();
  let signal: AbortSignal | undefined;
  manager.register({ name: "quick", critical: true, run: () => ({ ok: true }) });
  await manager.start();
  await settle();
  assert.equal(clock.pendingTimers, 1, "the next run of it");

  manager.register({
    name: "asks",
    critical: true,
    run: async (options) => {
      signal = options.signal;
      await Promise.resolve();
      assert.equal(clock.pendingTimers, 2);
      return { ok: true };
    },
  });
  await settle();

  assert.equal(signal?.aborted, false);
  assert.equal(clock.pendingTimers, 2, "the next runs of both");
  assert.equal(manager.status().status, "degraded", "the phase is still that of a start");
  await manager.stop();
});

Deno.test("a check that throws fails with the error's code", async () => {
  const { health } = createHarness();
  const throwing = (name: string, error: Error): HealthCheck => ({
    name,
    critical: false,
    failureThreshold: 1,
    run: () => {
      throw error;
    },
  });
  health.register(throwing("coded", new BzzzError("store_full", "Cannot write: no space is left")));
  health.register(throwing("plain", new Error("boom")));
  health.register(throwing("odd", new BzzzError("Not A Code <script>", "x")));

  await health.start();
  const status = health.status();

  assert.deepEqual(status.checks.map((c) => c.last?.ok === false && c.last.code), [
    "store_full",
    "check_failed",
    "check_failed",
  ]);
});

Deno.test("liveness hears the event loop and checks that ask for it, and nothing else", async () => {
  let lagMs = 0;
  const { health, clock } = createHarness({ lagMs: () => lagMs });
  const mesh = createScriptedCheck({ failureThreshold: 1 });
  const store = createScriptedCheck({ name: "store", affectsLiveness: true, failureThreshold: 1 });
  mesh.script.outcome = FAILING;
  health.register(mesh.check);
  health.register(store.check);
  await health.start();
  await settle();
  const withDeadPeers = health.liveness();

  lagMs = 5000;
  const withLag = health.liveness();
  lagMs = 4999;
  store.script.outcome = { ok: false, code: "store_closed", message: "The database handle is closed" };
  await clock.advance(CHECK_DEFAULTS.intervalMs);

  assert.deepEqual(withDeadPeers.reasons, []);
  assert.deepEqual(withLag.reasons.map((r) => r.code), ["event_loop_late"]);
  assert.deepEqual(health.liveness().reasons.map((r) => r.code), ["store_closed"]);
  assert.equal(health.liveness().isLive, false);
});

Deno.test("changes are announced once, logged, and carry the new state", async () => {
  const { health, records, clock } = createHarness();
  const { script, check } = createScriptedCheck({ failureThreshold: 1 });
  const changes: string[] = [];
  health.events.on("health:changed", ({ from, to }) => changes.push(`${from} > ${to.status}`));
  health.events.on("check:changed", ({ from, to }) => changes.push(`${to.name} ${from} > ${to.state}`));
  health.register(check);
  health.setPhase("started");

  for (const outcome of [{ ok: true }, FAILING, FAILING, { ok: true }] as const) {
    script.outcome = outcome;
    await health.start();
    await clock.advance(CHECK_DEFAULTS.intervalMs);
  }

  assert.deepEqual(changes, [
    "mesh pending > passing",
    "degraded > healthy",
    "mesh passing > failing",
    "healthy > unhealthy",
    "mesh failing > passing",
    "unhealthy > healthy",
  ]);
  assert.deepEqual(records.map((r) => [r.level, r.message]), [
    ["warn", "Health check fails"],
    ["info", "Health check passes again"],
  ]);
});

Deno.test("register() refuses a taken name, a bad name and a bad number", () => {
  const { health } = createHarness();
  health.register(createScriptedCheck().check);

  assert.throws(
    () => health.register(createScriptedCheck().check),
    (error) => error instanceof HealthError && error.code === "duplicate_check",
  );
  assert.throws(() => health.register(createScriptedCheck({ name: "Bad Name" }).check), TypeError);
  assert.throws(() => health.register(createScriptedCheck({ name: "ok", intervalMs: 0 }).check), TypeError);
});

Deno.test("a check that is registered late runs at once; a removed one never again", async () => {
  const { health, clock } = createHarness();
  health.start();
  const { script, check } = createScriptedCheck({ intervalMs: 1000 });

  const registration = health.register(check);
  await settle();
  const runsAtOnce = script.runs;
  registration[Symbol.dispose]();
  await clock.advance(10_000);

  assert.equal(runsAtOnce, 1);
  assert.equal(script.runs, 1);
  assert.deepEqual(health.status().checks, []);
  await health.stop();
});

Deno.test("stop() leaves no timer, ends a run in flight, and a stopped run says nothing", async () => {
  const { health, clock } = createHarness();
  health.register({ name: "slow", critical: true, run: () => new Promise(() => {}) });
  health.start();
  await settle();

  await health.stop();
  await health.stop();

  assert.equal(clock.pendingTimers, 0);
  assert.equal(health.status().checks[0]?.last, undefined);
});

Deno.test("a stopped manager can start again", async () => {
  const { health, clock } = createHarness();
  const { script, check } = createScriptedCheck({ intervalMs: 1000 });
  health.register(check);
  health.start();
  await settle();
  await health.stop();

  health.start();
  await settle();
  await clock.advance(1000);

  assert.equal(script.runs, 3);
  await health.stop();
});
