import type { BodyOf } from "@bzzz/wire";
import { CLOCK_TOLERANCE_MS } from "../constants.ts";
import { type AnswerClaim, judgeDevice, type PersonFault, type PersonProof } from "./judge_answer.ts";
import type { PersonBook } from "./person_book.ts";
import { readVote, voteContentDigest } from "./signed_vote.ts";

/** A vote and who told it, as the journal has checked it. */
export interface VoteClaim extends Omit<AnswerClaim, "body"> {
  readonly body: BodyOf<"decision_voted">;
}

/** Whose vote it is, or why it is its node's alone. */
export type VoteJudgement =
  | { readonly ok: true; readonly proof: Pick<PersonProof, "person" | "certificate"> }
  | { readonly ok: false; readonly fault: PersonFault };

/** Whether a person gave this vote, as of the moment at which it was told. Pure but for what the book knows. */
export function judgeVote(book: PersonBook, claim: VoteClaim): VoteJudgement {
  const { body, grant, hlcMs } = claim;
  const refuse = (fault: PersonFault): VoteJudgement => ({ ok: false, fault });
  const device = judgeDevice(book, claim, body.proof);
  if (!device.ok) return device;
  const { person, certificate } = device;
  const vote = body.proof && readVote(body.proof.vote, certificate);
  if (!vote) return refuse("malformed");
  if (vote.vote !== body.vote || vote.content !== voteContentDigest(body)) return refuse("altered");
  if (vote.role !== grant?.role) return refuse("wrong_role");
  return Math.abs(vote.atMs - hlcMs) > CLOCK_TOLERANCE_MS
    ? refuse("stale")
    : { ok: true, proof: { person, certificate } };
}
