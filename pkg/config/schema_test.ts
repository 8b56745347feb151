import { LOG_LEVELS } from "@bzzz/logging";
import { MAX_ENVELOPE_BYTES } from "@bzzz/wire";
import assert from "node:assert/strict";
import {
  CONFIG_PROFILES,
  ConfigError,
  type ConfigIssue,
  type ConfigProfile,
  describeConfig,
  heapLimitMb,
  parseConfig,
} from "./mod.ts";
import { listKeys } from "./keys.ts";

const { agent, hap } = CONFIG_PROFILES;

function issuesOf(profile: ConfigProfile, text: string): readonly ConfigIssue[] {
  try {
    parseConfig({ profile, text, file: "c.yaml", env: {}, flags: {} });
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

/** A file with one key on its last line, and that line's number and the column of the value. */
function fileWith(key: string, value: string): { text: string; line: number; column: number } {
  const path = key.split(".");
  const last = path.length - 1;
  const lines = ["# a comment", ...path.map((name, depth) => `${"  ".repeat(depth)}${name}:`)];
  return {
    text: `${lines.join("\n")} ${value}\n`,
    line: lines.length,
    column: 2 * last + (path[last] ?? "").length + 3,
  };
}

// What each key must refuse, beside a null, a map and (but for lists) a list, which every key refuses.
const BAD: Readonly<Record<string, readonly string[]>> = {
  "version": ["2", '"1"'],
  "binary_type": ["agnet", "1"],
  "agent.id": ["Alice", "a", "-ab", "a b", "5"],
  "agent.capabilities": ["general", "5", "[a, a]"],
  "agent.models": ["phi3", "[a, a]"],
  "agent.max_tasks": ["0", "65", "1.5", '"3"', ".inf", "true"],
  "interface.mode": ["Web", "Terminal", "1"],
  "interface.theme": ["blue", "1"],
  "interface.ascii": ["yes", "1"],
  "interface.keymap_path": ['""', "5", '"a\\nb"'],
  "interface.editor": ['""', "5", '"a\\nb"'],
  "interface.message_templates_path": ['""', "5", '"a\\nb"'],
  "interface.prompt_library_path": ['""', "5", '"a\\nb"'],
  "interface.policy_path": ['""', "5", '"a\\nb"'],
  "interface.bell": ["yes", "1"],
  "interface.desktop_notifications": ["yes", "1"],
  "interface.show_text": ["yes", "1"],
  "interface.auto_start_interface": ["yes", "1", '"true"'],
  "ports.http_port": ["-1", "65536", '"8080"', "80.5"],
  "ports.health_port": ["-1", "65536", '"8081"'],
  "ports.ucxi_port": ["-1", "65536", "x"],
  "ports.admin_ui_port": ["-1", "65536", "x"],
  "network.listen_host": ["localhost", "example.org", "256.1.1.1", "0", '""'],
  "network.p2p_port": ["-1", "65536", '"9000"'],
  "network.announce": ["/ip4/1.2.3.4/tcp/9000", "1"],
  "network.bootstrap": ["/ip4/1.2.3.4/tcp/9000", "1"],
  "network.mdns": ["yes", "1", "Auto"],
  "network.max_connections": ["0", "10001", '"9"'],
  "network.max_connections_per_host": ["0", "10001", '"9"'],
  "api.host": ["example.org", "0", '""'],
  "api.allowed_hosts": ["example.org", "[a, a]"],
  "api.max_body_bytes": ["1023", "16777217", "1MB"],
  "context.max_content_bytes": ["1023", "67108865", "1MB"],
  "context.search_memory_mb": ["0", "4097", "1.5"],
  "slurp.enabled": ["yes", "1"],
  "slurp.max_depth": ["0", "65", "ten"],
  "slurp.cached_slices": ["0", "10001"],
  "slurp.settle_ms": ["9", "600001", "2s"],
  "slurp.retry_window_seconds": ["0", "86401", "15m"],
  "slurp.max_dead_letters": ["0", "10001"],
  "slurp.replays_per_minute": ["0", "6001"],
  "slurp.goals_address": ['""', "goals.yaml", '"ucxl://any:b@c:d/*^/goals.yaml"', "7"],
  "health.host": ["example.org", "0"],
  "journal.retention.coordination_days": ["-1", "36501", "1d"],
  "journal.retention.hmmm_days": ["-1", "36501", "1d"],
  "journal.sync_interval_seconds": ["0", "3601", "10s"],
  "election.profile": ["LAN", "wan", "1"],
  "election.electable": ["yes", "1"],
  "election.heartbeat_ms": ["99", "20001", "5s", '"500"'],
  "election.lease_ms": ["299", "60001", "15s"],
  "limits.messages_per_second_per_peer": ["0", "100001"],
  "limits.author_mb_per_day": ["-1", "1048577"],
  "limits.burst": ["0", "1000001"],
  "limits.max_send_bytes": ["1023", "1048577", "1MiB"],
  "limits.handler_timeout_seconds": ["0", "601", "5s"],
  "limits.memory_limit_mb": ["63", "65537", "512MB"],
  "logging.level": ["warning", "INFO", "3"],
  "logging.format": ["xml", "true"],
  "identity.passphrase_file": ['""', '"a\\nb"', "7"],
  "logging.file": ['""', '"a\\nb"', "7"],
  "person.unlock_seconds": ["0", "86401", "10m"],
  "person.idle_lock_seconds": ["0", "86401", "5m"],
  "storage.content_quota_mb": ["15", "1048577", "1GB"],
  "security.roles_file": ['""', '"a\\nb"', "7"],
  "coordination.presence_interval_seconds": ["0", "301", "5s"],
  "coordination.presence_timeout_seconds": ["1", "3601", "15s"],
  "coordination.voters": ["2", "7", "three"],
  "coordination.voter_steady_seconds": ["0", "86401", "1m"],
  "coordination.lease_seconds": ["4", "86401", "30s"],
  "tasks.github.repositories": ["acme/shop", "[acme]", "[https://github.com/acme/shop]", "[a/b, a/b]", "[a/..]"],
  "tasks.github.label": ['""', '"a,b"', '" a"', "7"],
  "tasks.github.in_progress_label": ['""', '"a,b"', "7"],
  "tasks.github.done_label": ['""', '"a,b"', "7"],
  "tasks.github.token_file": ['""', '"a\\nb"', "7"],
  "tasks.github.api_url": [
    "api.github.com",
    "http://api.github.com",
    "https://ana:pw@github.com",
    "https://a.b/?c",
    "7",
  ],
  "tasks.github.poll_interval_seconds": ["0", "86401", "1m"],
  "tasks.github.results": ["yes", "1"],
  "tasks.github.close": ["yes", "1"],
  "executor.kind": ["docker", "true"],
  "executor.process.commands": ["worker", "[worker, other]", "[{name: a, argv: [x]}, {name: a, argv: [y]}]"],
  "executor.process.timeout_seconds": ["0", "86401", "10m"],
  "executor.process.max_output_bytes": ["1023", "16777217", "1MB"],
  "executor.process.memory_limit_mb": ["15", "1048577", "1GB"],
  "executor.process.env": ["PATH", "[PATH, PATH]"],
  "executor.acp.argv": ["opencode", "[5]", '[""]', "[{name: a}]"],
  "executor.acp.timeout_seconds": ["0", "86401", "10m"],
  "executor.acp.max_output_bytes": ["65535", "1073741825", "1MB"],
  "executor.acp.memory_limit_mb": ["15", "1048577", "1GB"],
  "executor.acp.env": ["PATH", "[PATH, PATH]", "[BZZZ_HOME]"],
  "executor.acp.workspace_limit_mb": ["0", "1048577", "1GB"],
  "executor.acp.keep_workspaces": ["-1", "1001", "all"],
  "executor.model.url": [
    "localhost:11434",
    "ftp://a/b",
    '"http://user:pw@localhost/"',
    '"http://localhost/#x"',
    '"http://localhost/?x=1"',
    "5",
  ],
  "executor.model.api": ["ollama", "1"],
  "executor.model.token_file": ['""', '"a\\nb"', "7"],
  "executor.model.allow_plain_http": ["yes", "1"],
  "executor.model.models": ["tiny", "[tiny]", "[{name: a}, {name: a}]"],
  "executor.model.choice_url": ["here", '"file:///etc/passwd"', "7"],
  "executor.model.choice_timeout_seconds": ["0", "61", "5s"],
  "executor.model.detect_seconds": ["4", "3601", "1m"],
  "executor.model.timeout_seconds": ["0", "3601", "5m"],
  "executor.model.max_output_tokens": ["63", "1000001", "4k"],
  "executor.model.max_turns": ["0", "201", "many"],
  "executor.model.read_context": ["yes", "1"],
  "executor.help.model": ["yes", "1"],
  "executor.help.timeout_seconds": ["0", "3601", "1m"],
  "executor.help.per_hour": ["0", "3601", "many"],
  "executor.summary.command": ["5", "Not A Name"],
  "executor.summary.model": ["yes", "1"],
  "executor.summary.timeout_seconds": ["0", "51", "10m"],
  "executor.summary.per_hour": ["0", "3601", "many"],
};

Deno.test("F-33 F-34 every key refuses what is not a value, at its line, under its path", () => {
  for (const profile of [agent, hap]) {
    for (const { key, meta } of listKeys(profile.createSchema(profile.defaults)).keys) {
      const own = BAD[key];
      assert.ok(own !== undefined, `${key} has no bad values in this table`);
      for (const value of [...own, "{a: 1}", ...(meta.kind === "list" || meta.kind === "json" ? [] : ["[1]"])]) {
        const { text, line, column } = fileWith(key, value);

        const issues = issuesOf(profile, text);

        const about = `${profile.program}: ${key}: ${value}`;
        const [first] = issues;
        assert.ok(first !== undefined, `${about} was accepted`);
        assert.equal(first.keyPath.replace(/\[.*$/, ""), key, about);
        assert.equal(first.source, "file", about);
        assert.equal(first.file, "c.yaml", about);
        assert.equal(first.line, line, about);
        assert.ok((first.column ?? 0) >= column, `${about}: column ${first.column}, not ${column}`);
        assert.ok(first.got.length > 0 && first.expected.length > 0, about);
      }
    }
  }
});

Deno.test("every key refuses null", () => {
  for (const profile of [agent, hap]) {
    for (const { key } of listKeys(profile.createSchema(profile.defaults)).keys) {
      const { text, line } = fileWith(key, "");

      const [issue] = issuesOf(profile, text);

      assert.equal(issue?.keyPath, key, key);
      assert.equal(issue?.line, line, key);
      assert.equal(issue?.got, "nothing", key);
    }
  }
});

Deno.test("the table of bad values names no key that does not exist", () => {
  const known = new Set(describeConfig().map(({ key }) => key));

  assert.deepEqual(Object.keys(BAD).filter((key) => !known.has(key)), []);
});

Deno.test("lists blame the element", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["agent.capabilities", "[ok, Not Ok]", "agent.capabilities[1]"],
    ["agent.models", "[5]", "agent.models[0]"],
    ["network.bootstrap", "[/ip4/1.2.3.4/tcp/9000, node]", "network.bootstrap[1]"],
    ["network.announce", "[/ip4/1.2.3/tcp/9000]", "network.announce[0]"],
    ["network.announce", "[/ip4/1.2.3.4/udp/9000]", "network.announce[0]"],
    ["network.announce", "[/ip4/1.2.3.4/tcp/0]", "network.announce[0]"],
    ["network.announce", "[/ip6/1.2.3.4/tcp/1]", "network.announce[0]"],
    ["api.allowed_hosts", '["http://a"]', "api.allowed_hosts[0]"],
    ["executor.process.env", "[PATH, BZZZ_HOME]", "executor.process.env[1]"],
    ["executor.process.commands", "[{name: a, argv: []}]", "executor.process.commands[0].argv"],
    ["executor.process.commands", "[{name: a}]", "executor.process.commands[0].argv"],
    ["executor.process.commands", '[{name: a, argv: ["x", 5]}]', "executor.process.commands[0].argv[1]"],
    ["executor.process.commands", '[{name: a, argv: [""]}]', "executor.process.commands[0].argv"],
    ["executor.process.commands", "[{name: A, argv: [x]}]", "executor.process.commands[0].name"],
    ["executor.process.commands", "[{name: a, argv: [x], shell: true}]", "executor.process.commands[0].shell"],
    ["executor.model.models", '[{name: ""}]', "executor.model.models[0].name"],
    ["executor.model.models", "[{name: a, capabilities: [A B]}]", "executor.model.models[0].capabilities[0]"],
    ["executor.model.models", "[{name: a, input_price: -1}]", "executor.model.models[0].input_price"],
    ["executor.model.models", "[{name: a, output_price: 0.5}]", "executor.model.models[0].output_price"],
    ["executor.model.models", "[{name: a, price: 1}]", "executor.model.models[0].price"],
  ];
  for (const [key, value, expected] of cases) {
    const { text, line } = fileWith(key, value);

    const [issue, second] = issuesOf(agent, text);

    assert.equal(issue?.keyPath, expected, value);
    assert.equal(issue?.line, line, value);
    assert.equal(second, undefined, value);
  }
});

Deno.test("addresses are host and port, or TCP multiaddresses", () => {
  const peer = `12D3Koo${"W".repeat(45)}`;
  const good = [
    "node-1:9000",
    "node-1.example.org:9000",
    "10.0.0.1:9000",
    "[2001:db8::7]:9000",
    "/ip4/10.0.0.1/tcp/9000",
    "/ip6/::1/tcp/1",
    "/dns/Node/tcp/65535",
    `/dns4/node/tcp/9000/p2p/${peer}`,
  ];
  const bad = [
    "node",
    "node:0",
    "node:65536",
    "256.1.1.1:9000",
    "10.0.0:9000",
    "::1:9000",
    "[10.0.0.1]:9000",
    "http://node:9000",
    "node:9000/",
    "-node:9000",
    "/ip4/node/tcp/9000",
    "/ip4/10.0.0.1/udp/9000",
    "/ip4/10.0.0.1/tcp/9000/ws",
    "/dns4/node/tcp/9000/p2p/abc",
    "/dnsaddr/node",
  ];

  const text = (address: string) => `network: {bootstrap: [${JSON.stringify(address)}]}`;

  for (const address of good) assert.deepEqual(issuesOf(agent, text(address)), [], address);
  for (const address of bad) {
    assert.deepEqual(issuesOf(agent, text(address)).map(({ keyPath }) => keyPath), ["network.bootstrap[0]"], address);
  }
});

Deno.test("lists have a capacity", () => {
  const many = Array.from({ length: 300 }, (_, n) => `/ip4/10.0.${n >> 8}.${n & 255}/tcp/9000`);

  const [issue] = issuesOf(agent, fileWith("network.bootstrap", `[${many.join(", ")}]`).text);

  assert.equal(issue?.keyPath, "network.bootstrap");
  assert.equal(issue?.got, "a list of 300");
});

Deno.test("B-12 F-36 the web interface is the portal's; an agent is refused it in plain words", () => {
  assert.deepEqual(issuesOf(hap, "interface: {mode: web}"), []);

  const [issue] = issuesOf(agent, "interface: {mode: web}");

  assert.match(issue?.suggestion ?? "", /start bzzz-hap for one/);
});

Deno.test("keys of the other program are unknown, and said to be", () => {
  const issues = issuesOf(hap, "executor: {kind: mock}\nagent: {max_tasks: 3}\n");

  assert.deepEqual(issues.map(({ keyPath }) => keyPath), ["executor", "agent.max_tasks"]);
  for (const issue of issues) assert.match(issue.suggestion ?? "", /other program/);
});

Deno.test("a file of the other program is one issue", () => {
  for (
    const [profile, text] of [[hap, "binary_type: agent\nexecutor: {}\n"], [
      agent,
      "binary_type: hap\nfoo: 1\n",
    ]] as const
  ) {
    const issues = issuesOf(profile, text);

    assert.equal(issues.length, 1);
    assert.equal(issues[0]?.keyPath, "binary_type");
    assert.equal(issues[0]?.line, 1);
    assert.match(issues[0]?.suggestion ?? "", /^give this file to bzzz-(agent|hap), and /);
  }
});

Deno.test("defaults are those of the specification", () => {
  const agentConfig = parseConfig({ profile: agent, env: {}, flags: {} }).config;
  const hapConfig = parseConfig({ profile: hap, env: {}, flags: {} }).config;

  assert.deepEqual(agentConfig.ports, { httpPort: 8080, healthPort: 8081, ucxiPort: 8082, adminUiPort: 8083 });
  assert.deepEqual(hapConfig.ports, { httpPort: 8090, healthPort: 8091, ucxiPort: 8092, adminUiPort: 8093 });
  assert.deepEqual([agentConfig.network.p2pPort, hapConfig.network.p2pPort], [9000, 9010]);
  assert.deepEqual([agentConfig.limits.maxSendBytes, hapConfig.limits.maxSendBytes], [1_048_576, 524_288]);
  assert.deepEqual([agentConfig.limits.handlerTimeoutSeconds, hapConfig.limits.handlerTimeoutSeconds], [5, 30]);
  assert.deepEqual([agentConfig.api.host, agentConfig.health.host], ["127.0.0.1", "127.0.0.1"]);
});

Deno.test("a profile brings its own defaults", () => {
  const profile = { ...agent, defaults: { ...agent.defaults, httpPort: 0, memoryLimitMb: 128 } };

  const { config } = parseConfig({ profile, env: {}, flags: {} });

  assert.equal(config.ports.httpPort, 0);
  assert.equal(config.limits.memoryLimitMb, 128);
});

Deno.test("levels and the largest envelope are those of their packages", () => {
  const level = describeConfig().find(({ key }) => key === "logging.level");
  const send = describeConfig().find(({ key }) => key === "limits.max_send_bytes");

  assert.equal(level?.uses[0]?.expected, `one of ${LOG_LEVELS.join(", ")}`);
  assert.equal(send?.uses[0]?.expected, `a whole number from 1024 to ${MAX_ENVELOPE_BYTES}`);
});

Deno.test("the heap is three quarters of the memory a program is laid out for", () => {
  assert.equal(heapLimitMb(CONFIG_PROFILES.agent.defaults.memoryLimitMb), 384);
  assert.equal(heapLimitMb(CONFIG_PROFILES.hap.defaults.memoryLimitMb), 192);
});
