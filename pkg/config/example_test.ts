import fc from "fast-check";
import assert from "node:assert/strict";
import {
  type AgentConfig,
  type AnyConfigProfile,
  type Config,
  CONFIG_PROFILES,
  ConfigError,
  configJsonSchema,
  type ConfigProfile,
  describeConfig,
  parseConfig,
  renderExampleConfig,
  renderOrigins,
} from "./mod.ts";

const profiles: readonly ConfigProfile[] = Object.values(CONFIG_PROFILES);
const { agent } = CONFIG_PROFILES;

Deno.test("renderExampleConfig() loads to the defaults", () => {
  for (const profile of profiles) {
    const text = renderExampleConfig(profile);

    const loaded = parseConfig({ profile, text, env: {}, flags: {} });

    assert.deepEqual(loaded.config, parseConfig({ profile, env: {}, flags: {} }).config);
    const fromDefault = [...loaded.origins].filter(([, { source }]) => source === "default").map(([key]) => key);
    const optional = [
      "agent.id",
      ...(profile === CONFIG_PROFILES.hap
        ? ["interface.keymap_path", "interface.editor", "interface.policy_path"]
        : []),
      "identity.passphrase_file",
      "slurp.goals_address",
      "election.heartbeat_ms",
      "election.lease_ms",
      "logging.file",
      ...(profile === CONFIG_PROFILES.agent
        ? [
          "tasks.github.token_file",
          "executor.model.token_file",
          "executor.model.choice_url",
          "executor.summary.command",
        ]
        : []),
    ];
    assert.deepEqual(fromDefault, optional);
  }
});

Deno.test("renderExampleConfig() comments every key", () => {
  for (const profile of profiles) {
    const lines = renderExampleConfig(profile).split("\n");

    const words = lines.map((line) => line.trim().replace(/^# ?/, "")).join(" ");
    for (const { key, uses } of describeConfig([profile])) {
      assert.ok(words.includes(uses[0]?.description ?? "?"), `${profile.program}: ${key}`);
    }
    assert.deepEqual(lines.filter((line) => line.length > 120), []);
  }
});

Deno.test("renderExampleConfig() carries chosen values of any kind", () => {
  const line = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) =>
    !/\p{Cc}/u.test(text) && text.length <= 40
  );
  const argument = fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
    fc.constantFrom("\n", " ", "\t", "'", '"', "#", ": "),
  );
  const values = fc.record({
    "agent.id": fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,20}$/),
    "agent.capabilities": fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,10}$/), { maxLength: 4 }),
    "agent.models": fc.uniqueArray(line, { maxLength: 4 }),
    "logging.file": line,
    "network.mdns": fc.constantFrom(true, false, "auto"),
    "executor.process.commands": fc.uniqueArray(
      fc.record({
        name: fc.stringMatching(/^[a-z0-9]{1,10}$/),
        argv: fc.array(fc.string({ unit: argument, minLength: 1 }), {
          minLength: 1,
          maxLength: 3,
        }),
      }),
      { maxLength: 3, selector: ({ name }) => name },
    ),
  });
  fc.assert(
    fc.property(values, (given) => {
      const { config } = parseConfig({ profile: agent, text: renderExampleConfig(agent, given), env: {}, flags: {} });

      // Spread: values of a file and of fast-check differ in their prototypes.
      const wanted = given["executor.process.commands"].map(({ name, argv }) => ({ name, argv: [...argv] }));
      assert.equal(config.agent.id, given["agent.id"]);
      assert.deepEqual(config.agent.capabilities, given["agent.capabilities"]);
      assert.deepEqual(config.agent.models, given["agent.models"]);
      assert.equal(config.logging.file, given["logging.file"]);
      assert.equal(config.network.mdns, given["network.mdns"]);
      assert.deepEqual(config.executor.process.commands, wanted);
    }),
    { numRuns: 60 },
  );
});

Deno.test("renderExampleConfig() keeps white space at the end of a value", () => {
  for (const file of ["\u00a0", "a\u3000", "a ", " "]) {
    const { config } = parseConfig({
      profile: agent,
      text: renderExampleConfig(agent, { "logging.file": file }),
      env: {},
      flags: {},
    });

    assert.equal(config.logging.file, file);
  }
});

