import { equalBytes, type PeerId } from "@bzzz/base";
import { compareBallots } from "./ballot.ts";
import { majorityOf } from "./certificate.ts";
import { type RegisterKey, ROSTER_KEY } from "./keys.ts";
import type { Accepted } from "./messages.ts";
import { rosterCodec, rosterQuorums, type VoterRoster, votersOf } from "./voter_roster.ts";

/** Sets of voters; each must give a majority. */
export type Quorums = readonly (readonly PeerId[])[];

/** Who must accept `value`: the voters, and for a new roster those that it names as well. */
export function quorumsFor(key: RegisterKey, roster: VoterRoster, value: Uint8Array | undefined): Quorums {
  const next = key === ROSTER_KEY && value ? rosterCodec.decode(value) : undefined;
  return next ? rosterQuorums(roster, next) : [votersOf(roster)];
}

/** Whether `voters` are enough. */
export function isReached(quorums: Quorums, voters: { has(peer: PeerId): boolean }): boolean {
  return quorums.every((set) => set.filter((peer) => voters.has(peer)).length >= majorityOf(set.length));
}

/** Whether enough can never be had, whatever the others say. */
export function isOutOfReach(quorums: Quorums, failed: { has(peer: PeerId): boolean }): boolean {
  return quorums.some((set) => set.filter((peer) => !failed.has(peer)).length < majorityOf(set.length));
}

/** Everybody of the sets, once. */
export function everybodyOf(quorums: Quorums): PeerId[] {
  return [...new Set(quorums.flat())];
}

/** The accepted value with the highest ballot: the one to go on from (CASPaxos section 2.2). */
export function highestAccepted(accepted: Iterable<Accepted | undefined>): Accepted | undefined {
  let highest: Accepted | undefined;
  for (const item of accepted) if (compareBallots(item?.ballot, highest?.ballot) > 0) highest = item;
  return highest;
}

/**
 * Whether these answers alone prove `value` decided: a majority of the present voters has accepted exactly it, at one ballot,
 * in the present epoch.
 */
export function isDecidedBy(
  key: RegisterKey,
  roster: VoterRoster,
  value: Accepted,
  answers: ReadonlyMap<PeerId, Accepted | undefined>,
): boolean {
  const having = new Set<PeerId>();
  for (const [peer, accepted] of answers) {
    const isSame = accepted?.epoch === roster.epoch && compareBallots(accepted.ballot, value.ballot) === 0 &&
      equalBytes(accepted.value, value.value);
    if (isSame) having.add(peer);
  }
  return isReached(quorumsFor(key, roster, value.value), having);
}
