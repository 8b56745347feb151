/**
 * What is around an executor, for the tests of each: a task, a runner that hears of the work, people who answer.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Clock, createSystemClock, type RequestId, type TaskId } from "@bzzz/base";
import type { TaskUse } from "@bzzz/coordinator";
import { ExecutorError, type ExecutorErrorCode } from "../errors.ts";
import type { Answer, AskRequest, ExecutionIo, ExecutionJob } from "../types.ts";

/** The task of every run. */
export const TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as TaskId; // a valid ULID
/** The request of the first question. */
export const ASK = requestIdOf(1);

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
    priority: 5,
    requiredCapabilities: [],
    answers: [],
    earlierTries: [],
    ...fields,
  };
}

/** How a run fails, which it must. */
export async function failureOf(work: Promise<unknown>, code?: ExecutorErrorCode): Promise<ExecutorError> {
  let caught: unknown;
  await work.catch((error) => caught = error);
  assert.ok(caught instanceof ExecutorError, `it did not fail: ${caught}`);
  if (code !== undefined) assert.equal(caught.code, code, caught.message);
  return caught;
}

/** A folder for an executor, and everything that a runner and people see of its runs. */
export class ExecutorBench implements AsyncDisposable {
  readonly progress: { percent?: number | undefined; text: string }[] = [];
  readonly logs: string[] = [];
  readonly asked: AskRequest[] = [];
  readonly performed: [string, string, string][] = [];
  readonly uses: TaskUse[] = [];
  /** Stops the run. */
  controller = new AbortController();
  clock: Clock = createSystemClock();
  /** How people answer. */
  answer: (request: AskRequest, requestId: RequestId) => Promise<Answer> = (_, requestId) =>
    Promise.resolve({ requestId, decision: "approve" });
  onUsed = (use: TaskUse): void => void this.uses.push(use);
  readonly root: string;

  /** `root` is removed in the end. */
  protected constructor(root: string) {
    this.root = root;
  }

  io(): ExecutionIo {
    return {
      signal: this.controller.signal,
      progress: (update) => this.progress.push(update),
      used: (use) => this.onUsed(use),
      ask: (request) => {
        this.asked.push(request);
        return this.answer(request, requestIdOf(this.asked.length));
      },
      performed: (requestId, outcome, text) => Promise.resolve(void this.performed.push([requestId, outcome, text])),
      log: (stream, line) => this.logs.push(`${stream}: ${line}`),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

/** The id of the n-th request of a bench, from 1. */
function requestIdOf(n: number): RequestId {
  return `01ARZ3NDEKTSV4RRFFQ69G5A${String(n).padStart(2, "0")}` as RequestId; // a valid ULID
}
