import type { AskInput, HandleInput } from "@bzzz/api";
import {
  type AgentId,
  type Clock,
  createUlid,
  parseAgentId,
  parseRequestId,
  parseTaskId,
  type Random,
  type RequestId,
} from "@bzzz/base";
import { bindRequestId, checkHandling, checkRevocation, parseFormSchema, type RequestView } from "@bzzz/hmmm";
import type { Journal } from "@bzzz/journal";
import { type BodyOf, MAX_FORM_SCHEMA_CHARACTERS, REQUEST_DECISIONS, REQUEST_OFFERS, TOPICS } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import type { MeshReadModel } from "../read_model.ts";
import { AnswerError, assertCounts, assertOpen, findRequest, ownClaim, REFUSALS } from "./request_checks.ts";

/** What requests are opened, handled and withdrawn with. */
export interface RequestDeskDeps {
  readonly local: LocalIdentity;
  readonly journal: Journal;
  readonly readModel: MeshReadModel;
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
}

type Opened = BodyOf<"request_opened">;
type Kind = Opened["kind"];

/** What each kind offers unless the asker says otherwise. */
const OFFERED: Readonly<Record<Kind, Opened["allow"]>> = {
  question: ["answer", "deny"],
  approval: ["approve", "deny"],
  choice: ["choose", "deny"],
  form: ["answer", "deny"],
  review: ["approve", "deny", "answer"],
  auth: ["approve", "deny"],
  notice: ["answer"],
};

/** Asks people; resolves when the request is on disk. @throws AnswerError "invalid_request" */
export async function askPeople(deps: RequestDeskDeps, input: AskInput): Promise<RequestView> {
  const { journal, readModel, clock, random, local } = deps;
  const fresh = createUlid(clock.nowMs(), random) as RequestId; // a ULID by construction
  const body = bodyOf(bindRequestId(fresh, local.identity.peerId), input, clock.nowMs());
  if (body.supersedes) assertOwn(deps, findRequest(readModel, "replace", body.supersedes), "replace");
  await journal.append({
    kind: "request_opened",
    topic: TOPICS.coordination,
    body,
    ...(body.taskId ? { task: body.taskId } : {}),
    ...(body.thread ? { thread: body.thread } : {}),
  });
  return findRequest(readModel, "show", body.requestId);
}

/** Puts a request off, hands it on, or says that this node's person reads it. @throws AnswerError */
export async function handleRequest(
  deps: RequestDeskDeps,
  reference: string,
  input: HandleInput,
): Promise<RequestView> {
  const { journal, readModel, clock } = deps;
  const request = findRequest(readModel, input.act, reference);
  assertOpen(input.act, request, clock.nowMs());
  const to = input.to && {
    ...(input.to.human === undefined ? {} : { human: agentId(input.to.human) }),
    ...(input.to.role === undefined ? {} : { role: input.to.role }),
  };
  const body = {
    requestId: request.requestId,
    requestDigest: input.request_digest,
    act: input.act,
    ...(input.until_ms === undefined ? {} : { untilMs: input.until_ms }),
    ...(to ? { to } : {}),
    ...(input.reason === undefined ? {} : { reason: input.reason }),
  };
  assertCounts(input.act, request, checkHandling(request, ownClaim(deps, body)));
  await journal.append({
    kind: "request_handled",
    topic: TOPICS.coordination,
    body,
    ...(request.taskId ? { task: request.taskId } : {}),
  });
  return findRequest(readModel, "show", request.requestId);
}

/** Takes an approval back; in the journal when it resolves. @throws AnswerError */
export async function revokeApproval(
  deps: RequestDeskDeps,
  reference: string,
  { reason }: { readonly reason: string },
): Promise<RequestView> {
  const { journal, readModel } = deps;
  const request = findRequest(readModel, "take back the approval of", reference);
  const { requestId, answer, taskId } = request;
  const refuse = (code: AnswerError["code"], why: string) =>
    new AnswerError(code, `Cannot take back the approval of request ${requestId}: ${why}`);
  if (answer?.decision !== "approve") throw refuse("request_closed", "it was not approved");
  const body = { requestId, answer: answer.entry, reason };
  const refusal = checkRevocation(request, ownClaim(deps, body));
  if (refusal) throw refuse(REFUSALS[refusal][0], request.revoked ? "it was taken back before" : REFUSALS[refusal][1]);
  await journal.append({
    kind: "request_revoked",
    topic: TOPICS.coordination,
    body,
    ...(taskId ? { task: taskId } : {}),
  });
  return findRequest(readModel, "show", requestId);
}

