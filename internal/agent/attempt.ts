import {
  type Clock,
  type EntryId,
  errorMessage,
  type Random,
  type RequestId,
  TaskGroup,
  type TaskId,
} from "@bzzz/base";
import {
  BUDGET_EXHAUSTED,
  budgetLimits,
  effectiveRights,
  NO_USE,
  type TaskTexts,
  type TaskUse,
  type TaskView,
} from "@bzzz/coordinator";
import type { RequestView } from "@bzzz/hmmm";
import type { Logger } from "@bzzz/logging";
import type { BodyOf, EntryKind } from "@bzzz/wire";
import { earlierTriesOf } from "./asks.ts";
import { Asking, type AskingOptions } from "./asking.ts";
import { DecidedActs } from "./decided_acts.ts";
import { ExecutionStopped, ExecutorError, type StopReason } from "./errors.ts";
import type { ChangeOutcome, HoldEnd, TaskHold } from "./hold.ts";
import { discussPlan } from "./planning.ts";
import { ProgressReporter, type ProgressStep, STARTED } from "./progress_reporter.ts";
import type { ExecutionIo, ExecutionResult, Executor } from "./types.ts";
import { UseMeter } from "./use_meter.ts";
import type { WorkBook } from "./work_book.ts";
import { WorkLimits } from "./work_limits.ts";

/** What an attempt needs of its runner. */
export interface AttemptDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly executor: Executor;
  readonly book: WorkBook;
  /** Makes the hold under which the work goes on. */
  readonly createHold: (onEnd: (end: HoldEnd) => void) => TaskHold;
  /** Tells the plan in the thread of the task. */
  readonly say: (taskId: TaskId, text: string) => Promise<EntryId>;
  /** Reads what is long of a task. */
  readonly textsOf: (view: TaskView) => TaskTexts | undefined;
  /** What such a plan says; undefined when it is not here. */
  readonly planText: (plan: EntryId) => string | undefined;
  /** Stores an entry, trying again for a while. */
  readonly append: <K extends EntryKind>(kind: K, body: BodyOf<K>, taskId: TaskId) => Promise<EntryId>;
  readonly isDraining: () => boolean;
  /** Aborts when the runner has stopped. */
  readonly stopped: AbortSignal;
}

/** How an attempt ended, for the coordinator. */
export type AttemptEnd = "done" | "parked" | "suspended";

type Ended = { readonly result: ExecutionResult } | { readonly error: unknown };

/**
 * A node's work on one claim of a task: from the lease to the decision that ends it. Whatever it tells is an entry on disk
 * first, and counts when the register has decided it under this token.
 */
export class TaskAttempt {
  readonly taskId: TaskId;
  readonly token: number;
  readonly #deps: AttemptDeps;
  readonly #options: AskingOptions;
  readonly #hold: TaskHold;
  readonly #stop = new AbortController();
  readonly #owned: TaskGroup;
  #isReporting = false;
  readonly #acts: DecidedActs;
  readonly #asking: Asking;
  readonly #progress: ProgressReporter;
  readonly #use: UseMeter;

