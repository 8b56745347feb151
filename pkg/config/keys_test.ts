import fc from "fast-check";
import assert from "node:assert/strict";
import { toCamel } from "./codec.ts";
import { listKeys, variableName } from "./keys.ts";
import { type AnyConfigProfile, CONFIG_PROFILES, parseConfig } from "./mod.ts";
import { valueAt } from "./tree.ts";

const { agent, hap } = CONFIG_PROFILES;

type Sample = readonly [file: unknown, env: unknown, flag: unknown];

const number = (base: number): Sample => [base, base + 1, base + 2];

/** Three legal values of every key that can be set outside the file. They differ where the key has so many. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  "agent.id": ["from-file", "from-env", "from-flag"],
  "agent.capabilities": [["file"], ["env", "two"], ["flag"]],
  "agent.models": [["file:7b"], ["env:7b"], ["flag:7b"]],
  "agent.max_tasks": number(5),
  "interface.mode": ["headless", "headless", "headless"],
  "interface.theme": ["light", "contrast", "mono"],
  "interface.ascii": [true, false, true],
  "interface.keymap_path": ["file.yaml", "env.yaml", "flag.yaml"],
  "interface.editor": ["file.yaml", "env.yaml", "flag.yaml"],
  "interface.message_templates_path": ["file", "env", "flag"],
  "interface.prompt_library_path": ["file", "env", "flag"],
  "interface.policy_path": ["file.yaml", "env.yaml", "flag.yaml"],
  "interface.bell": [false, true, false],
  "interface.desktop_notifications": [true, false, true],
  "interface.show_text": [true, false, true],
  "interface.auto_start_interface": [false, false, false],
  "ports.http_port": number(20_000),
  "ports.health_port": number(20_010),
  "ports.ucxi_port": number(20_020),
  "ports.admin_ui_port": number(20_030),
  "network.listen_host": ["10.0.0.1", "10.0.0.2", "::1"],
  "network.p2p_port": number(20_040),
  "network.announce": [["/ip4/10.0.0.1/tcp/1"], ["/ip4/10.0.0.2/tcp/1"], ["/ip4/10.0.0.3/tcp/1"]],
  "network.bootstrap": [["/dns4/a/tcp/1"], ["/dns4/b/tcp/1", "/ip6/::1/tcp/2"], []],
  "network.mdns": [true, false, "auto"],
  "network.max_connections": number(200),
  "network.max_connections_per_host": number(20),
  "api.host": ["10.0.0.1", "10.0.0.2", "localhost"],
  "api.allowed_hosts": [["a.example"], ["b.example"], ["c.example"]],
  "api.max_body_bytes": number(5000),
  "context.max_content_bytes": number(5000),
  "context.search_memory_mb": number(20),
  "slurp.enabled": [false, true, false],
  "slurp.max_depth": number(20),
  "slurp.cached_slices": number(20),
  "slurp.settle_ms": number(500),
  "slurp.retry_window_seconds": number(20),
  "slurp.max_dead_letters": number(20),
  "slurp.replays_per_minute": number(20),
  "slurp.goals_address": ["ucxl://a:b@c:d/*^/file", "ucxl://a:b@c:d/*^/env", "ucxl://a:b@c:d/*^/flag"],
  "health.host": ["10.0.0.1", "10.0.0.2", "0.0.0.0"],
  "journal.retention.coordination_days": number(30),
  "journal.retention.hmmm_days": number(40),
  "journal.sync_interval_seconds": number(20),
  "election.profile": ["lan", "default", "lan"],
  "election.electable": [false, true, false],
  "election.heartbeat_ms": number(200),
  "election.lease_ms": number(20_000),
  "limits.messages_per_second_per_peer": number(100),
  "limits.burst": number(200),
  "limits.author_mb_per_day": number(20),
  "limits.max_send_bytes": number(9000),
  "limits.handler_timeout_seconds": number(7),
  "limits.memory_limit_mb": number(300),
  "logging.level": ["debug", "warn", "error"],
  "logging.format": ["json", "text", "auto"],
  "person.unlock_seconds": number(60),
  "person.idle_lock_seconds": number(60),
  "identity.passphrase_file": ["file.pass", "env.pass", "flag.pass"],
  "logging.file": ["file.log", "env.log", "flag.log"],
  "storage.content_quota_mb": number(16),
  "security.roles_file": ["file.yaml", "env.yaml", "flag.yaml"],
  "coordination.presence_interval_seconds": number(1),
  "coordination.presence_timeout_seconds": number(10),
  "coordination.lease_seconds": number(60),
  "coordination.voters": [1, 5, 1],
  "coordination.voter_steady_seconds": number(10),
  "tasks.github.repositories": [["a/file"], ["a/env", "b/env"], ["a/flag"]],
  "tasks.github.label": ["file", "env", "flag"],
  "tasks.github.in_progress_label": ["file", "env", "flag"],
  "tasks.github.done_label": ["file", "env", "flag"],
  "tasks.github.token_file": ["file.token", "env.token", "flag.token"],
  "tasks.github.api_url": ["https://file.example/api/v3", "http://127.0.0.1:1", "https://flag.example"],
  "tasks.github.poll_interval_seconds": number(300),
  "tasks.github.results": [true, false, true],
  "tasks.github.close": [true, false, true],
  "executor.kind": ["mock", "mock", "mock"],
  "executor.process.commands": [
    [{ name: "file", argv: ["a"] }],
    [{ name: "env", argv: ["a", "b, c"] }],
    [{ name: "flag", argv: ["d"] }],
  ],
  "executor.process.timeout_seconds": number(60),
  "executor.process.max_output_bytes": number(4096),
  "executor.process.memory_limit_mb": number(128),
  "executor.process.env": [["A"], ["B", "C"], ["D"]],
  "executor.acp.argv": [["a"], ["a", "b, c"], ["d, e", "d, e"]],
  "executor.acp.timeout_seconds": number(60),
  "executor.acp.max_output_bytes": number(65_536),
  "executor.acp.memory_limit_mb": number(128),
  "executor.acp.env": [["A"], ["B", "C"], ["D"]],
  "executor.acp.workspace_limit_mb": number(64),
  "executor.acp.keep_workspaces": number(5),
  "executor.model.url": ["http://localhost:1/v1", "https://env.example", "http://10.0.0.1/v1"],
  "executor.model.api": ["anthropic", "openai", "anthropic"],
  "executor.model.token_file": ["file", "env", "flag"],
  "executor.model.allow_plain_http": [true, false, true],
  "executor.model.models": ["file", "env", "flag"].map((name) => [
    { name, capabilities: [name], input_price: 1, output_price: 2 },
  ]) as [unknown, unknown, unknown],
  "executor.model.choice_url": ["http://localhost:1/a", "https://env.example/b", "http://[::1]/c?d=e"],
  "executor.model.choice_timeout_seconds": number(7),
  "executor.model.detect_seconds": number(30),
  "executor.model.timeout_seconds": number(60),
  "executor.model.max_output_tokens": number(1000),
  "executor.model.max_turns": number(8),
  "executor.model.read_context": [true, false, true],
  "executor.help.model": [true, false, true],
  "executor.help.timeout_seconds": number(30),
  "executor.help.per_hour": number(100),
  "executor.summary.command": ["file", "env", "flag"],
  "executor.summary.model": [true, false, true],
  "executor.summary.timeout_seconds": number(30),
  "executor.summary.per_hour": number(100),
};

/** What else has to be set for a sample to be in order. */
const COMPANIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "tasks.github.results": { "tasks.github.token_file": "github.token" },
  "tasks.github.close": { "tasks.github.token_file": "github.token" },
  "executor.help.model": { "executor.model.models": [{ name: "a" }] },
  "executor.summary.model": { "executor.model.models": [{ name: "a" }] },
  "executor.summary.command": {
    "executor.process.commands": ["file", "env", "flag"].map((name) => ({ name, argv: ["a"] })),
  },
};

