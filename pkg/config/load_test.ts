import assert from "node:assert/strict";
import { listKeys } from "./keys.ts";
import { CONFIG_PROFILES, ConfigError, type ConfigIssue, formatIssues, parseConfig } from "./mod.ts";

const { agent, hap } = CONFIG_PROFILES;

function issuesOf(options: Partial<Parameters<typeof parseConfig>[0]>): readonly ConfigIssue[] {
  try {
    parseConfig({ profile: agent, env: {}, flags: {}, ...options });
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

Deno.test("a configuration is complete, frozen, and has an origin for every key", () => {
  const { config, origins } = parseConfig({ profile: agent, env: {}, flags: {} });

  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.network.bootstrap));
  assert.deepEqual(
    [...origins.keys()],
    listKeys(agent.createSchema(agent.defaults)).keys.map(({ key }) => key),
  );
  assert.equal("id" in config.agent, false);
});

Deno.test("variables that are no values are issues, not guesses", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["BZZZ_PORTS_HTTP_PORT", "", "ports.http_port"],
    ["BZZZ_PORTS_HTTP_PORT", " 80", "ports.http_port"],
    ["BZZZ_PORTS_HTTP_PORT", "8080.0", "ports.http_port"],
    ["BZZZ_PORTS_HTTP_PORT", "0x50", "ports.http_port"],
    ["BZZZ_PORTS_HTTP_PORT", "99999999999999999999", "ports.http_port"],
    ["BZZZ_NETWORK_MDNS", "TRUE", "network.mdns"],
    ["BZZZ_NETWORK_MDNS", "1", "network.mdns"],
    ["BZZZ_AGENT_ID", "", "agent.id"],
    ["BZZZ_AGENT_CAPABILITIES", "a,,b", "agent.capabilities[1]"],
    ["BZZZ_AGENT_CAPABILITIES", "a,a", "agent.capabilities"],
    ["BZZZ_LOG_LEVEL", "loud", "logging.level"],
    ["BZZZ_EXECUTOR_PROCESS_COMMANDS", "[{", "executor.process.commands"],
    ["BZZZ_EXECUTOR_PROCESS_COMMANDS", '[{"name":"a","argv":[]}]', "executor.process.commands[0].argv"],
    ["BZZZ_EXECUTOR_PROCESS_COMMANDS", '[{"name":"a","argv":["x"],"sh":1}]', "executor.process.commands[0].sh"],
  ];
  for (const [name, value, keyPath] of cases) {
    const issues = issuesOf({ env: { [name]: value } });

    assert.deepEqual(
      issues.map((issue) => [issue.source, issue.file, issue.keyPath]),
      [["env", `environment variable ${name}`, keyPath]],
      `${name}=${value}`,
    );
  }
});

Deno.test("a command line that is not JSON is not repeated", () => {
  const issues = issuesOf({ env: { BZZZ_EXECUTOR_PROCESS_COMMANDS: "run --password hunter2" } });

  assert.ok(!formatIssues(issues).includes("hunter2"));
});

Deno.test("an empty list variable is an empty list", () => {
  const { config } = parseConfig({
    profile: agent,
    text: "agent: {capabilities: [a]}",
    env: { BZZZ_AGENT_CAPABILITIES: "" },
    flags: {},
  });

  assert.deepEqual(config.agent.capabilities, []);
});

Deno.test("the short name of a variable works, and must not contradict the derived one", () => {
  const short = parseConfig({ profile: agent, env: { BZZZ_LOG_LEVEL: "debug" }, flags: {} });
  const same = issuesOf({ env: { BZZZ_LOG_LEVEL: "debug", BZZZ_LOGGING_LEVEL: "debug" } });
  const contrary = issuesOf({ env: { BZZZ_LOG_LEVEL: "debug", BZZZ_LOGGING_LEVEL: "warn" } });

  assert.equal(short.config.logging.level, "debug");
  assert.deepEqual(same, []);
  assert.deepEqual(contrary.map(({ keyPath }) => keyPath), ["logging.level"]);
});

Deno.test("variables without a meaning are warnings with a suggestion, without their value", () => {
  const { warnings } = parseConfig({
    profile: agent,
    env: {
      BZZZ_PORT_HTTP_PORT: "hunter2",
      BZZZ_TOKEN: "hunter2",
      BZZZ_VERSION: "1",
      BZZZ_MINE: "1",
      PATH: "/bin",
      BZZZ_HOME: "/x",
      BZZZ_CONFIG_PATH: "x",
      BZZZ_AGENT_SERVICE_HOST: "10.0.0.1",
      BZZZ_AGENT_SERVICE_PORT_P2P: "9000",
      BZZZ_AGENT_PORT: "tcp://10.0.0.1:9000",
      BZZZ_AGENT_PORT_9000_TCP_ADDR: "10.0.0.1",
    },
    flags: {},
    knownVariables: ["BZZZ_MINE"],
  });

  assert.deepEqual(warnings.map(({ file }) => file.split(" ").at(-1)), [
    "BZZZ_PORT_HTTP_PORT",
    "BZZZ_TOKEN",
    "BZZZ_VERSION",
  ]);
  assert.equal(warnings[0]?.suggestion, "did you mean BZZZ_PORTS_HTTP_PORT?");
  assert.ok(!formatIssues(warnings).includes("hunter2"));
});

Deno.test("variables of keys the other program has are no mistake in a shared environment", () => {
  const { warnings } = parseConfig({ profile: hap, env: { BZZZ_EXECUTOR_KIND: "process" }, flags: {} });

  assert.deepEqual(warnings, []);
});

Deno.test("unknown flags are issues", () => {
  const issues = issuesOf({ flags: { "ports.htpp_port": 1, "version": 1, "agent": {}, "ports.http_port": undefined } });

  assert.deepEqual(issues.map(({ source, keyPath }) => [source, keyPath]), [
    ["flag", "ports.htpp_port"],
    ["flag", "version"],
    ["flag", "agent"],
  ]);
  assert.equal(issues[0]?.suggestion, "did you mean ports.http_port?");
});

Deno.test("problems of all sources are reported at once", () => {
  const issues = issuesOf({
    text: "ports:\n  http_port: x\nfoo: 1\n",
    file: "c.yaml",
    env: { BZZZ_NETWORK_MDNS: "perhaps", BZZZ_PORTS_HEALTH_PORT: "9000" },
    flags: { "logging.level": "loud" },
  });

  assert.deepEqual(issues.map(({ source, keyPath }) => [source, keyPath]), [
    ["file", "ports.http_port"],
    ["file", "foo"],
    ["env", "network.mdns"],
    ["flag", "logging.level"],
    ["env", "ports.health_port"],
  ]);
});

Deno.test("a wrong value in the file is a problem even under a right flag", () => {
  const issues = issuesOf({ text: "ports: {http_port: x}", flags: { "ports.http_port": 1 } });

  assert.deepEqual(issues.map(({ source }) => source), ["file"]);
});

Deno.test("formatIssues() gives place, found, expected and what to try", () => {
  const issues = issuesOf({ text: "ports:\n  htpp_port: 80\n", file: "bzzz.yaml" });

  assert.equal(
    formatIssues(issues),
    `bzzz.yaml:2:3: ports.htpp_port
  found     an unknown key "htpp_port"
  expected  one of http_port, health_port, ucxi_port, admin_ui_port
  try       did you mean ports.http_port?`,
  );
});
