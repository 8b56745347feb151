import { isIP } from "node:net";
import { parseTcpAddress } from "./fields.ts";
import { describeValue, printable } from "./issues.ts";
import type { LoadedConfig } from "./load.ts";
import type { Config } from "./profiles.ts";
import { portsClash, portUses } from "./rules.ts";
import { valueAt } from "./tree.ts";
import { toCamel } from "./codec.ts";

/** One side of a problem: the key, its value, and where that came from. */
export interface DeploymentSide {
  readonly keyPath: string;
  readonly value: string;
  readonly where: string;
}

/** Two configurations that do not go together. */
export interface DeploymentProblem {
  /** A warning may be meant: the nodes run, but perhaps not as wished. */
  readonly severity: "error" | "warning";
  readonly check: "ports" | "identities" | "p2p" | "limits" | "files";
  readonly message: string;
  readonly sides: readonly [DeploymentSide, DeploymentSide];
  readonly suggestion: string;
}

type Pair = readonly [LoadedConfig, LoadedConfig];

/**
 * Judges two configurations meant for one mesh and one host (specification section 12.2): ports, agent ids, ways to find each
 * other, limits that fit. All problems are returned, in a fixed order; none means they go together. Keys and grants are not in
 * configurations, so whether both data directories belong to the same mesh is for who can read them.
 */
export function validateMultiBinaryDeployment(left: LoadedConfig, right: LoadedConfig): readonly DeploymentProblem[] {
  const pair: Pair = [left, right];
  const checks = [portProblems, identityProblems, discoveryProblems, limitProblems, fileProblems];
  return checks.flatMap((check) => check(pair));
}

/** The problems as text for people, one paragraph each, without a final line break. */
export function formatDeploymentProblems(problems: readonly DeploymentProblem[]): string {
  return problems.map(({ severity, check, message, sides, suggestion }) =>
    [
      `${severity} (${check}): ${message}`,
      ...sides.map(({ keyPath, value, where }) => `  found     ${keyPath}: ${value} (${where})`),
      `  try       ${suggestion}`,
    ].join("\n")
  ).join("\n");
}

function side(loaded: LoadedConfig, keyPath: string): DeploymentSide {
  const value: unknown = valueAt(loaded.config, keyPath.split(".").map(toCamel));
  const where = loaded.origins.get(keyPath)?.where ?? "its default";
  return { keyPath, value: Array.isArray(value) ? printable(JSON.stringify(value)) : describeValue(value), where };
}

function problem(
  [left, right]: Pair,
  keys: readonly [string, string],
  fields: Omit<DeploymentProblem, "sides">,
): DeploymentProblem {
  return { ...fields, sides: [side(left, keys[0]), side(right, keys[1])] };
}

function portProblems(pair: Pair): readonly DeploymentProblem[] {
  const [left, right] = pair;
  const problems: DeploymentProblem[] = [];
  for (const use of portUses(left.config)) {
    for (const other of portUses(right.config)) {
      if (!portsClash(use, other)) continue;
      problems.push(problem(pair, [use.key, other.key], {
        severity: "error",
        check: "ports",
        message: `both programs want TCP port ${use.port} of this host`,
        suggestion: `change ${other.key} of one of them; 0 lets the system choose`,
      }));
    }
  }
  return problems;
}

function fileProblems(pair: Pair): readonly DeploymentProblem[] {
  const [left, right] = pair.map(({ config }) => config.logging.file);
  // A relative path is inside each program's own data directory.
  if (left === undefined || left !== right || !left.startsWith("/")) return [];
  return [problem(pair, ["logging.file", "logging.file"], {
    severity: "warning",
    check: "files",
    message: "both programs write into one log file",
    suggestion: "give each a file of its own",
  })];
}

