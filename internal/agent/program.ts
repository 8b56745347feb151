import { join } from "node:path";
import type { PeerId } from "@bzzz/base";
import type { AgentConfig } from "@bzzz/config";
import { homePaths, type NodeContext, type RuntimeServices } from "@bzzz/runtime";
import { ModelAdvisor } from "./advisor.ts";
import { AgentExecution } from "./execution.ts";
import { AcpExecutor, type AcpExecutorOptions } from "./executors/acp/acp.ts";
import { GuardedExecutor } from "./executors/guarded.ts";
import type { ModelExecutor } from "./executors/model/executor.ts";
import { MockExecutor } from "./executors/mock.ts";
import { ProcessExecutor, type ProcessExecutorOptions } from "./executors/process.ts";
import { selectEnvironment } from "./executors/program_host.ts";
import { ServicePresenceView } from "./presence_view.ts";
import { createModelParts, type ModelParts } from "./model_parts.ts";
import { ExecutorSummariser } from "./summariser.ts";
import { AgentRunner } from "./runner.ts";
import type { AgentRunnerOptions, Executor } from "./types.ts";

const MS_PER_SECOND = 1000;
const MIB = 1024 * 1024;
/** A node that meets nobody in this time is alone, and works alone. */
const ALONE_AFTER_MS = 3_000;

/** What `bzzz-agent` does on top of the shared services: its runner over the journal and the others' presence. */
export function createAgentExecution(
  services: Readonly<RuntimeServices>,
  context: NodeContext,
): AgentExecution<RuntimeServices> {
  const config = requireAgentConfig(context);
  return new AgentExecution<RuntimeServices>({ runnerOf: () => createRunner(services, context, config) });
}

function createRunner(
  services: Readonly<RuntimeServices>,
  context: NodeContext,
  config: AgentConfig,
): AgentRunner {
  const { clock, random } = context;
  const { identity, presence, selfStatus, journal, node, sync, shutdownManager, optimizer } = services;
  const { registers, tasks, decisions } = services;
  const view = new ServicePresenceView({ presence, clock }, {
    timeoutMs: config.coordination.presenceTimeoutSeconds * MS_PER_SECOND,
    readyAfterMs: ALONE_AFTER_MS,
    // one whole pull from a member: whatever the mesh knew, this node knows now
    hasCaughtUp: () => node.stats().admittedPeers > 0 && sync.stats().lastPullAgeMs !== undefined,
  });
  // a node that is short of memory takes nothing more until it has recovered
  const { signal } = shutdownManager;
  for (const level of ["memory:high", "memory:critical"] as const) {
    optimizer.events.on(level, () => view.setPaused("memory", true), { signal });
  }
  optimizer.events.on("memory:recovered", () => view.setPaused("memory", false), { signal });
  // without a quorum nothing can be claimed; what is held is renewed, or stops by itself
  view.setPaused("quorum", !registers.hasQuorum());
  registers.events.on("quorum:lost", () => view.setPaused("quorum", true), { signal });
  registers.events.on("quorum:gained", () => view.setPaused("quorum", false), { signal });
  shutdownManager.on("flush", "presence view", () => view[Symbol.dispose]());
  // after a crash nothing can be told until the peers have given back what this node had told before
  view.setPaused("journal", journal.state !== "ready");
  journal.events.on("state:changed", ({ state }) => view.setPaused("journal", state !== "ready"), { signal });
  const logger = services.logger.child({ service: "agent" });
  const { kind, summary, help } = config.executor;
  const model = kind === "model" || summary.model || help.model
    ? startModel(services, context, config, view)
    : undefined;
  const executor = new GuardedExecutor({
    clock,
    executor: kind === "model" && model ? model.executor : createExecutor(context, config, logger),
    onPaused: (isPaused) => {
      if (isPaused) logger.warn("The executor does not start; nothing is claimed for a while");
      view.setPaused("executor", isPaused);
    },
  });
  shutdownManager.on("flush", "executor", () => executor[Symbol.dispose]());
  const summariser = createSummariser(context, config, logger, model?.executor);
  if (summariser) {
    services.slurp.setSummariser(summariser);
    shutdownManager.on("flush", "summaries", () => summariser[Symbol.asyncDispose]());
  }
  const runner = new AgentRunner({
    clock,
    random,
    logger,
    journal,
    presence: view,
    executor,
    advisor: createAdvisor(context, config, model?.executor),
    register: tasks,
    people: services.people,
    readDecision: decisions.read,
    onDecisionsReadable: (listener, options) => decisions.events.on("voters:learned", listener, options),
    // as the read model judges: what a person decided before it was revoked stays decided, also after a restart
    grantOf: (author, atMs, seq) => {
      const claim = { hlcMs: atMs, nowMs: clock.nowMs(), path: "sync", ...(seq === undefined ? {} : { seq }) } as const;
      const check = identity.membership.checkAuthor(author, claim);
      return check.ok ? check.grant : undefined;
    },
  }, runnerOptions(config, identity.identity));
  selfStatus.setSource(() => {
    const status = runner.status();
    // a node that is short of memory takes nothing more until it has recovered
    return optimizer.level === "normal" ? status : { ...status, status: "busy" };
  });
  runner.events.on("status:changed", () => presence.announce());
  presence.announce();
  return runner;
}

