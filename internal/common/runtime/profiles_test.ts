import { strict as assert } from "node:assert";
import { BINARY_TYPES } from "@bzzz/agentid";
import { RuntimeError } from "./errors.ts";
import { AGENT_PROFILE, BINARY_PROFILES, defaultPorts, HAP_PROFILE, ProfileRegistry } from "./profiles.ts";
import { assertShutdownPlan } from "./shutdown_plan.ts";

Deno.test("F-25 every binary type has a profile, and every profile's ports are its own", () => {
  const ports = BINARY_PROFILES.list().flatMap((profile) => Object.values(defaultPorts(profile)));

  assert.deepEqual(
    BINARY_PROFILES.list().map((profile) => profile.binaryType).toSorted(),
    [...BINARY_TYPES].toSorted(),
  );
  assert.equal(new Set(ports).size, ports.length);
  for (const { binaryType, config, program, shutdown } of BINARY_PROFILES.list()) {
    assert.deepEqual([config.binaryType, config.program], [binaryType, program]);
    assertShutdownPlan(shutdown);
    assert.ok(shutdown.totalMs <= 25_000, binaryType);
  }
});

Deno.test("the profiles are those of the design", () => {
  assert.deepEqual(defaultPorts(AGENT_PROFILE), {
    httpPort: 8080,
    healthPort: 8081,
    ucxiPort: 8082,
    adminUiPort: 8083,
    p2pPort: 9000,
  });
  assert.deepEqual(defaultPorts(HAP_PROFILE), {
    httpPort: 8090,
    healthPort: 8091,
    ucxiPort: 8092,
    adminUiPort: 8093,
    p2pPort: 9010,
  });
  assert.deepEqual([AGENT_PROFILE.executesTasks, HAP_PROFILE.executesTasks], [true, false]);
  assert.deepEqual([AGENT_PROFILE.interfaceMode, HAP_PROFILE.interfaceMode], ["headless", "terminal"]);
});

Deno.test("get() finds a profile; an unknown type is refused with the known ones named", () => {
  assert.equal(BINARY_PROFILES.get("hap"), HAP_PROFILE);
  assert.equal(BINARY_PROFILES.has("toaster"), false);
  assert.throws(
    () => BINARY_PROFILES.get("toaster\u001b"),
    (error) =>
      error instanceof RuntimeError && error.code === "profile_unknown" &&
      /"toaster\\u001b": the programs are agent, hap/.test(error.message),
  );
});

Deno.test("F-79 a registry takes further programs, but not two of one name", () => {
  const relay = { ...AGENT_PROFILE, binaryType: "relay" as "agent", program: "bzzz-relay" };

  assert.equal(new ProfileRegistry([AGENT_PROFILE, HAP_PROFILE, relay]).get("relay").program, "bzzz-relay");
  assert.throws(() => new ProfileRegistry([AGENT_PROFILE, AGENT_PROFILE]), TypeError);
  assert.throws(() => new ProfileRegistry([AGENT_PROFILE, { ...relay, program: "bzzz-agent" }]), TypeError);
});