Deno.test("renderExampleConfig() refuses values that are not legal and keys that do not exist", () => {
  for (const values of [{ "agent.id": "Not An Id" }, { "agent.ids": "a" }]) {
    assert.throws(() => renderExampleConfig(agent, values), ConfigError);
  }
});

Deno.test("describeConfig() describes every key, with unit in its name where it has one", () => {
  for (const { key, uses, unit, variables } of describeConfig()) {
    assert.ok(uses.length === 1 || uses.length === 2, key);
    for (const { description, expected } of uses) {
      assert.match(description, /\.$/, key);
      assert.notEqual(expected, "", key);
    }
    if (/_(seconds|bytes|days|mb)$/.test(key)) assert.notEqual(unit, undefined, key);
    assert.equal(variables.length === 0, key === "version" || key === "binary_type", key);
  }
});

Deno.test("configJsonSchema() has every key, closed sections and nothing that is not JSON Schema", () => {
  const known =
    /^(\$schema|title|type|properties|additionalProperties|items|default|description|minimum|maximum|const|enum|anyOf|maxItems|minItems|required)$/;
  const words = new Set<string>();
  const walk = (node: unknown, isNames: boolean): void => {
    if (typeof node !== "object" || node === null || Array.isArray(node)) return;
    for (const [word, child] of Object.entries(node)) {
      if (!isNames) words.add(word);
      if (word !== "default" || isNames) walk(child, !isNames && word === "properties");
    }
  };
  for (const profile of profiles) {
    const schema = configJsonSchema(profile);
    walk(schema, false);
    assert.equal(schema["additionalProperties"], false);
    assert.ok(JSON.stringify(schema).includes("TCP port of the HTTP API"));
  }
  assert.deepEqual([...words].filter((word) => !known.test(word)), []);
});

Deno.test("renderOrigins() names every key, its value and its source", () => {
  const { config, origins } = parseConfig({
    profile: agent,
    text: "ports:\n  http_port: 1234\n",
    file: "bzzz.yaml",
    env: { BZZZ_LOG_LEVEL: "debug" },
    flags: { "agent.capabilities": "a, b" },
  });

  const table = renderOrigins(config, origins, { json: false }).split("\n").map((line) => line.split(/ {2,}/));
  const json: unknown = JSON.parse(renderOrigins(config, origins, { json: true }));

  const rows = new Map(table.map(([key, value, where]) => [key, [value, where]]));
  assert.deepEqual(rows.get("ports.http_port"), ["1234", "bzzz.yaml:2:14"]);
  assert.deepEqual(rows.get("logging.level"), ["debug", "environment variable BZZZ_LOG_LEVEL"]);
  assert.deepEqual(rows.get("agent.capabilities"), ['["a","b"]', "flag agent.capabilities"]);
  assert.deepEqual(rows.get("agent.id"), ["-", "default of bzzz-agent"]);
  assert.equal(rows.size, origins.size);
  assert.ok(Array.isArray(json));
  assert.deepEqual(json.find(({ key }) => key === "ports.http_port"), {
    key: "ports.http_port",
    value: 1234,
    source: "file",
    where: "bzzz.yaml:2:14",
  });
  assert.equal(json.find(({ key }) => key === "agent.id").value, null);
});

Deno.test("configurations are typed by their program", () => {
  const { config } = parseConfig({ profile: agent, env: {}, flags: {} });
  const typed: AgentConfig = config;

  const either: AnyConfigProfile = CONFIG_PROFILES.hap;
  const unknown: Config = parseConfig({ profile: either, env: {}, flags: {} }).config;

  assert.equal(unknown.binaryType === "agent" ? unknown.executor.kind : unknown.interface.mode, "terminal");
  assert.equal(typed.binaryType, "agent");
  assert.equal(typed.executor.kind, "mock");
  assert.equal(typed.limits.messagesPerSecondPerPeer, 1000);
});
