import { strict as assert } from "node:assert";
import { BzzzError } from "@bzzz/base";
import { EXIT_STATUSES, exitMeaning, exitStatus, exitStatusOf } from "./exit.ts";
import { createRuntimeError, RUNTIME_ERROR_CODES } from "./errors.ts";

const CLOCK = { nowMs: () => 1_700_000_000_000 };

Deno.test("every exit status has one number, one name and one line of meaning", () => {
  const numbers = new Set(EXIT_STATUSES.map((entry) => entry.status));
  const names = new Set(EXIT_STATUSES.map((entry) => entry.name));

  assert.equal(numbers.size, EXIT_STATUSES.length);
  assert.equal(names.size, EXIT_STATUSES.length);
  for (const { status, name, meaning } of EXIT_STATUSES) {
    assert.equal(exitStatus(name), status);
    assert.equal(exitMeaning(status), meaning);
    assert.ok(meaning.length > 0 && !meaning.includes("\n") && !meaning.endsWith("."), name);
    assert.ok(status < 126 || status === 130, "126 to 128 belong to the shell, 129 and up to signals");
  }
});

Deno.test("exitStatusOf() prefers a specific cause to a generic wrapper", () => {
  const inUse = new BzzzError("port_in_use", "Cannot listen");
  const wrapped = createRuntimeError(CLOCK, "service_start_failed", 'start service "api"', { cause: inUse });
  const aggregate = new AggregateError([new Error("plain"), wrapped]);

  assert.equal(exitStatusOf(wrapped), 11);
  assert.equal(exitStatusOf(aggregate), 11);
  assert.equal(exitStatusOf(createRuntimeError(CLOCK, "service_stop_failed", "stop")), 10);
});

Deno.test("exitStatusOf() knows what the system and Node's listeners call a port in use", () => {
  const ofNode = Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE" });
  const ofDeno = new Deno.errors.AddrInUse("Address already in use");

  assert.equal(exitStatusOf(new Error("libp2p", { cause: ofNode })), 11);
  assert.equal(exitStatusOf(ofDeno), 11);
});

Deno.test("exitStatusOf() is 1 for whatever it does not know, and ends on a cycle of causes", () => {
  const loop = new Error("loop");
  loop.cause = loop;

  for (const thrown of [undefined, null, "text", 7, {}, new Error("x"), new BzzzError("unheard_of", "x"), loop]) {
    assert.equal(exitStatusOf(thrown), 1, String(thrown));
  }
});

Deno.test("every code of the runtime has an exit status; misuse of an interface is 1", () => {
  const statuses = Object.fromEntries(
    RUNTIME_ERROR_CODES.map((code) => [code, createRuntimeError(CLOCK, code, "test").exitStatus]),
  );

  assert.deepEqual(statuses, {
    config_invalid: 8,
    p2p_init_failed: 10,
    dht_unavailable: 10,
    election_failed: 10,
    service_start_failed: 10,
    service_stop_failed: 10,
    service_duplicate: 1,
    service_unknown: 1,
    service_cycle: 1,
    service_not_ready: 1,
    lifecycle_misused: 1,
    profile_unknown: 1,
    node_unreachable: 7,
    instance_running: 12,
    lock_unavailable: 1,
    deployment_invalid: 8,
    keys_unreadable: 13,
    store_damaged: 14,
    interrupted: 130,
  });
});

Deno.test("a RuntimeError carries program, service, time and cause", () => {
  const cause = new Error("no route");
  const error = createRuntimeError(CLOCK, "p2p_init_failed", "join the mesh", {
    cause,
    binaryType: "hap",
    serviceName: "p2p",
  });

  assert.equal(error.message, "Cannot join the mesh: no route");
  assert.deepEqual(
    [error.name, error.code, error.binaryType, error.serviceName, error.timestampMs, error.cause],
    ["RuntimeError", "p2p_init_failed", "hap", "p2p", CLOCK.nowMs(), cause],
  );
  assert.deepEqual(error.details, { binaryType: "hap", service: "p2p" });
});
