import assert from "node:assert/strict";
import { CONFIG_PROFILES, ConfigError, type ConfigIssue, parseConfig } from "./mod.ts";

function issuesOf(text: string, env: Readonly<Record<string, string>> = {}): readonly ConfigIssue[] {
  try {
    parseConfig({ profile: CONFIG_PROFILES.agent, text, file: "c.yaml", env, flags: {} });
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

Deno.test("two ports of one program clash, wherever they were set", () => {
  const issues = issuesOf("ports:\n  http_port: 9000\n  health_port: 7000\n", { BZZZ_PORTS_UCXI_PORT: "7000" });

  assert.deepEqual(issues.map(({ keyPath, file, line }) => [keyPath, file, line]), [
    ["ports.ucxi_port", "environment variable BZZZ_PORTS_UCXI_PORT", undefined],
    ["ports.http_port", "c.yaml", 2],
  ]);
  assert.match(issues[1]?.got ?? "", /port 9000 for both ports.http_port and network.p2p_port/);
});

Deno.test("port 0 never clashes", () => {
  const issues = issuesOf(
    "ports: {http_port: 0, health_port: 0, ucxi_port: 0, admin_ui_port: 0}\nnetwork: {p2p_port: 0}\n",
  );

  assert.deepEqual(issues, []);
});

Deno.test("one port on two addresses is no clash, but a wildcard covers all", () => {
  const same = "ports: {http_port: 7000, health_port: 7000}\n";

  assert.deepEqual(issuesOf(`${same}api: {host: 127.0.0.1}\nhealth: {host: 127.0.0.2}\n`), []);
  assert.equal(issuesOf(`${same}api: {host: 127.0.0.1}\nhealth: {host: 0.0.0.0}\n`).length, 1);
  assert.equal(issuesOf(`${same}api: {host: "::"}\nhealth: {host: 10.0.0.1}\n`).length, 1);
  assert.equal(issuesOf(`${same}api: {host: localhost}\nhealth: {host: 127.0.0.1}\n`).length, 1);
});

Deno.test("limits and times that contradict each other are refused", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["network: {max_connections: 10, max_connections_per_host: 11}", "network.max_connections_per_host"],
    ["network: {max_connections: 10}", "network.max_connections"],
    ["coordination: {presence_interval_seconds: 8}", "coordination.presence_interval_seconds"],
    ["coordination: {presence_timeout_seconds: 9}", "coordination.presence_timeout_seconds"],
    ["election: {heartbeat_ms: 5001}", "election.heartbeat_ms"],
    ["election: {profile: lan, lease_ms: 1499}", "election.lease_ms"],
    ["executor: {kind: process}", "executor.kind"],
    ["tasks: {github: {results: true}}", "tasks.github.results"],
    ["tasks: {github: {close: true}}", "tasks.github.close"],
    ["tasks: {github: {done_label: BZZZ-task}}", "tasks.github.done_label"],
    ["tasks: {github: {repositories: [acme/shop, Acme/Shop]}}", "tasks.github.repositories"],
    ["executor: {kind: acp}", "executor.kind"],
    ["executor: {kind: model}", "executor.kind"],
    ["{agent: {models: [a]}, executor: {kind: model, model: {models: [{name: a}]}}}", "agent.models"],
    ['executor: {model: {url: "http://models.example/v1"}}', "executor.model.url"],
    ['executor: {model: {choice_url: "http://8.8.8.8/choose"}}', "executor.model.choice_url"],
    ["executor: {summary: {model: true}}", "executor.summary.model"],
    ["executor: {help: {model: true}}", "executor.help.model"],
    [
      "executor: {model: {models: [{name: a}]}, process: {commands: [{name: b, argv: [c]}]}, summary: {command: b, model: true}}",
      "executor.summary.command",
    ],
    ["executor: {summary: {command: sum}}", "executor.summary.command"],
    ["executor: {process: {commands: [{name: a, argv: [b]}]}, summary: {command: b}}", "executor.summary.command"],
  ];
  for (const [text, key] of cases) {
    const issues = issuesOf(text);

    assert.deepEqual(issues.map(({ keyPath, line }) => [keyPath, line]), [[key, 1]], text);
  }
});

Deno.test("a rule is not applied to a key that is already wrong", () => {
  const issues = issuesOf('coordination: {presence_interval_seconds: 8, presence_timeout_seconds: "x"}');

  assert.deepEqual(issues.map(({ keyPath }) => keyPath), ["coordination.presence_timeout_seconds"]);
});

Deno.test("a file that is not YAML hides no false contradictions", () => {
  const issues = issuesOf("executor: {process: [\n", { BZZZ_EXECUTOR_KIND: "process" });

  assert.ok(issues.length > 0);
  assert.deepEqual(issues.filter(({ keyPath }) => keyPath !== ""), []);
});

Deno.test("models are asked in the clear on loopback and in private networks alone, unless that is allowed", () => {
  const keysOf = (url: string, rest = "") =>
    issuesOf(`executor: {model: {url: "${url}"${rest}}}`).map((it) => it.keyPath);
  const near = [
    "http://localhost:11434/v1",
    "http://127.8.9.1/v1",
    "http://[::1]:8000/v1",
    "http://10.1.2.3/v1",
    "http://172.31.0.1/v1",
    "http://192.168.7.7/v1",
    "http://100.64.0.9/v1",
    "http://[fd00::1]/v1",
    "http://[fe80::1]/v1",
    "https://models.example/v1",
  ];
  const far = [
    "http://ollama/v1",
    "http://172.32.0.1/v1",
    "http://100.128.0.9/v1",
    "http://[2001:db8::1]/v1",
    "http://10.1.2.3.example/v1",
    "http://127.0.0.1.example/v1",
  ];

  for (const url of near) assert.deepEqual(keysOf(url), [], url);
  for (const url of far) assert.deepEqual(keysOf(url), ["executor.model.url"], url);
  for (const url of far) assert.deepEqual(keysOf(url, ", allow_plain_http: true"), [], url);
});
