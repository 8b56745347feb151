import { strict as assert } from "node:assert";
import { createServiceManager } from "./manager.ts";
import type { ServiceDefinition } from "./service.ts";
import {
  createFourServices,
  createHarness,
  defineService,
  hasCode,
  NAMES,
  type Services,
} from "./testdata/four_services.ts";

Deno.test("services are created, then started, dependencies first, and stopped in reverse", async () => {
  const { deps } = createHarness();
  const log: string[] = [];
  const manager = createServiceManager(deps, createFourServices(log));

  await manager.start();
  await manager.stop();

  const expected = [
    ...NAMES.map((name) => `create ${name}`),
    ...NAMES.map((name) => `start ${name}`),
    ...NAMES.toReversed().map((name) => `stop ${name}`),
  ];
  assert.deepEqual(log, expected);
});

Deno.test("F-16 F-28 create() receives exactly what was declared, and getService() gives it typed", async () => {
  const { deps } = createHarness();
  let given: object = {};
  const manager = createServiceManager(deps, [
    ...createFourServices([]).filter((service) => service.name !== "journal"),
    defineService({
      name: "journal",
      dependsOn: ["store"],
      create: (dependencies) => {
        given = dependencies;
        return { store: dependencies.store };
      },
    }),
  ]);

  await manager.initialize();

  const path: string = manager.getService("journal").store.path;
  assert.deepEqual(Object.keys(given), ["store"]);
  assert.equal(path, "x");
  assert.equal(manager.services.p2p.port, 9000);
  await manager.stop();
});

Deno.test("a step that is done at once, and looks at no signal, has no deadline; every other has", async () => {
  const { deps } = createHarness();
  const set: number[] = [];
  const clock = {
    nowMs: () => deps.clock.nowMs(),
    monotonicMs: () => deps.clock.monotonicMs(),
    setTimer: (delayMs: number, fn: () => void) => {
      set.push(delayMs);
      return deps.clock.setTimer(delayMs, fn);
    },
  };
  const steps = { startTimeoutMs: 1_000, dependsOn: [] } as const;
  const manager = createServiceManager<Services>({ ...deps, clock }, [
    defineService({ ...steps, name: "store", create: () => ({ path: "x" }), start: () => {} }),
    defineService({ ...steps, name: "p2p", create: () => Promise.resolve({ port: 1 }) }),
    defineService({ ...steps, name: "monitor", create: (_, { signal }) => ({ isCalledOff: signal.aborted }) }),
  ]);

  await manager.start();

  assert.deepEqual(set, [1_000, 1_000]);
  await manager.stop();
});

Deno.test("an undeclared, misspelt or wrongly typed dependency does not compile", () => {
  // @ts-expect-error "p2p" is not declared
  defineService({ name: "journal", dependsOn: ["store"], create: ({ p2p }) => ({ store: p2p }) });
  // @ts-expect-error there is no "stroe"
  defineService({ name: "monitor", dependsOn: ["stroe"], create: () => ({}) });
  // @ts-expect-error a "store" has a path
  defineService({ name: "store", dependsOn: [], create: () => ({ port: 1 }) });
  // @ts-expect-error there is no service "jornal"
  defineService({ name: "jornal", dependsOn: [], create: () => ({}) });
});

Deno.test("F-11 initialize() goes phase by phase", async () => {
  const { deps } = createHarness();
  const log: string[] = [];
  const manager = createServiceManager(deps, createFourServices(log));
  const phases: string[] = [];
  manager.events.on("phase:initialized", ({ phase }) => phases.push(phase));

  await manager.initialize({ phase: "p2p" });
  const afterP2p = [...log];
  await manager.initialize({ phase: "core" });
  await manager.start();

  assert.deepEqual(afterP2p, ["create store", "create p2p"]);
  assert.deepEqual(phases, ["configuration", "p2p", "core", "binary", "monitoring"]);
  assert.equal(log.filter((step) => step.startsWith("create")).length, 4, "nothing is created twice");
  await manager.stop();
});

