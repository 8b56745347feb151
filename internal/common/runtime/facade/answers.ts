import { personFaultText, signDecision } from "@bzzz/agentid";
import type { AnswerInput } from "@bzzz/api";
import type { Clock } from "@bzzz/base";
import { actionDigest, checkFormText, checkUnsignedAnswer, needsPerson, type RequestView } from "@bzzz/hmmm";
import type { Journal } from "@bzzz/journal";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import type { People } from "../people/people.ts";
import type { PersonKeys } from "../people/person_keys.ts";
import type { MeshReadModel } from "../read_model.ts";
import { alreadyAnswered, AnswerError, assertCounts, assertOpen, findRequest, ownClaim } from "./request_checks.ts";

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
  const { journal, readModel, clock } = deps;
  const request = findRequest(readModel, "answer", reference);
  assertOpen("answer", request, clock.nowMs());
  assertValues(request, input);
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
  assertCounts("answer", request, checkUnsignedAnswer(request, ownClaim(deps, body)));
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
