/**
 * Who leads: one register, a score that says who tries first, a lease that its holder lets go of before anybody else may
 * take it. The rules and the machine are pure; `ElectionManager` carries out what they say.
 *
 * @module
 */
export { type CertifiedLeader, certifiedLeader, type LeaderProof } from "./certified.ts";
export { ELECTION_PROFILES, LEASE_BOUNDS_MS, MAX_RANK, RANK_STEP_MS, SUSPICION_SHARE } from "./constants.ts";
export { createElectionState, decideElection, isLeading } from "./decide.ts";
export { type ElectionDeps, type ElectionEvents, ElectionManager, type OrderOutcome } from "./election_manager.ts";
export type { Leadership, LeaderWork } from "./leader_duty.ts";
export {
  checkLeader,
  createLeaderRules,
  decideLeader,
  type LeaderDecision,
  type LeaderFacts,
  leaderLeaseId,
  type LeaderRefusal,
} from "./leader_rules.ts";
export {
  ELECTION_ORDERS,
  type ElectionOrder,
  LEADER_KEY,
  type LeaderCommand,
  leaderCommandCodec,
  type LeaderValue,
  leaderValueCodec,
} from "./leader_value.ts";
export {
  type LeaderCandidate,
  type RankedCandidate,
  rankLeaders,
  rankOf,
  SCORE_WEIGHTS,
  scoreOf,
  type ScoreParts,
  scoreParts,
} from "./score.ts";
export type {
  ElectionAnswer,
  ElectionConfig,
  ElectionEffect,
  ElectionEvent,
  ElectionOperation,
  ElectionPhase,
  ElectionState,
  ElectionStep,
  LossReason,
} from "./types.ts";
export type { LeaderView } from "./view.ts";
