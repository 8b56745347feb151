import type { PeerId } from "@bzzz/base";

/**
 * The number of an attempt (CASPaxos, Rystsov 2018, section 2.1), totally ordered. Two proposers never share one, and one
 * proposer never uses a number twice: it promises each to itself, durably, before it asks anybody.
 */
export interface Ballot {
  readonly counter: number;
  readonly proposer: PeerId;
}

/** Negative, 0 or positive, as `a` comes before, equals or follows `b`; undefined comes before all. */
export function compareBallots(a: Ballot | undefined, b: Ballot | undefined): number {
  if (!a || !b) return Number(a !== undefined) - Number(b !== undefined);
  if (a.counter !== b.counter) return a.counter - b.counter;
  return a.proposer < b.proposer ? -1 : Number(a.proposer > b.proposer);
}

/** The first ballot of `proposer` that follows everything it has seen. */
export function ballotAfter(seen: Ballot | undefined, proposer: PeerId): Ballot {
  return { counter: (seen?.counter ?? 0) + 1, proposer };
}
