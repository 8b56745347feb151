import { HOLDER_STOPS_AFTER_LEASES } from "@bzzz/register";
import { follow } from "./follow.ts";
import type { LeaderValue } from "./leader_value.ts";
import { begin, questionTimeoutMs, release, retryDelayMs, withKnown } from "./step.ts";
import type {
  ElectionAnswer,
  ElectionOperation,
  ElectionPhase,
  ElectionState,
  ElectionStep,
  LossReason,
} from "./types.ts";

type Leading = ElectionPhase & { readonly type: "leader" };

/** A decided acquisition: leads from here on, unless the answer came too late for it. */
export function lead(
  state: ElectionState,
  operation: ElectionOperation,
  value: LeaderValue,
  nowMs: number,
): ElectionStep {
  const { config } = state;
  const informed = { ...withKnown(state, value), setbacks: 0 };
  const fencedAtMs = operation.sentAtMs + value.leaseMs * HOLDER_STOPS_AFTER_LEASES;
  // another value may have been decided behind it; the first lease of a term has no renewals
  const isNewest = informed.known?.version === value.version;
  const isMine = value.holder === config.self && !value.deposed && value.renewals === 0 && isNewest;
  if (!isMine || nowMs >= fencedAtMs || state.isDraining) return follow(informed, nowMs);
  const { term } = value;
  const renewAtMs = operation.sentAtMs + config.heartbeatMs;
  return {
    state: { ...informed, phase: { type: "leader", term, renewals: 0, fencedAtMs, renewAtMs } },
    effects: [{ type: "gained", term }, { type: "heartbeat", term, renewals: 0 }],
  };
}

/** The time is up before anything else is looked at: a process that was paused has lost the lease when it wakes. */
export function fence(state: ElectionState, nowMs: number): ElectionStep {
  if (state.phase.type !== "leader" || nowMs < state.phase.fencedAtMs) return { state, effects: [] };
  return lose({ ...state, isInformed: false }, "lease_expired", nowMs);
}

/** Sends the next renewal when its time has come. */
export function renewWhenDue(state: ElectionState, phase: Leading, nowMs: number): ElectionStep {
  if (nowMs < phase.renewAtMs) return { state, effects: [] };
  // never a number twice: voters count the lease from the first time they see it
  const renewals = phase.renewals + 1;
  const timeoutMs = Math.min(questionTimeoutMs(state), Math.max(1, Math.floor(phase.fencedAtMs - nowMs)));
  const command = { type: "renew", term: phase.term, renewals, score: state.score } as const;
  const sending = { ...state, phase: { ...phase, renewals } };
  return begin(sending, "renew", { type: "submit", command, timeoutMs }, nowMs);
}

/** What became of a renewal. */
export function answerLeader(
  state: ElectionState,
  phase: Leading,
  operation: ElectionOperation,
  answer: ElectionAnswer,
  nowMs: number,
): ElectionStep {
  if (answer.type === "refused") {
    const reason = answer.code === "deposed" ? "deposed" : answer.code === "not_allowed" ? "refused" : "superseded";
    const told = answer.value ? withKnown(state, answer.value) : { ...state, isInformed: false };
    return lose(told, reason, nowMs);
  }
  if (answer.type !== "decided") {
    const next = { ...state, setbacks: state.setbacks + 1 };
    return { state: { ...next, phase: { ...phase, renewAtMs: nowMs + retryDelayMs(next) } }, effects: [] };
  }
  const { value } = answer;
  const informed = { ...withKnown(state, value), setbacks: 0 };
  if (value.term !== phase.term || value.holder !== state.config.self) return lose(informed, "superseded", nowMs);
  if (value.deposed) return lose(informed, "deposed", nowMs);
  const renewed: Leading = {
    ...phase,
    fencedAtMs: operation.sentAtMs + value.leaseMs * HOLDER_STOPS_AFTER_LEASES,
    renewAtMs: operation.sentAtMs + state.config.heartbeatMs,
  };
  const { term, renewals } = value;
  return { state: { ...informed, phase: renewed }, effects: [{ type: "heartbeat", term, renewals }] };
}

/**
 * Acts as the leader no more, from this moment. A lease that still runs is given back once the work for it has ended;
 * one that has run out is left alone: this node may ask for the next term like everybody else.
 */
export function lose(state: ElectionState, reason: LossReason, nowMs: number): ElectionStep {
  const { phase } = state;
  if (phase.type !== "leader") return { state, effects: [] };
  const lost = { type: "lost", term: phase.term, reason } as const;
  const isMineToGive = reason === "deposed" || reason === "stepped_down";
  const free = { ...state, operation: undefined };
  const next = isMineToGive ? release(free, phase.term, nowMs, phase.fencedAtMs) : follow(free, nowMs);
  return { state: next.state, effects: [lost, ...next.effects] };
}
