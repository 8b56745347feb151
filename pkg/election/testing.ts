/**
 * A mesh of elections in virtual time: the pure machine of every node over a model of the register and its voters, with
 * delays, loss, pauses, crashes, partitions and clocks that run at different speeds.
 *
 * @module
 */
import { assertNever, type PeerId, type Random } from "@bzzz/base";
import { ELECTION_PROFILES } from "./constants.ts";
import { createElectionState, decideElection, isLeading } from "./decide.ts";
import { type ElectionDeps, ElectionManager } from "./election_manager.ts";
import { decideLeader } from "./leader_rules.ts";
import { LEADER_KEY, type LeaderCommand, type LeaderValue } from "./leader_value.ts";
import { type ModelVoter, ModelVoters } from "./model_voters.ts";
import { rankLeaders, rankOf } from "./score.ts";
import type { ElectionAnswer, ElectionConfig, ElectionEffect, ElectionEvent, ElectionState } from "./types.ts";

interface ModelNode {
  readonly peer: PeerId;
  /** Local milliseconds per millisecond. */
  readonly rate: number;
  readonly voter: ModelVoter | undefined;
  state: ElectionState;
  /** Numbers the lives of the process: what was meant for an earlier one is lost. */
  life: number;
  isUp: boolean;
  pausedUntilMs: number;
  group: number;
  wake: number;
}

/** What a run saw. */
export interface ModelReport {
  /** Who gained each term. */
  readonly gained: ReadonlyMap<number, ReadonlySet<PeerId>>;
  /** Moments at which two nodes acted as the leader. */
  readonly duels: readonly string[];
  readonly gains: number;
}

/** What chance may do. */
export interface ModelFaults {
  /** Share of answers, heartbeats and news that are lost. */
  readonly loss: number;
  /** Longest delay of a message in milliseconds. */
  readonly maxDelayMs: number;
}

/** Drives the nodes. `voters` of them vote; all are electable unless `electable` says otherwise. */
export class ElectionModel {
  readonly #random: Random;
  #faults: ModelFaults;
  readonly #nodes: ModelNode[] = [];
  readonly #voters: ModelVoters;
  readonly #gained = new Map<number, Set<PeerId>>();
  readonly #duels: string[] = [];
  #queue: { atMs: number; order: number; run: () => void }[] = [];
  #nowMs = 0;
  #order = 0;
  #gains = 0;

