// A coding agent that does as it is told, an executor that drives it, and people who answer: for the tests of this folder.
import assert from "node:assert/strict";
import { type Clock, createSystemClock, type RequestId, type TaskId } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import type { TaskUse } from "@bzzz/coordinator";
import { ExecutorError, type ExecutorErrorCode } from "../../../errors.ts";
import type { Answer, AskRequest, ExecutionIo, ExecutionJob, ExecutionResult } from "../../../types.ts";
import { AcpExecutor, type AcpExecutorOptions } from "../acp.ts";

export const TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as TaskId; // a valid ULID

const AGENT = new URL("./fake_agent.ts", import.meta.url).pathname;

/** The command line of a coding agent that behaves so. */
export function fakeAgent(behaviour: unknown): string[] {
  return [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", AGENT, JSON.stringify(behaviour)];
}

export function job(fields: Partial<ExecutionJob> = {}): ExecutionJob {
  return {
    taskId: TASK,
    attempt: 1,
    token: 1,
    postedBy: [{ name: "ana", role: "developer" }],
    budgets: {},
    title: "Tidy up",
    description: "the parser",
    priority: 5,
    requiredCapabilities: [],
    answers: [],
    earlierTries: [],
    ...fields,
  };
}

/** One node's executor with a folder of its own. */
export class Bench implements AsyncDisposable {
  readonly progress: { percent?: number | undefined; text: string }[] = [];
  readonly logs: string[] = [];
  readonly asked: AskRequest[] = [];
  readonly performed: [string, string, string][] = [];
  readonly uses: TaskUse[] = [];
  controller = new AbortController();
  clock: Clock = createSystemClock();
  answer: (request: AskRequest, requestId: RequestId) => Promise<Answer> = (_, requestId) =>
    Promise.resolve({ requestId, decision: "approve" });
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

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
    return await this.executor(behaviour, options).run(job(fields), this.io());
  }

  /** Runs one task that must fail so, and gives the failure. */
  async fails(
    code: ExecutorErrorCode,
    behaviour: unknown,
    options: Partial<AcpExecutorOptions> = {},
  ): Promise<ExecutorError> {
    let caught: unknown;
    await this.run(behaviour, options).catch((error) => caught = error);
    assert.ok(caught instanceof ExecutorError, `it did not fail: ${caught}`);
    assert.equal(caught.code, code, caught.message);
    return caught;
  }

  io(): ExecutionIo {
    return {
      signal: this.controller.signal,
      progress: (update) => this.progress.push(update),
      used: (use) => this.uses.push(use),
      ask: (request) => {
        this.asked.push(request);
        return this.answer(
          request,
          `01ARZ3NDEKTSV4RRFFQ69G5A${String(this.asked.length).padStart(2, "0")}` as RequestId,
        );
      },
      performed: (requestId, outcome, text) => Promise.resolve(void this.performed.push([requestId, outcome, text])),
      log: (stream, line) => this.logs.push(`${stream}: ${line}`),
    };
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

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}
