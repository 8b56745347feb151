import { strict as assert } from "node:assert";
import { createRuntimeError, RUNTIME_ERROR_CODES } from "./errors.ts";

const CLOCK = { nowMs: () => 1_700_000_000_000 };

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
    lock_unavailable: 14,
    deployment_invalid: 8,
    keys_unreadable: 13,
    store_damaged: 14,
    defect: 15,
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
