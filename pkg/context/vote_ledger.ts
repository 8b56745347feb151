import type { Grant } from "@bzzz/agentid";
import { hexEncode, type PeerId } from "@bzzz/base";
import { levelAtLeast } from "@bzzz/crypto";
import type { StoredEntry, StoredEntryOf } from "@bzzz/journal";
import type { CountedVote } from "@bzzz/ucxl";
import { compareHlc, type Hlc } from "@bzzz/wire";

/** Votes kept for one decision: members have one each, and change their minds a few times. The oldest go. */
const MAX_VOTES = 4_096;

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

/** The vote of an entry; undefined when it is none or its author had no grant. A person of level decision binds. */
export function recordedVoteOf(
  entry: StoredEntry,
  grant: Pick<Grant, "agentId" | "level" | "binaryType"> | undefined,
): RecordedVote | undefined {
  if (entry.kind !== "decision_voted" || !grant) return undefined;
  const { header, id } = entry.envelope;
  return {
    entry: id,
    peer: header.author,
    voter: grant.agentId,
    vote: entry.body.vote,
    atMs: header.hlc.ms,
    writtenAt: header.hlc,
    isBinding: grant.binaryType === "hap" && levelAtLeast(grant.level, "decision"),
    revision: hexEncode(entry.body.revision),
    sealedReason: entry.body.reason,
  };
}

/** Votes by decision, in the order that all nodes share, however they came. */
export class VoteLedger {
  readonly #votes = new Map<string, RecordedVote[]>();

  /** False when it is there already. */
  add({ body }: StoredEntryOf<"decision_voted">, vote: RecordedVote): boolean {
    const votes = this.#votes.get(body.address) ?? [];
    if (votes.some(({ entry }) => entry === vote.entry)) return false;
    const at = votes.findLastIndex((other) => compareVotes(other, vote) < 0) + 1;
    votes.splice(at, 0, vote);
    if (votes.length > MAX_VOTES) votes.shift();
    this.#votes.set(body.address, votes);
    return true;
  }

  /** Votes on one revision of a decision. */
  of(address: string, revision: string): readonly RecordedVote[] {
    return (this.#votes.get(address) ?? []).filter((vote) => vote.revision === revision);
  }
}

function compareVotes(a: RecordedVote, b: RecordedVote): number {
  return compareHlc(a.writtenAt, b.writtenAt) || compareText(a.peer, b.peer) || compareText(a.entry, b.entry);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
