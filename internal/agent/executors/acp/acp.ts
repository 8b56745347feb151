import type { Clock } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { ExecutionStopped, type StopReason } from "../../errors.ts";
import type { ExecutionIo, ExecutionJob, ExecutionResult, Executor } from "../../types.ts";
import { ProgramHost } from "../program_host.ts";
import { limitError, SupervisedGroup } from "../supervised_group.ts";
import { ProcessWatchdog } from "../watchdog.ts";
import { AcpRun } from "./acp_run.ts";
import { type Workspace, Workspaces } from "./workspaces.ts";

/** The coding agent, its limits and surroundings. */
export interface AcpExecutorOptions {
  /** The program and its arguments: the operator's, none of it is a task's. */
  readonly argv: readonly string[];
  /** Milliseconds of working time; waiting for a person does not count. */
  readonly timeoutMs: number;
  /** Bytes of stdout and stderr together. */
  readonly maxOutputBytes: number;
  /** Bytes of resident memory of the whole process group, sampled. */
  readonly memoryLimitBytes: number;
  /** Variables the program gets, with their values; PATH has a default, and without HOME it has one of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Bytes of a workspace, with all that is in it, sampled. */
  readonly workspaceLimitBytes: number;
  /** Workspaces of ended tasks that stay, the newest. */
  readonly keepWorkspaces: number;
  /** Folder of the workspaces, for this process alone. */
  readonly workRoot: string;
  /** Milliseconds until the program has answered what begins a session; default 120000, as it may be fetched first. */
  readonly startMs?: number;
  /** Milliseconds between cancelling and SIGTERM; default 1000. */
  readonly cancelGraceMs?: number;
  /** Milliseconds between the end of its input and SIGTERM; default 2000. */
  readonly exitGraceMs?: number;
  /** Milliseconds between SIGTERM and SIGKILL; default 2000. */
  readonly killGraceMs?: number;
  /** Milliseconds between two looks at the memory; default 500. */
  readonly memorySampleMs?: number;
  /** Milliseconds between two looks at the workspace; default 5000. */
  readonly workspaceSampleMs?: number;
}

/** Characters of one message: a file of the largest size that is written for the program, escaped. */
const MAX_MESSAGE_CHARACTERS = 16 * 1024 * 1024;

/** Why a run stops whose task goes on: its workspace and its session are waited for. */
const INTERRUPTIONS: ReadonlySet<StopReason> = new Set(["parked", "suspended", "draining"]);

/**
 * Has a coding agent do each task, over the Agent Client Protocol (agentclientprotocol.com, version 1): one program per task,
 * in a process group and a workspace of its own. What it asks permission for, people of the mesh are asked, with the exact
 * action; its last message is the result. A task that waited goes on in the same workspace, and in the same session where
 * the program can load it.
 */
export class AcpExecutor implements Executor {
  readonly name = "acp";
  readonly #deps: { readonly clock: Clock; readonly logger: Logger };
  readonly #options: AcpExecutorOptions;
  readonly #host: ProgramHost;
  readonly #workspaces: Workspaces;

  constructor(deps: { clock: Clock; logger: Logger }, options: AcpExecutorOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#host = new ProgramHost(deps);
    this.#workspaces = new Workspaces(deps, { root: options.workRoot, keepEnded: options.keepWorkspaces });
  }

  plan(job: ExecutionJob): Promise<string> {
    const { argv, timeoutMs, memoryLimitBytes } = this.#options;
    const may = job.rights === undefined
      ? "What it asks permission for, people are asked."
      : `It may ask for nothing but ${job.rights.join(", ") || "nothing"}.`;
    return Promise.resolve(
      `Hand the task to the coding agent "${nameOf(argv)}", in a folder of its own: at most ${timeoutMs} ms of ` +
        `work and ${memoryLimitBytes} bytes of memory. ${may}`,
    );
  }

  async run(job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult> {
    io.signal.throwIfAborted();
    const workspace = await this.#workspaces.open(job.taskId);
    let isWaiting = false;
    try {
      return await this.#runIn(workspace, job, io);
    } catch (error) {
      isWaiting = error instanceof ExecutionStopped && INTERRUPTIONS.has(error.reason);
      throw error;
    } finally {
      const isBegun = isWaiting || await workspace.session() !== undefined;
      await this.#workspaces.close(job.taskId, isWaiting ? "waiting" : isBegun ? "ended" : "unbegun");
    }
  }

  async #runIn(workspace: Workspace, job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult> {
    const { argv, env, workspaceLimitBytes, workspaceSampleMs = 5_000, ...options } = this.#options;
    const { clock, logger } = this.#deps;
    const probe = await this.#host.memoryProbe();
    const surroundings = { HOME: workspace.home, ...env, TMPDIR: workspace.home };
    const process = this.#host.start({ what: "coding agent", argv, cwd: workspace.files, env: surroundings });
    await using _watchdog = ProcessWatchdog.start(this.#deps, process.pid);
    const group = new SupervisedGroup(
      { ...this.#deps, group: process, probe, log: (stream, line) => io.log(stream, line) },
      { killGraceMs: 2_000, memorySampleMs: 500, ...options, maxLineCharacters: MAX_MESSAGE_CHARACTERS },
    );
    group.every(workspaceSampleMs, "look at the workspace", async () => {
      const bytes = await workspace.bytes(workspaceLimitBytes);
      if (bytes <= workspaceLimitBytes) return;
      group.halt(limitError(`its folder holds more than ${workspaceLimitBytes} bytes`));
    });
    const run = new AcpRun(
      { clock, logger, group, workspace, io, program: nameOf(argv) },
      { startMs: 120_000, cancelGraceMs: 1_000, exitGraceMs: 2_000, ...options },
    );
    return await run.finish(job);
  }
}

function nameOf([program = ""]: readonly string[]): string {
  return program.split("/").at(-1) ?? program;
}
