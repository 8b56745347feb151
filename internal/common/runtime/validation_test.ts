import { strict as assert } from "node:assert";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { RuntimeError } from "./errors.ts";
import {
  assertDeployable,
  type DeploymentNode,
  type IdentityFacts,
  validateMultiBinaryDeployment,
} from "./validation.ts";

const AGENT_IDENTITY: IdentityFacts = {
  meshId: "aa",
  peerId: "12D3KooA",
  agentId: "worker-1",
  ageRecipient: "age1a",
  networkKeyDigest: "k1",
};
const HAP_IDENTITY: IdentityFacts = { ...AGENT_IDENTITY, peerId: "12D3KooB", agentId: "ana", ageRecipient: "age1b" };

function createPair(
  fields: {
    agent?: string;
    hap?: string;
    agentIdentity?: IdentityFacts;
    hapIdentity?: IdentityFacts;
    hapHome?: string;
  } = {},
): [DeploymentNode, DeploymentNode] {
  const text = { agent: fields.agent ?? "", hap: fields.hap ?? "" };
  const rest = { env: {}, flags: {} };
  const agent = parseConfig({ profile: CONFIG_PROFILES.agent, text: text.agent, file: "agent.yaml", ...rest });
  const hap = parseConfig({ profile: CONFIG_PROFILES.hap, text: text.hap, file: "hap.yaml", ...rest });
  return [
    {
      loaded: agent,
      home: "/data/agent",
      identity: fields.agentIdentity ?? AGENT_IDENTITY,
    },
    {
      loaded: hap,
      home: fields.hapHome ?? "/data/hap",
      identity: fields.hapIdentity ?? HAP_IDENTITY,
    },
  ];
}

Deno.test("the defaults of both programs go together", () => {
  const problems = validateMultiBinaryDeployment(...createPair());

  assert.deepEqual(problems, []);
  assertDeployable(problems, 0);
});

Deno.test("all problems are reported at once: of configurations, directories and identities", () => {
  const problems = validateMultiBinaryDeployment(...createPair({
    hap: "version: 1\nbinary_type: hap\nports: {http_port: 8080}\n",
    hapHome: "/data/../data/agent",
    hapIdentity: AGENT_IDENTITY,
  }));

  assert.deepEqual(problems.map(({ check, severity }) => `${check} ${severity}`), [
    "ports error",
    "files error",
    "identities error",
    "identities error",
    "identities error",
  ]);
  assert.throws(
    () => assertDeployable(problems, 7),
    (error) =>
      error instanceof RuntimeError && error.code === "deployment_invalid" && error.exitStatus === 8 &&
      error.details["problems"] === 5 && error.message.includes("/data/agent") &&
      error.message.includes("ports.http_port"),
  );
});

Deno.test("different meshes are one problem; a different network key of one mesh another", () => {
  const strangers = validateMultiBinaryDeployment(
    ...createPair({ hapIdentity: { ...HAP_IDENTITY, meshId: "bb", networkKeyDigest: "k2" } }),
  );
  const outdated = validateMultiBinaryDeployment(
    ...createPair({ hapIdentity: { ...HAP_IDENTITY, networkKeyDigest: "k2" } }),
  );

  assert.deepEqual(strangers.map((problem) => problem.sides[1].keyPath), ["mesh"]);
  assert.deepEqual(outdated.map((problem) => problem.sides[1].keyPath), ["network key"]);
});

Deno.test("without data directories only the configurations are judged; warnings do not refuse", () => {
  const [agent, hap] = createPair({ agent: "version: 1\nbinary_type: agent\nnetwork: {mdns: false}\n" });

  const problems = validateMultiBinaryDeployment({ loaded: agent.loaded }, { loaded: hap.loaded });

  assert.deepEqual(problems.map((problem) => problem.severity), ["warning"]);
  assertDeployable(problems, 0);
});
