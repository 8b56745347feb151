import { equalBytes, type PeerId } from "@bzzz/base";
import { BACKOFF_BASE_MS, BACKOFF_MAX_MS } from "./constants.ts";
import type { VoterRequest } from "./messages.ts";
import type { Doubt, ProposalOutcome, ProposalPhase, ProposalState, ProposalStep } from "./proposal_types.ts";

/** A new round: asks these voters. */
export function enter(
  state: ProposalState,
  phase: ProposalPhase,
  to: readonly PeerId[],
  request: VoterRequest,
): ProposalStep {
  const round = state.round + 1;
  return {
    state: { ...state, phase, round, failures: new Map() },
    effects: to.map((peer) => ({ type: "send", to: peer, round, request })),
  };
}

/** A new round, begun after a while. */
export function wait(state: ProposalState, minMs: number, maxMs: number): ProposalStep {
  const round = state.round + 1;
  return {
    state: { ...state, phase: { type: "waiting" }, round, attempt: state.attempt + 1, failures: new Map() },
    effects: [{ type: "wait", round, minMs, maxMs }],
  };
}

/** Somebody else is at it, with a higher ballot: let it finish. */
export function backOff(state: ProposalState): ProposalStep {
  return wait(state, 0, Math.min(BACKOFF_BASE_MS * 2 ** state.attempt, BACKOFF_MAX_MS));
}

/** The end. */
export function finish(state: ProposalState, outcome: ProposalOutcome): ProposalStep {
  return { state: { ...state, phase: { type: "done", outcome } }, effects: [{ type: "finish", outcome }] };
}

/** Nothing follows from it. */
export function ignored(state: ProposalState): ProposalStep {
  return { state, effects: [] };
}

/** Ballots only grow: the first one stays the lowest. */
export function doubtWith(
  doubt: Doubt | undefined,
  { ballot, value }: ProposalPhase & { readonly type: "accepting" },
): Doubt {
  if (!doubt) return { since: ballot, values: [value] };
  return doubt.values.some((known) => equalBytes(known, value))
    ? doubt
    : { ...doubt, values: [...doubt.values, value] };
}

/** Whether the value that is being accepted is what the command makes, and not only what was there before. */
export function proposesOurs({ confirms }: ProposalPhase & { readonly type: "accepting" }): boolean {
  return !confirms || (confirms.type === "same" && confirms.isNew);
}