  constructor(
    random: Random,
    options: {
      readonly peers: readonly PeerId[];
      readonly voters: number;
      readonly config: Pick<ElectionConfig, "leaseMs" | "heartbeatMs">;
      readonly faults: ModelFaults;
      /** Local milliseconds per millisecond, by node; 1 unless told. */
      readonly rates?: readonly number[];
      readonly electable?: (index: number) => boolean;
    },
  ) {
    this.#random = random;
    this.#faults = options.faults;
    options.peers.forEach((peer, index) => {
      const isElectable = options.electable?.(index) ?? true;
      const rate = options.rates?.[index] ?? 1;
      this.#nodes.push({
        peer,
        rate,
        voter: index < options.voters ? { ballot: 0, value: undefined, leaseSinceMs: 0 } : undefined,
        state: createElectionState({ self: peer, isElectable, ...options.config }),
        life: 0,
        isUp: true,
        pausedUntilMs: 0,
        group: 0,
        wake: 0,
      });
    });
    this.#voters = new ModelVoters(this.#nodes, {
      nowMs: () => this.#nowMs,
      isLost: () => this.#isLost(),
      onDecided: (from, value) => this.#broadcast(from, () => ({ type: "learned", value })),
    });
    for (const node of this.#nodes) this.#start(node);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The nodes that act as the leader now. */
  leaders(): PeerId[] {
    return this.#nodes.filter((node) => node.isUp && isLeading(node.state, this.#localMs(node))).map((it) => it.peer);
  }

  /** What a node believes. */
  stateOf(peer: PeerId): ElectionState {
    return this.#node(peer).state;
  }

  report(): ModelReport {
    return { gained: this.#gained, duels: this.#duels, gains: this.#gains };
  }

  /** Lets virtual time pass. */
  run(forMs: number): void {
    const untilMs = this.#nowMs + forMs;
    while (true) {
      const next = this.#queue[0];
      if (!next || next.atMs > untilMs) break;
      this.#queue.shift();
      this.#nowMs = next.atMs;
      next.run();
      this.#look();
    }
    this.#nowMs = untilMs;
    this.#look();
  }

  /** The process is gone; its voter's disk stays. */
  crash(peer: PeerId): void {
    this.#node(peer).isUp = false;
  }

  restart(peer: PeerId): void {
    const node = this.#node(peer);
    node.life++;
    node.isUp = true;
    node.pausedUntilMs = 0;
    node.state = createElectionState(node.state.config);
    // a voter that has just started knows nothing about the age of a lease
    if (node.voter) node.voter.leaseSinceMs = this.#localMs(node);
    this.#start(node);
  }

  /** Nothing runs on the node for so long, and its timers fire late. */
  pause(peer: PeerId, forMs: number): void {
    this.#node(peer).pausedUntilMs = this.#nowMs + forMs;
  }

  /** Nodes of different groups do not reach each other. */
  partition(groupOf: (index: number) => number): void {
    this.#nodes.forEach((node, index) => node.group = groupOf(index));
  }

  /** From now on nothing is lost. */
  loseNothing(): void {
    this.#faults = { ...this.#faults, loss: 0 };
  }

  /** A person's order to whoever leads; it reaches the voters from that node. */
  depose(from: PeerId, command: LeaderCommand & { readonly type: "depose" }): ElectionAnswer {
    return this.#voters.decide(this.#node(from), command);
  }

  give(peer: PeerId, event: { readonly type: "stood_down" } | { readonly type: "drained" }): void {
    const node = this.#node(peer);
    this.#apply(node, { ...event, nowMs: this.#localMs(node) });
  }

  #node(peer: PeerId): ModelNode {
    const node = this.#nodes.find((candidate) => candidate.peer === peer);
    if (!node) throw new RangeError(`No node ${peer}`);
    return node;
  }

  #localMs(node: ModelNode): number {
    return this.#nowMs * node.rate;
  }

  #later(delayMs: number, run: () => void): void {
    const entry = { atMs: this.#nowMs + delayMs, order: this.#order++, run };
    const at = this.#queue.findIndex((other) => other.atMs > entry.atMs);
    if (at < 0) this.#queue.push(entry);
    else this.#queue.splice(at, 0, entry);
  }

  #start(node: ModelNode): void {
    const { life } = node;
    this.#later(0, () => this.#deliver(node, life, () => ({ type: "started" })));
  }

  /** When the node runs; a paused one gets it afterwards, one that died in between never. */
  #deliver(node: ModelNode, life: number, event: () => ModelEvent): void {
    if (!node.isUp || node.life !== life) return;
    const waitMs = node.pausedUntilMs - this.#nowMs;
    if (waitMs > 0) return this.#later(waitMs, () => this.#deliver(node, life, event));
    const ranked = this.#rank(node);
    this.#apply(node, { ...ranked, nowMs: this.#localMs(node) });
    this.#apply(node, { ...event(), nowMs: this.#localMs(node) });
  }

  #rank(node: ModelNode): ModelEvent {
    const candidates = this.#nodes.filter((other) => other.state.config.isElectable).map((other) => ({
      peer: other.peer,
      authority: 0.5,
      load: 0,
      activeTasks: 0,
      maxTasks: 1,
      uptimeMs: 0,
      connections: this.#nodes.length,
      completedTasks: 0,
    }));
    const ranked = rankLeaders(candidates);
    return { type: "ranked", rank: rankOf(ranked, node.peer), score: ranked[0]?.score ?? 0 };
  }

  #apply(node: ModelNode, event: ElectionEvent): void {
    const { state, effects } = decideElection(node.state, event);
    node.state = state;
    for (const effect of effects) this.#carryOut(node, effect);
  }

  #carryOut(node: ModelNode, effect: ElectionEffect): void {
    const { life } = node;
    switch (effect.type) {
      case "wake": {
        const wake = ++node.wake;
        if (effect.atMs === undefined) return;
        const delayMs = Math.max(0, (effect.atMs - this.#localMs(node)) / node.rate);
        return this.#later(delayMs, () => {
          if (node.wake === wake) this.#deliver(node, life, () => ({ type: "woken" }));
        });
      }
      case "read":
        return this.#question(node, effect.operation, effect.timeoutMs, () => this.#voters.read(node));
      case "probe":
        return this.#question(node, effect.operation, effect.timeoutMs, () => this.#voters.probe(node, effect.command));
      case "submit":
        return this.#question(
          node,
          effect.operation,
          effect.timeoutMs,
          () => this.#voters.decide(node, effect.command),
        );
      case "release":
        return this.#later(this.#random.float() * effect.timeoutMs, () => {
          this.#question(node, effect.operation, 1_000, () => this.#voters.decide(node, effect.command));
        });
      case "gained": {
        this.#gains++;
        const holders = this.#gained.get(effect.term) ?? new Set();
        this.#gained.set(effect.term, holders.add(node.peer));
        return;
      }
      case "lost":
        return;
      case "heartbeat": {
        const { peer: holder } = node;
        return this.#broadcast(node, () => ({ type: "heartbeat", holder, term: effect.term }));
      }
      default:
        return assertNever(effect);
    }
  }

  #delayMs(): number {
    return this.#random.float() * this.#faults.maxDelayMs;
  }

  #isLost(): boolean {
    return this.#random.float() < this.#faults.loss;
  }

  #broadcast(from: Pick<ModelNode, "peer" | "group">, event: () => ModelEvent): void {
    for (const node of this.#nodes) {
      if (node.peer === from.peer || this.#isLost()) continue;
      const { life } = node;
      this.#later(this.#delayMs(), () => {
        if (node.group === from.group) this.#deliver(node, life, event);
      });
    }
  }

  /** Happens after a delay, also when the node has given up or died by then; the answer takes another, or is lost. */
  #question(node: ModelNode, operation: number, timeoutMs: number, ask: () => ElectionAnswer): void {
    const { life } = node;
    let isAnswered = false;
    const answer = (given: ElectionAnswer) => {
      if (isAnswered) return;
      isAnswered = true;
      this.#deliver(node, life, () => ({ type: "answered", operation, answer: given }));
    };
    this.#later(timeoutMs / node.rate, () => answer({ type: "no_answer" }));
    if (this.#isLost()) return;
    this.#later(this.#delayMs(), () => {
      const given = ask();
      if (!this.#isLost()) this.#later(this.#delayMs(), () => answer(given));
    });
  }

  #look(): void {
    const leaders = this.leaders();
    if (leaders.length > 1) this.#duels.push(`${this.#nowMs.toFixed(0)} ms: ${leaders.join(" and ")}`);
  }
}

