import { assertNever, type Clock, type Timer } from "@bzzz/base";
import {
  createElectionState,
  decideElection,
  type ElectionAnswer,
  type ElectionConfig,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionState,
  isLeading,
  LEADER_KEY,
  type LeaderCommand,
  type LeaderValue,
} from "@bzzz/election";
import type { NodeHost } from "../engine/node_host.ts";
import type { Client, ClientOutcome } from "./client.ts";
import type { Holding } from "./task_agent.ts";

/** Work that ran for a term has ended this soon after the term was lost. */
const WORK_ENDS_MS = 20;

type Untimed = ElectionEvent extends infer E ? E extends { readonly nowMs: number } ? Omit<E, "nowMs"> : never : never;

/** What a node's part in the election stands on. */
export interface LeaderNodeDeps {
  readonly host: NodeHost;
  readonly clock: Clock;
  readonly client: Client<LeaderValue, LeaderCommand>;
  /** Tells all nodes; may be lost. */
  readonly broadcast: (event: Untimed) => void;
  readonly holding: Holding;
}

/** The real election of `@bzzz/election` in one process of a simulated machine. */
export class LeaderNode {
  readonly #deps: LeaderNodeDeps;
  #state: ElectionState;
  #wake: Timer | undefined;
  /** What was last told. */
  #fencedAtMs: number | undefined;

  constructor(deps: LeaderNodeDeps, config: ElectionConfig) {
    this.#deps = deps;
    this.#state = createElectionState(config);
  }

  /** Whether it acts as the leader just now. */
  get isLeading(): boolean {
    return isLeading(this.#state, this.#deps.host.awakeMs());
  }

  start(rank: number): void {
    this.give({ type: "ranked", rank, score: Math.max(0, 100 - rank) });
    this.give({ type: "started" });
  }

  give(event: Untimed): void {
    // Every member of the union gets its time back.
    const step = decideElection(this.#state, { ...event, nowMs: this.#deps.host.awakeMs() } as ElectionEvent);
    this.#state = step.state;
    for (const effect of step.effects) this.#carryOut(effect);
    const { phase } = this.#state;
    if (phase.type !== "leader" || phase.fencedAtMs === this.#fencedAtMs) return;
    this.#fencedAtMs = phase.fencedAtMs;
    this.#deps.holding.holds(LEADER_KEY, phase.term, phase.fencedAtMs);
  }

  #carryOut(effect: ElectionEffect): void {
    const { client, clock, host, holding, broadcast } = this.#deps;
    switch (effect.type) {
      case "wake":
        this.#wake?.cancel();
        if (effect.atMs === undefined) return;
        this.#wake = clock.setTimer(effect.atMs - host.awakeMs(), () => this.give({ type: "woken" }));
        return;
      case "read":
        return client.read(LEADER_KEY, (outcome) => this.#answer(effect.operation, outcome), effect.timeoutMs);
      case "probe":
        return client.probe(LEADER_KEY, effect.command, (outcome) => {
          const answer: ElectionAnswer = outcome.type === "would_accept" ? outcome : answerOf(outcome);
          this.give({ type: "answered", operation: effect.operation, answer });
        }, effect.timeoutMs);
      case "submit":
        return client.submit(
          LEADER_KEY,
          effect.command,
          (outcome) => this.#answer(effect.operation, outcome),
          effect.timeoutMs,
        );
      case "release":
        clock.setTimer(WORK_ENDS_MS, () => {
          client.submit(LEADER_KEY, effect.command, (outcome) => this.#answer(effect.operation, outcome));
        });
        return;
      case "gained":
        return; // told with the time at which it ends
      case "lost":
        return holding.rests(LEADER_KEY, effect.term);
      case "heartbeat":
        return broadcast({ type: "heartbeat", holder: this.#state.config.self, term: effect.term });
      default:
        return assertNever(effect);
    }
  }

  #answer(operation: number, outcome: ClientOutcome<LeaderValue>): void {
    this.give({ type: "answered", operation, answer: answerOf(outcome) });
    if (outcome.type === "decided") this.#deps.broadcast({ type: "learned", value: outcome.value });
  }
}

function answerOf(outcome: ClientOutcome<LeaderValue>): ElectionAnswer {
  switch (outcome.type) {
    case "value":
      return { type: "value", value: outcome.value };
    case "decided":
      return { type: "decided", value: outcome.value };
    case "refused":
      if (outcome.retryAfterMs !== undefined) return { type: "not_yet", afterMs: outcome.retryAfterMs };
      return { type: "refused", code: outcome.code, ...(outcome.value ? { value: outcome.value } : {}) };
    case "undecided":
      return { type: "no_answer" };
  }
}

/** What nodes tell each other about the leadership. */
export type LeaderNews = Untimed;
