import { personFaultText, signDecision } from "@bzzz/agentid";
import type { AnswerInput } from "@bzzz/api";
import { BzzzError, type Clock, parseRequestId, type RequestId } from "@bzzz/base";
import {
  actionDigest,
  type AnswerView,
  checkFormText,
  checkUnsignedAnswer,
  closedAs,
  needsPerson,
  type RequestRefusal,
  type RequestView,
} from "@bzzz/hmmm";
import type { Journal } from "@bzzz/journal";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import type { People } from "../people/people.ts";
import type { PersonKeys } from "../people/person_keys.ts";
import type { MeshReadModel } from "../read_model.ts";

/** An answer that would count for nothing. */
export class AnswerError extends BzzzError<
  | "not_found"
  | "already_answered"
  | "request_closed"
  | "digest_mismatch"
  | "decision_not_offered"
  | "not_allowed"
  | "invalid_request"
> {}

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
    readonly people: Pick<People, "book">;
    readonly person: Pick<PersonKeys, "sign" | "state">;
  },
  reference: string,
  input: AnswerInput,
): Promise<RequestView> {
  const { local, journal, readModel, clock } = deps;
  const request = findRequest(readModel, "answer", reference);
  assertOpen("answer", request, clock.nowMs());
  assertValues(request, input);
  const { membership, identity, grant } = local;
  const body = {
    requestId: request.requestId,
    requestDigest: input.request_digest,
    decision: input.decision,
    ...(input.text === undefined ? {} : { text: input.text }),
    ...(input.choice === undefined ? {} : { choice: input.choice }),
    ...(input.reason === undefined ? {} : { reason: input.reason }),
    ...(input.values === undefined ? {} : { values: JSON.stringify(input.values) }),
    ...(input.edited_action === undefined ? {} : editOf(input.edited_action)),
    ...(input.scope === undefined ? {} : { scope: input.scope }),
    ...(input.until_ms === undefined ? {} : { untilMs: input.until_ms }),
  };
  const refusal = checkUnsignedAnswer(request, {
    author: identity.peerId,
    authority: membership.grantOf(identity.peerId, clock.nowMs()) ?? grant,
    hlc: { ms: clock.nowMs(), counter: 0 },
    body,
  });
  if (refusal) {
    const [code, why] = REFUSALS[refusal];
    throw new AnswerError(code, `Cannot answer request ${request.requestId}: ${why}`);
  }
  const isDecision = needsPerson(request, body) && await mustSign(deps, request);
  const signed = isDecision ? await signAnswer(deps, request, body, input.passphrase) : body;
  const { envelope } = await journal.append({
    kind: "request_answered",
    topic: TOPICS.coordination,
    body: signed,
    ...(request.taskId ? { task: request.taskId } : {}),
  });
  const after = readModel.inbox.get(request.requestId) ?? request;
  if (after.answer && after.answer.entry !== envelope.id) throw alreadyAnswered(after.requestId, after.answer);
  return after;
}

/** An asker from before there were signatures of people takes an answer without one, too. */
async function mustSign({ person }: SigningDeps, { signedBy }: RequestView): Promise<boolean> {
  return signedBy === "person" || (await person.state()).type !== "none";
}

type SigningDeps = Parameters<typeof answerRequest>[0];

/** The answer with the signature of this node's person. @throws PersonKeyError; AnswerError "not_allowed" when nobody would take it */
async function signAnswer(
  deps: SigningDeps,
  request: RequestView,
  body: BodyOf<"request_answered">,
  passphrase: string | undefined,
): Promise<BodyOf<"request_answered">> {
  const { local: { membership, identity, grant: known }, clock, people, person, readModel } = deps;
  const nowMs = clock.nowMs();
  const grant = membership.grantOf(identity.peerId, nowMs) ?? known;
  const isHigh = body.decision === "approve" && (readModel.stakesOf(request)?.stakes ?? request.stakes) === "high";
  return await person.sign({ passphrase, isHigh }, (key, certificate) => {
    const fault = grant.person === undefined
      ? "no_person"
      : people.book.deviceFault(grant.person, certificate, { atMs: nowMs });
    if (fault) {
      throw new AnswerError("not_allowed", `Cannot answer request ${request.requestId}: ${personFaultText(fault)}`);
    }
    const decision = signDecision(key, certificate, { body, role: grant.role, atMs: clock.nowMs() });
    return { ...body, proof: { certificate: certificate.bytes, decision } };
  });
}

/** The verified request behind a full id. @throws AnswerError "not_found" */
export function findRequest(readModel: MeshReadModel, what: string, reference: string): RequestView {
  const requestId = parseRequestId(reference);
  const request = requestId && readModel.inbox.get(requestId);
  if (!request) throw new AnswerError("not_found", `Cannot ${what} request "${reference}": there is none`);
  return request;
}

/** One message per field, where the fold would only say that something is wrong. */
function assertValues({ requestId, schema }: RequestView, { values }: AnswerInput): void {
  if (values === undefined || schema === undefined) return;
  const checked = checkFormText(schema, JSON.stringify(values));
  if (checked.ok) return;
  const first = checked.problems.map(({ field, problem }) => field === "" ? problem : `${field}: ${problem}`).join(
    "; ",
  );
  throw new AnswerError("invalid_request", `Cannot answer request ${requestId}: ${first}`);
}

function editOf(editedAction: NonNullable<AnswerInput["edited_action"]>): Pick<
  BodyOf<"request_answered">,
  "editedAction" | "editedDigest"
> {
  return { editedAction, editedDigest: actionDigest(editedAction) };
}

function alreadyAnswered(requestId: RequestId, { answeredBy, answeredAt }: AnswerView): AnswerError {
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
