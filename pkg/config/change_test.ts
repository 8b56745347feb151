import assert from "node:assert/strict";
import type { ConfigSectionLike } from "./members.ts";
import { changeSettings, CONFIG_PROFILES, type ConfigProfile, parseConfig, renderExampleConfig } from "./mod.ts";

Deno.test("changeSettings() changes the values and nothing else", () => {
  const text = "# mine\nports:\n  http_port: 8090 # the API\n\ninterface: {mode: plain}\n";

  const changed = changeSettings(text, { "ports.http_port": 8190, "network.p2p_port": 0, "interface.mode": "plain" });

  assert.match(changed, /^# mine\nports:\n {2}http_port: 8190 # the API\n\ninterface: \{mode: plain\}\n/);
  assert.match(changed, /network:\n {2}p2p_port: 0\n$/);
});

Deno.test("changeSettings() leaves a file alone that says it already", () => {
  const text = "interface:   {mode:   plain}   # odd\n";

  assert.equal(changeSettings(text, { "interface.mode": "plain" }), text);
});

function assertSmall<S extends ConfigSectionLike>(profile: ConfigProfile<S>): void {
  const example = renderExampleConfig(profile);

  const changed = changeSettings(example, { "ports.http_port": 1234, "network.p2p_port": 0 });

  const before = example.split("\n");
  const after = changed.split("\n");
  assert.equal(after.length, before.length);
  assert.deepEqual(after.filter((line, i) => line !== before[i]), ["  http_port: 1234", "  p2p_port: 0"]);
  parseConfig({ profile, text: changed, file: "c.yaml", env: {}, flags: {} });
}

Deno.test("changeSettings() of the examples of both programs differs in the changed lines alone", () => {
  assertSmall(CONFIG_PROFILES.agent);
  assertSmall(CONFIG_PROFILES.hap);
});
