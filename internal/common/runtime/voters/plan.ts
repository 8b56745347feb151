import type { PeerId } from "@bzzz/base";
import { type VoterRoster, votersOf } from "@bzzz/register";

/** What a master's node knows when it looks whether the voters shall change. */
export interface VoterSituation {
  readonly roster: VoterRoster;
  /** Voters that the operator wants: 1, 3 or 5. */
  readonly chosen: number;
  /** Agents that do not vote and have been present for long enough, the most steady first. */
  readonly candidates: readonly PeerId[];
  readonly isMember: (peer: PeerId) => boolean;
}

/** The next step of the voters. */
export type VoterPlan = { readonly type: "add" | "remove"; readonly peer: PeerId } | undefined;

/**
 * One step towards the chosen number, if it makes the mesh stronger. From an odd number two are added or none: of two voters
 * both are needed, so the second alone would only be one more that may not fail. A voter that is no member any more goes
 * first. Pure.
 */
export function planVoters({ roster, chosen, candidates, isMember }: VoterSituation): VoterPlan {
  if (roster.step !== "stable") return undefined;
  const voters = votersOf(roster);
  const revoked = voters.find((peer) => !isMember(peer));
  if (revoked && voters.length > 1) return { type: "remove", peer: revoked };
  const isOdd = voters.length % 2 === 1;
  if (voters.length + (isOdd ? 2 : 1) > chosen) return undefined;
  const [next] = candidates;
  return next && candidates.length >= (isOdd ? 2 : 1) ? { type: "add", peer: next } : undefined;
}
