// Every key has an effect: the settings of a node whose effect shows nowhere else, and a table that names the test of each key.
import assert from "node:assert/strict";
import { type Clock, createSystemClock, createSystemRandom } from "@bzzz/base";
import { CONFIG_PROFILES, describeConfig, parseConfig } from "@bzzz/config";
import { TOPICS } from "@bzzz/wire";
import { homePaths, readEndpoints } from "./home.ts";
import { openNodeLog } from "./node_logger.ts";
import { AGENT_PROFILE, HAP_PROFILE } from "./profiles.ts";
import { SelfStatus } from "./self_status.ts";
import { authorQuota, retentionPolicy } from "./storage.ts";
import { foundTestHome, startTestNode } from "./testdata/test_node.ts";

const random = createSystemRandom();

/** The system's clock, which writes down what is asked of it. */
function createSpyClock(): {
  clock: Clock;
  periods: Map<number, () => void>;
  delays: Set<number>;
  skip: (ms: number) => void;
} {
  const system = createSystemClock();
  const periods = new Map<number, () => void>();
  const delays = new Set<number>();
  let skippedMs = 0;
  const clock: Clock = {
    nowMs: () => system.nowMs(),
    monotonicMs: () => system.monotonicMs() + skippedMs,
    sleep: (delayMs, options) => system.sleep(delayMs, options),
    setTimer: (delayMs, fn, options) => {
      delays.add(delayMs);
      return system.setTimer(delayMs, fn, options);
    },
    setPeriodic: (periodMs, fn, options) => {
      periods.set(periodMs, fn);
      return system.setPeriodic(periodMs, fn, options);
    },
  };
  return { clock, periods, delays, skip: (ms) => void (skippedMs += ms) };
}

Deno.test("A-04 F-12 settings of a node have their effect", async () => {
  const { clock, periods, delays, skip } = createSpyClock();
  const home = await Deno.makeTempDir({ prefix: "bzzz-effects-" });
  try {
    await foundTestHome(AGENT_PROFILE, { home, agentId: "one", clock });
    const { services, stop } = await startTestNode(AGENT_PROFILE, {
      home,
      clock,
      configPath: new URL("./testdata/agent_config.yaml", import.meta.url).pathname,
      flags: {
        "health.host": "127.0.0.2",
        "api.host": "127.0.0.3",
        "api.allowed_hosts": ["portal.example"],
        "api.max_body_bytes": 2_048,
        "context.max_content_bytes": 2_000,
        "context.search_memory_mb": 3,
        "limits.max_send_bytes": 4_096,
        "limits.handler_timeout_seconds": 17,
        "limits.memory_limit_mb": 321,
        "journal.sync_interval_seconds": 123,
        "coordination.presence_interval_seconds": 7,
        "coordination.presence_timeout_seconds": 19,
        "coordination.voters": 5,
        "coordination.voter_steady_seconds": 23,
      },
    });
    const token = (await Deno.readTextFile(homePaths(home).writeToken)).trim();
    const ask = async (host: string, body?: string) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const request = body === undefined
        ? new Request(`http://${host}/api/v1/status`, { headers })
        : new Request(`http://${host}/api/v1/messages`, { headers, method: "POST", body });
      const response = await services.api.fetch(request);
      await response.body?.cancel();
      return response.status;
    };

    const endpoints = await readEndpoints(home);
    assert.match(endpoints?.health_url ?? "", /127\.0\.0\.2/, "health.host");
    assert.match(endpoints?.api_url ?? "", /127\.0\.0\.3/, "api.host");
    assert.equal(await ask("portal.example"), 200, "api.allowed_hosts");
    assert.equal(await ask("elsewhere.example"), 403, "api.allowed_hosts");
    assert.equal(await ask("127.0.0.1", JSON.stringify({ text: "x".repeat(3_000) })), 413, "api.max_body_bytes");
    const content = await services.ucxiServer.fetch(
      new Request("http://127.0.0.1/ucxi/v1/content?address=ucxl://a:b@c:d", {
        method: "PUT",
        headers: { authorization: `Bearer ${token}` },
        body: "x".repeat(2_001),
      }),
    );
    assert.equal(content.status, 413, "context.max_content_bytes");
    await content.body?.cancel();
    assert.equal(services.contextSearch.stats().maxBytes, 3 * 1024 * 1024, "context.search_memory_mb");
    const large = {
      kind: "message_posted",
      topic: TOPICS.hmmm,
      body: { type: "memo", text: "x".repeat(5_000) },
    } as const;
    await assert.rejects(services.journal.append(large), { code: "journal_entry_too_large" }, "limits.max_send_bytes");
    assert.equal(services.optimizer.report().limitBytes, 321 * 1024 * 1024, "limits.memory_limit_mb");
    services.participant.subscribeToTopic("hmmm", () => {});
    await services.participant.publishMessage("hmmm", "hello");
    assert.ok(delays.has(17_000), "limits.handler_timeout_seconds");
    assert.ok(periods.has(123_000), "journal.sync_interval_seconds");
    const sweep = periods.get(7_000);
    assert.ok(sweep, "coordination.presence_interval_seconds");
    const identity = { peer: "ana" as never, agentId: "ana" as never, binaryType: "agent", role: "developer" } as const;
    services.presence.heard(identity, services.selfStatus.describe());
    skip(18_000);
    sweep();
    assert.equal(services.presence.get(identity.peer)?.liveness, "alive", "coordination.presence_timeout_seconds");
    skip(2_000);
    sweep();
    assert.equal(services.presence.get(identity.peer)?.liveness, "failed", "coordination.presence_timeout_seconds");
    assert.deepEqual(services.voterPromoter.settings, { chosen: 5, steadyMs: 23_000 }, "coordination.voter…");
    await stop();
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("retention is by topic, in days; 0 keeps for ever", () => {
  const policy = (flags: Record<string, unknown>) =>
    retentionPolicy(parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags }).config);

  assert.deepEqual(policy({}), {});
  assert.deepEqual(policy({ "journal.retention.coordination_days": 2, "journal.retention.hmmm_days": 3 }), {
    [TOPICS.coordination]: { keepMs: 2 * 86_400_000 },
    [TOPICS.hmmm]: { keepMs: 3 * 86_400_000 },
  });
});

