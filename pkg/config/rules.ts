import { isSafeUrl } from "./model_section.ts";
import { type AgentConfig, type Config, electionTimes } from "./profiles.ts";

/** What no single key can be blamed for. `keys` are the keys involved: the first one that was set by somebody is reported. */
export interface RuleViolation {
  readonly keys: readonly [string, ...string[]];
  readonly got: string;
  readonly expected: string;
  readonly suggestion?: string;
}

/** A TCP port with the address that binds it. */
export interface PortUse {
  readonly key: string;
  readonly port: number;
  readonly host: string;
}

/** The ports a program binds or keeps free, in the order of the file. */
export function portUses(config: Config): readonly PortUse[] {
  const { ports, network, api, health } = config;
  return [
    { key: "ports.http_port", port: ports.httpPort, host: api.host },
    { key: "ports.health_port", port: ports.healthPort, host: health.host },
    { key: "ports.ucxi_port", port: ports.ucxiPort, host: api.host },
    { key: "ports.admin_ui_port", port: ports.adminUiPort, host: "127.0.0.1" },
    { key: "network.p2p_port", port: network.p2pPort, host: network.listenHost },
  ];
}

/** Whether two programs, or two parts of one, cannot both bind. Port 0 is never in anybody's way. */
export function portsClash(a: PortUse, b: PortUse): boolean {
  return a.port !== 0 && a.port === b.port && hostsOverlap(a.host, b.host);
}

const HEARTBEATS_PER_LEASE = 3;
const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

function hostsOverlap(a: string, b: string): boolean {
  if (WILDCARDS.has(a) || WILDCARDS.has(b) || a === b) return true;
  // localhost is 127.0.0.1 or ::1, as the system's resolver likes.
  const isLoopback = (host: string) => host === "localhost" || host === "::1" || host.startsWith("127.");
  return (a === "localhost" || b === "localhost") && isLoopback(a) && isLoopback(b);
}

/** Every rule that spans keys. */
export function ruleViolations(config: Config): readonly RuleViolation[] {
  const found: RuleViolation[] = [];
  const uses = portUses(config);
  uses.forEach((use, index) => {
    const other = uses.slice(0, index).find((earlier) => portsClash(earlier, use));
    if (other === undefined) return;
    found.push({
      keys: [use.key, other.key],
      got: `port ${use.port} for both ${other.key} and ${use.key}`,
      expected: "a port of its own for each, or 0",
    });
  });
  const { network, coordination } = config;
  if (network.maxConnectionsPerHost > network.maxConnections) {
    found.push({
      keys: ["network.max_connections_per_host", "network.max_connections"],
      got: `${network.maxConnectionsPerHost} per host with ${network.maxConnections} in all`,
      expected: "network.max_connections_per_host not above network.max_connections",
    });
  }
  if (coordination.presenceTimeoutSeconds < 2 * coordination.presenceIntervalSeconds) {
    found.push({
      keys: ["coordination.presence_timeout_seconds", "coordination.presence_interval_seconds"],
      got:
        `a timeout of ${coordination.presenceTimeoutSeconds} s with an interval of ${coordination.presenceIntervalSeconds} s`,
      expected: "a timeout of at least two intervals, so that one lost signal is no failure",
      suggestion: `set coordination.presence_timeout_seconds to ${3 * coordination.presenceIntervalSeconds}`,
    });
  }
  const { heartbeatMs, leaseMs } = electionTimes(config.election);
  if (leaseMs < HEARTBEATS_PER_LEASE * heartbeatMs) {
    found.push({
      keys: ["election.lease_ms", "election.heartbeat_ms"],
      got: `a lease of ${leaseMs} ms with a heartbeat of ${heartbeatMs} ms`,
      expected: "a lease of at least three heartbeats, so that one lost renewal does not end a term",
      suggestion: `set election.heartbeat_ms to ${Math.floor(leaseMs / HEARTBEATS_PER_LEASE)}`,
    });
  }
  if (
    config.binaryType === "agent" && config.executor.kind === "process" && config.executor.process.commands.length === 0
  ) {
    found.push({
      keys: ["executor.kind", "executor.process.commands"],
      got: "the executor process without a command",
      expected: "at least one command in executor.process.commands",
      suggestion: "add a command, such as {name: default, argv: [/usr/local/bin/worker]}",
    });
  }
  if (config.binaryType === "agent" && config.executor.kind === "acp" && config.executor.acp.argv.length === 0) {
    found.push({
      keys: ["executor.kind", "executor.acp.argv"],
      got: "the executor acp without a program",
      expected: "the command line of a coding agent in executor.acp.argv",
      suggestion: "name one that speaks the Agent Client Protocol, such as argv: [opencode, acp]",
    });
  }
  if (config.binaryType === "agent") found.push(...modelViolations(config));
  const summariser = config.binaryType === "agent" ? config.executor.summary.command : undefined;
  if (summariser !== undefined && config.binaryType === "agent") {
    const names = config.executor.process.commands.map(({ name }) => name);
    if (!names.includes(summariser)) {
      found.push({
        keys: ["executor.summary.command", "executor.process.commands"],
        got: `"${summariser}", which is none of the commands`,
        expected: names.length === 0
          ? "the name of a command in executor.process.commands"
          : `one of ${names.join(", ")}`,
        suggestion: `add a command, such as {name: ${summariser}, argv: [/usr/local/bin/summary]}`,
      });
    }
  }
  if (config.binaryType === "agent") found.push(...githubViolations(config.tasks.github));
  return found;
}

