import { BzzzError, type Clock, errorMessage, type Random } from "@bzzz/base";
import type { Config, LoadedConfig } from "@bzzz/config";
import { formatIssues } from "@bzzz/config";
import type { Logger } from "@bzzz/logging";
import { TOPICS } from "@bzzz/wire";
import { acquireInstanceLock } from "./collision.ts";
import { createRuntimeError, RuntimeError } from "./errors.ts";
import { type ExitStatus, exitStatusOf } from "@bzzz/cli";
import { homePaths } from "./home.ts";
import type { ExecutionMode } from "./interfaces.ts";
import { needsSetup } from "./needs_setup.ts";
import { openNodeLog } from "./node_logger.ts";
import type { BinaryProfile } from "./profiles.ts";
import { createRuntime, type StandardRuntime } from "./runtime.ts";
import type { RuntimeServices } from "./services.ts";
import { ShutdownManager } from "./shutdown.ts";
import { type InterruptGate, takeHangUps } from "./signals.ts";
import type { UncaughtGuard } from "./uncaught.ts";

/** What a running node needs to know beyond its services. */
export interface NodeContext {
  readonly profile: BinaryProfile;
  readonly clock: Clock;
  readonly random: Random;
  readonly config: Config;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** The interface is to be shown on this process' terminal. */
  readonly ownsTerminal: boolean;
  readonly isDev: boolean;
  /** For whom Ctrl-C is. */
  readonly interrupts: InterruptGate;
}

/** Makes what the program does on top of the services. */
export type ExecutionFactory = (
  services: Readonly<RuntimeServices>,
  context: NodeContext,
) => ExecutionMode<RuntimeServices>;

/** What `runNode` is given. */
export interface RunNodeOptions {
  readonly loaded: LoadedConfig;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly isDev: boolean;
  /** It ends in good order as soon as it has started. */
  readonly isRehearsal?: boolean;
  readonly ownsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** One of the standard streams is a terminal: when it is gone, so is whoever uses this process. */
  readonly hasTerminal: boolean;
  readonly version: string;
  readonly passphrase?: string;
  /** Signals of the process, as data. */
  readonly signals: AsyncIterable<string>;
  /** Held while another program has the terminal. */
  readonly interrupts: InterruptGate;
  readonly forceExit: (status: ExitStatus) => void;
  /** Of the process; while the node runs, a defect takes it down in order. */
  readonly uncaught?: UncaughtGuard;
  /** Called once this process holds the data directory. */
  readonly onLocked?: () => Promise<void>;
  /** Called once the node runs; what it begins must end with `signal`. */
  readonly onStarted?: (services: Readonly<RuntimeServices>, options: { readonly signal: AbortSignal }) => void;
  /** A line for the person who started it. */
  readonly tell: (text: string) => Promise<void>;
}

/**
 * One node from its lock to its end: initialize, start, execute, and go in good order. Resolves with the exit status and
 * never rejects once the shutdown has begun; before that it rejects with what kept the node from starting.
 */
export async function runNode(
  deps: {
    readonly profile: BinaryProfile;
    readonly clock: Clock;
    readonly random: Random;
    createExecution: ExecutionFactory;
  },
  options: RunNodeOptions,
): Promise<ExitStatus> {
  const { profile, clock, random } = deps;
  const { loaded, home } = options;
  const { config } = loaded;
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  using log = openNodeLog({ clock, profile }, { ...options, config });
  const { logger } = log;
  if (loaded.warnings.length > 0) logger.warn(formatIssues(loaded.warnings));
  using _lock = await acquireInstanceLock({ clock, logger }, home, {
    agentId: config.agent.id ?? profile.program,
    binaryType: profile.binaryType,
  });
  await options.onLocked?.();
  const shutdown = new ShutdownManager({ clock, logger, forceExit: options.forceExit }, profile.shutdown);
  using _defects = options.uncaught?.use({
    logger,
    // the report is for who awaits the shutdown
    onDefect: (cause) => void shutdown.request({ kind: "failed", error: defectOf(clock, cause) }),
  });
  const runtime = createRuntime(() =>
    Promise.resolve({
      clock,
      random,
      logger,
      config,
      paths: homePaths(home),
      env: options.env,
      version: options.version,
      isInsecure: options.isDev,
      shutdownManager: shutdown,
      uncaughtCounts: () => options.uncaught?.counts() ?? new Map(),
      ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
    })
  );
  const started = Promise.withResolvers<StartedNode | undefined>();
  addShutdownHooks(shutdown, runtime, started.promise);
  const watching = shutdown.watch(
    profile.binaryType === "hap" && !options.hasTerminal
      ? takeHangUps(options.signals, () => {
        logger.info("The person's key is locked: a hang-up");
        void started.promise.then((node) => node?.services.person.lock("hang_up")); // it never rejects
      })
      : options.signals,
  );
  watching.catch((error) => logger.error("Signals are not heard any more", {}, error));
  const services = await startRuntime(runtime, { profile, home }, shutdown);
  if (!services || shutdown.signal.aborted) {
    started.resolve(services && { services, execution: undefined });
    return (await shutdown.finished).exitStatus;
  }
  let execution: ExecutionMode<RuntimeServices>;
  try {
    execution = deps.createExecution(services, { ...options, profile, clock, random, config });
  } catch (error) {
    logger.error("The node has nothing to do", {}, error);
    started.resolve({ services, execution: undefined });
    await shutdown.request({ kind: "failed", error });
    return exitStatusOf(error);
  }
  started.resolve({ services, execution });
  options.onStarted?.(services, { signal: shutdown.signal });
  const telling = options.tell(
    `${profile.title} started\nNode ID: ${services.identity.identity.peerId}\nAgent ID: ${services.identity.identity.agentId}` +
      (options.isDev ? "\nINSECURE: a throw-away mesh on this host (--dev)" : "") +
      (log.path === undefined ? "" : `\nLog: ${log.path}`),
  );
  // a terminal that is gone is no reason to stop working
  await telling.catch((error) => logger.debug("Nobody could be told of the start", {}, error));
  logger.info(`${profile.title} started`, {
    peer: services.identity.identity.peerId,
    agentId: services.identity.identity.agentId,
    mesh: services.identity.mesh.name,
    version: options.version,
  });
  if (options.isRehearsal) {
    await shutdown.request({ kind: "finished" });
    return (await shutdown.finished).exitStatus;
  }
  return await execute({ execution, services, shutdown, logger });
}

