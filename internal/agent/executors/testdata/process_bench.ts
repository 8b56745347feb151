// Shell scripts as programs that work for an agent: for the tests beside.
import { createNullLogger } from "@bzzz/logging";
import type { ExecutorError, ExecutorErrorCode } from "../../errors.ts";
import type { ExecutionJob, ExecutionResult } from "../../types.ts";
import { ProcessExecutor, type ProcessExecutorOptions } from "../process.ts";
import { ExecutorBench, failureOf, job } from "../testing.ts";

/** A folder with one shell script, and an executor that may start it. People answer "yes". */
export class Bench extends ExecutorBench {
  /** The script is `work.sh` of the folder. */
  static async create(script: string): Promise<Bench> {
    const root = await Deno.makeTempDir();
    await Deno.writeTextFile(`${root}/work.sh`, script);
    await Deno.mkdir(`${root}/folders`);
    const bench = new Bench(root);
    bench.answer = (_, requestId) => Promise.resolve({ requestId, decision: "answer", text: "yes" });
    return bench;
  }

  async run(
    options: Partial<ProcessExecutorOptions> = {},
    fields: Partial<ExecutionJob> = {},
  ): Promise<ExecutionResult> {
    const executor = new ProcessExecutor({ clock: this.clock, logger: createNullLogger() }, {
      commands: [{ name: "work", argv: ["/bin/sh", `${this.root}/work.sh`] }],
      timeoutMs: 20_000,
      maxOutputBytes: 100_000,
      memoryLimitBytes: 1 << 30,
      env: {},
      workRoot: `${this.root}/folders`,
      ...options,
    });
    return await executor.run(job({ input: "a b c", ...fields }), this.io());
  }

  /** Runs, and expects to fail with the code. */
  fails(code: ExecutorErrorCode, options: Partial<ProcessExecutorOptions> = {}): Promise<ExecutorError> {
    return failureOf(this.run(options), code);
  }

  /** A file that the script has written; undefined while there is none. */
  async file(name: string): Promise<string | undefined> {
    try {
      return await Deno.readTextFile(`${this.root}/${name}`);
    } catch {
      return undefined; // not written yet
    }
  }
}

/** A shell command that tells a result. */
export const RESULT = `echo '{"type":"result","summary":"ok","output":{"n":1}}'`;
