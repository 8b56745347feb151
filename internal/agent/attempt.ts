import { type Clock, type EntryId, errorMessage, TaskGroup, type TaskId, type Timer } from "@bzzz/base";
import { isFinished, type TaskView } from "@bzzz/coordinator";
import type { RequestView } from "@bzzz/hmmm";
import type { Logger } from "@bzzz/logging";
import type { BodyOf, EntryKind } from "@bzzz/wire";
import { answerOf, isSameQuestion, requestBodyOf } from "./asks.ts";
import { MAX_ASKS, MAX_PROGRESS_ENTRIES, MAX_TIMER_MS, PROGRESS_STEP_MS } from "./constants.ts";
import { ExecutionStopped, ExecutorError, type StopReason } from "./errors.ts";
import type { Answer, AskRequest, ExecutionIo, ExecutionResult, Executor } from "./types.ts";
import type { WorkBook } from "./work_book.ts";

/** What an attempt needs of its runner. */
export interface AttemptDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly executor: Executor;
  readonly book: WorkBook;
  /** Stores an entry, trying again for a while. */
  readonly append: <K extends EntryKind>(kind: K, body: BodyOf<K>, taskId: TaskId) => Promise<void>;
  readonly isDraining: () => boolean;
}

/** Plain settings of an attempt. */
export interface AttemptOptions {
  readonly parkAfterMs: number;
  readonly askTo: BodyOf<"request_opened">["to"];
}

/** A node's work on one attempt at a task: from the first entry of progress to the entry that ends it. */
export class TaskAttempt {
  readonly taskId: TaskId;
  readonly attempt: number;
  readonly #deps: AttemptDeps;
  readonly #options: AttemptOptions;
  readonly #stop = new AbortController();
  readonly #owned: TaskGroup;
  readonly #waiting = new Map<string, (view: RequestView) => void>();
  #askCount = 0;
  #isReporting = false;
  #parkTimer: Timer | undefined;
  #deadlineTimer: Timer | undefined;
  #progressTimer: Timer | undefined;
  #progress: BodyOf<"task_progress"> | undefined;
  #progressCount = 0;

