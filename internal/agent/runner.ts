import {
  type Clock,
  createAwakeClock,
  type PeerId,
  type Random,
  TaskGroup,
  type TaskId,
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
import type { Advisor } from "./advisor.ts";
import { Attempts } from "./attempts.ts";
import { Claiming } from "./claiming.ts";
import { DEFAULT_PARK_AFTER_MS, DRAIN_MS, HALT_MS, STOP_MS } from "./constants.ts";
import { type EffectContext, handleEffect } from "./handlers.ts";
import { HelpDesk } from "./help_desk.ts";
import { OwnEntries } from "./own_entries.ts";
import { Suspicion } from "./suspicion.ts";
import { TaskTimers } from "./task_timers.ts";
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
  readonly #attempts: Attempts;
  readonly #timers: TaskTimers;
  /** Blocked tasks whose silence ends: a parked one is woken as by an answer, also after a restart. */
  readonly #silences: WallAlarms<TaskId>;
  readonly #claiming: Claiming;
  readonly #help: HelpDesk;
  readonly #context: EffectContext;
  readonly #suspicion: Suspicion;
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
    const { self, role, capabilities, maxTasks, leaseMs, parkAfterMs = DEFAULT_PARK_AFTER_MS, askTo = {} } = options;
    this.#claims = createClaimsState({ self, role, capabilities, maxTasks, stepMs: CLAIM_STEP_MS });
    const awakeMs = createAwakeClock(clock);
    this.#silences = new WallAlarms(deps.clock, (taskId) => this.#onRequests(this.#book.requestsOf(taskId)));
    this.#claiming = new Claiming({
      clock: deps.clock,
      awakeMs,
      logger: deps.logger,
      self,
      register: deps.register,
      board: this.#book.board,
      tell: (taskId, certificate) => this.#entries.tell(taskId, certificate),
      apply: (event) => this.#apply(event),
      run: (what, work) => this.#work.run(what, work),
      stopped: this.#ended.signal,
    }, { leaseMs });
    this.#attempts = new Attempts({
      clock,
      awakeMs,
      random,
      logger,
      executor: deps.executor,
      book: this.#book,
      self,
      register: deps.register,
      claiming: this.#claiming,
      entries: this.#entries,
      isDraining: () => this.#claims.isDraining,
      stopped: this.#ended.signal,
    }, { parkAfterMs, askTo });
    this.#timers = new TaskTimers(clock);
    this.#suspicion = new Suspicion({
      clock,
      random,
      board: this.#book.board,
      self,
      ask: (taskId) => this.#apply({ type: "suspect", taskId }),
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
    this.#suspicion.start();
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
      this.#attempts.park();
      await this.#within(drainMs, this.#idle());
      this.#attempts.stopAll("draining");
      await this.#within(HALT_MS, this.#work.settled());
      // what waits for voters that do not answer is decided at the next start
      this.#ended.abort(new TypeError("The agent runner has stopped"));
      await this.#within(STOP_MS, this.#work.settled());
      if (this.#work.size > 0) logger.error("Work of the agent did not end in time", { pieces: this.#work.size });
    }
    this.#phase = "stopped";
    this.#ended.abort(new TypeError("The agent runner has stopped"));
    this.#help[Symbol.dispose]();
    this.#suspicion.stop();
    this.#silences.stop();
    this.#timers.stop();
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
    const { task, requests, dependants, forgotten } = this.#book.add(entry);
    for (const view of task ? [task, ...dependants] : []) {
      this.#apply({ type: "task", task: this.#book.openTask(view) });
    }
    for (const taskId of forgotten) this.#apply({ type: "forgotten", taskId });
    if (task?.attempts.some(({ used }) => used)) this.#attempts.onUse();
    this.#onRequests(requests);
  }

  #onRequests(requests: readonly RequestView[]): void {
    for (const request of requests) {
      if (request.taskId === undefined) continue;
      this.#attempts.onRequest(request.taskId, request);
      const view = this.#book.board.get(request.taskId);
      if (view && !isFinished(view.state)) this.#apply({ type: "task", task: this.#book.openTask(view) });
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
    return {
      self: this.#options.self,
      logger,
      book: this.#book,
      register: this.#deps.register,
      claiming: this.#claiming,
      attempts: this.#attempts,
      timers: this.#timers,
      apply: (event) => this.#apply(event),
      run: (what, work) => this.#work.run(what, work),
      tell: (taskId, certificate) => this.#entries.tell(taskId, certificate),
      append: (kind, body, taskId) => this.#entries.append(kind, body, taskId),
      nowMs: () => clock.nowMs(),
    };
  }

  async #within(timeoutMs: number, work: Promise<void>): Promise<void> {
    const done = new AbortController();
    const late = this.#deps.clock.sleep(timeoutMs, { signal: done.signal }).catch(() => undefined); // called off below
    await Promise.race([work, late]);
    done.abort();
    await late;
  }
}
