import { strict as assert } from "node:assert";
import { BzzzError } from "@bzzz/base";
import { settle } from "@bzzz/base/testing";
import fc from "fast-check";
import { createServiceManager } from "./manager.ts";
import { RuntimeError } from "./errors.ts";
import { serviceDefiner } from "./service.ts";
import { createFourServices, createHarness, defineService, hasCode, NAMES } from "./testdata/four_services.ts";

Deno.test("a failing start names service and phase, and everything is stopped in reverse", async () => {
  const { deps } = createHarness();
  const log: string[] = [];
  const cause = new BzzzError("port_in_use", "Cannot listen on 127.0.0.1:9000: another program has the port");
  const services = createFourServices(log, {
    "start p2p": () => {
      throw cause;
    },
  });
  const manager = createServiceManager(deps, services);

  const error = await manager.start().then(() => undefined, (error) => error);

  assert.ok(error instanceof RuntimeError);
  assert.deepEqual([error.code, error.serviceName, error.binaryType, error.cause], [
    "service_start_failed",
    "p2p",
    "agent",
    cause,
  ]);
  assert.match(error.message, /^Cannot start service "p2p" \(phase "p2p"\): Cannot listen on/);
  assert.equal(error.exitStatus, 11, "the cause decides the exit status");
  assert.deepEqual(log.slice(-4), NAMES.toReversed().map((name) => `stop ${name}`));
  await manager.stop();
});

Deno.test("a failing create stops only what was created, and uses the service's own code", async () => {
  const { deps } = createHarness();
  const log: string[] = [];
  const [monitor, journal, , store] = createFourServices(log);
  const p2p = defineService({
    name: "p2p",
    dependsOn: ["store"],
    phase: "p2p",
    failureCode: "p2p_init_failed",
    create: () => {
      throw new Error("no network");
    },
  });
  const manager = createServiceManager(deps, [monitor, journal, p2p, store].filter((s) => s !== undefined));

  await assert.rejects(manager.initialize(), hasCode("p2p_init_failed"));

  assert.deepEqual(log, ["create store", "stop store"]);
  assert.throws(() => manager.getService("store"), hasCode("service_not_ready"));
});

Deno.test("F-17 a step that misses its deadline fails the start; a creation that comes too late is stopped", async () => {
  const { deps, clock, records } = createHarness();
  const log: string[] = [];
  const late = Promise.withResolvers<{ path: string }>();
  const manager = createServiceManager(deps, [
    defineService({
      name: "store",
      dependsOn: [],
      startTimeoutMs: 100,
      create: () => late.promise,
      stop: ({ path }) => void log.push(`stop ${path}`),
    }),
  ]);

  const started = manager.start();
  const rejected = assert.rejects(
    started,
    (e) => hasCode("service_start_failed")(e) && /100 ms/.test((e as Error).message),
  );
  await clock.advance(100);
  await rejected;
  late.resolve({ path: "late" });
  await settle();

  assert.deepEqual(log, ["stop late"]);
  assert.equal(records[0]?.message, "A service was created after its deadline and is stopped");
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("stop() goes on after failures and deadlines and reports all of them", async () => {
  const { deps, clock } = createHarness();
  const log: string[] = [];
  const services = createFourServices(log, {
    "stop journal": () => new Promise(() => {}),
    "stop p2p": () => {
      throw new Error("socket stuck");
    },
  });
  const manager = createServiceManager(deps, services);
  await manager.start();

  const stopping = manager.stop();
  const settled = stopping.then(() => undefined, (error) => error);
  await settle();
  await clock.advance(5_000);
  const error = await settled;

  assert.ok(error instanceof RuntimeError && error.cause instanceof AggregateError);
  assert.equal(error.code, "service_stop_failed");
  assert.deepEqual(error.cause.errors.map((e: RuntimeError) => e.serviceName), ["journal", "p2p"]);
  assert.equal(log.at(-1), "stop store");
  await assert.rejects(manager.stop(), (again) => again === error, "a second call gives the first one's result");
  assert.equal(log.filter((step) => step === "stop store").length, 1);
});

Deno.test("stop() is bounded as a whole", async () => {
  const { deps, clock } = createHarness();
  const hang = () => new Promise<void>(() => {});
  const services = createFourServices([], {
    "stop monitor": hang,
    "stop journal": hang,
    "stop p2p": hang,
    "stop store": hang,
  });
  const manager = createServiceManager(deps, services);
  await manager.start();
  let failures = 0;

  const beganMs = clock.monotonicMs();
  const stopped = manager.stop({ timeoutMs: 6_000 }).catch((error) => failures = error.cause.errors.length);
  await clock.advance(6_000);
  await clock.advance(1);
  await stopped;

  assert.equal(failures, 4);
  assert.ok(clock.monotonicMs() - beganMs <= 6_001);
});

Deno.test("stop() during a start calls it off: signals abort, what exists is stopped, start() rejects", async () => {
  const { deps } = createHarness();
  const log: string[] = [];
  const entered = Promise.withResolvers<void>();
  let wasAborted = false;
  const [monitor, , p2p, store] = createFourServices(log);
  const journal = defineService({
    name: "journal",
    dependsOn: ["store"],
    create: ({ store }) => ({ store }),
    start: (_journal, { signal }) => {
      entered.resolve();
      return new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => {
          wasAborted = true;
          reject(signal.reason);
        });
      });
    },
    stop: () => void log.push("stop journal"),
  });
  const manager = createServiceManager(deps, [monitor, journal, p2p, store].filter((s) => s !== undefined));
  const started = manager.start().then(() => "started", (error) => (error as Error).name);
  await entered.promise;

  await manager.stop();

  assert.equal(await started, "AbortError");
  assert.ok(wasAborted);
  assert.deepEqual(log.slice(-4), NAMES.toReversed().map((name) => `stop ${name}`));
});

