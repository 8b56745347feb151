import type { AnswerInput } from "@bzzz/api";
import { BzzzError, type Clock, parseRequestId, type RequestId } from "@bzzz/base";
import { type AnswerView, checkAnswer, type RequestRefusal, requestStateAt, type RequestView } from "@bzzz/hmmm";
import type { Journal } from "@bzzz/journal";
import { TOPICS } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import type { MeshReadModel } from "../read_model.ts";

/** An answer that would count for nothing. */
export class AnswerError extends BzzzError<
  "not_found" | "already_answered" | "request_closed" | "digest_mismatch" | "decision_not_offered" | "not_allowed"
> {}

const REFUSALS: Readonly<Record<RequestRefusal, readonly [AnswerError["code"], string]>> = {
  wrong_digest: ["digest_mismatch", "the request is not the one that was shown; look at it again"],
  not_a_person: ["not_allowed", "only a person (binary type hap) answers"],
  not_addressed: ["not_allowed", "it is addressed to somebody else"],
  own_request: ["not_allowed", "this node asked it"],
  decision_not_allowed: ["decision_not_offered", "that decision is not offered"],
  unknown_choice: ["decision_not_offered", "the choice is not one of those offered"],
  request_exists: ["request_closed", "it exists twice"],
  not_the_author: ["not_allowed", "only the asker may do that"],
  already_closed: ["request_closed", "it is closed"],
};

/**
 * Signs and stores the decision of this node's person; resolves when it is on disk.
 * @throws AnswerError
 */
export async function answerRequest(
  deps: {
    readonly local: LocalIdentity;
    readonly journal: Journal;
    readonly readModel: MeshReadModel;
    readonly clock: Pick<Clock, "nowMs">;
  },
  reference: string,
  input: AnswerInput,
): Promise<RequestView> {
  const { local, journal, readModel, clock } = deps;
  const requestId = parseRequestId(reference);
  const request = requestId && readModel.inbox.get(requestId);
  if (!request) throw new AnswerError("not_found", `Cannot answer request "${reference}": there is none`);
  assertOpen(request, clock.nowMs());
  const { membership, identity, grant } = local;
  const body = {
    requestId: request.requestId,
    requestDigest: input.request_digest,
    decision: input.decision,
    ...(input.text === undefined ? {} : { text: input.text }),
    ...(input.choice === undefined ? {} : { choice: input.choice }),
    ...(input.reason === undefined ? {} : { reason: input.reason }),
  };
  const refusal = checkAnswer(request, {
    author: identity.peerId,
    authority: membership.grantOf(identity.peerId, clock.nowMs()) ?? grant,
    hlc: { ms: clock.nowMs(), counter: 0 },
    body,
  });
  if (refusal) {
    const [code, why] = REFUSALS[refusal];
    throw new AnswerError(code, `Cannot answer request ${request.requestId}: ${why}`);
  }
  const { envelope } = await journal.append({
    kind: "request_answered",
    topic: TOPICS.coordination,
    body,
    ...(request.taskId ? { task: request.taskId } : {}),
  });
  const after = readModel.inbox.get(request.requestId) ?? request;
  if (after.answer && after.answer.entry !== envelope.id) throw alreadyAnswered(after.requestId, after.answer);
  return after;
}

function alreadyAnswered(requestId: RequestId, { answeredBy, answeredAt }: AnswerView): AnswerError {
  return new AnswerError("already_answered", `Cannot answer request ${requestId}: ${answeredBy} has answered it`, {
    details: { answered_by: answeredBy, answered_at_ms: answeredAt.ms },
  });
}

function assertOpen(request: RequestView, nowMs: number): void {
  const state = requestStateAt(request, nowMs);
  if (state === "pending") return;
  if (state === "answered" && request.answer) throw alreadyAnswered(request.requestId, request.answer);
  throw new AnswerError("request_closed", `Cannot answer request ${request.requestId}: it is ${state}`);
}
