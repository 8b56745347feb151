import type { Config } from "@bzzz/config";
import { Slurp, SlurpError, type SlurpOptions } from "@bzzz/slurp";
import { parseConcrete } from "@bzzz/ucxl";
import { ServiceCircuitBreaker } from "../resilience.ts";
import { serviceDefiner, type ServiceDefinition } from "../service.ts";
import type { NodeEnvironment, RuntimeServices } from "../services.ts";
import { followTerms } from "./known_terms.ts";

const define = serviceDefiner<RuntimeServices>();

/** One derivation opens up to 500 contents, some from other nodes. */
const DERIVE_TIMEOUT_MS = 120_000;

/** Derived context: what the leader does for it, and what everybody reads of it. */
export function slurpServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  const { clock, random, logger, config } = environment;
  const stopped = new AbortController();
  return [
    define({
      name: "slurp",
      dependsOn: [
        "journal",
        "store",
        "registers",
        "decisions",
        "identity",
        "roles",
        "electionManager",
        "versionIndex",
        "context",
        "decisionDesk",
      ],
      isCritical: false,
      create: (parts) => {
        const { journal, registers, decisions, identity, roles, electionManager } = parts;
        const { mesh, membership, identity: { peerId: self } } = identity;
        const election = electionManager;
        const { signal } = stopped;
        const terms = followTerms({ journal, registers, election, decisions, mesh: mesh.meshId, self }, { signal });
        const slurp = new Slurp({
          index: parts.versionIndex,
          context: parts.context,
          sealer: roles.sealer,
          decisions: parts.decisionDesk,
          terms,
          roles: () => roles.directory.roles(),
          role: () => (membership.grantOf(self, clock.nowMs()) ?? identity.grant).role,
          store: parts.store,
          breaker: new ServiceCircuitBreaker({ clock }, {
            serviceName: "slurp",
            maxFailures: 5,
            failureWindowMs: 60_000,
            openMs: 30_000,
            callTimeoutMs: DERIVE_TIMEOUT_MS,
            isFailure: (error) => !(error instanceof SlurpError), // missing contents and lost terms are no illness of this node
          }),
          election,
          clock,
          random,
          logger: logger.child({ service: "slurp" }),
        }, slurpOptions(config));
        // the admin key comes when holders have answered, which is after the term began
        roles.keyring.events.on("key:lent", () => slurp.rescan(), { signal });
        return slurp;
      },
      start: (slurp) => slurp.start(),
      stop: async (slurp) => {
        stopped.abort();
        await slurp.stop();
      },
    }),
  ];
}

/** The section `slurp` of a configuration. */
export function slurpOptions({ slurp }: Pick<Config, "slurp">): SlurpOptions {
  return {
    isEnabled: slurp.enabled,
    maxDepth: slurp.maxDepth,
    maxCached: slurp.cachedSlices,
    settleMs: slurp.settleMs,
    retryWindowMs: slurp.retryWindowSeconds * 1_000,
    maxDeadLetters: slurp.maxDeadLetters,
    replaysPerMinute: slurp.replaysPerMinute,
    goals: slurp.goalsAddress === undefined ? undefined : parseConcrete(slurp.goalsAddress),
  };
}