Deno.test("a start that the caller aborts rejects with the caller's reason and is rolled back", async () => {
  const { deps } = createHarness();
  const log: string[] = [];
  const aborter = new AbortController();
  const services = createFourServices(log, { "create journal": () => aborter.abort(new Error("changed my mind")) });
  const manager = createServiceManager(deps, services);

  await assert.rejects(manager.start({ signal: aborter.signal }), /changed my mind/);
  await settle();

  assert.deepEqual(log.filter((step) => step.startsWith("stop")).toSorted(), [
    "stop journal",
    "stop p2p",
    "stop store",
  ]);
});

Deno.test("a service without stop() is disposed", async () => {
  const { deps } = createHarness();
  const log: string[] = [];
  const manager = createServiceManager(deps, [
    defineService({
      name: "store",
      dependsOn: [],
      create: () => ({ path: "", [Symbol.asyncDispose]: () => Promise.resolve(void log.push("store")) }),
    }),
    defineService({
      name: "monitor",
      dependsOn: ["store"],
      create: () => ({ [Symbol.dispose]: () => log.push("monitor") }),
    }),
  ]);

  await manager.start();
  await manager.stop();

  assert.deepEqual(log, ["monitor", "store"]);
});

// Random acyclic graphs with a fault at a random step: whatever happens, everything that was created is stopped exactly once,
// after everything that depends on it, and nothing starts before what it depends on.
Deno.test("any graph with any fault: ordered, rolled back, nothing left open (property)", async () => {
  type Open = Record<string, object>;
  const define = serviceDefiner<Open>();
  const graph = fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8, size: "max" });
  const fault = fc.record({ at: fc.nat(7), step: fc.constantFrom("create", "start", "stop", "none") });
  await fc.assert(
    fc.asyncProperty(graph, fault, async (edges, { at, step }) => {
      const { deps } = createHarness();
      const log: string[] = [];
      const note = (what: string, i: number) => {
        log.push(`${what} ${i}`);
        if (what === step && i === at) throw new Error("fault");
      };
      const dependenciesOf = (i: number) => [...new Set((edges[i] ?? []).filter((j) => j < i))];
      const manager = createServiceManager<Open>(
        deps,
        edges.map((_, i) =>
          define({
            name: `s${i}`,
            dependsOn: dependenciesOf(i).map((j) => `s${j}`),
            create: () => {
              note("create", i);
              return {};
            },
            start: () => note("start", i),
            stop: () => note("stop", i),
          })
        ).toReversed(),
      );

      const started = await manager.start().then(() => true, () => false);
      const stepsOfStart = log.length;
      await manager.stop().catch(() => {});

      const hits = at < edges.length && (step === "create" || step === "start");
      assert.equal(started, !hits);
      if (!started) assert.equal(log.length, stepsOfStart, "a failed start has rolled back before it rejects");
      for (let i = 0; i < edges.length; i++) {
        const wasCreated = log.includes(`create ${i}`) && !(step === "create" && at === i);
        assert.equal(log.filter((entry) => entry === `stop ${i}`).length, wasCreated ? 1 : 0, `stops of ${i}`);
        for (const j of dependenciesOf(i)) {
          for (const what of ["create", "start"]) {
            const mine = log.indexOf(`${what} ${i}`);
            if (mine >= 0) assert.ok(log.indexOf(`${what} ${j}`) < mine, `${what} of ${j} comes before ${i}`);
          }
          const myStop = log.indexOf(`stop ${i}`);
          if (myStop >= 0) assert.ok(log.indexOf(`stop ${j}`) > myStop, `${j} stops after ${i}`);
        }
      }
    }),
    { numRuns: 150 },
  );
});
