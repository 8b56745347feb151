/**
 * Shell scripts as programs that work for an agent.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Clock, createSystemClock, type RequestId, type TaskId } from "@bzzz/base";
import type { TaskUse } from "@bzzz/coordinator";
import { createNullLogger } from "@bzzz/logging";
import { ExecutorError, type ExecutorErrorCode } from "../errors.ts";
import type { Answer, AskRequest, ExecutionJob, ExecutionResult } from "../types.ts";
import { ProcessExecutor, type ProcessExecutorOptions } from "./process.ts";

/** The task of every run. */
export const TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as TaskId;
/** The request that answers are of. */
export const ASK = "01ARZ3NDEKTSV4RRFFQ69G5FAW" as RequestId;

/** What an executor is given. */
export function job(fields: Partial<ExecutionJob> = {}): ExecutionJob {
  return {
    taskId: TASK,
    attempt: 1,
    token: 1,
    postedBy: [],
    budgets: {},
    title: "Count",
    description: "the words",
    input: "a b c",
    priority: 5,
    requiredCapabilities: [],
    answers: [],
    earlierTries: [],
    ...fields,
  };
}

/** A folder with one shell script, and an executor that may start it. */
export class Bench implements AsyncDisposable {
  readonly progress: { percent?: number | undefined; text: string }[] = [];
  readonly logs: string[] = [];
  readonly asked: AskRequest[] = [];
  readonly performed: [string, string, string][] = [];
  readonly controller = new AbortController();
  answer: (request: AskRequest) => Promise<Answer> = () =>
    Promise.resolve({ requestId: ASK, decision: "answer", text: "yes" });
  readonly uses: TaskUse[] = [];
  onUsed = (use: TaskUse): void => void this.uses.push(use);
  clock: Clock = createSystemClock();
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** The script is `work.sh` of the folder. */
  static async create(script: string): Promise<Bench> {
    const root = await Deno.makeTempDir();
    await Deno.writeTextFile(`${root}/work.sh`, script);
    await Deno.mkdir(`${root}/folders`);
    return new Bench(root);
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
    return await executor.run(job(fields), {
      signal: this.controller.signal,
      progress: (update) => this.progress.push(update),
      used: (use) => this.onUsed(use),
      ask: (request) => {
        this.asked.push(request);
        return this.answer(request);
      },
      performed: (requestId, outcome, text) => Promise.resolve(void this.performed.push([requestId, outcome, text])),
      log: (stream, line) => this.logs.push(`${stream}: ${line}`),
    });
  }

  /** Runs, and expects to fail with the code. */
  async fails(code: ExecutorErrorCode, options: Partial<ProcessExecutorOptions> = {}): Promise<ExecutorError> {
    let caught: ExecutorError | undefined;
    await assert.rejects(this.run(options), (error) => {
      caught = error as ExecutorError;
      return error instanceof ExecutorError && error.code === code;
    });
    assert.ok(caught);
    return caught;
  }

  /** A file that the script has written; undefined while there is none. */
  async file(name: string): Promise<string | undefined> {
    try {
      return await Deno.readTextFile(`${this.root}/${name}`);
    } catch {
      return undefined; // not written yet
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

/** A shell command that tells a result. */
export const RESULT = `echo '{"type":"result","summary":"ok","output":{"n":1}}'`;
