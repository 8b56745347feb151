import { TAKEOVER_AFTER_LEASES } from "@bzzz/register";
import { MAX_RANK, RANK_STEP_MS, SUSPICION_SHARE } from "./constants.ts";
import { begin, isNews, questionTimeoutMs, release, retryDelayMs, withKnown } from "./step.ts";
import type { ElectionAnswer, ElectionEvent, ElectionOperation, ElectionState, ElectionStep } from "./types.ts";

/**
 * The phase of a node that neither leads nor waits for an answer, from what it knows. `suspicion`: the silence of the leader,
 * as a share of its lease, after which the voters are asked.
 */
export function follow(state: ElectionState, nowMs: number, suspicion: number = SUSPICION_SHARE): ElectionStep {
  const { known, config } = state;
  if (!state.isInformed && !state.isDraining) return again(state, nowMs);
  if (known?.holder === config.self && (known.deposed || state.isDraining)) {
    return release(state, known.term, nowMs);
  }
  if (state.isDraining) return { state: { ...state, phase: { type: "follower" } }, effects: [] };
  // who does not stand looks again when the term may have changed hands without it hearing
  if (!config.isElectable) return stand(state, nowMs + (known?.leaseMs ?? config.leaseMs) * TAKEOVER_AFTER_LEASES);
  if (known?.holder === undefined) {
    // who was asked to step down lets every other candidate go first
    const rank = known?.former === config.self ? MAX_RANK : state.rank;
    return stand(state, nowMs + rank * RANK_STEP_MS);
  }
  // a term of an earlier life of this node, or one that it could not renew: nobody else may take it before this node
  if (known.holder === config.self) return stand(state, nowMs);
  const wakeAtMs = nowMs + known.leaseMs * suspicion;
  return { state: { ...state, phase: { type: "follower", wakeAtMs } }, effects: [] };
}

/** Asks the voters whether they would accept this node; what the value is, when that is not known or it does not stand. */
export function ask(state: ElectionState, nowMs: number): ElectionStep {
  if (state.isDraining) return { state, effects: [] };
  if (!state.isInformed || !state.config.isElectable) return look(state, nowMs);
  const timeoutMs = questionTimeoutMs(state);
  const candidate: ElectionState = { ...state, phase: { type: "candidate" } };
  return begin(candidate, "probe", { type: "probe", command: acquisition(state), timeoutMs }, nowMs);
}

/** Any answer but a decided acquisition, to a node that does not lead. */
export function answerCandidate(
  state: ElectionState,
  operation: ElectionOperation,
  answer: ElectionAnswer,
  nowMs: number,
): ElectionStep {
  switch (answer.type) {
    case "value": {
      // the register may be behind what a certificate told a moment ago, but never the other way round
      const informed = answer.value ? withKnown(state, answer.value) : { ...state, isInformed: true };
      // it looked while it waited for its turn, and nothing is new: it goes on waiting
      if (isWaiting(state, nowMs) && informed.known === state.known) return { state: informed, effects: [] };
      return follow({ ...informed, setbacks: 0 }, nowMs);
    }
    case "decided":
      return follow({ ...withKnown(state, answer.value), setbacks: 0 }, nowMs);
    case "would_accept": {
      if (state.isDraining) return follow(state, nowMs);
      const timeoutMs = questionTimeoutMs(state);
      return begin(state, "acquire", { type: "submit", command: acquisition(state), timeoutMs }, nowMs);
    }
    case "not_yet": {
      const wakeAtMs = nowMs + answer.afterMs + state.rank * RANK_STEP_MS;
      const next = stand({ ...state, setbacks: 0 }, wakeAtMs);
      return isRenewedUnheard(state, operation, answer.afterMs) ? look(next.state, nowMs) : next;
    }
    case "refused":
      // what this node believes is not so: the value that spoke against it says what is, or the next read
      if (answer.value && isNews(answer.value, state.known)) {
        return follow({ ...withKnown(state, answer.value), setbacks: 0 }, nowMs);
      }
      // a grant may be given, but not within seconds
      if (answer.code === "not_allowed") return look(stand(state, nowMs + state.config.leaseMs).state, nowMs);
      return again({ ...state, isInformed: false }, nowMs);
    case "no_answer": {
      // an acquisition without an answer may have happened
      const isInformed = state.isInformed && operation.type === "probe";
      return again({ ...state, isInformed }, nowMs);
    }
  }
}

/** A word of the leader: as long as it comes, nobody stands. */
export function hearHeartbeat(
  state: ElectionState,
  { holder, term }: Pick<ElectionEvent & { type: "heartbeat" }, "holder" | "term">,
  nowMs: number,
): ElectionStep {
  const { known, phase, config } = state;
  if (holder === config.self || phase.type === "leader" || phase.type === "leaving") return { state, effects: [] };
  const isOfLeader = known?.holder === holder && known.term === term;
  const heard = isOfLeader ? { ...state, heardAtMs: nowMs } : state;
  const { operation } = heard;
  if (operation?.type === "acquire") return { state: heard, effects: [] };
  if (isOfLeader) return follow({ ...heard, operation: undefined, isInformed: true, setbacks: 0 }, nowMs);
  const isNew = term > (known?.term ?? 0);
  const isTooSoon = state.readAtMs !== undefined && nowMs - state.readAtMs < config.heartbeatMs;
  if (!isNew || operation || isTooSoon) return { state, effects: [] };
  return ask({ ...state, isInformed: false }, nowMs);
}

/** Asks what the value is; the phase, and when it wakes, stay. */
function look(state: ElectionState, nowMs: number): ElectionStep {
  return begin({ ...state, readAtMs: nowMs }, "read", { type: "read", timeoutMs: questionTimeoutMs(state) }, nowMs);
}

/**
 * Whether the lease that stands in the way is younger than the last word of its holder: then it was renewed, the leader lives,
 * and its heartbeats do not come here. The voters saw a renewal before its heartbeat was sent.
 */
function isRenewedUnheard(
  { known, heardAtMs, config }: ElectionState,
  { sentAtMs }: ElectionOperation,
  afterMs: number,
) {
  const leaseMs = known?.leaseMs ?? config.leaseMs;
  const ageMs = leaseMs * TAKEOVER_AFTER_LEASES - afterMs;
  return heardAtMs === undefined || ageMs < sentAtMs - heardAtMs;
}

function isWaiting({ phase, isInformed, config }: ElectionState, nowMs: number): boolean {
  const isCandidate = config.isElectable && isInformed && phase.type === "candidate";
  return isCandidate && phase.wakeAtMs !== undefined && phase.wakeAtMs > nowMs;
}

function stand(state: ElectionState, wakeAtMs: number): ElectionStep {
  const type = state.config.isElectable ? "candidate" : "follower";
  return { state: { ...state, phase: { type, wakeAtMs } }, effects: [] };
}

/** One more setback; asks again after a while that grows with them. */
function again(state: ElectionState, nowMs: number): ElectionStep {
  if (state.isDraining) return { state: { ...state, phase: { type: "follower" } }, effects: [] };
  const next = { ...state, setbacks: state.setbacks + 1 };
  return stand(next, nowMs + retryDelayMs(next) + state.rank * RANK_STEP_MS);
}

function acquisition({ known, config, score }: ElectionState) {
  return { type: "acquire", expectedTerm: known?.term ?? 0, leaseMs: config.leaseMs, score } as const;
}
