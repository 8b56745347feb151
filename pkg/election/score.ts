import type { PeerId } from "@bzzz/base";
import { MAX_RANK } from "./constants.ts";

/** Shares of the score (reference section 2.10); they add up to 1. */
export const SCORE_WEIGHTS = {
  capability: 0.30,
  resources: 0.25,
  uptime: 0.20,
  network: 0.15,
  experience: 0.10,
} as const;

/** Uptime that counts in full. */
const FULL_UPTIME_MS = 24 * 60 * 60 * 1000;
/** Answer of the voters at which the network counts half. */
const HALF_LATENCY_MS = 50;
/** Completed tasks that count in full. */
const FULL_EXPERIENCE = 100;

/** What is known of a node that may lead: its level from its grant, the rest from its own presence. */
export interface LeaderCandidate {
  readonly peer: PeerId;
  /** Authority of its role: 0 none, 1 the highest. */
  readonly authority: number;
  /** Load of its machine: 0 idle, 1 full. */
  readonly load: number;
  readonly activeTasks: number;
  readonly maxTasks: number;
  readonly uptimeMs: number;
  /** Members it is connected to. */
  readonly connections: number;
  /** How long the voters took to answer its last question; undefined when it has asked none. */
  readonly latencyMs?: number;
  readonly completedTasks: number;
}

/** The five parts of a score, each from 0 to 1. */
export type ScoreParts = Readonly<Record<keyof typeof SCORE_WEIGHTS, number>>;

/** Pure: the parts of a candidate's score among `others` members that could be connected. */
export function scoreParts(candidate: LeaderCandidate, others: number): ScoreParts {
  const { load, activeTasks, maxTasks, latencyMs } = candidate;
  const freeSlots = maxTasks > 0 ? 1 - activeTasks / maxTasks : 1;
  const reach = others > 0 ? candidate.connections / others : 1;
  const speed = latencyMs === undefined ? 1 : HALF_LATENCY_MS / (HALF_LATENCY_MS + latencyMs);
  return {
    capability: share(candidate.authority),
    resources: (share(1 - load) + share(freeSlots)) / 2,
    uptime: share(candidate.uptimeMs / FULL_UPTIME_MS),
    network: share(reach) * share(speed),
    experience: share(candidate.completedTasks / FULL_EXPERIENCE),
  };
}

/** Pure: the weighted sum out of 100, rounded: what differs by less is equal, so that noise does not reorder candidates. */
export function scoreOf(parts: ScoreParts): number {
  const sum = Object.entries(SCORE_WEIGHTS).reduce((total, [part, weight]) => {
    return total + weight * parts[part as keyof ScoreParts]; // the keys of the weights are the parts
  }, 0);
  return Math.round(100 * sum);
}

/** A candidate with its score out of 100. */
export interface RankedCandidate {
  readonly peer: PeerId;
  readonly score: number;
}

/** Pure: who should lead first, the best in front; equal scores by peer id. The same on every node that knows the same. */
export function rankLeaders(candidates: readonly LeaderCandidate[]): RankedCandidate[] {
  const others = candidates.length - 1;
  return candidates
    .map((candidate) => ({ peer: candidate.peer, score: scoreOf(scoreParts(candidate, others)) }))
    .sort((a, b) => b.score - a.score || (a.peer < b.peer ? -1 : a.peer > b.peer ? 1 : 0));
}

/** Pure: how many candidates go before `self`, at most `MAX_RANK`. */
export function rankOf(ranked: readonly RankedCandidate[], self: PeerId): number {
  const at = ranked.findIndex((candidate) => candidate.peer === self);
  return Math.min(MAX_RANK, at < 0 ? ranked.length : at);
}

function share(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}
