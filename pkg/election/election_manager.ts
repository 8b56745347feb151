import {
  abortable,
  afterThisTurn,
  assertNever,
  type Clock,
  createAwakeClock,
  createDeadline,
  type PeerId,
  type Random,
  TaskGroup,
  type Timer,
  TypedEventTarget,
} from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { Certificate, Register } from "@bzzz/register";
import { createElectionState, decideElection, isLeading } from "./decide.ts";
import { LeaderDuty, type Leadership, type LeaderWork } from "./leader_duty.ts";
import { LEADER_KEY, type LeaderCommand, type LeaderValue } from "./leader_value.ts";
import { readAnswer, submitAnswer } from "./register_answers.ts";
import { type LeaderCandidate, type RankedCandidate, rankLeaders, rankOf } from "./score.ts";
import type {
  ElectionAnswer,
  ElectionConfig,
  ElectionEffect,
  ElectionEvent,
  ElectionState,
  LossReason,
} from "./types.ts";
import { type LeaderView, viewOf } from "./view.ts";

/** What the service consumes. */
export interface ElectionDeps {
  readonly register: Pick<Register<LeaderValue, LeaderCommand>, "submit" | "probe" | "read">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Every node that stands, as far as this one knows; itself among them if it does. */
  readonly candidates: () => readonly LeaderCandidate[];
  /** Tells everybody that this node leads; may be lost. */
  readonly sendHeartbeat: (beat: { readonly term: number; readonly renewals: number }) => void;
  /** Writes a change of the leadership into the history. A failure is logged; the register is what counts. */
  readonly record: (value: LeaderValue, certificate: Certificate) => Promise<void>;
  /** When the first question is asked; after this turn unless told otherwise, as nothing in a start waits for the answer. */
  readonly schedule?: (work: () => void) => void;
}

/** What other parts of the node hear. */
export interface ElectionEvents {
  /** This node leads; `signal` aborts with the loss. */
  "leadership:gained": { readonly term: number; readonly signal: AbortSignal };
  /** This node leads no more. */
  "leadership:lost": { readonly term: number; readonly reason: LossReason };
  /** Another term, another holder, or nobody. */
  "leader:changed": LeaderView;
}

/** What became of a person's order. */
export type OrderOutcome =
  | { readonly type: "decided"; readonly value: LeaderValue }
  | { readonly type: "refused"; readonly code: string }
  | { readonly type: "undecided" };

/** A stop waits so long for the term to be given back; what is not given back expires. */
const RELEASE_TIMEOUT_MS = 3_000;

/**
 * Takes part in the election, and leads when it wins. Close it with `stop`. What only the leader may do is given to
 * `whileLeader`, or listens to the events.
 */
