import assert from "node:assert/strict";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { SelfStatus } from "./self_status.ts";

Deno.test("a node says of its person what they said, and nothing before", () => {
  const { config } = parseConfig({ profile: CONFIG_PROFILES.hap, env: {}, flags: {} });
  const deps = { clock: new ManualClock(), random: createSeededRandom(1), addresses: () => [], load: () => 0 };
  const status = new SelfStatus(deps, config);

  const before = status.describe();
  status.setPerson("busy");

  assert.ok(!("person" in before));
  assert.equal(status.describe().person, "busy");
});
