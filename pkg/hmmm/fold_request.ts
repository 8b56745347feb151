import { assertNever, hexEncode, type RequestId } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import { type BodyOf, encodeCbor, toSnakeCase } from "@bzzz/wire";
import { checkAnswer, checkHandling, checkRevocation } from "./check_answer.ts";
import { CLAIM_FOR_MS, MAX_ATTENTION, MAX_LATE_ANSWERS } from "./constants.ts";
import { closes } from "./quorum.ts";
import { carriesAsker } from "./request_id.ts";
import { closedAs } from "./request_state.ts";
import {
  type AnswerView,
  type AttentionView,
  compareStamps,
  type LateAnswer,
  type RequestEntry,
  type RequestRefusal,
  type RequestView,
} from "./types.ts";

/**
 * What an answer must name to show that it is about exactly this text: SHA-256 of the request's canonical CBOR, in
 * hexadecimal. It equals the hash in the signed header of the entry that opened the request.
 */
export function requestDigest(body: BodyOf<"request_opened">): string {
  return hexEncode(sha256(encodeCbor(toSnakeCase(body))));
}

/**
 * The request `requestId` that a SET of entries tells: any order of arrival, any duplicates, the same view. Entries of
 * other requests are ignored, but for one that supersedes this. Undefined while the set has no `request_opened` of it.
 */
export function foldRequest(requestId: RequestId, entries: Iterable<RequestEntry>): RequestView | undefined {
  const byId = new Map<string, RequestEntry>();
  for (const entry of entries) byId.set(entry.id, entry);
  let view: RequestView | undefined;
  for (const entry of [...byId.values()].sort(compareStamps)) view = applyRequestEntry(requestId, view, entry);
  return view;
}

function applyRequestEntry(
  requestId: RequestId,
  view: RequestView | undefined,
  entry: RequestEntry,
): RequestView | undefined {
  if (entry.kind === "request_opened" && entry.body.requestId !== requestId) return supersede(view, requestId, entry);
  if (entry.body.requestId !== requestId) return view;
  if (!view) return entry.kind === "request_opened" ? open(entry) : undefined;
  switch (entry.kind) {
    case "request_opened":
      return isUsurped(view, entry) ? open(entry) : refused(view, "request_exists");
    case "request_answered":
      return answered(view, entry);
    case "request_withdrawn":
      if (entry.author !== view.openedBy) return refused(view, "not_the_author");
      if (view.recordedState !== "pending") return refused(view, "already_closed");
      return { ...view, recordedState: "withdrawn", withdrawnReason: entry.body.reason };
    case "request_handled":
      return handled(view, entry);
    case "request_revoked":
      return revoked(view, entry);
    case "request_performed":
      return performed(view, entry);
    case "task_resumed":
      return taken(view, entry);
    default:
      return assertNever(entry);
  }
}

/** The request so far was opened under another peer's id; what was answered to it answers nothing. */
function isUsurped(view: RequestView, entry: Extract<RequestEntry, { kind: "request_opened" }>): boolean {
  return entry.author !== view.openedBy && carriesAsker(view.requestId, entry.author) &&
    !carriesAsker(view.requestId, view.openedBy);
}

/**
 * The asker says with which answer it goes on. Two people may answer before either hears of the other; the asker acts on
 * the one it hears of first, and everybody must take that one for the answer. Only one of the valid answers can be named.
 */
function taken(view: RequestView, entry: Extract<RequestEntry, { kind: "task_resumed" }>): RequestView {
  const named = entry.body.answer;
  if (named === undefined || view.isTaken || !view.answer || entry.author !== view.openedBy) return view;
  if (view.answer.entry === named) return { ...view, isTaken: true };
  const found = view.late.find((late) =>
    late.entry === named && (late.closedAs === "answered" || late.closedAs === "declined")
  );
  if (!found) return view;
  // a single late voice is no quorum: it can be named when it says what the quorum said, and then nothing changes
  if (view.to.quorum !== undefined) return found.decision === view.answer.decision ? { ...view, isTaken: true } : view;
  const { closedAs: _, ...answer } = found;
  const others = view.late.filter((late) => late !== found);
  const before: LateAnswer = { ...view.answer, closedAs: endOf(answer) };
  return { ...view, isTaken: true, recordedState: endOf(answer), answer, votes: [answer], late: [before, ...others] };
}