/** An event without the time at which the node hears it. */
type ModelEvent = ElectionEvent extends infer E ? E extends { readonly nowMs: number } ? Omit<E, "nowMs"> : never
  : never;

/** What `createTestElection` takes. */
export interface TestElectionDeps extends Pick<ElectionDeps, "clock" | "random" | "logger"> {
  readonly self: PeerId;
}

/** An election of one voter that nobody else asks: the node leads once it has started, and obeys orders. */
export function createTestElection({ self, ...deps }: TestElectionDeps): ElectionManager {
  let value: LeaderValue | undefined;
  const certificate = { key: LEADER_KEY, epoch: 1, ballot: { counter: 1, proposer: self }, value: new Uint8Array() };
  return new ElectionManager({
    ...deps,
    schedule: (work) => work(),
    register: {
      read: () => Promise.resolve({ type: "value", value }),
      probe: () => Promise.resolve({ type: "would_accept" }),
      submit: (_key, command) => {
        const decision = decideLeader(value, command, self);
        if ("refuse" in decision) return Promise.resolve({ type: "refused", code: decision.refuse });
        if ("next" in decision) value = decision.next;
        if (!value) throw new TypeError("Unreachable: nothing is the same as no value");
        return Promise.resolve({
          type: "decided",
          value,
          certificate: { ...certificate, signatures: [] },
          isNew: "next" in decision,
        });
      },
    },
    candidates: () => [],
    sendHeartbeat: () => {},
    record: () => Promise.resolve(),
  }, { self, isElectable: true, ...ELECTION_PROFILES.default });
}
