import { join } from "node:path";
import type { Clock } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { ExecutorError } from "../errors.ts";
import type { ExecutionIo, ExecutionJob, ExecutionResult, Executor } from "../types.ts";
import type { ProcessGroup } from "./process_group.ts";
import { ProcessRun } from "./process_run.ts";
import { ProgramHost } from "./program_host.ts";
import { removeTree } from "./remove_tree.ts";
import { ProcessWatchdog } from "./watchdog.ts";

/** A program that tasks may start: the whole command line is the operator's, none of it is a task's. */
export interface ProcessCommand {
  readonly name: string;
  readonly argv: readonly string[];
}

/** Limits and surroundings of the programs. */
export interface ProcessExecutorOptions {
  /** The allow-list. The command named like a capability the task requires is taken, otherwise the first one. */
  readonly commands: readonly ProcessCommand[];
  /** Milliseconds of working time; waiting for a person does not count. */
  readonly timeoutMs: number;
  /** Bytes of stdout and stderr together. */
  readonly maxOutputBytes: number;
  /** Bytes of resident memory of the whole process group, sampled. */
  readonly memoryLimitBytes: number;
  /** Variables the program gets, with their values; PATH has a default, HOME and TMPDIR are always its work folder. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds between SIGTERM and SIGKILL; default 2000. */
  readonly killGraceMs?: number;
  /** Milliseconds a program may take to end after its result; default 5000. */
  readonly exitGraceMs?: number;
  /** Milliseconds between two looks at the memory; default 500. */
  readonly memorySampleMs?: number;
  /**
   * Folder that the work folders are made in, for this process alone: what is left in it from an earlier run is removed
   * before the first task. Default: the system's, where nothing is removed.
   */
  readonly workRoot?: string;
}

const FOLDER_PREFIX = "bzzz-task-";

/**
 * Runs one program per task: no shell, a clean environment, a private work folder (0700, removed afterwards), a process
 * group of its own that is killed as a whole, also when this agent is killed (`ProcessWatchdog`). The task goes in as one JSON line on stdin, JSON lines come out on stdout
 * (see `process_protocol.ts`). The program's exit status counts: a result of a program that ends with another status
 * than 0 is a failure. Memory is measured on Linux and where `ps` works; elsewhere that limit is not enforced, which is
 * logged once.
 */
export class ProcessExecutor implements Executor {
  readonly name = "process";
  readonly #deps: { readonly clock: Clock; readonly logger: Logger };
  readonly #options: ProcessExecutorOptions;
  readonly #host: ProgramHost;
  #tidied: Promise<void> | undefined;

  constructor(deps: { clock: Clock; logger: Logger }, options: ProcessExecutorOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#host = new ProgramHost(deps);
  }

  plan(job: ExecutionJob): Promise<string> {
    const { name, argv: [program = ""] } = this.#commandFor(job);
    const { timeoutMs, memoryLimitBytes, maxOutputBytes } = this.#options;
    return Promise.resolve(
      `Run the command "${name}" (${
        program.split("/").at(-1)
      }) once, in an empty folder, with the task on its standard input: ` +
        `at most ${timeoutMs} ms of work, ${memoryLimitBytes} bytes of memory and ${maxOutputBytes} bytes of output.`,
    );
  }

  async run(job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult> {
    io.signal.throwIfAborted();
    const command = this.#commandFor(job);
    const { workRoot } = this.#options;
    if (workRoot !== undefined) await (this.#tidied ??= removeLeftovers(workRoot, this.#deps.logger));
    const probe = await this.#host.memoryProbe();
    await using folder = await createWorkFolder(workRoot, this.#deps.logger);
    const group = this.#start(command, folder.path);
    // before the program has its task: one that is still without ends at the end of its input
    await using _watchdog = ProcessWatchdog.start(this.#deps, group.pid);
    const run = new ProcessRun(
      { ...this.#deps, probe, group },
      { killGraceMs: 2000, exitGraceMs: 5000, memorySampleMs: 500, ...this.#options },
      io,
    );
    return await run.finish(job);
  }

  #commandFor(job: ExecutionJob): ProcessCommand {
    const { commands } = this.#options;
    const command = commands.find(({ name }) => job.requiredCapabilities.includes(name)) ?? commands[0];
    if (command) return command;
    throw new ExecutorError("task_unfit", "Cannot start a program: the allow-list is empty", { isRetryable: false });
  }

  #start(command: ProcessCommand, cwd: string): ProcessGroup {
    const env = { ...this.#options.env, HOME: cwd, TMPDIR: cwd };
    return this.#host.start({ what: `command "${command.name}"`, argv: command.argv, cwd, env });
  }
}

/** What runs of a program that was killed have left behind. The root is this node's own, which one process uses. */
async function removeLeftovers(root: string, logger: Logger): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(root)) {
      if (name.startsWith(FOLDER_PREFIX)) await removeTree(join(root, name));
    }
  } catch (error) {
    logger.warn("Cannot remove the work folders of an earlier run", { path: root }, error);
  }
}

async function createWorkFolder(
  root: string | undefined,
  logger: Logger,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: FOLDER_PREFIX, ...(root === undefined ? {} : { dir: root }) });
  await Deno.chmod(path, 0o700);
  const remove = async (): Promise<void> => {
    try {
      await removeTree(path);
    } catch (error) {
      logger.warn("Cannot remove the work folder of a task", { path }, error);
    }
  };
  return { path, [Symbol.asyncDispose]: remove };
}
