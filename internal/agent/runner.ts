import {
  type Clock,
  createAwakeClock,
  type PeerId,
  type Random,
  TaskGroup,
  type TaskId,
  type Timer,
  TypedEventTarget,
  WallAlarms,
} from "@bzzz/base";
import {
  CLAIM_STEP_MS,
  type ClaimsEvent,
  type ClaimsState,
  createClaimsState,
  decideClaims,
  type DecisionReader,
  isFinished,
  type TaskRegister,
  type TaskView,
  usedSlots,
} from "@bzzz/coordinator";
import type { RequestView } from "@bzzz/hmmm";
import type { Logger } from "@bzzz/logging";
import type { Certificate } from "@bzzz/register";
import type { Advisor } from "./advisor.ts";
import { TaskAttempt } from "./attempt.ts";
import { Claiming, referenceOf } from "./claiming.ts";
import {
  DEFAULT_PARK_AFTER_MS,
  DRAIN_MS,
  HALT_MS,
  MAX_SUSPECTS,
  STOP_MS,
  SUSPECT_LEASES,
  SUSPECT_PERIOD_MS,
} from "./constants.ts";
import { type EffectContext, handleEffect } from "./handlers.ts";
import { HelpDesk } from "./help_desk.ts";
import { TaskHold } from "./hold.ts";
import { OwnEntries } from "./own_entries.ts";
import type {
  AgentEntry,
  AgentJournal,
  AgentRunnerOptions,
  AgentStatus,
  AuthorGrantView,
  Executor,
  PresenceView,
} from "./types.ts";
import { type PeopleSource, WORK_KINDS, WorkBook } from "./work_book.ts";

/** What an agent runner needs. */
export interface AgentRunnerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly journal: AgentJournal;
  readonly presence: PresenceView;
  readonly executor: Executor;
  /** Who finds answers to calls for help; without one they are told that this agent can help. */
  readonly advisor?: Advisor | undefined;
  /** Who stands behind answers. */
  readonly people: PeopleSource;
  /** The tasks' registers. */
  readonly register: TaskRegister;
  /** Reads what a certificate proves of a task. */
  readonly readDecision: DecisionReader;
  /** Calls `listener` when `readDecision` can read more than before. */
  readonly onDecisionsReadable: (listener: () => void, options: { signal: AbortSignal }) => void;
  /** The grant under which `author` wrote its entry `seq` at `atMs` (wall milliseconds of the stamp), as history judges. */
  readonly grantOf: (author: PeerId, atMs: number, seq: number | undefined) => AuthorGrantView | undefined;
}

/** Past-tense facts of a runner. */
export interface AgentRunnerEvents {
  /** Tell the others at once, so that they rank by what is true. */
  "status:changed": AgentStatus;
}

/**
 * Claims and does tasks (the specification's `AgentRunner`): drives the pure coordinator with what the journal and the
 * presence tell, and carries out what it decides. All that must outlive a crash is in the journal; a runner that starts
 * again takes up its own tasks where the journal left them. Works only on tasks that a quorum of voters gave it, under a
 * lease, on at most `maxTasks` at once, and stops when it learns that a task is not its own any more.
 */
