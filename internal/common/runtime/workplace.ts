import type { Clock, Random } from "@bzzz/base";
import type { GlobalFlags } from "@bzzz/cli";
import type { LoadedConfig } from "@bzzz/config";
import { createNullLogger, createStandardLogger, type Logger, type LogLevel } from "@bzzz/logging";
import { checkForRunningInstance } from "./collision.ts";
import { loadProgramConfig } from "./config.ts";
import { createRuntimeError } from "./errors.ts";
import { readEndpoints } from "./home.ts";
import { dataDirectory, devFolder } from "./process_environment.ts";
import type { BinaryProfile } from "./profiles.ts";
import type { SetupDeps } from "./setup.ts";
import type { UncaughtGuard } from "./uncaught.ts";

/** What a workplace stands on. */
export interface WorkplaceDeps {
  readonly profile: BinaryProfile;
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  /** Of the process; told whose faults to tolerate once their libraries are loaded. */
  readonly uncaught?: UncaughtGuard;
}

/** Where the commands of a program work: the data directory that is meant, its configuration, and the parts of a node. */
export class Workplace {
  readonly #deps: WorkplaceDeps;

  constructor(deps: WorkplaceDeps) {
    this.#deps = deps;
  }

  /** The data directory, whether it is there or not. */
  homeOf(globals: GlobalFlags): string {
    return dataDirectory(this.#deps.profile, this.#deps.env, globals.home);
  }

  /** The same; with --dev the one that was named, or the first whose node of this program runs, undefined when none does. */
  async runningHomeOf(globals: GlobalFlags): Promise<string | undefined> {
    if (!globals.isDev || globals.home !== undefined) return this.homeOf(globals);
    const { env, profile } = this.#deps;
    const folder = `${devFolder(env)}/nodes`;
    try {
      for await (const { name } of Deno.readDir(folder)) {
        const home = `${folder}/${name}`;
        if (!name.startsWith(profile.binaryType) || !await readEndpoints(home)) continue;
        if ((await checkForRunningInstance(home)).isRunning) return home;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return undefined;
  }

  /** The configuration of a data directory; `flags` are dotted keys. @throws ConfigurationError with every problem */
  load(globals: GlobalFlags, home: string, flags: Readonly<Record<string, unknown>> = {}): Promise<LoadedConfig> {
    const { profile, env } = this.#deps;
    return loadProgramConfig({ profile, home, env, globals, flags });
  }

  /** @throws RuntimeError "instance_running" */
  async assertStopped(home: string, what: string): Promise<void> {
    const running = await checkForRunningInstance(home);
    if (!running.isRunning) return;
    const { program } = this.#deps.profile;
    throw createRuntimeError(this.#deps.clock, "instance_running", `${what} in "${home}"`, {
      why: `a node (pid ${
        running.holder?.pid ?? "unknown"
      }) runs there; stop it first with "${program} stop --home ${home}"`,
    });
  }

  /** Commands talk to their person themselves; their parts log only when asked to. */
  loggerOf(globals: GlobalFlags): Logger {
    if (globals.logLevel === undefined) return createNullLogger();
    const level = globals.logLevel as LogLevel; // the flag's choices are the levels
    return createStandardLogger(this.#deps.profile.program, { level, format: "text" });
  }

  /** What is handed to the parts that make a member of a mesh. */
  setupDeps(globals: GlobalFlags): SetupDeps {
    const { clock, random, profile, version } = this.#deps;
    return { clock, random, profile, version, logger: this.loggerOf(globals) };
  }

  /** Loaded when they are asked for; with them come the faults of their libraries. */
  async loadNodeParts(): Promise<typeof import("./node_parts.ts")> {
    const parts = await import("./node_parts.ts");
    this.#deps.uncaught?.tolerate(parts.isLibraryFault);
    return parts;
  }
}
