import assert from "node:assert/strict";
import {
  type Config,
  CONFIG_PROFILES,
  formatDeploymentProblems,
  type LoadedConfig,
  parseConfig,
  validateMultiBinaryDeployment,
} from "./mod.ts";

function agentOf(text: string = ""): LoadedConfig<Config> {
  return parseConfig({ profile: CONFIG_PROFILES.agent, text, file: "agent.yaml", env: {}, flags: {} });
}

function hapOf(text: string = ""): LoadedConfig<Config> {
  return parseConfig({ profile: CONFIG_PROFILES.hap, text, file: "hap.yaml", env: {}, flags: {} });
}

function summary(left: LoadedConfig<Config>, right: LoadedConfig<Config>): readonly string[] {
  return validateMultiBinaryDeployment(left, right)
    .map(({ severity, check, sides }) => `${severity} ${check} ${sides.map(({ keyPath }) => keyPath).join(" ")}`);
}

Deno.test("the defaults of the two programs go together", () => {
  assert.deepEqual(summary(agentOf(), hapOf()), []);
});

Deno.test("each pair of files that does not go together is told why", () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ["", "ports: {http_port: 8080}", ["error ports ports.http_port ports.http_port"]],
    ["", "network: {p2p_port: 8081}", ["error ports ports.health_port network.p2p_port"]],
    ["", "ports: {ucxi_port: 9000}", ["error ports network.p2p_port ports.ucxi_port"]],
    ["ports: {http_port: 0}", "ports: {http_port: 0}", []],
    ["ports: {http_port: 7000}\napi: {host: 127.0.0.1}", "ports: {http_port: 7000}\napi: {host: 127.0.0.2}", []],
    ["agent: {id: one}", "agent: {id: two}", []],
    ["agent: {id: one}", "agent: {id: one}", ["error identities agent.id agent.id"]],
    ["network: {mdns: false}", "", ["warning p2p network.mdns network.mdns"]],
    ["", "network: {mdns: false}", ["warning p2p network.mdns network.mdns"]],
    ["network: {mdns: false}", "network: {mdns: false, bootstrap: [/ip4/127.0.0.1/tcp/9000]}", []],
    ["", "network: {bootstrap: [/ip4/127.0.0.1/tcp/9001]}", ["warning p2p network.p2p_port network.bootstrap"]],
    ["network: {bootstrap: [/dns4/localhost/tcp/9001]}", "", ["warning p2p network.bootstrap network.p2p_port"]],
    ["network: {bootstrap: [/ip4/10.0.0.9/tcp/9001]}", "", []],
    ["network: {p2p_port: 0}", "network: {bootstrap: [/ip4/127.0.0.1/tcp/9001]}", []],
    [
      "coordination: {presence_interval_seconds: 20, presence_timeout_seconds: 60}",
      "",
      ["error limits coordination.presence_interval_seconds coordination.presence_timeout_seconds"],
    ],
    [
      "",
      "coordination: {presence_interval_seconds: 8, presence_timeout_seconds: 20}",
      ["warning limits coordination.presence_timeout_seconds coordination.presence_interval_seconds"],
    ],
    ["logging: {file: /var/log/bzzz}", "logging: {file: /var/log/bzzz}", ["warning files logging.file logging.file"]],
    ["network: {bootstrap: [localhost:9001]}", "", ["warning p2p network.bootstrap network.p2p_port"]],
    [
      "journal: {retention: {hmmm_days: 30}}",
      "",
      ["warning limits journal.retention.hmmm_days journal.retention.hmmm_days"],
    ],
    ["logging: {file: logs/bzzz}", "logging: {file: logs/bzzz}", []],
  ];
  for (const [agentText, hapText, expected] of cases) {
    assert.deepEqual(summary(agentOf(agentText), hapOf(hapText)), expected, `${agentText} | ${hapText}`);
  }
});

Deno.test("all problems are reported at once, with value and place of both sides", () => {
  const left = agentOf("agent: {id: one}\nnetwork: {mdns: false}\n");
  const right = hapOf("agent: {id: one}\nnetwork:\n  p2p_port: 9000\n");

  const problems = validateMultiBinaryDeployment(left, right);

  assert.deepEqual(problems.map(({ check }) => check), ["ports", "identities", "p2p"]);
  assert.deepEqual(problems[0]?.sides, [
    { keyPath: "network.p2p_port", value: "9000", where: "default of bzzz-agent" },
    { keyPath: "network.p2p_port", value: "9000", where: "hap.yaml:3:13" },
  ]);
  assert.equal(
    formatDeploymentProblems(problems.slice(0, 1)),
    `error (ports): both programs want TCP port 9000 of this host
  found     network.p2p_port: 9000 (default of bzzz-agent)
  found     network.p2p_port: 9000 (hap.yaml:3:13)
  try       change network.p2p_port of one of them; 0 lets the system choose`,
  );
});

Deno.test("two files of one program are compared as well", () => {
  const problems = summary(agentOf(), agentOf());

  assert.equal(problems.length, 5);
  assert.ok(problems.every((problem) => problem.startsWith("error ports ")));
});