export class AgentRunner implements AsyncDisposable {
  readonly events: TypedEventTarget<AgentRunnerEvents> = new TypedEventTarget();
  readonly #deps: AgentRunnerDeps;
  readonly #options: AgentRunnerOptions;
  readonly #book: WorkBook;
  readonly #work: TaskGroup;
  readonly #entries: OwnEntries;
  readonly #ended = new AbortController();
  readonly #attempts = new Map<TaskId, TaskAttempt>();
  readonly #timers = new Map<TaskId, Timer>();
  /** Blocked tasks whose silence ends: a parked one is woken as by an answer, also after a restart. */
  readonly #silences: WallAlarms<TaskId>;
  readonly #claiming: Claiming;
  readonly #awakeMs: () => number;
  readonly #help: HelpDesk;
  readonly #context: EffectContext;
  #suspicion: Timer | undefined;
  #claims: ClaimsState;
  #queue: ClaimsEvent[] | undefined;
  #status: AgentStatus;
  #phase: "created" | "running" | "stopping" | "stopped" = "created";
  #stopping: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(deps: AgentRunnerDeps, options: AgentRunnerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#book = new WorkBook(deps);
    const { clock, random, logger, journal } = deps;
    this.#entries = new OwnEntries({ clock, random, logger, journal, stopped: this.#ended.signal });
    this.#work = new TaskGroup((error, what) => deps.logger.error("Cannot finish a piece of work", { what }, error));
    const { self, role, capabilities, maxTasks, leaseMs } = options;
    this.#claims = createClaimsState({ self, role, capabilities, maxTasks, stepMs: CLAIM_STEP_MS });
    this.#awakeMs = createAwakeClock(deps.clock);
    this.#silences = new WallAlarms(deps.clock, (taskId) => this.#onRequests(this.#book.requestsOf(taskId)));
    this.#claiming = new Claiming({
      clock: deps.clock,
      awakeMs: this.#awakeMs,
      logger: deps.logger,
      self,
      register: deps.register,
      board: this.#book.board,
      tell: (taskId, certificate) => this.#entries.tell(taskId, certificate),
      apply: (event) => this.#apply(event),
      run: (what, work) => this.#work.run(what, work),
      stopped: this.#ended.signal,
    }, { leaseMs });
    this.#help = new HelpDesk({
      clock: deps.clock,
      status: () => this.#status,
      others: () => [...this.#claims.others.values()],
      reply: (draft) => this.#work.run("answer a call for help", () => this.#entries.reply(draft)),
      advisor: deps.advisor,
      run: (what, work) => this.#work.run(what, work),
      labelOf: (author) => this.#book.labelOf(author),
    }, { self, role, capabilities });
    this.#status = { status: "ready", activeTasks: 0, maxTasks };
    this.#context = this.#createContext();
  }

  /** What this agent says of itself now. */
  status(): AgentStatus {
    return this.#status;
  }

  /** Tasks this node holds, by the journal. */
  heldTasks(): readonly TaskView[] {
    return this.#book.board.list().filter((view) => view.holder === this.#options.self);
  }

  /** Reads the journal, listens, and begins. Resolves when the first decisions are made. Once only. */
  start(): Promise<void> {
    if (this.#phase !== "created") throw new TypeError("An agent runner starts once");
    this.#phase = "running";
    const { journal, presence } = this.#deps;
    const { signal } = this.#ended;
    journal.events.on("entry:stored", ({ entry }) => this.#hear(entry), { signal });
    this.#entries.replay(WORK_KINDS, (entry) => this.#book.add(entry));
    const { people } = this.#deps;
    people.events.on("person:changed", ({ person }) => this.#onRequests(this.#book.rejudge(person)), { signal });
    this.#deps.onDecisionsReadable(() => this.#entries.replay(["task_decided"], (entry) => this.#hear(entry)), {
      signal,
    });
    this.#suspicion = this.#deps.clock.setPeriodic(SUSPECT_PERIOD_MS, () => this.#suspect(), { unref: true });
    presence.onChanged(() => this.#onPresence(), { signal });
    this.#onPresence();
    for (const view of this.#book.board.list()) this.#apply({ type: "task", task: this.#book.openTask(view) });
    return Promise.resolve();
  }

  /**
   * Claims nothing more, lets running work end for `drainMs` (default 8 s), gives back what is left and keeps what waits
   * for a person; then ends. Takes at most 4 s longer than `drainMs`. Idempotent: later calls wait for the first.
   */
  stop(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#drain(options.drainMs ?? DRAIN_MS);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #drain(drainMs: number): Promise<void> {
    const { logger } = this.#deps;
    if (this.#phase === "running") {
      this.#phase = "stopping";
      this.#apply({ type: "drain" });
      this.#help[Symbol.dispose]();
      for (const attempt of this.#attempts.values()) if (attempt.isWaiting) attempt.stop("parked");
      await this.#within(drainMs, this.#idle());
      for (const attempt of this.#attempts.values()) attempt.stop("draining");
      await this.#within(HALT_MS, this.#work.settled());
      // what waits for voters that do not answer is decided at the next start
      this.#ended.abort(new TypeError("The agent runner has stopped"));
      await this.#within(STOP_MS, this.#work.settled());
      if (this.#work.size > 0) logger.error("Work of the agent did not end in time", { pieces: this.#work.size });
    }
    this.#phase = "stopped";
    this.#ended.abort(new TypeError("The agent runner has stopped"));
    this.#help[Symbol.dispose]();
    this.#suspicion?.cancel();
    this.#silences.stop();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** Resolves when nothing runs here. */
  #idle(): Promise<void> {
    if (this.#attempts.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    return promise;
  }

  /** One entry that cannot be dealt with must not keep the journal from telling of the next. */
  #hear(entry: AgentEntry): void {
    try {
      this.#onStored(entry);
    } catch (error) {
      this.#deps.logger.error("Cannot act on an entry", { entry: entry.envelope.id, kind: entry.kind }, error);
    }
  }

  #onStored(entry: AgentEntry): void {
    if (entry.kind === "message_posted") return this.#help.hear(entry);
    const { task, requests, dependants } = this.#book.add(entry);
    for (const view of task ? [task, ...dependants] : []) {
      this.#apply({ type: "task", task: this.#book.openTask(view) });
    }
    // it may be of a budget that work here shares
    if (task?.attempts.some(({ used }) => used)) { for (const attempt of this.#attempts.values()) attempt.onUse(); }
    this.#onRequests(requests);
  }

  #onRequests(requests: readonly RequestView[]): void {
    for (const request of requests) {
      if (request.taskId === undefined) continue;
      this.#attempts.get(request.taskId)?.onRequest(request);
      const view = this.#book.board.get(request.taskId);
      if (view && !isFinished(view.state)) this.#apply({ type: "task", task: this.#book.openTask(view) });
    }
  }

  /** A few tasks of others that have not changed for long: does their holder still renew? Only the voters know. */
  #suspect(): void {
    const beforeMs = this.#deps.clock.nowMs() - SUSPECT_LEASES * this.#options.leaseMs;
    const old = this.#book.board.list().filter(({ holder, updatedAt, state }) =>
      holder !== undefined && holder !== this.#options.self && state !== "blocked" && updatedAt.ms < beforeMs
    );
    for (let n = 0; n < MAX_SUSPECTS && old.length > 0; n++) {
      const [view] = old.splice(Math.floor(this.#deps.random.float() * old.length), 1);
      if (view) this.#apply({ type: "suspect", taskId: view.taskId });
    }
  }

  #onPresence(): void {
    this.#apply({ type: "presence", ...this.#deps.presence.snapshot() });
  }

  /** One event after the other: an effect that tells of another event is heard afterwards. */
  #apply(event: ClaimsEvent): void {
    if (this.#queue) {
      this.#queue.push(event);
      return;
    }
    const queue: ClaimsEvent[] = [event];
    this.#queue = queue;
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        if (this.#phase === "stopped") break;
        if (next.type === "task") {
          this.#silences.set(next.task.view.taskId, this.#book.silenceEndsAt(next.task.view));
        }
        const { state, effects } = decideClaims(this.#claims, next);
        this.#claims = state;
        for (const effect of effects) handleEffect(this.#context, effect);
      }
    } finally {
      this.#queue = undefined;
    }
    if (this.#attempts.size === 0) this.#onIdle?.();
    this.#updateStatus();
  }

  #updateStatus(): void {
    const { maxTasks } = this.#options;
    const activeTasks = usedSlots(this.#claims);
    const status = this.#claims.isDraining
      ? "draining"
      : activeTasks >= maxTasks
      ? "busy"
      : activeTasks > 0
      ? "working"
      : "ready";
    if (status === this.#status.status && activeTasks === this.#status.activeTasks) return;
    this.#status = { status, activeTasks, maxTasks };
    this.events.emit("status:changed", this.#status);
  }

  #createContext(): EffectContext {
    const { clock, logger } = this.#deps;
    const context: EffectContext = {
      self: this.#options.self,
      logger,
      book: this.#book,
      register: this.#deps.register,
      claiming: this.#claiming,
      attempts: this.#attempts,
      apply: (event) => this.#apply(event),
      run: (what, work) => this.#work.run(what, work),
      tell: (taskId, certificate) => this.#entries.tell(taskId, certificate),
      append: (kind, body, taskId) => this.#entries.append(kind, body, taskId),
      nowMs: () => clock.nowMs(),
      setTimer: (taskId, delayMs, fn) => {
        context.cancelTimer(taskId);
        this.#timers.set(
          taskId,
          clock.setTimer(delayMs, () => {
            this.#timers.delete(taskId);
            fn();
          }),
        );
      },
      cancelTimer: (taskId) => {
        this.#timers.get(taskId)?.cancel();
        this.#timers.delete(taskId);
      },
      createAttempt: (taskId, token) => this.#createAttempt(taskId, token),
    };
    return context;
  }

  #createAttempt(taskId: TaskId, token: number): TaskAttempt | undefined {
    const { clock, random, logger, executor, register } = this.#deps;
    const { parkAfterMs = DEFAULT_PARK_AFTER_MS, askTo = {}, self } = this.#options;
    const view = this.#book.board.get(taskId);
    const value = view?.value;
    if (!value || value.token !== token || value.holder !== self) return undefined;
    const tell = (id: TaskId, certificate: Certificate): Promise<void> => this.#entries.tell(id, certificate);
    const start = {
      taskId,
      value,
      reference: referenceOf(view),
      sentAtMs: this.#claiming.takeSentAtMs(taskId, token),
    };
    return new TaskAttempt({
      clock,
      random,
      logger,
      executor,
      book: this.#book,
      createHold: (onEnd) => {
        const awakeMs = this.#awakeMs;
        return new TaskHold(
          { clock, awakeMs, logger, self, register, tell, stopped: this.#ended.signal },
          start,
          onEnd,
        );
      },
      append: (kind, body, id) => this.#entries.append(kind, body, id),
      say: (id, text) => this.#entries.append("message_posted", { type: "plan", text }, id),
      planText: (id) => this.#entries.planText(id),
      isDraining: () => this.#claims.isDraining,
      stopped: this.#ended.signal,
    }, { parkAfterMs, askTo });
  }

  async #within(timeoutMs: number, work: Promise<void>): Promise<void> {
    const done = new AbortController();
    const late = this.#deps.clock.sleep(timeoutMs, { signal: done.signal }).catch(() => undefined); // called off below
    await Promise.race([work, late]);
    done.abort();
    await late;
  }
}
