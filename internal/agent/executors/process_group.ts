import { errorMessage } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";

/** How a program ended. */
export interface GroupExit {
  readonly code: number;
  readonly signal: string | null;
}

/**
 * A program in a session and process group of its own (`setsid`, by Deno's `detached`), so that its children end with it.
 * A descendant that makes a session of its own escapes; only a container or a cgroup holds such a one.
 */
export class ProcessGroup {
  readonly stdin: WritableStream<Uint8Array<ArrayBuffer>>;
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #child: Deno.ChildProcess;
  readonly #logger: Logger;

  /** Starts `argv` without a shell and with exactly `env`. @throws what `Deno.Command` throws */
  constructor(
    deps: { logger: Logger },
    options: { argv: readonly string[]; cwd: string; env: Readonly<Record<string, string>> },
  ) {
    const [program = "", ...args] = options.argv;
    this.#logger = deps.logger;
    this.#child = new Deno.Command(program, {
      args,
      cwd: options.cwd,
      env: { ...options.env },
      clearEnv: true,
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    ({ stdin: this.stdin, stdout: this.stdout, stderr: this.stderr } = this.#child);
  }

  /** Also the id of its session and group. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when the program itself has ended; its children may go on. */
  get exited(): Promise<GroupExit> {
    return this.#child.status;
  }

  /**
   * Sends `signal` to every process of the group; one that is gone already is no error. Where the permissions of this
   * program are scoped, `Deno.kill` is refused and the `kill` command does it (grant `--allow-run=kill`).
   */
  async signal(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    try {
      Deno.kill(-this.pid, signal);
      return;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return;
      if (!(error instanceof Deno.errors.NotCapable)) return; // ESRCH comes as a plain error on some systems
    }
    try {
      const args = [`-${signal.slice(3)}`, "--", `-${this.pid}`];
      await new Deno.Command("kill", { args, stdin: "null", stdout: "null", stderr: "null" }).output();
    } catch (error) {
      this.#logger.warn("Cannot signal the process group, only its first process", { reason: errorMessage(error) });
      this.#signalLeader(signal);
    }
  }

  #signalLeader(signal: "SIGTERM" | "SIGKILL"): void {
    try {
      this.#child.kill(signal);
    } catch {
      // it has ended: that is what was wanted
    }
  }
}
