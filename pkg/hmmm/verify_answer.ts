import type { PeerId } from "@bzzz/base";
import { actionDigest } from "./action.ts";
import { MAX_APPROVAL_AGE_MS } from "./constants.ts";
import { isSignedByPerson, needsPerson } from "./signed_answer.ts";
import type { AnswerView, PersonAuthority, RequestView } from "./types.ts";

/** Why an asker must not act on an answer, though it was valid when it was given. */
export type ActingRefusal =
  | "no_answer"
  | "not_approved"
  | "wrong_digest"
  | "unsigned"
  | "person_gone"
  | "stale"
  | "revoked"
  | "already_performed";

/** What an asker knows when it is about to act. */
export interface ActingFacts {
  /** Wall clock. */
  readonly nowMs: number;
  /** The grant of a peer as it stands now; undefined: it has none any more. */
  readonly grantOf: (peer: PeerId) => PersonAuthority | undefined;
  /** Whether the device that signed still decides for the person whom the roster names (`proofFault` of `@bzzz/agentid`). */
  readonly isStanding: (answer: AnswerView) => boolean;
}

/**
 * What an asker checks before it does what was approved, or goes on with what was answered. That the entry is its author's,
 * that the digest is of this request and that its author might answer, the journal and the fold have seen to: an answer
 * without any of these is not in `view`. Looked at here is that a person signed it, which a request of an older asker does
 * not ask of its answers, and what can have changed since: whether it was taken back, whether the person still is one of the
 * mesh and the device theirs, and whether the approval is of an age to act on.
 */
export function mayActOn(view: RequestView, facts: ActingFacts): ActingRefusal | undefined {
  const { answer } = view;
  if (!answer) return "no_answer";
  if (view.performed) return "already_performed";
  if (answer.decision === "deny") return "not_approved";
  if (view.revoked) return "revoked";
  if (!needsPerson(view, answer)) return undefined;
  const signers = approvers(view, answer);
  if (!signers.every((vote) => isSignedByPerson(view, vote))) return "unsigned";
  if (!signers.every((vote) => isPerson(facts.grantOf(vote.author)) && facts.isStanding(vote))) return "person_gone";
  if (answer.decision !== "approve") return undefined;
  if (answer.editedAction && actionDigest(answer.editedAction) !== answer.editedDigest) return "wrong_digest";
  return facts.nowMs > expiryOf(answer) ? "stale" : undefined;
}

function approvers(view: RequestView, answer: AnswerView): readonly AnswerView[] {
  return view.votes.filter((vote) => vote.decision === answer.decision);
}

function isPerson(grant: PersonAuthority | undefined): boolean {
  return grant?.binaryType === "hap" && grant.level !== "read_only";
}

function expiryOf(answer: AnswerView): number {
  return answer.untilMs ?? answer.answeredAt.ms + MAX_APPROVAL_AGE_MS;
}

/**
 * An approval that was given for more than once and covers this action, too: of the same asker, for exactly the same
 * action, in the same task or until a time that has not come. Undefined when people must be asked.
 */
export function findStanding(
  views: Iterable<RequestView>,
  wanted: Pick<RequestView, "action" | "taskId" | "openedBy">,
  facts: ActingFacts,
): RequestView | undefined {
  if (!wanted.action) return undefined;
  const digest = actionDigest(wanted.action);
  for (const view of views) {
    const { answer, action } = view;
    if (!answer || answer.decision !== "approve" || !action || view.openedBy !== wanted.openedBy) continue;
    if (answer.editedAction || actionDigest(action) !== digest) continue;
    const covers = answer.scope === "until" || (answer.scope === "task" && view.taskId === wanted.taskId);
    if (!covers || (answer.scope === "task" && view.taskId === undefined)) continue;
    const { performed: _, ...open } = view; // a standing approval is for many times
    if (mayActOn(open, facts) === undefined) return view;
  }
  return undefined;
}
