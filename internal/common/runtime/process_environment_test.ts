import assert from "node:assert/strict";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { dataDirectory, devFolder, takesTerminal } from "./process_environment.ts";
import { AGENT_PROFILE, HAP_PROFILE } from "./profiles.ts";

Deno.test("F-24 the portal takes the terminal only where it is wanted and there is one; the agent never", () => {
  const there = { stdinIsTerminal: true, stdoutIsTerminal: true };
  const hap = (flags: Record<string, unknown>) => parseConfig({ profile: CONFIG_PROFILES.hap, env: {}, flags }).config;
  const agent = parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags: {} }).config;

  assert.equal(takesTerminal(HAP_PROFILE, hap({}), there), true);
  assert.equal(takesTerminal(HAP_PROFILE, hap({ "interface.mode": "plain" }), there), true);
  assert.equal(takesTerminal(HAP_PROFILE, hap({ "interface.mode": "headless" }), there), false);
  assert.equal(takesTerminal(HAP_PROFILE, hap({ "interface.auto_start_interface": false }), there), false);
  assert.equal(takesTerminal(HAP_PROFILE, hap({}), { ...there, stdinIsTerminal: false }), false);
  assert.equal(takesTerminal(HAP_PROFILE, hap({}), { ...there, stdoutIsTerminal: false }), false);
  assert.equal(takesTerminal(AGENT_PROFILE, agent, there), false);
});

Deno.test("the data directory: flag, variable, XDG, home, system; one per program", () => {
  const env = { BZZZ_HOME: "/b", XDG_DATA_HOME: "/x", HOME: "/h" };

  assert.equal(dataDirectory(AGENT_PROFILE, env, "/flag"), "/flag");
  assert.equal(dataDirectory(AGENT_PROFILE, env, undefined), "/b");
  assert.equal(dataDirectory(AGENT_PROFILE, { ...env, BZZZ_HOME: "" }, undefined), "/x/bzzz-agent");
  assert.equal(dataDirectory(HAP_PROFILE, { HOME: "/h" }, undefined), "/h/.local/share/bzzz-hap");
  assert.equal(dataDirectory(HAP_PROFILE, {}, undefined), "/var/lib/bzzz-hap");
  assert.match(devFolder({ TMPDIR: "/t" }), /^\/t\/bzzz-dev-/);
  assert.match(devFolder({}), /^\/tmp\/bzzz-dev-/);
});
