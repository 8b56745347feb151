import { assertNever, hexEncode, type PeerId, type RequestId } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import { type BodyOf, encodeCbor, toSnakeCase } from "@bzzz/wire";
import { MAX_LATE_ANSWERS } from "./constants.ts";
import {
  type AnswerView,
  compareStamps,
  type LateAnswer,
  type PersonAuthority,
  type RequestEntry,
  type RequestRefusal,
  type RequestState,
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

/** Where a request stands at `nowMs` (wall clock). Silence denies or escalates if the request says so; it never approves. */
export function requestStateAt(view: RequestView, nowMs: number): RequestState {
  if (view.recordedState !== "pending") return view.recordedState;
  return isPast(view, nowMs) && view.onTimeout === "deny" ? "expired" : "pending";
}

/** The deadline has passed and the request now goes to everybody who may decide. */
export function isEscalatedAt(view: RequestView, nowMs: number): boolean {
  return view.recordedState === "pending" && view.onTimeout === "escalate" && isPast(view, nowMs);
}

/** Why this answer would count for nothing, or undefined when it is valid. For the sender, before it signs. */
export function checkAnswer(view: RequestView, entry: AnswerEntry): RequestRefusal | undefined {
  const { authority, body, author } = entry;
  if (authority?.binaryType !== "hap") return "not_a_person";
  if (body.requestDigest !== view.digest) return "wrong_digest";
  if (author === view.openedBy) return "own_request";
  if (!isAddressed(view, authority, entry.hlc.ms)) return "not_addressed";
  if (!view.allow.includes(body.decision)) return "decision_not_allowed";
  if (body.decision === "choose" && !view.choices?.includes(body.choice ?? "")) return "unknown_choice";
  return undefined;
}

/** An answer before or after it was signed. */
export type AnswerEntry = Pick<Extract<RequestEntry, { kind: "request_answered" }>, "author" | "authority" | "hlc"> & {
  readonly body: BodyOf<"request_answered">;
};

/** Whether the request is for this person at `nowMs` (wall clock): whoever it is for may answer it. */
export function isRequestFor(view: RequestView, person: PersonAuthority, peer: PeerId, nowMs: number): boolean {
  return person.binaryType === "hap" && peer !== view.openedBy && isAddressed(view, person, nowMs);
}

function isAddressed(view: RequestView, authority: PersonAuthority | undefined, atMs: number): boolean {
  if (!authority || authority.level === "read_only") return false;
  if (view.onTimeout === "escalate" && isPast(view, atMs)) return true;
  if (view.to.human !== undefined) return authority.agentId === view.to.human;
  if (view.to.role !== undefined) return authority.role === view.to.role || authority.level === "master";
  return true;
}

function isPast(view: Pick<RequestView, "deadlineMs">, atMs: number): boolean {
  return view.deadlineMs !== undefined && atMs > view.deadlineMs;
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
      return refused(view, "request_exists");
    case "request_answered":
      return answered(view, entry);
    case "request_withdrawn":
      if (entry.author !== view.openedBy) return refused(view, "not_the_author");
      if (view.recordedState !== "pending") return refused(view, "already_closed");
      return { ...view, recordedState: "withdrawn", withdrawnReason: entry.body.reason };
    case "task_resumed":
      return taken(view, entry);
    default:
      return assertNever(entry);
  }
}

/**
 * The asker says with which answer it goes on. Two people may answer before either hears of the other; the asker acts on
 * the one it hears of first, and everybody must take that one for the answer. Only one of the valid answers can be named.
 */
function taken(view: RequestView, entry: Extract<RequestEntry, { kind: "task_resumed" }>): RequestView {
  const named = entry.body.answer;
  if (named === undefined || view.isTaken || !view.answer || entry.author !== view.openedBy) return view;
  if (view.answer.entry === named) return { ...view, isTaken: true };
  const found = view.late.find((late) => late.entry === named && late.closedAs === "answered");
  if (!found) return view;
  const { closedAs, ...answer } = found;
  const others = view.late.filter((late) => late !== found);
  return { ...view, isTaken: true, answer, late: [{ ...view.answer, closedAs }, ...others] };
}

function open(entry: Extract<RequestEntry, { kind: "request_opened" }>): RequestView {
  return {
    ...entry.body,
    digest: entry.bodyDigest,
    openedBy: entry.author,
    openedAt: entry.hlc,
    recordedState: "pending",
    isTaken: false,
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
  const { requestId: _, requestDigest: __, ...decision } = entry.body;
  const answer: AnswerView = {
    ...decision,
    entry: entry.id,
    author: entry.author,
    answeredBy: entry.authority.agentId,
    answeredAt: entry.hlc,
  };
  // Both by the answer's own stamp: every node must come to the same end, whenever it hears of it.
  const closedAs = requestStateAt(view, entry.hlc.ms);
  if (closedAs === "pending") return { ...view, recordedState: "answered", answer };
  if (view.late.length >= MAX_LATE_ANSWERS) return view;
  const late: LateAnswer = { ...answer, closedAs };
  return { ...view, late: [...view.late, late] };
}

function refused(view: RequestView, refusal: RequestRefusal): RequestView {
  return { ...view, refusals: { ...view.refusals, [refusal]: (view.refusals[refusal] ?? 0) + 1 } };
}