  constructor(deps: AttemptDeps, options: AskingOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#hold = deps.createHold((end) => this.stop(end === "lost" ? "lost" : "suspended"));
    this.taskId = this.#hold.taskId;
    this.token = this.#hold.token;
    const { clock, random, logger, stopped } = deps;
    this.#acts = new DecidedActs({ clock, random, logger, hold: this.#hold, working: this.#stop.signal, stopped });
    this.#progress = new ProgressReporter({ clock: deps.clock, tell: (step) => this.#tellProgress(step) });
    this.#use = new UseMeter({
      taskId: this.taskId,
      limits: () => {
        const task = this.#view();
        return budgetLimits(deps.book.board, { task, token: this.token, parents: deps.book.parentsOf(task) });
      },
      onExceeded: (error) => this.#exceed(error),
    });
    this.#asking = new Asking({
      clock: deps.clock,
      book: deps.book,
      taskId: this.taskId,
      view: () => this.#view(),
      value: () => this.#hold.value,
      append: (kind, body) => deps.append(kind, body, this.taskId),
      change: (act) => this.#acts.change(act),
      resume: (requestId) => this.#resume(requestId),
      park: () => this.stop("parked"),
      isDraining: deps.isDraining,
      signal: this.#stop.signal,
    }, options);
    this.#owned = new TaskGroup((error, what) =>
      deps.logger.warn("Cannot report on a task", { what, task: this.taskId }, error)
    );
  }

  /** The work waits for a person. */
  get isWaiting(): boolean {
    return this.#asking.isWaiting;
  }

  /** Ends the work. The first reason counts; a result that is being stored is not stopped any more. */
  stop(reason: StopReason): void {
    if (!this.#isReporting && !this.#stop.signal.aborted) this.#stop.abort(new ExecutionStopped(reason));
  }

  /** Others have told what they used: it may be of a budget that counts here, too. */
  onUse(): void {
    if (!this.#isReporting) this.#use.check();
  }

  /** Tells of a change of a request. */
  onRequest(view: RequestView): void {
    this.#asking.onRequest(view);
  }

  /** Works, and has decided how it ended. Rejects only when that could not be stored. */
  async run(): Promise<AttemptEnd> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    try {
      const opened = await this.#hold.open();
      if (opened.type !== "decided") return this.#notOpened(opened);
      const settled = await this.#settle();
      if (settled) return settled;
      const ended = await this.#work();
      return await this.#report(ended, clock.monotonicMs() - startedMs);
    } finally {
      this.#hold.close();
      await this.#owned.settled();
    }
  }

  /** What this node told before it could be decided (a crash in between) is decided now; nothing is done twice. */
  async #settle(): Promise<AttemptEnd | undefined> {
    const told = this.#deps.book.board.get(this.taskId)?.undecided;
    if (!told) return undefined;
    this.#isReporting = true;
    if (told.kind === "task_completed") return await this.#acts.finish({ type: "complete", told: told.entry });
    if (told.kind === "task_released") return await this.#acts.finish({ type: "release", told: told.entry });
    return await this.#acts.finish({ type: "fail", told: told.entry, isFinal: told.isFinal });
  }

  async #work(): Promise<Ended> {
    let ended: Ended;
    let limits: WorkLimits | undefined;
    try {
      const view = this.#view();
      limits = new WorkLimits(this.#deps.clock, {
        deadlineMs: view.deadlineMs,
        timeMs: effectiveRights(view, this.#deps.book.parentsOf(view)).budgets.timeMs,
        onExceeded: (error) => this.#exceed(error),
      });
      this.#use.open(view.attempts.findLast(({ token }) => token === this.token)?.used ?? NO_USE);
      this.#use.check();
      this.#stop.signal.throwIfAborted();
      await this.#begin();
      this.#stop.signal.throwIfAborted();
      ended = { result: await this.#deps.executor.run(this.#job(), this.#io()) };
    } catch (error) {
      ended = { error };
    }
    limits?.[Symbol.dispose]();
    this.#asking.close();
    this.#progress.close();
    this.#isReporting = true;
    return ended;
  }

  #notOpened(outcome: Exclude<ChangeOutcome, { type: "decided" }>): AttemptEnd {
    if (outcome.type === "undecided") return "suspended";
    const { code, isLost } = outcome;
    this.#deps.logger.info("A task is not held any more", { task: this.taskId, token: this.token, code });
    return isLost ? "done" : "suspended";
  }

  /** Questions which are answered by now hold the work up no longer; then it may begin. */
  async #begin(): Promise<void> {
    for (const requestId of this.#hold.value.waitingFor) await this.#resume(requestId);
    if (this.#hold.value.state !== "executing") {
      const { executor, say } = this.#deps;
      await discussPlan({
        executor,
        job: () => this.#job(),
        io: this.#io(),
        view: () => this.#view(),
        value: () => this.#hold.value,
        say: (text) => say(this.taskId, text),
        change: (act) => this.#acts.change(act),
        ask: (body) => this.#asking.askPeople(body),
      }, this.#options);
    }
    await this.#append("task_progress", { ...STARTED, ...this.#use.word });
  }

  async #resume(requestId: RequestId): Promise<void> {
    const view = this.#deps.book.inbox.get(requestId);
    await this.#append("task_resumed", { requestId, ...takenAnswer(view) });
    await this.#acts.change({ type: "resume", request: requestId });
  }

  async #report(ended: Ended, durationMs: number): Promise<AttemptEnd> {
    if ("result" in ended && ended.result.used) this.#use.count(ended.result.used);
    const used = this.#use.word;
    const reason = this.#stoppedFor(ended);
    if (reason === "draining" || reason === "unavailable") {
      const why = reason === "draining" ? "the agent is stopping" : "the executor is not available here";
      const told = await this.#append("task_released", { reason: why, ...used });
      return await this.#acts.finish({ type: "release", told });
    }
    // what was used counts whatever became of the work
    if (reason !== undefined && !this.#use.isTold) await this.#tellStep(this.#progress.last);
    if (reason === "parked" || reason === "suspended") return reason;
    if (reason !== undefined) return "done";
    this.#progress.flush();
    if ("result" in ended) {
      const { summary, output } = ended.result;
      const result = { summary, output, durationMs: Math.round(durationMs), ...used };
      const told = await this.#append("task_completed", result);
      return await this.#acts.finish({ type: "complete", told });
    }
    const { isRetryable, code } = ended.error instanceof ExecutorError ? ended.error : UNEXPECTED;
    const why = errorMessage(ended.error).slice(0, 4096);
    this.#deps.logger.info("A task failed", { task: this.taskId, token: this.token, code, retryable: isRetryable });
    const cause = code === BUDGET_EXHAUSTED ? { cause: code } : {};
    const told = await this.#append("task_failed", { reason: why, retryable: isRetryable, ...cause, ...used });
    return await this.#acts.finish({ type: "fail", told, isFinal: !isRetryable });
  }

  /** Why there is nothing to report; a result that was ready when its own node began to stop is reported. */
  #stoppedFor(ended: Ended): StopReason | undefined {
    if ("error" in ended && ended.error instanceof ExecutionStopped) return ended.error.reason;
    const cause: unknown = this.#stop.signal.reason;
    // a passed deadline is a failure like another, and a result that is there all the same is a result
    if (!(cause instanceof ExecutionStopped)) return undefined;
    const { reason } = cause;
    return "result" in ended && (reason === "draining" || reason === "parked") ? undefined : reason;
  }

  #job(): Parameters<Executor["run"]>[0] {
    const view = this.#view();
    const { taskId, title, priority, requiredCapabilities, deadlineMs } = view;
    const texts = this.#deps.textsOf(view);
    if (!texts) throw new Error("Cannot begin the task: what it asks for is not kept any more");
    const { description, input } = texts;
    const { book } = this.#deps;
    const parents = book.parentsOf(view);
    const { budgets, rights } = effectiveRights(view, parents);
    const answers = book.answersOf(view);
    const postedBy = [view, ...parents].map((task) => book.labelOf(task.postedBy));
    const task = { taskId, postedBy, title, description, input, priority, requiredCapabilities, deadlineMs };
    const earlierTries = earlierTriesOf(view, this.token);
    const left = { ...budgets, ...this.#use.left() };
    const { attempt, plan: told } = this.#hold.value;
    const plan = told && this.#deps.planText(told);
    return {
      ...task,
      attempt,
      token: this.token,
      budgets: left,
      rights,
      answers,
      earlierTries,
      ...(plan ? { plan } : {}),
    };
  }

  #io(): ExecutionIo {
    const { logger } = this.#deps;
    return {
      signal: this.#stop.signal,
      progress: ({ percent, text }) => this.#progress.report(percent, text),
      used: (use) => this.#count(use),
      ask: (request) => this.#asking.ask(request),
      performed: (requestId, outcome, text) => this.#asking.performed(requestId, outcome, text),
      log: (stream, line) => logger.debug("A task's program says", { task: this.taskId, stream, line }),
    };
  }

  #count(use: TaskUse): void {
    this.#use.count(use);
    this.#progress.again();
    this.#use.check();
  }

  /** The first reason to stop counts; a result that is being stored is not stopped any more. */
  #exceed(error: ExecutorError): void {
    if (!this.#isReporting && !this.#stop.signal.aborted) this.#stop.abort(error);
  }

  #tellProgress(step: ProgressStep): void {
    this.#owned.run("progress", () => this.#tellStep(step));
  }

  async #tellStep(step: ProgressStep): Promise<void> {
    const { word } = this.#use;
    await this.#append("task_progress", { ...step, ...word });
    this.#use.markTold(word);
  }

  /** The post and what people have said to it; whether the task is still held, the hold knows. */
  #view(): TaskView {
    const view = this.#deps.book.board.get(this.taskId);
    if (!view) throw new ExecutionStopped("lost");
    return view;
  }

  #append<K extends EntryKind>(kind: K, fields: Omit<BodyOf<K>, "taskId" | "attempt" | "token">): Promise<EntryId> {
    const { attempt } = this.#hold.value;
    const body = { taskId: this.taskId, attempt, token: this.token, ...fields } as unknown as BodyOf<K>; // the rest of a task's entry
    return this.#deps.append(kind, body, this.taskId);
  }
}

/** Tells everybody which of several answers the work goes on with. */
function takenAnswer(view: RequestView | undefined): { readonly answer?: EntryId } {
  return view?.answer ? { answer: view.answer.entry } : {};
}

/** What is known of a failure that no executor named. */
const UNEXPECTED = { isRetryable: true, code: "unexpected" } as const;
