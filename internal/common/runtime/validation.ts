import {
  type DeploymentProblem,
  formatDeploymentProblems,
  type LoadedConfig,
  validateMultiBinaryDeployment as validateConfigs,
} from "@bzzz/config";
import { resolve } from "node:path";
import { RuntimeError } from "./errors.ts";

/** What a data directory says of its node; nothing secret. Undefined in `DeploymentNode`: not read, or not joined yet. */
export interface IdentityFacts {
  readonly meshId: string;
  readonly peerId: string;
  /** The agent id of the grant. */
  readonly agentId: string;
  /** The age recipient ("age1…") that role keys are sealed to. */
  readonly ageRecipient: string;
  /** SHA-256 of the network key, in hexadecimal. */
  readonly networkKeyDigest: string;
}

/** One of two programs that are meant to run side by side. */
export interface DeploymentNode {
  readonly loaded: LoadedConfig;
  /** Its data directory; undefined when only the configuration is judged. */
  readonly home?: string;
  readonly identity?: IdentityFacts;
}

/**
 * Everything in which an agent and a portal do not go together (specification section 12.2): ports, limits and names of their
 * configurations, and mesh, keys and identities of their data directories. All problems at once; none means they go together.
 * Pure: whoever calls it has read the files.
 */
export function validateMultiBinaryDeployment(
  agent: DeploymentNode,
  hap: DeploymentNode,
): readonly DeploymentProblem[] {
  return [...validateConfigs(agent.loaded, hap.loaded), ...homeProblems(agent, hap), ...identityProblems(agent, hap)];
}

/** Refuses a pair with an error; warnings pass. @throws RuntimeError `deployment_invalid` (exit status 8) with all problems */
export function assertDeployable(problems: readonly DeploymentProblem[], timestampMs: number): void {
  const errors = problems.filter((problem) => problem.severity === "error");
  if (errors.length === 0) return;
  const count = `${errors.length} ${errors.length === 1 ? "problem" : "problems"}`;
  const message = `Cannot run both programs together: ${count} found\n${formatDeploymentProblems(problems)}`;
  throw new RuntimeError("deployment_invalid", message, { timestampMs, details: { problems: errors.length } });
}

function homeProblems(agent: DeploymentNode, hap: DeploymentNode): DeploymentProblem[] {
  if (agent.home === undefined || hap.home === undefined || resolve(agent.home) !== resolve(hap.home)) return [];
  return [{
    severity: "error",
    check: "files",
    message: "both programs use one data directory; the second one does not start",
    sides: sides(agent, hap, "data directory", (node) => node.home),
    suggestion: "give each a data directory of its own, and a grant of its own with join",
  }];
}

type Judgement = Pick<DeploymentProblem, "check" | "message" | "suggestion">;

/** What must be the same in both, and what must not. */
const SAME_OR_NOT: readonly (Judgement & {
  readonly what: string;
  readonly key: keyof IdentityFacts;
  readonly mustBe: "same" | "different";
})[] = [
  {
    what: "mesh",
    key: "meshId",
    mustBe: "same",
    check: "p2p",
    message: "the programs belong to different meshes and will never hear each other",
    suggestion: "join both to the mesh you mean",
  },
  {
    what: "network key",
    key: "networkKeyDigest",
    mustBe: "same",
    check: "p2p",
    message: "the programs have different network keys: neither can connect to the other",
    suggestion: "join the one with the old key again",
  },
  {
    what: "peer id",
    key: "peerId",
    mustBe: "different",
    check: "identities",
    message: "both programs have one key: one of the directories is a copy",
    suggestion: "remove the identity of the copy and join it again",
  },
  {
    what: "agent id of the grant",
    key: "agentId",
    mustBe: "different",
    check: "identities",
    message: "both grants are for one agent id; the mesh refuses the second node",
    suggestion: "join one of them again under a name of its own",
  },
  {
    what: "age recipient",
    key: "ageRecipient",
    mustBe: "different",
    check: "identities",
    message: "both programs have one encryption key: what one may read, the other can",
    suggestion: "remove the identity of one and join it again",
  },
];

function identityProblems(agent: DeploymentNode, hap: DeploymentNode): DeploymentProblem[] {
  const { identity: left } = agent;
  const { identity: right } = hap;
  if (!left || !right) return [];
  // Different meshes have different network keys: one cause, one problem.
  const isOneMesh = left.meshId === right.meshId;
  return SAME_OR_NOT
    .filter(({ key, mustBe }) => (left[key] === right[key]) !== (mustBe === "same"))
    .filter(({ key }) => key !== "networkKeyDigest" || isOneMesh)
    .map(({ what, key, check, message, suggestion }) => ({
      severity: "error",
      check,
      message,
      sides: sides(agent, hap, what, (node) => node.identity?.[key]),
      suggestion,
    }));
}

function sides(
  agent: DeploymentNode,
  hap: DeploymentNode,
  what: string,
  valueOf: (node: DeploymentNode) => string | undefined,
): DeploymentProblem["sides"] {
  const side = (node: DeploymentNode) => ({
    keyPath: what,
    value: valueOf(node) ?? "not known",
    where: node.home ?? node.loaded.config.binaryType,
  });
  return [side(agent), side(hap)];
}