function open(entry: Extract<RequestEntry, { kind: "request_opened" }>): RequestView {
  return {
    ...entry.body,
    digest: entry.bodyDigest,
    openedBy: entry.author,
    openedAt: entry.hlc,
    recordedState: "pending",
    isTaken: false,
    votes: [],
    snoozes: [],
    claims: [],
    escalations: [],
    late: [],
    refusals: {},
  };
}

function supersede(
  view: RequestView | undefined,
  requestId: RequestId,
  entry: Extract<RequestEntry, { kind: "request_opened" }>,
): RequestView | undefined {
  if (!view || entry.body.supersedes !== requestId) return view;
  if (entry.author !== view.openedBy) return refused(view, "not_the_author");
  if (view.recordedState !== "pending") return refused(view, "already_closed");
  return { ...view, recordedState: "superseded", supersededBy: entry.body.requestId };
}

function answered(view: RequestView, entry: Extract<RequestEntry, { kind: "request_answered" }>): RequestView {
  const refusal = checkAnswer(view, entry);
  if (refusal !== undefined || !entry.authority) return refused(view, refusal ?? "not_a_person");
  const { requestId: _, requestDigest: __, proof: ___, ...decision } = entry.body;
  const answer: AnswerView = {
    ...decision,
    entry: entry.id,
    author: entry.author,
    answeredBy: entry.authority.agentId,
    answeredAt: entry.hlc,
    ...(entry.human ? { human: entry.human } : {}),
  };
  // Both by the answer's own stamp: every node must come to the same end, whenever it hears of it.
  const end = closedAs(view, entry.hlc.ms);
  if (end === undefined) return voted(view, answer);
  if (view.late.length >= MAX_LATE_ANSWERS) return view;
  return { ...view, late: [...view.late, { ...answer, closedAs: end }] };
}

function voted(view: RequestView, answer: AnswerView): RequestView {
  const votes = [...view.votes, answer];
  if (!closes(view.to.quorum, votes)) return { ...view, votes };
  return { ...view, votes, recordedState: endOf(answer), answer };
}

/** A "no" is an end of its own: it is neither an answer nor silence. */
function endOf(answer: Pick<AnswerView, "decision">): "answered" | "declined" {
  return answer.decision === "deny" ? "declined" : "answered";
}

function handled(view: RequestView, entry: Extract<RequestEntry, { kind: "request_handled" }>): RequestView {
  const refusal = checkHandling(view, entry);
  const by = entry.authority?.agentId;
  if (refusal !== undefined || by === undefined) return refused(view, refusal ?? "not_a_person");
  const { act, reason, to = {}, untilMs = 0 } = entry.body;
  const at = entry.hlc;
  switch (act) {
    case "claim":
      return { ...view, claims: attend(view.claims, { author: entry.author, by, at, untilMs: at.ms + CLAIM_FOR_MS }) };
    case "snooze":
      return { ...view, snoozes: attend(view.snoozes, { author: entry.author, by, at, untilMs }) };
    case "escalate":
      if (view.escalations.length >= MAX_ATTENTION) return view;
      return { ...view, escalations: [...view.escalations, { by, at, to, reason }] };
    default:
      return assertNever(act);
  }
}

function revoked(view: RequestView, entry: Extract<RequestEntry, { kind: "request_revoked" }>): RequestView {
  const refusal = checkRevocation(view, entry);
  const by = entry.authority?.agentId;
  if (refusal !== undefined || by === undefined) return refused(view, refusal ?? "not_a_person");
  return { ...view, revoked: { by, at: entry.hlc, reason: entry.body.reason } };
}

/** The newest of each person. */
function attend(known: readonly AttentionView[], next: AttentionView): readonly AttentionView[] {
  const others = known.filter((one) => one.author !== next.author);
  return others.length >= MAX_ATTENTION ? known : [...others, next];
}

/** The first word counts: what was done is not undone by telling it otherwise. */
function performed(view: RequestView, entry: Extract<RequestEntry, { kind: "request_performed" }>): RequestView {
  if (entry.author !== view.openedBy) return refused(view, "not_the_author");
  if (view.answer === undefined || view.answer.entry !== entry.body.answer) return refused(view, "not_the_answer");
  if (view.performed) return view;
  const { outcome, text } = entry.body;
  return { ...view, performed: { outcome, text, at: entry.hlc } };
}

function refused(view: RequestView, refusal: RequestRefusal): RequestView {
  return { ...view, refusals: { ...view.refusals, [refusal]: (view.refusals[refusal] ?? 0) + 1 } };
}