function githubViolations(github: AgentConfig["tasks"]["github"]): readonly RuleViolation[] {
  const found: RuleViolation[] = [];
  for (const key of ["results", "close"] as const) {
    if (!github[key] || github.tokenFile !== undefined) continue;
    found.push({
      keys: [`tasks.github.${key}`, "tasks.github.token_file"],
      got: `tasks.github.${key} without a token`,
      expected: "tasks.github.token_file, as nothing can be written on an issue without one",
    });
  }
  const labels = [github.label, github.inProgressLabel, github.doneLabel].map((label) => label.toLowerCase());
  if (new Set(labels).size < labels.length) {
    found.push({
      keys: ["tasks.github.label", "tasks.github.in_progress_label", "tasks.github.done_label"],
      got: `the labels ${labels.join(", ")}`,
      expected: "three different labels; upper and lower case are the same to GitHub",
    });
  }
  const names = github.repositories.map((name) => name.toLowerCase());
  if (new Set(names).size < names.length) {
    found.push({
      keys: ["tasks.github.repositories"],
      got: "a repository more than once",
      expected: "each repository once; upper and lower case are the same to GitHub",
    });
  }
  return found;
}

/** What the keys of a model contradict. Addresses count also where another executor works: they may be tried next. */
function modelViolations({ executor, agent }: AgentConfig): RuleViolation[] {
  const found: RuleViolation[] = [];
  const { url, choiceUrl, models, allowPlainHttp } = executor.model;
  if (executor.kind === "model" && models.length === 0) {
    found.push({
      keys: ["executor.kind", "executor.model.models"],
      got: "the executor model without a model",
      expected: "at least one model in executor.model.models",
      suggestion: "add a model that the server has, such as {name: qwen3}",
    });
  }
  for (const use of ["summary", "help"] as const) {
    if (!executor[use].model || models.length > 0) continue;
    found.push({
      keys: [`executor.${use}.model`, "executor.model.models"],
      got: "work for a model without a model",
      expected: "at least one model in executor.model.models",
      suggestion: "add a model that the server has, such as {name: qwen3}",
    });
  }
  if (executor.summary.model && executor.summary.command !== undefined) {
    found.push({
      keys: ["executor.summary.command", "executor.summary.model"],
      got: "a command and a model for summaries",
      expected: "one of them",
      suggestion: "remove executor.summary.command, or set executor.summary.model to false",
    });
  }
  if (executor.kind === "model" && agent.models.length > 0) {
    found.push({
      keys: ["agent.models", "executor.kind"],
      got: "names in agent.models with the executor model",
      expected: "agent.models left out: this executor tells the models that it finds",
      suggestion: "remove agent.models, and name the models in executor.model.models",
    });
  }
  for (const [key, address] of [["executor.model.url", url], ["executor.model.choice_url", choiceUrl]] as const) {
    if (address === undefined || allowPlainHttp || isSafeUrl(address)) continue;
    found.push({
      keys: [key, "executor.model.allow_plain_http"],
      got: `"${address}", which others can read on the way`,
      expected: "https://, or http:// with localhost or a private IP address",
      suggestion: "use https, or set executor.model.allow_plain_http to true",
    });
  }
  return found;
}