Deno.test("the quota of an author is per day, and 0 is none", () => {
  const quota = (flags: Record<string, unknown>) =>
    authorQuota(parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags }).config);

  assert.deepEqual(quota({}), { authorBytesPerDay: 256 * 1024 * 1024 });
  assert.deepEqual(quota({ "limits.author_mb_per_day": 0 }), {});
});

Deno.test("a node says of itself what its configuration says", () => {
  const flags = { "agent.capabilities": ["deno", "review"], "agent.models": ["m".repeat(128)] };
  const { config } = parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags });
  const clock = { nowMs: () => 0 };
  const status = new SelfStatus({ clock, random, addresses: () => Array(20).fill("/x"), load: () => 0.5 }, config);

  const { capabilities, models, addresses, load } = status.describe();
  status.setSource(() => ({ status: "working", activeTasks: 1, maxTasks: 2 }));
  status.setModels(() => ["found"]);
  assert.deepEqual(status.describe().models, ["found"]);
  assert.equal(status.describe().status, "working");
  status.setDraining();

  assert.deepEqual([capabilities, models, addresses.length, load], [["deno", "review"], ["m".repeat(128)], 8, 0.5]);
  assert.equal(status.describe().status, "draining");
});

Deno.test("the log goes where the configuration says, in its form, from its level on; privately", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-log-" });
  try {
    const write = async (flags: Record<string, unknown>, options: { ownsTerminal?: boolean; isHap?: boolean } = {}) => {
      const profile = options.isHap ? HAP_PROFILE : AGENT_PROFILE;
      const { config } = options.isHap
        ? parseConfig({ profile: CONFIG_PROFILES.hap, env: {}, flags })
        : parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags });
      using log = openNodeLog({ clock: createSystemClock(), profile }, {
        config,
        home,
        ownsTerminal: options.ownsTerminal ?? false,
        stderrIsTerminal: false,
      });
      if (log.path === undefined) return undefined;
      log.logger.debug("fine");
      log.logger.warn("coarse");
      const text = await Deno.readTextFile(log.path);
      const mode = ((await Deno.stat(log.path)).mode ?? 0) & 0o777;
      await Deno.remove(log.path);
      return { path: log.path, lines: text.trim().split("\n"), mode };
    };

    const json = await write({ "logging.file": "a.log", "logging.level": "debug" });
    const text = await write({ "logging.file": `${home}/b.log`, "logging.format": "text", "logging.level": "warn" });
    const portal = await write({}, { ownsTerminal: true, isHap: true });

    assert.deepEqual([json?.path, json?.mode, json?.lines.length], [`${home}/a.log`, 0o600, 2]);
    assert.equal(JSON.parse(json?.lines[1] ?? "").program, "bzzz-agent");
    assert.equal(text?.lines.length, 1);
    assert.doesNotMatch(text?.lines[0] ?? "", /^\{/);
    assert.equal(portal?.path, `${home}/bzzz-hap.log`);
    assert.equal(await write({}), undefined, "standard error");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

const HERE = "internal/common/runtime";
/** Where the effect of each key is shown: a file, and words of the test's name. A new key needs a line, and a test. */
const EFFECTS: Readonly<Record<string, readonly [file: string, test: string]>> = {
  "version": ["pkg/config/schema_test.ts", "every key refuses what is not a value"],
  "binary_type": ["pkg/config/schema_test.ts", "a file of the other program is one issue"],
  "agent.id": [`${HERE}/agent_test.ts`, "a data directory that is not this node's"],
  "agent.capabilities": [`${HERE}/config_effects_test.ts`, "a node says of itself"],
  "agent.models": [`${HERE}/config_effects_test.ts`, "a node says of itself"],
  "agent.max_tasks": ["internal/agent/program_test.ts", "every setting of the agent reaches"],
  "interface.mode": [`${HERE}/process_environment_test.ts`, "the portal takes the terminal only"],
  "interface.auto_start_interface": [`${HERE}/process_environment_test.ts`, "the portal takes the terminal only"],
  "interface.theme": ["internal/hap/screen_settings_test.ts", "the section interface decides"],
  "interface.ascii": ["internal/hap/screen_settings_test.ts", "the section interface decides"],
  "interface.keymap_path": ["internal/hap/screen_settings_test.ts", "a key map file replaces keys"],
  "interface.editor": ["test/integration/terminal_shell_test.ts", "Ctrl+O without BZZZ_EDITOR"],
  "interface.policy_path": ["test/integration/requests_test.ts", "a rule decides what it names"],
  "interface.message_templates_path": ["test/integration/forms_test.ts", "a template of the person's folder"],
  "interface.prompt_library_path": ["test/integration/forms_test.ts", "a wording of the person's library"],
  "interface.bell": ["internal/hap/screen_settings_test.ts", "the section interface decides"],
  "interface.desktop_notifications": ["internal/hap/screen_settings_test.ts", "the section interface decides"],
  "interface.show_text": ["internal/hap/screen_settings_test.ts", "the section interface decides"],
  "ports.http_port": [`${HERE}/runtime_test.ts`, "an API port in use"],
  "ports.health_port": [`${HERE}/runtime_test.ts`, "a health port in use"],
  "ports.ucxi_port": [`${HERE}/runtime_test.ts`, "a context port in use"],
  "ports.admin_ui_port": ["pkg/config/rules_test.ts", "two ports of one program clash"],
  "network.listen_host": [`${HERE}/p2p_test.ts`, "networkOptions() carries every network setting"],
  "network.p2p_port": [`${HERE}/runtime_test.ts`, "a P2P port in use"],
  "network.announce": [`${HERE}/p2p_test.ts`, "networkOptions() carries every network setting"],
  "network.bootstrap": [`${HERE}/p2p_test.ts`, "networkOptions() carries every network setting"],
  "network.mdns": [`${HERE}/p2p_test.ts`, "networkOptions() carries every network setting"],
  "network.max_connections": [`${HERE}/p2p_test.ts`, "networkOptions() carries every network setting"],
  "network.max_connections_per_host": [`${HERE}/p2p_test.ts`, "networkOptions() carries every network setting"],
  "api.host": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "api.allowed_hosts": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "api.max_body_bytes": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "context.max_content_bytes": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "context.search_memory_mb": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "slurp.enabled": [`${HERE}/slurp/services_test.ts`, "a leader that is told not to derive"],
  "slurp.max_depth": [`${HERE}/slurp/services_test.ts`, "the section slurp decides"],
  "slurp.cached_slices": [`${HERE}/slurp/services_test.ts`, "the section slurp decides"],
  "slurp.settle_ms": [`${HERE}/slurp/services_test.ts`, "the section slurp decides"],
  "slurp.retry_window_seconds": [`${HERE}/slurp/services_test.ts`, "the section slurp decides"],
  "slurp.max_dead_letters": [`${HERE}/slurp/services_test.ts`, "the section slurp decides"],
  "slurp.replays_per_minute": [`${HERE}/slurp/services_test.ts`, "the section slurp decides"],
  "slurp.goals_address": [`${HERE}/slurp/services_test.ts`, "the section slurp decides"],
  "health.host": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "journal.retention.coordination_days": [`${HERE}/config_effects_test.ts`, "retention is by topic"],
  "journal.retention.hmmm_days": [`${HERE}/config_effects_test.ts`, "retention is by topic"],
  "journal.sync_interval_seconds": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "election.profile": [`${HERE}/election_services_test.ts`, "the times of the election"],
  "election.electable": [`${HERE}/election_services_test.ts`, "a node that does not stand"],
  "election.heartbeat_ms": [`${HERE}/election_services_test.ts`, "the times of the election"],
  "election.lease_ms": [`${HERE}/election_services_test.ts`, "the times of the election"],
  "limits.messages_per_second_per_peer": [`${HERE}/p2p_test.ts`, "networkOptions() carries every network setting"],
  "limits.author_mb_per_day": [`${HERE}/config_effects_test.ts`, "the quota of an author is per day, and 0 is none"],
  "limits.burst": [`${HERE}/p2p_test.ts`, "networkOptions() carries every network setting"],
  "limits.max_send_bytes": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "limits.handler_timeout_seconds": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "limits.memory_limit_mb": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "identity.passphrase_file": [`${HERE}/hooks_test.ts`, "locked keys open with the file that the configuration names"],
  "person.unlock_seconds": [`${HERE}/people/person_services_test.ts`, "the time of the configuration"],
  "person.idle_lock_seconds": [`${HERE}/people/person_services_test.ts`, "the idle time of the configuration"],
  "storage.content_quota_mb": [`${HERE}/content/content_services_test.ts`, "sealed content has the room"],
  "security.roles_file": [`${HERE}/config_desk_test.ts`, "the roles file is the one"],
  "logging.level": [`${HERE}/config_effects_test.ts`, "the log goes where the configuration says"],
  "logging.format": [`${HERE}/config_effects_test.ts`, "the log goes where the configuration says"],
  "logging.file": [`${HERE}/config_effects_test.ts`, "the log goes where the configuration says"],
  "coordination.presence_interval_seconds": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "coordination.presence_timeout_seconds": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "coordination.voters": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "coordination.voter_steady_seconds": [`${HERE}/config_effects_test.ts`, "settings of a node have their effect"],
  "coordination.lease_seconds": ["internal/agent/program_test.ts", "every setting of the agent reaches"],
  "tasks.github.repositories": [`${HERE}/github/services_test.ts`, "the section tasks.github decides"],
  "tasks.github.label": [`${HERE}/github/services_test.ts`, "the section tasks.github decides"],
  "tasks.github.in_progress_label": [`${HERE}/github/services_test.ts`, "the section tasks.github decides"],
  "tasks.github.done_label": [`${HERE}/github/services_test.ts`, "the section tasks.github decides"],
  "tasks.github.token_file": [`${HERE}/github/services_test.ts`, "the section tasks.github decides"],
  "tasks.github.api_url": [`${HERE}/github/services_test.ts`, "the section tasks.github decides"],
  "tasks.github.poll_interval_seconds": [`${HERE}/github/services_test.ts`, "the section tasks.github decides"],
  "tasks.github.results": [`${HERE}/github/services_test.ts`, "the section tasks.github decides"],
  "tasks.github.close": [`${HERE}/github/services_test.ts`, "the section tasks.github decides"],
  "executor.kind": ["internal/agent/program_test.ts", "every setting of the agent reaches"],
  "executor.process.commands": ["internal/agent/program_test.ts", "every setting of the agent reaches"],
  "executor.process.timeout_seconds": ["internal/agent/program_test.ts", "every setting of the agent reaches"],
  "executor.process.max_output_bytes": ["internal/agent/program_test.ts", "every setting of the agent reaches"],
  "executor.process.memory_limit_mb": ["internal/agent/program_test.ts", "every setting of the agent reaches"],
  "executor.model.url": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.api": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.token_file": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.models": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.choice_url": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.choice_timeout_seconds": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.detect_seconds": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.timeout_seconds": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.max_output_tokens": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.max_turns": ["internal/agent/model_parts_test.ts", "every setting of a model reaches"],
  "executor.model.read_context": ["internal/agent/model_parts_test.ts", "context is read by who may read it"],
  "executor.model.allow_plain_http": ["pkg/config/rules_test.ts", "models are asked in the clear on loopback"],
  "executor.help.model": ["internal/agent/advisor_test.ts", "a model answers as the configuration says"],
  "executor.help.timeout_seconds": ["internal/agent/advisor_test.ts", "a model answers as the configuration says"],
  "executor.help.per_hour": ["internal/agent/advisor_test.ts", "a model answers as the configuration says"],
  "executor.summary.command": ["internal/agent/summariser_test.ts", "one program at a time, with the deadline"],
  "executor.summary.model": ["internal/agent/summariser_test.ts", "a model sums up"],
  "executor.summary.timeout_seconds": ["internal/agent/summariser_test.ts", "one program at a time, with the deadline"],
  "executor.summary.per_hour": ["internal/agent/program_test.ts", "every setting of the agent reaches"],
  "executor.acp.argv": ["internal/agent/program_test.ts", "every setting of the coding agent reaches"],
  "executor.acp.timeout_seconds": ["internal/agent/program_test.ts", "every setting of the coding agent reaches"],
  "executor.acp.max_output_bytes": ["internal/agent/program_test.ts", "every setting of the coding agent reaches"],
  "executor.acp.memory_limit_mb": ["internal/agent/program_test.ts", "every setting of the coding agent reaches"],
  "executor.acp.env": ["internal/agent/program_test.ts", "every setting of the coding agent reaches"],
  "executor.acp.workspace_limit_mb": ["internal/agent/program_test.ts", "every setting of the coding agent reaches"],
  "executor.acp.keep_workspaces": ["internal/agent/program_test.ts", "every setting of the coding agent reaches"],
  "executor.process.env": ["internal/agent/program_test.ts", "every setting of the agent reaches"],
};

Deno.test("every key has an effect, and a test that shows it", async () => {
  const keys = new Set(describeConfig().map(({ key }) => key));
  const root = new URL("../../../", import.meta.url);
  const texts = new Map<string, string>();

  assert.deepEqual([...keys].sort(), Object.keys(EFFECTS).sort());
  for (const [key, [file, name]] of Object.entries(EFFECTS)) {
    const text = texts.get(file) ?? await Deno.readTextFile(new URL(file, root));
    texts.set(file, text);
    const isNamed = text.split("\n").some((line) => line.includes(name) && !line.includes(`", "${name}`));
    assert.ok(isNamed, `${key}: ${file} has no test "${name}"`);
  }
});
