import assert from "node:assert/strict";
import { BzzzError, createSystemClock, createSystemRandom } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { isLibraryFault, P2pError } from "@bzzz/p2p";
import type { ExitStatus } from "@bzzz/cli";
import { checkForRunningInstance } from "./collision.ts";
import { loadProgramConfig } from "./config.ts";
import { readEndpoints } from "./home.ts";
import { AGENT_PROFILE } from "./profiles.ts";
import { type ExecutionFactory, runNode, type RunNodeOptions } from "./run_node.ts";
import { requireAgentId } from "./agent_name.ts";
import { foundMesh } from "./setup.ts";
import { InterruptGate } from "./signals.ts";
import { createFakeExit, createFakeSignals } from "./testing.ts";
import { UncaughtGuard } from "./uncaught.ts";

const clock = createSystemClock();
const random = createSystemRandom();
const profile = AGENT_PROFILE;

interface Place extends AsyncDisposable {
  readonly home: string;
  readonly signals: ReturnType<typeof createFakeSignals>;
  readonly told: string[];
  run(createExecution: ExecutionFactory, options?: Partial<RunNodeOptions>): Promise<ExitStatus>;
}

async function createPlace(): Promise<Place> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-run-" });
  await foundMesh({ clock, random, logger: createNullLogger(), profile, version: "0.0.0" }, {
    home,
    meshName: "test",
    agentId: requireAgentId("one"),
    isRootKeyKept: false,
  });
  await Deno.remove(`${home}/config.yaml`);
  const config = new URL("./testdata/agent_config.yaml", import.meta.url).pathname;
  const loaded = await loadProgramConfig({
    profile,
    home,
    env: {},
    globals: { config, logLevel: undefined, settings: [] },
    flags: { "logging.file": "node.log" },
  });
  const signals = createFakeSignals();
  const told: string[] = [];
  return {
    home,
    signals,
    told,
    run: (createExecution, options = {}) =>
      runNode({ profile, clock, random, createExecution }, {
        loaded,
        home,
        env: {},
        isDev: false,
        ownsTerminal: false,
        stderrIsTerminal: false,
        hasTerminal: false,
        version: "0.0.0",
        signals,
        interrupts: new InterruptGate(),
        forceExit: createFakeExit().forceExit,
        tell: (text) => {
          told.push(text);
          return Promise.resolve();
        },
        ...options,
      }),
    [Symbol.asyncDispose]: async () => {
      signals.end();
      await Deno.remove(home, { recursive: true });
    },
  };
}

/** An execution that waits for its signal; `onRun` is called when it runs. */
function waiting(log: string[], onRun: () => void = () => {}): ExecutionFactory {
  return (services) => ({
    run: async (_services, { signal }) => {
      log.push("run");
      onRun();
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      log.push("ended");
    },
    stop: () => {
      log.push(`stop, journal ${services.journal.state}`);
      return Promise.resolve();
    },
    getType: () => "agent",
  });
}

async function assertGone(home: string): Promise<void> {
  assert.equal((await checkForRunningInstance(home)).isRunning, false);
  assert.equal(await readEndpoints(home), undefined);
}

Deno.test("a signal ends the node in order: work first, then the services, status 0", async () => {
  await using place = await createPlace();
  const log: string[] = [];

  const status = await place.run(waiting(log, () => place.signals.send("SIGTERM")));

  assert.equal(status, 0);
  assert.deepEqual([...log].sort(), ["ended", "run", "stop, journal ready"]);
  assert.match(place.told.join("\n"), /started\nNode ID: 12D3Koo\w+\nAgent ID: one\nLog: /);
  await assertGone(place.home);
});

Deno.test("a rehearsal starts everything, says so, and ends in order without having worked", async () => {
  await using place = await createPlace();
  const log: string[] = [];

  const status = await place.run(waiting(log), { isRehearsal: true });

  assert.equal(status, 0);
  assert.deepEqual(log, ["stop, journal ready"]);
  assert.match(place.told.join("\n"), /started\nNode ID: /);
  await assertGone(place.home);
});

Deno.test("F-20 F-22 an execution that ends ends the node; one that fails gives its status", async () => {
  await using place = await createPlace();
  const ending = (error?: Error): ExecutionFactory => () => ({
    run: () => error ? Promise.reject(error) : Promise.resolve(),
    stop: () => Promise.resolve(),
    getType: () => "agent",
  });

  assert.equal(await place.run(ending()), 0);
  assert.equal(await place.run(ending(new BzzzError("store_full", "Cannot write"))), 14);
  await assertGone(place.home);
});

Deno.test("an execution that cannot be made takes the started services down again", async () => {
  await using place = await createPlace();

  const status = await place.run(() => {
    throw new BzzzError("config_invalid", "Cannot make it");
  });

  assert.equal(status, 8);
  await assertGone(place.home);
});

Deno.test("a terminal that is gone does not keep the node from running", async () => {
  await using place = await createPlace();
  const log: string[] = [];

  const status = await place.run(waiting(log, () => place.signals.send("SIGTERM")), {
    tell: () => Promise.reject(new Deno.errors.BrokenPipe("gone")),
  });

  assert.deepEqual([status, log.includes("run")], [0, true]);
  await assertGone(place.home);
});

Deno.test("a signal during the start ends the node before it works", async () => {
  await using place = await createPlace();
  const log: string[] = [];
  place.signals.send("SIGTERM");

  const status = await place.run(waiting(log));

  assert.deepEqual([status, log], [0, []]);
  await assertGone(place.home);
});

Deno.test("a second node on the same data directory is refused and the first goes on", async () => {
  await using place = await createPlace();
  const log: string[] = [];
  let second: unknown;

  const status = await place.run(waiting(log), {
    onStarted: () =>
      void place.run(waiting([])).catch((error) => second = error).then(() => place.signals.send("SIGTERM")),
  });

  assert.equal(status, 0);
  assert.ok(second instanceof BzzzError && second.code === "instance_running", String(second));
  assert.ok(log.includes("run"));
});

Deno.test("a defect takes the node down in order, with its own status; faults of libraries and failures do not", async () => {
  await using place = await createPlace();
  const log: string[] = [];
  let defects = 0;
  using uncaught = new UncaughtGuard({ onDefect: () => defects++ });
  uncaught.tolerate(isLibraryFault);
  const throwLater = (error: Error) =>
    queueMicrotask(() => {
      throw error;
    });

  const status = await place.run(
    waiting(log, () => {
      throwLater(Object.assign(new Error("Cannot write to a stream that is closed"), { name: "StreamStateError" }));
      throwLater(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" }));
      throwLater(new P2pError("p2p_not_connected", "Cannot send: the peer left"));
      throwLater(new TypeError("undefined is not a function"));
    }),
    { uncaught },
  );

  assert.equal(status, 15);
  assert.equal(defects, 0, "the node's own handler was told, not the command's");
  assert.deepEqual(Object.fromEntries(uncaught.counts()), { library: 2, failure: 1, defect: 1 });
  assert.deepEqual([...log].sort(), ["ended", "run", "stop, journal ready"]);
  assert.match(await Deno.readTextFile(`${place.home}/node.log`), /A defect of the program ends it.*TypeError/);
  await assertGone(place.home);
});
