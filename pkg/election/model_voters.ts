import type { PeerId } from "@bzzz/base";
import { checkLeader, decideLeader, leaderLeaseId } from "./leader_rules.ts";
import type { LeaderCommand, LeaderValue } from "./leader_value.ts";
import type { ElectionAnswer } from "./types.ts";

/** What one voter has on disk, and since when it has known the lease, on its own clock. */
export interface ModelVoter {
  ballot: number;
  value: LeaderValue | undefined;
  leaseSinceMs: number;
}

/** A node as its voter sees it. */
export interface VoterHost {
  readonly peer: PeerId;
  /** Local milliseconds per millisecond. */
  readonly rate: number;
  readonly voter: ModelVoter | undefined;
  readonly isUp: boolean;
  readonly pausedUntilMs: number;
  readonly group: number;
}

/** What the voters live in. */
export interface VoterWorld {
  readonly nowMs: () => number;
  /** Whether the proposer dies before all have accepted. */
  readonly isLost: () => boolean;
  readonly onDecided: (from: VoterHost, value: LeaderValue) => void;
}

/** The register of the leadership among the voters of a model, each with its own disk and its own clock. */
export class ModelVoters {
  readonly #hosts: readonly VoterHost[];
  readonly #world: VoterWorld;
  #ballot = 0;

  constructor(hosts: readonly VoterHost[], world: VoterWorld) {
    this.#hosts = hosts;
    this.#world = world;
  }

  /** Reading writes what it found again at a new ballot, as the register does. */
  read(from: VoterHost): ElectionAnswer {
    const { reached, needed } = this.#majority(from);
    if (reached.length < needed) return { type: "no_answer" };
    const value = this.#newest(reached);
    const ballot = ++this.#ballot;
    for (const node of reached) this.#accept(node, ballot, value);
    return { type: "value", value };
  }

  probe(from: VoterHost, command: LeaderCommand): ElectionAnswer {
    const asked = this.#judge(from, command);
    return "answer" in asked ? asked.answer : { type: "would_accept" };
  }

  decide(from: VoterHost, command: LeaderCommand): ElectionAnswer {
    const judged = this.#judge(from, command);
    if ("answer" in judged) {
      // voters that agreed have accepted, although there were too few of them
      const { willing, next } = judged;
      if (next) { for (const node of willing) this.#accept(node, judged.ballot, next); }
      return judged.answer;
    }
    const { next, willing, ballot, needed } = judged;
    // the proposer may die between two accepts: then fewer than a majority have it, and nobody knows
    if (this.#world.isLost()) {
      for (const node of willing.slice(0, needed - 1)) this.#accept(node, ballot, next);
      return { type: "no_answer" };
    }
    for (const node of willing) this.#accept(node, ballot, next);
    this.#world.onDecided(from, next);
    return { type: "decided", value: next };
  }

  #majority(from: VoterHost): { reached: VoterHost[]; needed: number } {
    const voters = this.#hosts.filter((node) => node.voter);
    const reached = voters.filter((node) =>
      node.isUp && node.group === from.group && node.pausedUntilMs <= this.#world.nowMs()
    );
    return { reached, needed: Math.floor(voters.length / 2) + 1 };
  }

  #newest(reached: readonly VoterHost[]): LeaderValue | undefined {
    return reached.reduce<ModelVoter | undefined>((best, { voter }) => {
      return voter && (!best || voter.ballot > best.ballot) ? voter : best;
    }, undefined)?.value;
  }

  #judge(
    from: VoterHost,
    command: LeaderCommand,
  ):
    | { answer: ElectionAnswer; willing: VoterHost[]; next: LeaderValue | undefined; ballot: number }
    | { next: LeaderValue; willing: VoterHost[]; ballot: number; needed: number } {
    const ballot = ++this.#ballot;
    const { reached, needed } = this.#majority(from);
    const none = { willing: [], next: undefined, ballot };
    if (reached.length < needed) return { answer: { type: "no_answer" }, ...none };
    const previous = this.#newest(reached);
    const decision = decideLeader(previous, command, from.peer);
    if ("same" in decision) {
      return { answer: previous ? { type: "decided", value: previous } : { type: "no_answer" }, ...none };
    }
    if ("refuse" in decision) {
      return { answer: { type: "refused", code: decision.refuse, ...(previous ? { value: previous } : {}) }, ...none };
    }
    const waits: number[] = [];
    const willing = reached.filter((node) => {
      const verdict = checkLeader(
        { mayLead: () => true, mayDepose: () => true },
        previous,
        command,
        from.peer,
        this.#ageMs(node, previous),
      );
      if ("retry" in verdict) waits.push(verdict.afterMs ?? 0);
      return "ok" in verdict;
    });
    if (willing.length < needed) {
      const afterMs = waits.toSorted((a, b) => a - b)[needed - willing.length - 1] ?? 0;
      return { answer: { type: "not_yet", afterMs }, willing, next: decision.next, ballot };
    }
    return { next: decision.next, willing, ballot, needed };
  }

  #ageMs({ voter, rate }: VoterHost, previous: LeaderValue | undefined): number | undefined {
    if (!voter || !previous || leaderLeaseId(previous) === undefined) return undefined;
    const isKnown = voter.value !== undefined && leaderLeaseId(voter.value) === leaderLeaseId(previous);
    return isKnown ? this.#world.nowMs() * rate - voter.leaseSinceMs : 0;
  }

  #accept(node: VoterHost, ballot: number, value: LeaderValue | undefined): void {
    const { voter } = node;
    if (!voter) return;
    const before = voter.value && leaderLeaseId(voter.value);
    voter.ballot = ballot;
    voter.value = value;
    if (value && leaderLeaseId(value) !== before) voter.leaseSinceMs = this.#world.nowMs() * node.rate;
  }
}