function identityProblems(pair: Pair): readonly DeploymentProblem[] {
  const [left, right] = pair;
  if (left.config.agent.id === undefined || left.config.agent.id !== right.config.agent.id) return [];
  return [problem(pair, ["agent.id", "agent.id"], {
    severity: "error",
    check: "identities",
    message: "both programs use one agent id; the mesh refuses the second one",
    suggestion: "give each an agent.id of its own",
  })];
}

function discoveryProblems(pair: Pair): readonly DeploymentProblem[] {
  const [left, right] = pair;
  const problems: DeploymentProblem[] = [];
  const hasBootstrap = pair.some(({ config }) => config.network.bootstrap.length > 0);
  const offSide = pair.find(({ config }) => config.network.mdns === false);
  if (!hasBootstrap && offSide !== undefined) {
    problems.push(problem(pair, ["network.mdns", "network.mdns"], {
      severity: "warning",
      check: "p2p",
      message: "nothing tells the programs of each other: no bootstrap address, and no multicast on both sides",
      suggestion: "name the other's address in network.bootstrap of one of them, or set network.mdns to auto in both",
    }));
  }
  for (const [from, to, ordered] of [[left, right, false], [right, left, true]] as const) {
    const target = staleLoopbackAddress(from.config, to.config);
    if (target === undefined) continue;
    const keys = ordered
      ? ["network.p2p_port", "network.bootstrap"] as const
      : ["network.bootstrap", "network.p2p_port"] as const;
    problems.push(problem(pair, keys, {
      severity: "warning",
      check: "p2p",
      message: `the bootstrap address ${printable(target)} is on this host, but neither program listens there`,
      suggestion: `use port ${to.config.network.p2pPort} in network.bootstrap`,
    }));
  }
  return problems;
}

/** A bootstrap address on loopback that is the P2P port of neither side; undefined when a port is not fixed. */
function staleLoopbackAddress(from: Config, to: Config): string | undefined {
  const ports = [from.network.p2pPort, to.network.p2pPort];
  if (ports.includes(0)) return undefined;
  const local = from.network.bootstrap.filter((address) => {
    const { host = "" } = parseTcpAddress(address) ?? {};
    return host === "localhost" || (isIP(host) === 4 && host.startsWith("127.")) || host === "::1";
  });
  const isListening = (address: string) => parseTcpAddress(address)?.port === to.network.p2pPort;
  return local.some(isListening) ? undefined : local.find((address) => {
    const { port } = parseTcpAddress(address) ?? {};
    return port !== undefined && !ports.includes(port);
  });
}

function limitProblems(pair: Pair): readonly DeploymentProblem[] {
  const [left, right] = pair;
  const problems: DeploymentProblem[] = [];
  const compare = (speaker: LoadedConfig, listener: LoadedConfig, keys: readonly [string, string]): void => {
    const interval = speaker.config.coordination.presenceIntervalSeconds;
    const timeout = listener.config.coordination.presenceTimeoutSeconds;
    if (timeout >= 2 * interval) return;
    problems.push(problem(pair, keys, {
      severity: timeout <= interval ? "error" : "warning",
      check: "limits",
      message: timeout <= interval
        ? "one program counts the other as failed between two of its presence signals"
        : "one program counts the other as failed when a single presence signal is lost",
      suggestion: `use a timeout of ${3 * interval} s, or a shorter interval`,
    }));
  };
  const [interval, timeout] = [
    "coordination.presence_interval_seconds",
    "coordination.presence_timeout_seconds",
  ] as const;
  compare(left, right, [interval, timeout]);
  compare(right, left, [timeout, interval]);
  for (const key of ["journal.retention.coordination_days", "journal.retention.hmmm_days"] as const) {
    if (side(left, key).value === side(right, key).value) continue;
    problems.push(problem(pair, [key, key], {
      severity: "warning",
      check: "limits",
      message:
        "the programs keep history for different times; the one that keeps longer refuses what the other has pruned",
      suggestion: "use one retention in the whole mesh",
    }));
  }
  return problems;
}
