import type { PeerId } from "@bzzz/base";
import type { HealthStatus } from "@bzzz/health";
import type { Runtime, RuntimeConfig } from "./interfaces.ts";
import { createServiceManager, type StandardServiceManager } from "./manager.ts";
import { createRuntimeError } from "./errors.ts";
import { contextServices } from "./context/services.ts";
import { monitoringServices, publishEndpoints } from "./monitoring.ts";
import { electionServices } from "./election_services.ts";
import { gitHubCheck } from "./github/monitoring.ts";
import { gitHubServices } from "./github/services.ts";
import { slurpCheck } from "./slurp/monitoring.ts";
import { slurpServices } from "./slurp/services.ts";
import { leaderCheck } from "./leader_check.ts";
import { setupNeeded } from "./needs_setup.ts";
import { networkServices } from "./network_services.ts";
import { serviceDefiner, type ServiceDefinition } from "./service.ts";
import type { NodeEnvironment, RuntimeServices } from "./services.ts";
import { quorumCheck } from "./voters/service.ts";
import { roleServices } from "./roles/services.ts";
import { contentServices } from "./content/content_services.ts";
import { storageServices } from "./storage.ts";
import { RUNTIME_PHASES } from "./topology.ts";

const define = serviceDefiner<RuntimeServices>();

/** Every service of a node, for its environment. The list is the same for both programs; profiles differ in data. */
export function nodeServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  return [
    define({ name: "config", dependsOn: [], phase: "configuration", create: () => environment.config }),
    define({ name: "logger", dependsOn: [], phase: "configuration", create: () => environment.logger }),
    define({
      name: "shutdownManager",
      dependsOn: [],
      phase: "configuration",
      create: () => environment.shutdownManager,
    }),
    ...storageServices(environment),
    ...networkServices(environment),
    ...roleServices(environment),
    ...contextServices(environment),
    ...contentServices(environment),
    ...electionServices(environment),
    ...slurpServices(environment),
    ...gitHubServices(environment),
    ...monitoringServices(environment),
  ];
}

/** Makes the environment of a node of what it is asked to be: reads the configuration, opens the log. */
export type EnvironmentLoader = (config: RuntimeConfig) => Promise<NodeEnvironment>;

/** The one implementation of `Runtime` (specification section 3): five phases over one manager of services. */
export class StandardRuntime implements Runtime<RuntimeServices> {
  readonly #load: EnvironmentLoader;
  #environment: NodeEnvironment | undefined;
  #manager: StandardServiceManager<RuntimeServices> | undefined;

  constructor(load: EnvironmentLoader) {
    this.#load = load;
  }

  async initialize(config: RuntimeConfig, options: { signal?: AbortSignal } = {}): Promise<Readonly<RuntimeServices>> {
    const environment = await this.#load(config);
    const { clock, logger } = environment;
    // there is a configuration, and nothing else: no keys are read, nothing is created, no mesh is joined
    if (config.enableSetupMode) throw setupNeeded(environment.paths.home, config.binaryType);
    if (this.#manager) {
      throw createRuntimeError(clock, "lifecycle_misused", "initialize the runtime", {
        why: "it was initialized before",
      });
    }
    this.#environment = environment;
    const manager = createServiceManager<RuntimeServices>(
      { clock, logger, binaryType: config.binaryType },
      nodeServices(environment),
    );
    this.#manager = manager;
    for (const phase of RUNTIME_PHASES) {
      await manager.initialize({ phase, ...(options.signal ? { signal: options.signal } : {}) });
    }
    return await orStop(manager, () => {
      registerChecks(environment, manager);
      return manager.services;
    });
  }

  async start(options: { signal?: AbortSignal } = {}): Promise<void> {
    const manager = this.#required();
    await manager.start(options);
    await orStop(manager, async () => {
      if (this.#environment) await publishEndpoints(this.#environment, manager.services);
      // checks that never ran would make a healthy node look degraded until their next turn
      await manager.services.healthManager.start();
      options.signal?.throwIfAborted();
      manager.services.healthManager.setPhase("started");
    });
  }

  async stop(options: { timeoutMs?: number } = {}): Promise<void> {
    await this.#manager?.stop(options);
  }

  getHealthStatus(): HealthStatus {
    return this.#required().services.healthManager.status();
  }

  #required(): StandardServiceManager<RuntimeServices> {
    if (this.#manager) return this.#manager;
    throw new TypeError("The runtime was not initialized");
  }
}

/** What follows the manager's own steps must not leave its services behind when it fails. */
async function orStop<T>(manager: StandardServiceManager<RuntimeServices>, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await manager.stop().catch(() => {}); // told by the manager; what went wrong first is what the caller is told
    throw error;
  }
}

function registerChecks(
  { clock }: Pick<NodeEnvironment, "clock">,
  manager: StandardServiceManager<RuntimeServices>,
): void {
  const { healthManager, optimizer, journal, registers, electionManager, identity, slurp, github } = manager.services;
  for (const check of manager.healthChecks()) healthManager.register(check);
  healthManager.register(optimizer.healthCheck());
  healthManager.register(quorumCheck(registers));
  const nameOf = (peer: PeerId) => identity.membership.grantOf(peer, clock.nowMs())?.agentId ?? peer;
  healthManager.register(leaderCheck(electionManager, nameOf));
  healthManager.register(slurpCheck(slurp, clock));
  if (github.source) healthManager.register(gitHubCheck(github.source));
  healthManager.register({
    name: "outbox",
    critical: false,
    run: () => {
      const { outbox } = journal.stats();
      return outbox < MAX_HEALTHY_OUTBOX
        ? { ok: true, detail: `${outbox} waiting` }
        : { ok: false, code: "outbox_growing", message: `${outbox} own entries wait to be published` };
    },
  });
}

/** The specification's `NewRuntime`. */
export function createRuntime(load: EnvironmentLoader): StandardRuntime {
  return new StandardRuntime(load);
}

/** Own entries that may wait for the network before the node counts as degraded. */
const MAX_HEALTHY_OUTBOX = 10_000;
