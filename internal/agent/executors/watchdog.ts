import { errorMessage, utf8Encode } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";

/**
 * Waits on its standard input, which the agent holds open. A line says that the program has ended; the end of the input says
 * that the agent has, in whatever way. Seconds as for a program that is cancelled. Plain POSIX: Linux and macOS.
 */
const SCRIPT = `
read -r _ && exit 0
kill -s TERM -- "-$1" 2>/dev/null || exit 0
sleep 2
kill -s KILL -- "-$1" 2>/dev/null
`;
const SHELL = "/bin/sh";
const PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * Ends a program's process group when this agent is killed: the kernel closes the pipe to a small shell in a session of its own, and
 * that does it. (`PR_SET_PDEATHSIG` would be Linux alone, and cannot be reached from here.) Costs a sleeping process for
 * each program that runs. Dispose it when the group has ended.
 */
export class ProcessWatchdog implements AsyncDisposable {
  readonly #shell: Deno.ChildProcess | undefined;
  readonly #logger: Logger;

  private constructor(shell: Deno.ChildProcess | undefined, logger: Logger) {
    this.#shell = shell;
    this.#logger = logger;
  }

  /** Watches over `group` from now on. Without a shell on this machine nobody does, which is logged. */
  static start(deps: { readonly logger: Logger }, group: number): ProcessWatchdog {
    const { logger } = deps;
    try {
      const command = new Deno.Command(SHELL, {
        args: ["-c", SCRIPT, "bzzz-watchdog", String(group)],
        cwd: "/",
        env: { PATH },
        clearEnv: true,
        // a signal to the agent's group, as Ctrl-C is one, must not end it before the agent
        detached: true,
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      });
      return new ProcessWatchdog(command.spawn(), logger);
    } catch (error) {
      logger.warn("Nobody will end the program if this agent is killed", { reason: errorMessage(error) });
      return new ProcessWatchdog(undefined, logger);
    }
  }

  /** The group has ended: its number may be another's soon, so the shell must not act on it any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#shell) return;
    const writer = this.#shell.stdin.getWriter();
    try {
      await writer.write(utf8Encode("ended\n"));
      await writer.close();
    } catch (error) {
      this.#logger.debug("The watchdog of a program was gone already", { reason: errorMessage(error) });
    }
    await this.#shell.status;
  }
}
