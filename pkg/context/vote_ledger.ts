import type { Grant, PersonId, VoteClaim } from "@bzzz/agentid";
import { hexEncode, type PeerId } from "@bzzz/base";
import { levelAtLeast } from "@bzzz/crypto";
import type { StoredEntry } from "@bzzz/journal";
import type { CountedVote } from "@bzzz/ucxl";
import { compareHlc, type Hlc } from "@bzzz/wire";

/** Votes kept for one decision: members have one each, and change their minds a few times. The oldest go. */
const MAX_VOTES = 4_096;

/** What of a grant says how a vote counts. */
export type VoterGrant = Pick<Grant, "agentId" | "level" | "binaryType" | "role"> & {
  readonly person?: PersonId | undefined;
};

/** One vote as its entry tells it. */
export interface RecordedVote extends CountedVote {
  readonly entry: string;
  readonly peer: PeerId;
  readonly writtenAt: Hlc;
  /** Of the version that was voted on. */
  readonly revision: string;
  /** For the audience of the decision alone. */
  readonly sealedReason: Uint8Array | undefined;
}

/** A vote with its author's grant, before anybody has looked whose it is. */
export interface CastVote {
  readonly entry: string;
  readonly writtenAt: Hlc;
  readonly grant: VoterGrant;
  readonly claim: Omit<VoteClaim, "mesh">;
}

/** Whose node cast a vote, and whether they signed it; the reader's `judgeVote` of `@bzzz/agentid`. */
export type VoterOf = (claim: CastVote["claim"]) => {
  readonly person: PersonId | undefined;
  readonly isSigned: boolean;
};

/** The vote of an entry; undefined when it is none or its author had no grant. */
export function castVoteOf(entry: StoredEntry, grant: VoterGrant | undefined): CastVote | undefined {
  if (entry.kind !== "decision_voted" || !grant) return undefined;
  const { header: { author, seq, hlc }, id } = entry.envelope;
  if (seq === undefined) return undefined; // a stored entry has one
  return { entry: id, writtenAt: hlc, grant, claim: { author, seq, hlcMs: hlc.ms, grant, body: entry.body } };
}

/** What a vote counts for: one that a person of level decision signed binds, any other is one of many. */
export function recordedVoteOf({ entry, writtenAt, grant, claim }: CastVote, voterOf: VoterOf): RecordedVote {
  const { person, isSigned } = voterOf(claim);
  return {
    entry,
    peer: claim.author,
    voter: grant.agentId,
    person,
    isSigned,
    vote: claim.body.vote,
    atMs: writtenAt.ms,
    writtenAt,
    isBinding: isSigned && grant.binaryType === "hap" && levelAtLeast(grant.level, "decision"),
    revision: hexEncode(claim.body.revision),
    sealedReason: claim.body.reason,
  };
}

/** Votes by decision, in the order that all nodes share, however they came. */
export class VoteLedger {
  readonly #votes = new Map<string, CastVote[]>();
  readonly #recorded = new Map<string, readonly RecordedVote[]>();
  readonly #voterOf: VoterOf;

  constructor(voterOf: VoterOf) {
    this.#voterOf = voterOf;
  }

  /** False when it is there already. */
  add(vote: CastVote): boolean {
    const { address } = vote.claim.body;
    const votes = this.#votes.get(address) ?? [];
    if (votes.some(({ entry }) => entry === vote.entry)) return false;
    const at = votes.findLastIndex((other) => compareVotes(other, vote) < 0) + 1;
    votes.splice(at, 0, vote);
    if (votes.length > MAX_VOTES) votes.shift();
    this.#votes.set(address, votes);
    this.#recorded.delete(address);
    return true;
  }

  /** Looks at all votes again when they are asked for: what is known of people has changed. */
  judgeAgain(): void {
    this.#recorded.clear();
  }

  /** Votes on one revision of a decision. */
  of(address: string, revision: string): readonly RecordedVote[] {
    const votes = this.#recorded.get(address) ??
      (this.#votes.get(address) ?? []).map((vote) => recordedVoteOf(vote, this.#voterOf));
    this.#recorded.set(address, votes);
    return votes.filter((vote) => vote.revision === revision);
  }
}

function compareVotes(a: CastVote, b: CastVote): number {
  return compareHlc(a.writtenAt, b.writtenAt) || compareText(a.claim.author, b.claim.author) ||
    compareText(a.entry, b.entry);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