function defectOf(clock: Clock, cause: unknown): RuntimeError {
  return createRuntimeError(clock, "defect", "go on", {
    why: `${errorMessage(cause)}; this is a defect of the program, please report it`,
    cause,
  });
}

/** What there is to take down. */
interface StartedNode {
  readonly services: Readonly<RuntimeServices>;
  readonly execution: ExecutionMode<RuntimeServices> | undefined;
}

/**
 * How a node goes, in the manager's order. Added before the start, because the signal may come at any moment of it;
 * `started` resolves soon after that signal, with undefined when nothing runs.
 */
function addShutdownHooks(
  shutdown: ShutdownManager,
  runtime: StandardRuntime,
  started: Promise<StartedNode | undefined>,
): void {
  shutdown.on("announce", "presence", async () => {
    const node = await started;
    if (!node) return;
    node.services.healthManager.setPhase("draining");
    node.services.selfStatus.setDraining();
    node.services.presence.announce();
  });
  shutdown.on("drain", "work", async () => {
    const node = await started;
    if (!node) return;
    await node.execution?.stop();
    // the term is given back while the voters can still be asked, so that nobody waits for the lease to run out
    await node.services.electionManager.stop();
    node.services.presence.stop();
    // after the work was given back, so that who takes it over knows that it may
    await sayGoodBye(node.services);
  });
  shutdown.on("stop", "services", ({ budgetMs }) => runtime.stop({ timeoutMs: budgetMs }));
}

/** A good-bye that cannot be said (a revoked node is not heard anyway) does not spoil a good end. */
async function sayGoodBye({ journal, logger }: Readonly<RuntimeServices>): Promise<void> {
  try {
    await journal.sendSignal({ kind: "leaving", topic: TOPICS.agents, body: { reason: "shut down" } });
  } catch (error) {
    logger.warn("The others were not told that this node leaves", {}, error);
  }
}

/** Undefined when it was told to end before it had started. */
async function startRuntime(
  runtime: StandardRuntime,
  { profile, home }: { readonly profile: BinaryProfile; readonly home: string },
  shutdown: ShutdownManager,
): Promise<Readonly<RuntimeServices> | undefined> {
  const { signal } = shutdown;
  try {
    const services = await runtime.initialize({
      configPath: undefined,
      binaryType: profile.binaryType,
      enableSetupMode: await needsSetup(home),
      customPorts: {},
    }, { signal });
    await runtime.start({ signal });
    return services;
  } catch (error) {
    if (signal.aborted) return undefined;
    // The layers have their own words for what is wrong; "cannot create service" adds nothing for who started it.
    throw error instanceof RuntimeError && error.cause instanceof BzzzError ? error.cause : error;
  }
}

async function execute(
  parts: {
    readonly execution: ExecutionMode<RuntimeServices>;
    readonly services: Readonly<RuntimeServices>;
    readonly shutdown: ShutdownManager;
    readonly logger: Logger;
  },
): Promise<ExitStatus> {
  const { execution, services, shutdown } = parts;
  const working = execution.run(services, { signal: shutdown.signal });
  try {
    await working;
    await shutdown.request({ kind: "finished" });
  } catch (error) {
    parts.logger.error("The node cannot go on", {}, error);
    await shutdown.request({ kind: "failed", error });
    return exitStatusOf(error);
  }
  return (await shutdown.finished).exitStatus;
}
