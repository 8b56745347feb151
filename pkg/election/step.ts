import type { LeaderValue } from "./leader_value.ts";
import type { ElectionEffect, ElectionOperation, ElectionState, ElectionStep } from "./types.ts";

/** Fastest repetition of what got no answer, as a share of the heartbeat; it doubles with each setback up to a whole one. */
const RETRY_SHARE = 0.1;

/** An effect that begins an operation, before it has its number. */
type Begun = ElectionEffect extends infer E ? E extends { readonly operation: number } ? Omit<E, "operation"> : never
  : never;

/** Remembers the operation and gives its effect the number. */
export function begin(
  state: ElectionState,
  type: ElectionOperation["type"],
  effect: Begun,
  nowMs: number,
): ElectionStep {
  const id = state.lastOperation + 1;
  return {
    state: { ...state, lastOperation: id, operation: { id, type, sentAtMs: nowMs } },
    effects: [{ ...effect, operation: id }],
  };
}

/** Milliseconds until what got no answer is asked again. */
export function retryDelayMs({ config, setbacks }: ElectionState): number {
  return Math.min(config.heartbeatMs, config.heartbeatMs * RETRY_SHARE * 2 ** Math.max(0, setbacks - 1));
}

/** Milliseconds one question may take; a majority answers in a fraction of it. */
export function questionTimeoutMs({ config }: ElectionState): number {
  return Math.ceil(config.leaseMs / 3);
}

/** Whether `value` is newer than what is known. */
export function isNews(value: LeaderValue, known: LeaderValue | undefined): boolean {
  return known === undefined || value.version > known.version;
}

/** The state with the newer of both values. */
export function withKnown(state: ElectionState, value: LeaderValue): ElectionState {
  return { ...state, known: isNews(value, state.known) ? value : state.known, isInformed: true };
}

/** Gives the term, which is this node's, back. Work that ran for it has until `untilMs` to end. */
export function release(state: ElectionState, term: number, nowMs: number, untilMs: number = nowMs): ElectionStep {
  const leaving: ElectionState = { ...state, phase: { type: "leaving", term } };
  const timeoutMs = Math.max(0, Math.floor(untilMs - nowMs));
  return begin(leaving, "release", { type: "release", command: { type: "step_down", term }, timeoutMs }, nowMs);
}
