import type { Config } from "@bzzz/config";
import type { GitHubOptions } from "@bzzz/github";
import { ServiceCircuitBreaker } from "../resilience.ts";
import { serviceDefiner, type ServiceDefinition } from "../service.ts";
import type { NodeEnvironment, RuntimeServices } from "../services.ts";

const define = serviceDefiner<RuntimeServices>();

/** One request with its answer. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Issues of GitHub as tasks, where the configuration names repositories. Its code is loaded only there. */
export function gitHubServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  const { clock, random, logger, config, paths } = environment;
  const options = gitHubOptions(config);
  return [
    define({
      name: "github",
      dependsOn: ["identity", "journal", "readModel", "decisions", "tasks", "electionManager"],
      isCritical: false,
      create: async ({ identity, journal, readModel, decisions, tasks: register, electionManager }) => {
        if (!options) return {};
        const [{ GitHubSource, isOutage }, { JournalMeshTasks }, { readTokenFile, tokenFileIn }] = await Promise.all([
          import("@bzzz/github"),
          import("./mesh_tasks.ts"),
          import("./token_file.ts"),
        ]);
        const { tokenFile } = options;
        const path = tokenFile === undefined ? undefined : tokenFileIn(paths.home, tokenFile);
        const child = logger.child({ service: "github" });
        const source = new GitHubSource({
          tasks: new JournalMeshTasks({ local: identity, journal, readModel, decisions, register, clock, random }),
          mesh: identity.mesh.meshId,
          breaker: new ServiceCircuitBreaker({ clock }, {
            serviceName: "github",
            maxFailures: 5,
            failureWindowMs: 600_000,
            openMs: 60_000,
            callTimeoutMs: REQUEST_TIMEOUT_MS,
            isFailure: isOutage,
          }),
          fetch: (request) => fetch(request),
          token: async () => path === undefined ? undefined : await readTokenFile(path),
          election: electionManager,
          clock,
          random,
          logger: child,
        }, options);
        return { source };
      },
      start: ({ source }) => source?.start(),
      stop: ({ source }) => source?.stop(),
    }),
  ];
}

/** The section `tasks.github` of a configuration; undefined where GitHub is not asked. */
export function gitHubOptions(
  config: Config,
): (GitHubOptions & { readonly tokenFile: string | undefined }) | undefined {
  if (config.binaryType !== "agent" || config.tasks.github.repositories.length === 0) return undefined;
  const { github } = config.tasks;
  return {
    apiUrl: github.apiUrl.replace(/\/+$/, ""),
    repositories: github.repositories,
    label: github.label,
    inProgressLabel: github.inProgressLabel,
    doneLabel: github.doneLabel,
    mayWrite: github.tokenFile !== undefined,
    tellsResults: github.results,
    closes: github.close,
    pollIntervalMs: github.pollIntervalSeconds * 1_000,
    tokenFile: github.tokenFile,
  };
}