/** Models that are asked: where they do the tasks, the node tells which there are, and takes none while there is none. */
function startModel(
  services: Readonly<RuntimeServices>,
  context: NodeContext,
  config: AgentConfig,
  view: ServicePresenceView,
): ModelParts {
  const { presence, selfStatus, healthManager, shutdownManager } = services;
  const logger = services.logger.child({ service: "model" });
  const isExecutor = config.executor.kind === "model";
  const parts = createModelParts(services, context, config, logger, () => {
    view.setPaused("model", isExecutor && watch.problem !== undefined);
    presence.announce();
  });
  const { watch } = parts;
  view.setPaused("model", isExecutor);
  if (isExecutor) selfStatus.setModels(() => watch.available.map(({ name }) => name));
  const check = isExecutor ? healthManager.register(watch.healthCheck()) : undefined;
  watch.start();
  shutdownManager.on("flush", "models", async () => {
    check?.[Symbol.dispose]();
    await watch[Symbol.asyncDispose]();
  });
  return parts;
}

/** What a model that is meant for summaries is able to do. */
const SUMMARY_CAPABILITY = "summary";
const SUMMARIES_FOLDER = "summaries";
/** Of the coding agent's workspaces, below that of all work. */
const ACP_FOLDER = "acp";

/** What the configuration means for the runner. */
export function runnerOptions(config: AgentConfig, self: { peerId: PeerId; role: string }): AgentRunnerOptions {
  return {
    self: self.peerId,
    role: self.role,
    capabilities: config.agent.capabilities,
    maxTasks: config.agent.maxTasks,
    leaseMs: config.coordination.leaseSeconds * MS_PER_SECOND,
  };
}

/** What the configuration means for the programs that tasks start. */
export function processOptions(
  config: AgentConfig,
  { env, home }: Pick<NodeContext, "env" | "home">,
): ProcessExecutorOptions & { readonly workRoot: string } {
  const { commands, timeoutSeconds, maxOutputBytes, memoryLimitMb, env: names } = config.executor.process;
  return {
    commands,
    timeoutMs: timeoutSeconds * MS_PER_SECOND,
    maxOutputBytes,
    memoryLimitBytes: memoryLimitMb * MIB,
    env: selectEnvironment(names, env),
    workRoot: homePaths(home).work,
  };
}

/** What the configuration means for the coding agent of tasks. */
export function acpOptions(
  config: AgentConfig,
  { env, home }: Pick<NodeContext, "env" | "home">,
): AcpExecutorOptions {
  const { argv, timeoutSeconds, maxOutputBytes, memoryLimitMb, workspaceLimitMb, keepWorkspaces, env: names } =
    config.executor.acp;
  return {
    argv,
    timeoutMs: timeoutSeconds * MS_PER_SECOND,
    maxOutputBytes,
    memoryLimitBytes: memoryLimitMb * MIB,
    env: selectEnvironment(names, env),
    workspaceLimitBytes: workspaceLimitMb * MIB,
    keepWorkspaces,
    workRoot: join(homePaths(home).work, ACP_FOLDER),
  };
}

/** What does the tasks' work, by `executor.kind`; a model is made by `createModelParts`. */
export function createExecutor(
  context: Pick<NodeContext, "clock" | "env" | "home">,
  config: AgentConfig,
  logger: RuntimeServices["logger"],
): Executor {
  const { clock } = context;
  if (config.executor.kind === "mock") return new MockExecutor({ clock });
  if (config.executor.kind === "acp") {
    const acp = acpOptions(config, context);
    Deno.mkdirSync(acp.workRoot, { recursive: true, mode: 0o700 });
    return new AcpExecutor({ clock, logger }, acp);
  }
  const options = processOptions(config, context);
  Deno.mkdirSync(options.workRoot, { recursive: true, mode: 0o700 });
  return new ProcessExecutor({ clock, logger }, options);
}

/** What sums long texts up while this node leads; undefined unless `executor.summary` names a command or takes `model`. */
export function createSummariser(
  context: Pick<NodeContext, "clock" | "random" | "env" | "home">,
  config: AgentConfig,
  logger: RuntimeServices["logger"],
  model?: Pick<ModelExecutor, "name" | "summarise">,
): ExecutorSummariser | undefined {
  const { command, timeoutSeconds, perHour, model: isModel } = config.executor.summary;
  const timeoutMs = timeoutSeconds * MS_PER_SECOND;
  if (isModel && model) {
    const executor: Executor = {
      name: model.name,
      run: async (job, io) => ({ summary: await model.summarise(job, io), output: "" }),
    };
    return new ExecutorSummariser({ ...context, executor }, { command: SUMMARY_CAPABILITY, timeoutMs, perHour });
  }
  if (command === undefined) return undefined;
  const options = processOptions(config, context);
  // a folder of its own: an executor removes what an earlier run has left in its
  const workRoot = `${options.workRoot}/${SUMMARIES_FOLDER}`;
  Deno.mkdirSync(workRoot, { recursive: true, mode: 0o700 });
  const executor = new ProcessExecutor({ clock: context.clock, logger }, { ...options, timeoutMs, workRoot });
  return new ExecutorSummariser({ ...context, executor }, { command, timeoutMs, perHour });
}

/** What answers calls for help; undefined unless `executor.help.model`. */
export function createAdvisor(
  { clock }: Pick<NodeContext, "clock">,
  { executor: { help } }: AgentConfig,
  model: Pick<ModelExecutor, "advise"> | undefined,
): ModelAdvisor | undefined {
  if (!help.model || !model) return undefined;
  const limits = { timeoutMs: help.timeoutSeconds * MS_PER_SECOND, perHour: help.perHour };
  return new ModelAdvisor({ clock, advise: (call, signal) => model.advise(call, signal) }, limits);
}

function requireAgentConfig({ config }: NodeContext): AgentConfig {
  if (config.binaryType === "agent") return config;
  throw new TypeError(`An agent cannot run with the configuration of ${config.binaryType}`);
}