Deno.test("F-29 a list with a duplicate, an unknown dependency, a cycle or a phase in the wrong order is refused when it is built", () => {
  const { deps } = createHarness();
  const of = (name: keyof Services, dependsOn: readonly (keyof Services)[], phase: "p2p" | "core" = "core") =>
    ({ ...defineService({ name, dependsOn, create: () => ({}) as never }), phase }) as ServiceDefinition<Services>;

  const cycle = [of("store", ["monitor"]), of("p2p", ["store"]), of("monitor", ["p2p"])];
  assert.throws(() => createServiceManager(deps, [of("store", []), of("store", [])]), hasCode("service_duplicate"));
  assert.throws(() => createServiceManager(deps, [of("p2p", ["store"])]), hasCode("service_unknown"));
  assert.throws(
    () => createServiceManager(deps, cycle),
    (error) => hasCode("service_cycle")(error) && /store → monitor → p2p → store/.test((error as Error).message),
  );
  assert.throws(() => createServiceManager(deps, [of("store", ["store"])]), /store → store/);
  assert.throws(
    () => createServiceManager(deps, [of("store", ["p2p"], "p2p"), of("p2p", [], "core")]),
    hasCode("lifecycle_misused"),
  );
});

Deno.test("register() refuses a duplicate and the service that closes a cycle; start() an unknown dependency", async () => {
  const { deps } = createHarness();
  const of = (name: keyof Services, dependsOn: readonly (keyof Services)[]) =>
    defineService({ name, dependsOn, create: () => ({}) as never });
  const manager = createServiceManager<Services>(deps);
  manager.register(of("store", ["p2p"]));

  assert.throws(() => manager.register(of("store", [])), hasCode("service_duplicate"));
  assert.throws(() => manager.register(of("p2p", ["store"])), hasCode("service_cycle"));
  await assert.rejects(manager.start(), hasCode("service_unknown"));
});

Deno.test("a double start is refused and harms nothing; after stop() nothing starts again", async () => {
  const { deps } = createHarness();
  const log: string[] = [];
  const manager = createServiceManager(deps, createFourServices(log));
  const first = manager.start();

  await assert.rejects(manager.start(), hasCode("lifecycle_misused"));
  await first;
  await assert.rejects(
    manager.start(),
    (e) => hasCode("lifecycle_misused")(e) && /already running/.test((e as Error).message),
  );
  assert.throws(() => manager.register(defineService({ name: "store", dependsOn: [], create: () => ({ path: "" }) })));
  await manager.stop();
  await assert.rejects(manager.start(), hasCode("lifecycle_misused"));
  await assert.rejects(manager.initialize(), hasCode("lifecycle_misused"));

  assert.equal(log.length, 12);
});

Deno.test("stop() before anything, and twice, is fine", async () => {
  const { deps } = createHarness();
  const log: string[] = [];
  await using manager = createServiceManager(deps, createFourServices(log));

  await manager.stop();
  await manager.stop();

  assert.deepEqual(log, []);
});

Deno.test("health is told per service, with reasons, and as checks", async () => {
  const { deps } = createHarness();
  let isSick = false;
  const sick = { ok: false, code: "store_full", message: "No space is left" } as const;
  const manager = createServiceManager(deps, [
    defineService({
      name: "store",
      dependsOn: [],
      create: () => ({ path: "" }),
      health: () => isSick ? sick : { ok: true },
    }),
    defineService({
      name: "monitor",
      dependsOn: [],
      isCritical: false,
      create: () => ({}),
      health: () => {
        throw new Error("boom");
      },
    }),
  ]);
  const before = manager.getHealthStatus();
  await manager.start();
  const running = manager.getHealthStatus();

  isSick = true;

  const checks = manager.healthChecks();
  assert.deepEqual([...before], [["store", false], ["monitor", false]]);
  assert.deepEqual([...running], [["store", true], ["monitor", false]]);
  assert.deepEqual(manager.views()[0]?.health(), sick);
  assert.deepEqual(checks.map((check) => [check.name, check.critical]), [["service.store", true], [
    "service.monitor",
    false,
  ]]);
  assert.deepEqual(await checks[0]?.run({ signal: new AbortController().signal }), sick);
  await manager.stop();
  assert.deepEqual([...manager.getHealthStatus().values()], [false, false]);
});

Deno.test("events tell what happened", async () => {
  const { deps } = createHarness();
  const manager = createServiceManager(deps, createFourServices([]));
  const told: string[] = [];
  for (const name of ["service:created", "service:started", "service:stopped"] as const) {
    manager.events.on(name, (detail) => told.push(`${name} ${detail.name}`));
  }

  await manager.start();
  await manager.stop();

  assert.equal(told.length, 12);
  assert.deepEqual([told[0], told[4], told[8]], [
    "service:created store",
    "service:started store",
    "service:stopped monitor",
  ]);
});