  constructor(deps: AttemptDeps, options: AttemptOptions, view: Pick<TaskView, "taskId" | "attempt">) {
    this.taskId = view.taskId;
    this.attempt = view.attempt;
    this.#deps = deps;
    this.#options = options;
    this.#owned = new TaskGroup((error, what) =>
      deps.logger.warn("Cannot report on a task", { what, task: this.taskId }, error)
    );
  }

  /** The work waits for a person. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Ends the work. The first reason counts; a result that is being stored is not stopped any more. */
  stop(reason: StopReason): void {
    if (!this.#isReporting && !this.#stop.signal.aborted) this.#stop.abort(new ExecutionStopped(reason));
  }

  /** Tells of a change of a request. */
  onRequest(view: RequestView): void {
    this.#waiting.get(view.requestId)?.(view);
  }

  /** Works, and stores how it ended. Rejects only when that could not be stored. */
  async run(): Promise<{ readonly isParked: boolean }> {
    const { clock, executor } = this.#deps;
    const startedMs = clock.monotonicMs();
    let ended: { readonly result: ExecutionResult } | { readonly error: unknown };
    try {
      this.#watchDeadline(this.#view().deadlineMs);
      await this.#begin();
      this.#stop.signal.throwIfAborted();
      ended = { result: await executor.run(this.#job(), this.#io()) };
    } catch (error) {
      ended = { error };
    }
    this.#parkTimer?.cancel();
    this.#deadlineTimer?.cancel();
    this.#progressTimer?.cancel();
    this.#isReporting = true;
    try {
      return await this.#report(ended, clock.monotonicMs() - startedMs);
    } finally {
      await this.#owned.settled();
    }
  }

  /** Ends the work when the task's deadline passes (wall clock): what comes later is of no use to whoever set it. */
  #watchDeadline(deadlineMs: number | undefined): void {
    if (deadlineMs === undefined || this.#isReporting || this.#stop.signal.aborted) return;
    const { clock } = this.#deps;
    const leftMs = deadlineMs - clock.nowMs();
    if (leftMs >= 0) {
      this.#deadlineTimer = clock.setTimer(Math.min(leftMs + 1, MAX_TIMER_MS), () => this.#watchDeadline(deadlineMs));
      return;
    }
    const state = `its deadline ${new Date(deadlineMs).toISOString()} has passed`;
    this.#stop.abort(
      new ExecutorError("limit_exceeded", `Cannot go on with the task: ${state}`, { isRetryable: false }),
    );
  }

  /** Says that the work begins, and that questions which are answered by now hold it up no longer. */
  async #begin(): Promise<void> {
    for (const requestId of this.#view().waitingFor) {
      const view = this.#deps.book.inbox.get(requestId);
      await this.#append("task_resumed", { requestId, ...takenAnswer(view) });
    }
    await this.#append("task_progress", { percent: 0, text: "started" });
  }

  async #report(
    ended: { readonly result: ExecutionResult } | { readonly error: unknown },
    durationMs: number,
  ): Promise<{ isParked: boolean }> {
    const reason = this.#stoppedFor(ended);
    if (reason === "draining") await this.#append("task_released", { reason: "the agent is stopping" });
    if (reason !== undefined) return { isParked: reason === "parked" };
    this.#flushProgress();
    if ("result" in ended) {
      await this.#append("task_completed", { ...ended.result, durationMs: Math.round(durationMs) });
    } else {
      const isRetryable = ended.error instanceof ExecutorError ? ended.error.isRetryable : true;
      const why = errorMessage(ended.error).slice(0, 4096);
      this.#deps.logger.info("A task failed", { task: this.taskId, attempt: this.attempt, retryable: isRetryable });
      await this.#append("task_failed", { reason: why, retryable: isRetryable });
    }
    return { isParked: false };
  }

  /** Why there is nothing to report; a result that was ready when its own node began to stop is reported. */
  #stoppedFor(ended: { readonly result: ExecutionResult } | { readonly error: unknown }): StopReason | undefined {
    if ("error" in ended && ended.error instanceof ExecutionStopped) return ended.error.reason;
    const cause: unknown = this.#stop.signal.reason;
    // a passed deadline is a failure like another, and a result that is there all the same is a result
    if (!(cause instanceof ExecutionStopped)) return undefined;
    const { reason } = cause;
    return "result" in ended && (reason === "draining" || reason === "parked") ? undefined : reason;
  }

  #job(): Parameters<Executor["run"]>[0] {
    const view = this.#view();
    const { taskId, title, description, input, priority, requiredCapabilities, deadlineMs } = view;
    const answers = this.#deps.book.answersOf(view);
    const task = { taskId, title, description, input, priority, requiredCapabilities, deadlineMs };
    return { ...task, attempt: this.attempt, answers };
  }

  #io(): ExecutionIo {
    const { logger } = this.#deps;
    return {
      signal: this.#stop.signal,
      progress: ({ percent, text }) => this.#onProgress(percent, text),
      ask: (request) => this.#ask(request),
      log: (stream, line) => logger.debug("A task's program says", { task: this.taskId, stream, line }),
    };
  }

  async #ask(ask: AskRequest): Promise<Answer> {
    this.#stop.signal.throwIfAborted();
    if (++this.#askCount > MAX_ASKS) throw refuseAsk(`it has asked ${MAX_ASKS} times`);
    const body = requestBodyOf(this.#view(), ask, this.#options.askTo);
    const known = this.#deps.book.inbox.get(body.requestId);
    if (known && !isSameQuestion(known, body)) throw refuseAsk("its id stands for another question");
    const answer = known && answerOf(known);
    if (answer) return answer;
    if (!known) await this.#deps.append("request_opened", body, this.taskId);
    if (!this.#view().waitingFor.includes(body.requestId)) {
      await this.#append("task_blocked", { requestId: body.requestId });
    }
    const { answer: given, view } = await this.#answered(body.requestId);
    this.#stop.signal.throwIfAborted();
    await this.#append("task_resumed", { requestId: body.requestId, ...takenAnswer(view) });
    return given;
  }

  async #answered(
    requestId: BodyOf<"request_opened">["requestId"],
  ): Promise<{ readonly answer: Answer; readonly view: RequestView }> {
    const { book, clock, isDraining } = this.#deps;
    const { promise, resolve, reject } = Promise.withResolvers<
      { readonly answer: Answer; readonly view: RequestView }
    >();
    const look = (view: RequestView | undefined): void => {
      const answer = view && answerOf(view);
      if (answer) resolve({ answer, view });
      else if (view && view.recordedState !== "pending") reject(refuseAsk(`the request is ${view.recordedState}`));
    };
    const onStop = (): void => reject(this.#stop.signal.reason);
    this.#stop.signal.addEventListener("abort", onStop, { once: true });
    if (this.#stop.signal.aborted) onStop();
    this.#waiting.set(requestId, look);
    // The answer may have come while the question was being stored.
    look(book.inbox.get(requestId));
    this.#parkTimer ??= clock.setTimer(this.#options.parkAfterMs, () => this.stop("parked"));
    if (isDraining()) this.stop("parked");
    try {
      return await promise;
    } finally {
      this.#stop.signal.removeEventListener("abort", onStop);
      this.#waiting.delete(requestId);
      if (this.#waiting.size === 0) {
        this.#parkTimer?.cancel();
        this.#parkTimer = undefined;
      }
    }
  }

  #onProgress(percent: number | undefined, text: string): void {
    if (this.#isReporting || this.#stop.signal.aborted || this.#progressCount >= MAX_PROGRESS_ENTRIES) return;
    const { taskId, attempt } = this;
    this.#progress = { taskId, attempt, ...(percent === undefined ? {} : { percent }), text: text.slice(0, 4096) };
    this.#progressTimer ??= this.#deps.clock.setTimer(PROGRESS_STEP_MS, () => {
      this.#progressTimer = undefined;
      this.#flushProgress();
    });
  }

  #flushProgress(): void {
    const body = this.#progress;
    this.#progress = undefined;
    if (!body) return;
    this.#progressCount++;
    this.#owned.run("progress", () => this.#deps.append("task_progress", body, this.taskId));
  }

  /** The task as it stands; once it is held by another or finished, the runner stops this attempt. */
  #view(): TaskView {
    const view = this.#deps.book.board.get(this.taskId);
    if (!view || isFinished(view.state) || view.attempt !== this.attempt) throw new ExecutionStopped("lost");
    return view;
  }

  #append<K extends EntryKind>(kind: K, fields: Omit<BodyOf<K>, "taskId" | "attempt">): Promise<void> {
    const body = { taskId: this.taskId, attempt: this.attempt, ...fields } as unknown as BodyOf<K>; // the rest of a task's entry
    return this.#deps.append(kind, body, this.taskId);
  }
}

/** Tells everybody which of several answers the work goes on with. */
function takenAnswer(view: RequestView | undefined): { readonly answer?: EntryId } {
  return view?.answer ? { answer: view.answer.entry } : {};
}

function refuseAsk(state: string): ExecutorError {
  return new ExecutorError("ask_refused", `Cannot ask a person: ${state}`, { isRetryable: false });
}
