// Flaws of the specification (F-nn, reference section 4.4) that the design corrects: one essential assertion each.
import assert from "node:assert/strict";
import { SharedAgentIdentity, verifyMessage } from "@bzzz/agentid";
import { createTestMesh } from "@bzzz/agentid/testing";
import { createSystemClock, errorMessage } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { type Config, CONFIG_PROFILES, type LoadedConfig, parseConfig } from "@bzzz/config";
import { createNullLogger } from "@bzzz/logging";
import {
  acquireInstanceLock,
  createRuntimeError,
  createServiceManager,
  RuntimeError,
  ServiceCircuitBreaker,
  validateMultiBinaryDeployment,
} from "@bzzz/runtime";
import { createLoggedService } from "@bzzz/runtime/testing";
import { MAX_ENVELOPE_BYTES } from "@bzzz/wire";

const logger = createNullLogger();

function load(program: "agent" | "hap", text: string): LoadedConfig<Config> {
  const options = { path: `${program}.yaml`, text, env: {}, flags: {} };
  const loaded = program === "agent"
    ? parseConfig({ profile: CONFIG_PROFILES.agent, ...options })
    : parseConfig({ profile: CONFIG_PROFILES.hap, ...options });
  return loaded as unknown as LoadedConfig<Config>; // the two profiles' configurations are the members of Config
}

Deno.test("F-13 a failed start leaves nothing open: what was made is stopped in reverse", async () => {
  interface Services {
    readonly first: string;
    readonly second: string;
    readonly third: string;
  }
  const log: string[] = [];
  const manager = createServiceManager<Services>({ clock: new ManualClock(), logger, binaryType: "agent" }, [
    createLoggedService<Services>(log, "first"),
    createLoggedService<Services>(log, "second", ["first"]),
    createLoggedService<Services>(log, "third", ["second"], { failAt: "start" }),
  ]);
  await manager.initialize();

  await assert.rejects(manager.start());

  assert.deepEqual(log.filter((line) => line.startsWith("stop")), ["stop third", "stop second", "stop first"]);
});

Deno.test("F-46 a signature for one purpose is none for another", () => {
  const { signingKey, grant } = createTestMesh().issue();
  const identity = new SharedAgentIdentity(signingKey, grant);
  const message = new Uint8Array([1, 2, 3]);
  const signature = identity.signMessage("one", message);
  const claim = { mesh: grant.mesh, message, signature };

  assert.equal(verifyMessage(signingKey.publicKey, { ...claim, purpose: "one" }), true);
  assert.equal(verifyMessage(signingKey.publicKey, { ...claim, purpose: "two" }), false);
});

Deno.test("F-50 a RuntimeError is an Error with a code, a message and its cause", () => {
  const cause = new Error("no route");

  const error: unknown = createRuntimeError(new ManualClock(), "p2p_init_failed", "join the mesh", { cause });

  assert.ok(error instanceof RuntimeError && error instanceof Error);
  assert.deepEqual([error.code, errorMessage(error), error.cause], [
    "p2p_init_failed",
    "Cannot join the mesh: no route",
    cause,
  ]);
});

Deno.test("F-51 a half-open breaker lets one probe in, however many callers come at once", async () => {
  const clock = new ManualClock();
  const breaker = new ServiceCircuitBreaker({ clock }, {
    serviceName: "model",
    maxFailures: 1,
    failureWindowMs: 10_000,
    openMs: 1_000,
    callTimeoutMs: 1_000,
    isFailure: () => true,
  });
  await breaker.call(() => Promise.reject(new Error("down"))).catch(() => {}); // opens it
  await clock.advance(1_000);
  let probes = 0;
  const probe = Promise.withResolvers<string>();
  const call = () => {
    probes++;
    return probe.promise;
  };

  const calls = Array.from({ length: 20 }, () => breaker.call(call));
  probe.resolve("up");
  const outcomes = await Promise.allSettled(calls);

  assert.equal(probes, 1);
  assert.equal(outcomes.filter((outcome) => outcome.status === "fulfilled").length, 1);
  assert.equal(breaker.state, "closed");
});

Deno.test("F-67 the check of a pair reports every problem at once", () => {
  const agent = load("agent", "version: 1\nbinary_type: agent\nports: {http_port: 9999, health_port: 9998}\n");
  const hap = load("hap", "version: 1\nbinary_type: hap\nports: {http_port: 9999, health_port: 9998}\n");

  const problems = validateMultiBinaryDeployment({ loaded: agent, home: "/data" }, { loaded: hap, home: "/data" });

  const checks = problems.filter((problem) => problem.severity === "error").map((problem) => problem.check);
  assert.equal(checks.filter((check) => check === "ports").length, 2);
  assert.ok(checks.includes("files"));
});

Deno.test("F-68 the instance lock is taken once, in the data directory, and left by its end", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    const deps = { clock: createSystemClock(), logger };
    const owner = { agentId: "../../etc/passwd", binaryType: "agent" } as const;
    {
      using lock = await acquireInstanceLock(deps, home, owner);
      assert.ok(lock.path.startsWith(`${home}/`), "an id is never part of a path");
      await assert.rejects(acquireInstanceLock(deps, home, owner), RuntimeError);
    }
    using again = await acquireInstanceLock(deps, home, owner);
    assert.ok(again.path);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("F-72 no program sends more than every program accepts", () => {
  for (const program of ["agent", "hap"] as const) {
    const { config } = load(program, `version: 1\nbinary_type: ${program}\n`);
    assert.ok(config.limits.maxSendBytes <= MAX_ENVELOPE_BYTES, program);
    assert.throws(
      () => load(program, `version: 1\nbinary_type: ${program}\nlimits: {max_send_bytes: ${MAX_ENVELOPE_BYTES + 1}}\n`),
      program,
    );
  }
});