/** A value as the code has it: members of the maps in a list are named its way. */
function inCode(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((item) =>
    typeof item === "object" ? Object.fromEntries(Object.entries(item).map(([key, it]) => [toCamel(key), it])) : item
  );
}

function variableText(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const isJson = value.some((item) => typeof item === "object" || String(item).includes(","));
  return isJson ? JSON.stringify(value) : value.join(" , ");
}

Deno.test("what a key accepts without its schema, the schema takes as it is (property)", () => {
  const both: readonly AnyConfigProfile[] = [agent, hap];
  const keys = both.flatMap((profile) => listKeys(profile.createSchema(profile.defaults)).keys).filter((key) =>
    key.accepts
  );
  const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, 65_535, 65_536, 2 ** 53, NaN));
  const words = fc.constantFrom("auto", "true", "", "info", "json", "mock", "none", "default");

  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.oneof(numbers, fc.boolean(), words, fc.anything()), (key, value) => {
      if (!key.accepts?.(value)) return;
      assert.ok(Object.is(key.schema().parse(value), value), `${key.key}: ${value}`);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("every key: flag over variable over file over default", () => {
  const both: readonly AnyConfigProfile[] = [agent, hap];
  for (const profile of both) {
    for (const { key, path, meta, schema, fallback } of listKeys(profile.createSchema(profile.defaults)).keys) {
      if (meta.fileOnly === true) continue;
      const sample = SAMPLES[key];
      assert.ok(sample !== undefined, `${key} has no samples in this table`);
      const [inFile, inEnv, inFlag] = sample;
      const text = path.toReversed().reduce(
        (inner, name) => `{${JSON.stringify(name)}: ${inner}}`,
        JSON.stringify(inFile),
      );
      const env = { [variableName(key)]: variableText(inEnv) };
      const load = (options: { text?: string; env?: Record<string, string>; flags?: Record<string, unknown> }) => {
        const loaded = parseConfig({
          profile,
          file: "c.yaml",
          env: {},
          ...options,
          flags: { ...COMPANIONS[key], ...options.flags },
        });
        return [valueAt(loaded.config, path.map(toCamel)), loaded.origins.get(key)] as const;
      };
      const about = `${profile.program}: ${key}`;

      const [byDefault, defaultOrigin] = load({});
      const [byFile, fileOrigin] = load({ text });
      const [byEnv, envOrigin] = load({ text, env });
      const [byFlag, flagOrigin] = load({ text, env, flags: { [key]: inFlag } });
      const [byFlagText] = load({ text, env, flags: { [key]: variableText(inFlag) } });

      assert.deepEqual(byDefault, schema().parse(undefined), about);
      // so a file that repeats the default needs no schema
      assert.deepEqual(schema().parse(fallback), fallback, about);
      assert.deepEqual(defaultOrigin, { source: "default", where: `default of ${profile.program}` }, about);
      assert.deepEqual(byFile, inCode(inFile), about);
      assert.equal(fileOrigin?.source, "file", about);
      assert.match(fileOrigin?.where ?? "", /^c\.yaml:1:\d+$/, about);
      assert.deepEqual(byEnv, inCode(inEnv), about);
      assert.deepEqual(envOrigin, { source: "env", where: `environment variable ${variableName(key)}` }, about);
      assert.deepEqual(byFlag, inCode(inFlag), about);
      assert.deepEqual(flagOrigin, { source: "flag", where: `flag ${key}` }, about);
      assert.deepEqual(byFlagText, inCode(inFlag), about);
    }
  }
});

Deno.test("no two keys share a variable", () => {
  for (const profile of [agent, hap]) {
    const names = listKeys(profile.createSchema(profile.defaults)).keys.flatMap(({ variables }) => variables);

    assert.equal(new Set(names).size, names.length);
  }
});