export class ElectionManager {
  readonly events: TypedEventTarget<ElectionEvents> = new TypedEventTarget();
  readonly #deps: ElectionDeps;
  readonly #nowMs: () => number;
  readonly #duties = new Set<LeaderDuty>();
  readonly #background: TaskGroup;
  readonly #stopped = new AbortController();
  #state: ElectionState;
  #held: { readonly leadership: Leadership; readonly controller: AbortController } | undefined;
  #timer: Timer | undefined;
  #latencyMs: number | undefined;
  #wins = 0;
  #losses = 0;
  #left: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(deps: ElectionDeps, config: ElectionConfig) {
    this.#deps = deps;
    this.#nowMs = createAwakeClock(deps.clock);
    this.#state = createElectionState(config);
    this.#background = new TaskGroup((error, what) =>
      deps.logger.warn("The election goes on, but failed at one thing", { what }, error)
    );
  }

  /** Asks who leads; stands if nobody does. */
  start(): void {
    const { schedule = afterThisTurn } = this.#deps;
    schedule(() => {
      if (!this.#stopping) this.#apply({ type: "started" });
    });
  }

  /** Gives up its term once the work for it has ended, at most 3 s, and takes part no more. Later calls wait for the first. */
  stop(): Promise<void> {
    return this.#stopping ??= this.#leave();
  }

  async #leave(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#left = resolve;
    this.#apply({ type: "drained" });
    const timer = this.#deps.clock.setTimer(RELEASE_TIMEOUT_MS, resolve);
    await promise;
    timer.cancel();
    this.#stopped.abort(new DOMException("The election has stopped", "AbortError"));
    this.#timer?.cancel();
    await this.#background.settled();
  }

  /** The term this node leads now, or undefined. Right at this moment, also after a pause of the process. */
  leadership(): Leadership | undefined {
    return isLeading(this.#state, this.#nowMs()) ? this.#held?.leadership : undefined;
  }

  /** Who leads, as far as this node knows. */
  view(): LeaderView {
    return viewOf(this.#state, this.#nowMs());
  }

  /** Who stands and is here, the first to try in front. */
  ranking(): RankedCandidate[] {
    return rankLeaders(this.#deps.candidates());
  }

  /** How long the voters took for their last answer to a question of this node; undefined before the first. */
  get latencyMs(): number | undefined {
    return this.#latencyMs;
  }

  /** Terms that this node won and lost since its start. */
  stats(): { readonly wins: number; readonly losses: number } {
    return { wins: this.#wins, losses: this.#losses };
  }

  /**
   * Runs `work` whenever this node leads, now if it does: begun on winning, told to stop on losing, never twice at a time.
   * The term is given back only when the work has ended. The result ends the arrangement and waits for the run.
   */
  whileLeader(name: string, work: LeaderWork): AsyncDisposable {
    const ended = new AbortController();
    const duty = new LeaderDuty(
      this.#deps,
      name,
      (leadership) => work({ ...leadership, signal: AbortSignal.any([leadership.signal, ended.signal]) }),
    );
    this.#duties.add(duty);
    const held = this.leadership();
    if (held) duty.begin(held);
    return {
      [Symbol.asyncDispose]: async () => {
        ended.abort(new DOMException("The work for the leader is over", "AbortError"));
        this.#duties.delete(duty);
        await duty.ended();
      },
    };
  }

  /** A decided value whose certificate was verified. */
  learned(value: LeaderValue): void {
    this.#apply({ type: "learned", value });
  }

  /** A signed heartbeat of `holder`. */
  heartbeat(holder: PeerId, term: number): void {
    this.#apply({ type: "heartbeat", holder, term });
  }

  /**
   * Ends the term of whoever leads, by order of this node's person or operator; voters refuse it of a member whose role
   * does not allow it. `command.entry` is the order in the history. The leader stops as soon as it hears of it.
   */
  async order(command: LeaderCommand & { readonly type: "depose" }): Promise<OrderOutcome> {
    const outcome = await this.#deps.register.submit(LEADER_KEY, command, { signal: this.#stopped.signal });
    if (outcome.type === "undecided") return { type: "undecided" };
    if (outcome.type === "refused") return { type: "refused", code: outcome.code };
    this.#record(outcome.value, outcome.certificate);
    this.learned(outcome.value);
    return { type: "decided", value: outcome.value };
  }

  #apply(event: ManagerEvent): void {
    if (this.#stopped.signal.aborted) return;
    const before = this.#state;
    const nowMs = this.#nowMs();
    const candidates = this.ranking();
    const { self } = before.config;
    const score = candidates.find((candidate) => candidate.peer === self)?.score ?? 0;
    const ranked = decideElection(before, { type: "ranked", rank: rankOf(candidates, self), score, nowMs });
    const decided = decideElection(ranked.state, { ...event, nowMs });
    this.#state = decided.state;
    for (const effect of [...ranked.effects, ...decided.effects]) this.#carryOut(effect);
    if (hasChanged(before, this.#state)) this.events.emit("leader:changed", this.view());
    const { phase, operation } = this.#state;
    if (phase.type !== "leader" && phase.type !== "leaving" && operation?.type !== "acquire") this.#left?.();
  }

  #carryOut(effect: ElectionEffect): void {
    const { register, clock, sendHeartbeat } = this.#deps;
    switch (effect.type) {
      case "wake":
        this.#timer?.cancel();
        this.#timer = effect.atMs === undefined
          ? undefined
          : clock.setTimer(Math.max(0, effect.atMs - this.#nowMs()), () => this.#apply({ type: "woken" }));
        return;
      case "read":
        return this.#ask(effect.operation, (signal) =>
          this.#timed(async () => {
            return readAnswer(await register.read(LEADER_KEY, { signal, timeoutMs: effect.timeoutMs }));
          }));
      case "probe":
        return this.#ask(effect.operation, (signal) =>
          this.#timed(async () => {
            const { command, timeoutMs } = effect;
            return submitAnswer(await register.probe(LEADER_KEY, command, { signal, timeoutMs }));
          }));
      case "submit":
        return this.#ask(effect.operation, (signal) => this.#submit(effect.command, effect.timeoutMs, signal));
      case "release":
        return this.#ask(effect.operation, (signal) => this.#release(effect.command, effect.timeoutMs, signal));
      case "gained":
        return this.#gain(effect.term);
      case "lost":
        return this.#lose(effect.term, effect.reason);
      case "heartbeat":
        return sendHeartbeat({ term: effect.term, renewals: effect.renewals });
      default:
        return assertNever(effect);
    }
  }

  #ask(operation: number, ask: (signal: AbortSignal) => Promise<ElectionAnswer>): void {
    const { signal } = this.#stopped;
    this.#background.run("asking the voters", async () => {
      let answer: ElectionAnswer = { type: "no_answer" };
      try {
        answer = await ask(signal);
      } catch (error) {
        if (!signal.aborted) this.#deps.logger.warn("The voters could not be asked who leads", {}, error);
      }
      this.#apply({ type: "answered", operation, answer });
    });
  }

  /** Questions that write nothing: what they take is the network, not the disks. */
  async #timed(ask: () => Promise<ElectionAnswer>): Promise<ElectionAnswer> {
    const beganMs = this.#deps.clock.monotonicMs();
    const answer = await ask();
    if (answer.type !== "no_answer") this.#latencyMs = this.#deps.clock.monotonicMs() - beganMs;
    return answer;
  }

  async #submit(command: LeaderCommand, timeoutMs: number, signal: AbortSignal): Promise<ElectionAnswer> {
    const outcome = await this.#deps.register.submit(LEADER_KEY, command, { signal, timeoutMs });
    // renewals would fill the history; who leads from when to when is what it is for
    if (outcome.type === "decided" && command.type !== "renew") this.#record(outcome.value, outcome.certificate);
    return submitAnswer(outcome);
  }

  /** The others may begin as soon as the term is given back: not while anything here still works for it. */
  async #release(command: LeaderCommand, timeoutMs: number, signal: AbortSignal): Promise<ElectionAnswer> {
    using deadline = createDeadline(this.#deps.clock, { timeoutMs, what: "the work of the leader", parent: signal });
    const ended = Promise.all([...this.#duties].map((duty) => duty.ended()));
    await abortable(ended, deadline.signal).catch(() => {}); // what counts is whether something still runs
    if ([...this.#duties].some((duty) => duty.isRunning)) return { type: "no_answer" };
    return await this.#submit(command, RELEASE_TIMEOUT_MS, signal);
  }

  #record(value: LeaderValue, certificate: Certificate): void {
    this.#background.run("writing down who leads", () => this.#deps.record(value, certificate));
  }

  #gain(term: number): void {
    this.#wins++;
    const controller = new AbortController();
    const isHeld = () => !controller.signal.aborted && isLeading(this.#state, this.#nowMs());
    const leadership: Leadership = { term, signal: controller.signal, isHeld };
    this.#held = { leadership, controller };
    this.#deps.logger.info("This node leads", { term });
    for (const duty of this.#duties) duty.begin(leadership);
    this.events.emit("leadership:gained", { term, signal: controller.signal });
  }

  #lose(term: number, reason: LossReason): void {
    this.#losses++;
    this.#deps.logger.info("This node leads no more", { term, reason });
    this.#held?.controller.abort(new DOMException(`The leadership of term ${term} is over: ${reason}`, "AbortError"));
    this.#held = undefined;
    this.events.emit("leadership:lost", { term, reason });
  }
}

type ManagerEvent = ElectionEvent extends infer E ? E extends { readonly nowMs: number } ? Omit<E, "nowMs"> : never
  : never;

function hasChanged(before: ElectionState, after: ElectionState): boolean {
  const { known: was, phase: from } = before;
  const { known: is, phase: to } = after;
  return was?.term !== is?.term || was?.holder !== is?.holder || was?.deposed !== is?.deposed || from.type !== to.type;
}
