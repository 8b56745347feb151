import { assertNever } from "@bzzz/base";
import { HEARSAY_SHARE } from "./constants.ts";
import { answerCandidate, ask, follow, hearHeartbeat } from "./follow.ts";
import { answerLeader, fence, lead, lose, renewWhenDue } from "./lead.ts";
import { isNews } from "./step.ts";
import type { ElectionConfig, ElectionEvent, ElectionState, ElectionStep } from "./types.ts";

/** A node that has not started. */
export function createElectionState(config: ElectionConfig): ElectionState {
  return {
    config,
    phase: { type: "follower" },
    known: undefined,
    heardAtMs: undefined,
    isInformed: false,
    operation: undefined,
    lastOperation: 0,
    rank: 0,
    score: 0,
    setbacks: 0,
    isDraining: false,
    readAtMs: undefined,
    wakeAtMs: undefined,
  };
}

/**
 * Whether the node acts as the leader at `nowMs`. What counts is the time, not whether the timer has run: after a pause
 * of the process the answer is right before anything else has happened.
 */
export function isLeading(state: ElectionState, nowMs: number): boolean {
  return state.phase.type === "leader" && nowMs < state.phase.fencedAtMs;
}

/** Pure: what a node does about the leadership after an event. */
export function decideElection(state: ElectionState, event: ElectionEvent): ElectionStep {
  // a timer that fired is no longer set, also when it fired a moment too early
  const heard = event.type === "woken" ? { ...state, wakeAtMs: undefined } : state;
  const fenced = fence(heard, event.nowMs);
  const decided = decide(fenced.state, event);
  const isNewlyKnown = decided.state.known !== state.known;
  const next = isNewlyKnown ? { ...decided.state, heardAtMs: event.nowMs } : decided.state;
  const wakeAtMs = nextWake(next);
  const effects = [...fenced.effects, ...decided.effects];
  if (wakeAtMs === heard.wakeAtMs) return { state: next, effects };
  return { state: { ...next, wakeAtMs }, effects: [...effects, { type: "wake", atMs: wakeAtMs }] };
}

function nextWake({ phase, operation }: ElectionState): number | undefined {
  switch (phase.type) {
    case "follower":
    case "candidate":
      return operation ? undefined : phase.wakeAtMs;
    case "leader":
      return operation ? phase.fencedAtMs : Math.min(phase.renewAtMs, phase.fencedAtMs);
    case "leaving":
      return undefined;
    default:
      return assertNever(phase);
  }
}

function decide(state: ElectionState, event: ElectionEvent): ElectionStep {
  const { nowMs } = event;
  switch (event.type) {
    case "started":
      return ask(state, nowMs);
    case "woken":
      return wake(state, nowMs);
    case "learned":
      return learn(state, event.value, nowMs);
    case "heartbeat":
      return hearHeartbeat(state, event, nowMs);
    case "ranked":
      return { state: { ...state, rank: event.rank, score: event.score }, effects: [] };
    case "answered":
      return answer(state, event, nowMs);
    case "stood_down":
      return state.phase.type === "leader" ? lose(state, "stepped_down", nowMs) : { state, effects: [] };
    case "drained": {
      const draining = { ...state, isDraining: true };
      if (state.phase.type === "leader") return lose(draining, "stepped_down", nowMs);
      // the answer to an acquisition is waited for: it may have to be given back
      const isBusy = state.phase.type === "leaving" || state.operation?.type === "acquire";
      return isBusy ? { state: draining, effects: [] } : follow({ ...draining, operation: undefined }, nowMs);
    }
    default:
      return assertNever(event);
  }
}

function wake(state: ElectionState, nowMs: number): ElectionStep {
  const { phase, operation } = state;
  if (operation) return { state, effects: [] };
  if (phase.type === "leader") return renewWhenDue(state, phase, nowMs);
  if (phase.type === "leaving") return { state, effects: [] };
  const isDue = phase.wakeAtMs !== undefined && nowMs >= phase.wakeAtMs;
  return isDue ? ask(state, nowMs) : { state, effects: [] };
}

function learn(state: ElectionState, value: ElectionState["known"] & object, nowMs: number): ElectionStep {
  if (!isNews(value, state.known)) return { state, effects: [] };
  const informed = { ...state, known: value, isInformed: true };
  const { phase, operation } = state;
  if (phase.type === "leader") {
    if (value.term > phase.term) return lose(informed, "superseded", nowMs);
    if (value.term < phase.term) return { state, effects: [] };
    return value.deposed ? lose(informed, "deposed", nowMs) : { state: informed, effects: [] };
  }
  if (phase.type === "leaving" || operation?.type === "acquire") return { state: informed, effects: [] };
  return follow({ ...informed, operation: undefined, setbacks: 0 }, nowMs, HEARSAY_SHARE);
}

function answer(state: ElectionState, event: ElectionEvent & { type: "answered" }, nowMs: number): ElectionStep {
  const { phase, operation } = state;
  if (!operation || operation.id !== event.operation) return { state, effects: [] };
  const free = { ...state, operation: undefined };
  if (phase.type === "leader") return answerLeader(free, phase, operation, event.answer, nowMs);
  if (operation.type === "acquire" && event.answer.type === "decided") {
    return lead(free, operation, event.answer.value, nowMs);
  }
  return answerCandidate(free, operation, event.answer, nowMs);
}
