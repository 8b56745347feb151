import type { Grant } from "@bzzz/agentid";
import { BzzzError, type Clock, parseRequestId, type PeerId, type RequestId } from "@bzzz/base";
import { type AnswerView, closedAs, type RequestRefusal, type RequestView } from "@bzzz/hmmm";
import type { LocalIdentity } from "../agent.ts";
import type { MeshReadModel } from "../read_model.ts";

/** An answer, or another act on a request, that would count for nothing. */
export class AnswerError extends BzzzError<
  | "not_found"
  | "already_answered"
  | "request_closed"
  | "digest_mismatch"
  | "decision_not_offered"
  | "not_allowed"
  | "invalid_request"
> {}

/** What the API says where readers would not count an act, and why. */
export const REFUSALS: Readonly<Record<RequestRefusal, readonly [AnswerError["code"], string]>> = {
  wrong_digest: ["digest_mismatch", "the request is not the one that was shown; look at it again"],
  not_a_person: ["not_allowed", "only a person (binary type hap) answers"],
  not_addressed: ["not_allowed", "it is addressed to somebody else"],
  own_request: ["not_allowed", "this node asked it"],
  decision_not_allowed: ["decision_not_offered", "that decision is not offered"],
  unknown_choice: ["decision_not_offered", "the choice is not one of those offered"],
  not_eligible: ["not_allowed", "it names the people who may answer, and this one is not among them"],
  person_required: ["not_allowed", "a person must decide it, no rule"],
  not_signed: ["not_allowed", "no person has signed it"],
  invalid_values: ["invalid_request", "the values are not those of its form"],
  invalid_edit: ["invalid_request", "an edited action keeps its verb"],
  invalid_scope: [
    "invalid_request",
    "the time is not in the future, or too far in it, or the scope is of an approval alone",
  ],
  already_voted: ["already_answered", "you have said what you say to it; others are asked, too"],
  not_the_answer: ["request_closed", "that is not the answer that counts"],
  request_exists: ["request_closed", "it exists twice"],
  not_the_author: ["not_allowed", "only the asker may do that"],
  already_closed: ["request_closed", "it is closed"],
};

/** The verified request behind a full id. @throws AnswerError "not_found" */
export function findRequest(readModel: MeshReadModel, what: string, reference: string): RequestView {
  const requestId = parseRequestId(reference);
  const request = requestId && readModel.inbox.get(requestId);
  if (!request) throw new AnswerError("not_found", `Cannot ${what} request "${reference}": there is none`);
  return request;
}

/** Somebody was faster. */
export function alreadyAnswered(requestId: RequestId, { answeredBy, answeredAt }: AnswerView): AnswerError {
  return new AnswerError("already_answered", `Cannot answer request ${requestId}: ${answeredBy} has answered it`, {
    details: { answered_by: answeredBy, answered_at_ms: answeredAt.ms },
  });
}

/** @throws AnswerError "already_answered" or "request_closed" */
export function assertOpen(what: string, request: RequestView, nowMs: number): void {
  const state = closedAs(request, nowMs);
  if (state === undefined) return;
  if (request.answer) throw alreadyAnswered(request.requestId, request.answer);
  throw new AnswerError("request_closed", `Cannot ${what} request ${request.requestId}: it is ${state}`);
}

/** What this node is about to write, as readers will judge it. */
export function ownClaim<Body>(
  { local, clock }: { readonly local: LocalIdentity; readonly clock: Pick<Clock, "nowMs"> },
  body: Body,
): {
  readonly author: PeerId;
  readonly authority: Grant;
  readonly hlc: { readonly ms: number; readonly counter: number };
  readonly body: Body;
} {
  const { membership, identity, grant } = local;
  const nowMs = clock.nowMs();
  const authority = membership.grantOf(identity.peerId, nowMs) ?? grant;
  return { author: identity.peerId, authority, hlc: { ms: nowMs, counter: 0 }, body };
}

/** @throws AnswerError with why readers would not count it */
export function assertCounts(what: string, { requestId }: RequestView, refusal: RequestRefusal | undefined): void {
  if (refusal === undefined) return;
  const [code, why] = REFUSALS[refusal];
  throw new AnswerError(code, `Cannot ${what} request ${requestId}: ${why}`);
}
