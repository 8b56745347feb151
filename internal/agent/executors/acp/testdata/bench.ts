// A coding agent that does as it is told, an executor that drives it, and people who answer: for the tests of this folder.
import { createNullLogger } from "@bzzz/logging";
import type { ExecutorError, ExecutorErrorCode } from "../../../errors.ts";
import type { ExecutionJob, ExecutionResult } from "../../../types.ts";
import { ExecutorBench, failureOf, job, TASK } from "../../testing.ts";
import { AcpExecutor, type AcpExecutorOptions } from "../acp.ts";

const AGENT = new URL("./fake_agent.ts", import.meta.url).pathname;

/** The command line of a coding agent that behaves so. */
export function fakeAgent(behaviour: unknown): string[] {
  return [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", AGENT, JSON.stringify(behaviour)];
}

/** What the agent is given to do. */
export function tidyUp(fields: Partial<ExecutionJob> = {}): ExecutionJob {
  return job({
    title: "Tidy up",
    description: "the parser",
    postedBy: [{ name: "ana", role: "developer" }],
    ...fields,
  });
}

/** One node's executor with a folder of its own. People approve. */
export class Bench extends ExecutorBench {
  static async create(): Promise<Bench> {
    const root = await Deno.makeTempDir({ prefix: "bzzz-test-" });
    await Deno.mkdir(`${root}/work`);
    return new Bench(root);
  }

  /** A file outside of the workspaces. */
  get log(): string {
    return `${this.root}/log.jsonl`;
  }

  executor(behaviour: unknown, options: Partial<AcpExecutorOptions> = {}): AcpExecutor {
    return new AcpExecutor({ clock: this.clock, logger: createNullLogger() }, {
      argv: fakeAgent(behaviour),
      timeoutMs: 60_000,
      maxOutputBytes: 8 << 20,
      memoryLimitBytes: 2 ** 31,
      env: {},
      workspaceLimitBytes: 64 << 20,
      keepWorkspaces: 4,
      workRoot: `${this.root}/work`,
      ...options,
    });
  }

  /** Runs one task with an agent that behaves so. */
  async run(
    behaviour: unknown,
    options: Partial<AcpExecutorOptions> = {},
    fields: Partial<ExecutionJob> = {},
  ): Promise<ExecutionResult> {
    return await this.executor(behaviour, options).run(tidyUp(fields), this.io());
  }

  /** Runs one task that must fail so, and gives the failure. */
  fails(
    code: ExecutorErrorCode,
    behaviour: unknown,
    options: Partial<AcpExecutorOptions> = {},
  ): Promise<ExecutorError> {
    return failureOf(this.run(behaviour, options), code);
  }

  /** What the agent was told, its method in front. */
  async heard(): Promise<{ method?: string; params?: Record<string, unknown>; result?: unknown; error?: unknown }[]> {
    return (await Deno.readTextFile(this.log)).trim().split("\n").map((line) => JSON.parse(line));
  }

  /** The texts of all prompts. */
  async prompts(): Promise<string[]> {
    return (await this.heard()).filter(({ method }) => method === "session/prompt")
      .map(({ params }) => (params?.["prompt"] as { text: string }[])[0]?.text ?? "");
  }

  /** A file of the task's workspace. */
  workspaceFile(name: string): string {
    return `${this.root}/work/${TASK}/files/${name}`;
  }
}

/** A change of a file that is asked for. */
export const EDIT = {
  toolCallId: "call-1",
  title: "Edit parser.ts",
  kind: "edit",
  rawInput: { path: "parser.ts" },
  content: [{ type: "diff", path: "parser.ts", oldText: "a\n", newText: "b\n" }],
};

/** Tells that a tool call has ended. */
export function done(toolCallId: string, status = "completed"): { readonly update: Readonly<Record<string, unknown>> } {
  const content = [{ type: "content", content: { type: "text", text: "one line" } }];
  return { update: { sessionUpdate: "tool_call_update", toolCallId, status, content } };
}