/** Takes back what this node asked. @throws AnswerError */
export async function withdrawRequest(
  deps: RequestDeskDeps,
  reference: string,
  { reason }: { readonly reason: string },
): Promise<RequestView> {
  const { journal, readModel } = deps;
  const request = findRequest(readModel, "withdraw", reference);
  assertOwn(deps, request, "withdraw");
  await journal.append({
    kind: "request_withdrawn",
    topic: TOPICS.coordination,
    body: { requestId: request.requestId, reason },
    ...(request.taskId ? { task: request.taskId } : {}),
  });
  return findRequest(readModel, "show", request.requestId);
}

function assertOwn({ local, clock }: RequestDeskDeps, request: RequestView, what: string): void {
  if (request.openedBy !== local.identity.peerId) {
    throw new AnswerError("not_allowed", `Cannot ${what} request ${request.requestId}: only who asked it may do that`);
  }
  assertOpen(what, request, clock.nowMs());
}

function bodyOf(requestId: RequestId, input: AskInput, nowMs: number): Opened {
  const { to, form, action, kind, choices, deadline_ms: deadlineMs } = input;
  const refuse = (problem: string) => new AnswerError("invalid_request", `Cannot ask: ${problem}`);
  if (kind === "choice" && !choices) throw refuse("a choice needs choices");
  if (kind === "form" && !form) throw refuse("a form needs a schema");
  if (kind === "approval" && !action && input.body.trim() === "") throw refuse("an approval says what would be done");
  if (input.on_timeout !== "hold" && deadlineMs === undefined) throw refuse(`${input.on_timeout} needs a deadline`);
  if (deadlineMs !== undefined && deadlineMs <= nowMs) throw refuse("the deadline is not in the future");
  const schema = form === undefined ? undefined : JSON.stringify(form);
  const parsed = schema === undefined ? undefined : parseFormSchema(schema);
  if (parsed?.ok === false) throw refuse(`the form cannot be read: ${parsed.problem}`);
  if ((schema?.length ?? 0) > MAX_FORM_SCHEMA_CHARACTERS) throw refuse("the form is too long");
  const taskId = input.task_id === undefined ? undefined : parseTaskId(input.task_id);
  const supersedes = input.supersedes === undefined ? undefined : parseRequestId(input.supersedes);
  if (input.supersedes !== undefined && !supersedes) throw refuse(`"${input.supersedes}" is no request id`);
  const allow = input.allow && REQUEST_DECISIONS.filter((one) => input.allow?.includes(one));
  const offers = input.allow && REQUEST_OFFERS.filter((one) => input.allow?.includes(one));
  if (allow?.length === 0) throw refuse("it offers no decision");
  return {
    requestId,
    kind,
    to: {
      ...(to.human === undefined ? {} : { human: agentId(to.human) }),
      ...(to.role === undefined ? {} : { role: to.role }),
      ...(to.quorum === undefined ? {} : { quorum: to.quorum }),
    },
    title: input.title,
    body: input.body,
    allow: allow ?? OFFERED[kind],
    stakes: input.stakes,
    onTimeout: input.on_timeout,
    ...(choices ? { choices } : {}),
    ...(taskId ? { taskId } : {}),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(supersedes ? { supersedes } : {}),
    ...(input.on_behalf_of.length > 0 ? { onBehalfOf: input.on_behalf_of.map(agentId) } : {}),
    ...(input.eligible ? { eligible: input.eligible.map(agentId) } : {}),
    ...(input.thread === undefined ? {} : { thread: input.thread }),
    ...(input.refs.length > 0 ? { refs: input.refs } : {}),
    ...(action ? { action } : {}),
    ...(schema === undefined ? {} : { schema }),
    ...(offers ? { offers } : {}),
    ...(input.human_present ? { humanPresent: true } : {}),
    ...(input.wording ? { wording: input.wording } : {}),
    // an acknowledgement is nobody's decision
    ...(kind === "notice" ? {} : { signedBy: "person" as const }),
  };
}

function agentId(name: string): AgentId {
  const id = parseAgentId(name);
  if (id) return id;
  throw new AnswerError("invalid_request", `Cannot name "${name}": expected 2 to 63 of a-z, 0-9 and "-"`);
}
