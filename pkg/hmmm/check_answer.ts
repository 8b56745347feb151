import type { PeerId } from "@bzzz/base";
import type { BodyOf } from "@bzzz/wire";
import { actionDigest } from "./action.ts";
import { MAX_SNOOZE_MS } from "./constants.ts";
import { checkFormText } from "./form_schema.ts";
import { isSignedByPerson, needsPerson } from "./signed_answer.ts";
import type { RequestOutline } from "./request_outline.ts";
import { closedAs, isPast } from "./request_state.ts";
import type { PersonAuthority, RequestEntry, RequestRefusal, RequestView } from "./types.ts";

/** An answer before or after it was signed. */
export type AnswerEntry = Draft<"request_answered"> & Pick<RequestEntry, "human">;
/** What somebody does with a request instead of answering, before or after it was signed. */
export type HandlingEntry = Draft<"request_handled">;

/** An approval that is taken back, before or after it was signed. */
export type RevocationEntry = Draft<"request_revoked">;

type Draft<K extends "request_answered" | "request_handled" | "request_revoked"> =
  & Pick<Extract<RequestEntry, { kind: K }>, "author" | "authority" | "hlc">
  & { readonly body: BodyOf<K> };

/** Why this answer counts for nothing, or undefined when it is valid. */
export function checkAnswer(view: RequestView, entry: AnswerEntry): RequestRefusal | undefined {
  return checkUnsignedAnswer(view, entry) ?? checkSigned(view, entry);
}

/** The answers of an asker from before there were signatures of people count as they did; who acts looks again. */
function checkSigned(view: RequestView, { body, human }: AnswerEntry): RequestRefusal | undefined {
  if (view.signedBy !== "person" || !needsPerson(view, body)) return undefined;
  return isSignedByPerson(view, { ...body, ...(human ? { human } : {}) }) ? undefined : "not_signed";
}

/** Why this answer would count for nothing, whoever signs it. For the sender, before anybody is asked to sign. */
export function checkUnsignedAnswer(view: RequestView, entry: AnswerEntry): RequestRefusal | undefined {
  const { body } = entry;
  const refusal = checkAuthor(view, entry);
  if (refusal !== undefined) return refusal;
  if (body.auto !== undefined && (view.humanPresent || view.to.quorum !== undefined)) return "person_required";
  if (!view.allow.includes(body.decision)) return "decision_not_allowed";
  if (body.decision === "choose" && !view.choices?.includes(body.choice ?? "")) return "unknown_choice";
  return checkValues(view, body) ?? checkEdit(view, body) ?? checkScope(body, entry.hlc.ms) ?? checkVote(view, entry);
}

/** One person, one vote; what comes after the end is late and no vote. */
function checkVote(view: RequestView, { author, authority, hlc, human }: AnswerEntry): RequestRefusal | undefined {
  if (closedAs(view, hlc.ms) !== undefined) return undefined;
  const hasVoted = view.votes.some((vote) =>
    vote.author === author || vote.answeredBy === authority?.agentId ||
    (human !== undefined && vote.human?.person === human.person)
  );
  return hasVoted ? "already_voted" : undefined;
}

/** Why this would count for nothing, or undefined when it is valid. For the sender, before it signs. */
export function checkHandling(view: RequestView, entry: HandlingEntry): RequestRefusal | undefined {
  const { body, hlc } = entry;
  const refusal = checkAuthor(view, entry);
  if (refusal !== undefined) return refusal;
  if (closedAs(view, hlc.ms) !== undefined) return "already_closed";
  if (body.act === "escalate" && view.offers && !view.offers.includes("escalate")) return "decision_not_allowed";
  if (body.act === "snooze" && (body.untilMs === undefined || body.untilMs > hlc.ms + MAX_SNOOZE_MS)) {
    return "invalid_scope";
  }
  return undefined;
}

function checkAuthor(view: RequestView, entry: AnswerEntry | HandlingEntry): RequestRefusal | undefined {
  const { authority, body, author } = entry;
  if (authority?.binaryType !== "hap") return "not_a_person";
  if (body.requestDigest !== view.digest) return "wrong_digest";
  if (author === view.openedBy) return "own_request";
  if (view.eligible && !view.eligible.includes(authority.agentId)) return "not_eligible";
  return isAddressed(view, authority, entry.hlc.ms) ? undefined : "not_addressed";
}

function checkValues(view: RequestView, { decision, values }: BodyOf<"request_answered">): RequestRefusal | undefined {
  if (values === undefined) return view.kind === "form" && decision === "answer" ? "invalid_values" : undefined;
  if (decision !== "answer" || view.schema === undefined) return "invalid_values";
  return checkFormText(view.schema, values).ok ? undefined : "invalid_values";
}

/** An edit changes how a thing is done, never what: another verb is another request. */
function checkEdit(view: RequestView, body: BodyOf<"request_answered">): RequestRefusal | undefined {
  const { editedAction, editedDigest, decision } = body;
  if (editedAction === undefined && editedDigest === undefined) return undefined;
  if (!view.offers?.includes("edit")) return "decision_not_allowed";
  if (decision !== "approve" || !editedAction || editedAction.verb !== view.action?.verb) return "invalid_edit";
  return actionDigest(editedAction) === editedDigest ? undefined : "invalid_edit";
}

function checkScope(
  { decision, scope, untilMs }: BodyOf<"request_answered">,
  atMs: number,
): RequestRefusal | undefined {
  if (scope === undefined) return untilMs === undefined ? undefined : "invalid_scope";
  if (decision !== "approve") return "invalid_scope";
  const isBounded = untilMs !== undefined && untilMs > atMs;
  return (scope === "until") === isBounded ? undefined : "invalid_scope";
}

/**
 * Why this takes no approval back, or undefined when it does. Whoever gave a voice to it may, on whichever of their devices,
 * and whoever might have answered: a "no" takes no more than being asked.
 */
export function checkRevocation(view: RequestView, entry: RevocationEntry): RequestRefusal | undefined {
  const { author, authority, body, hlc } = entry;
  if (authority?.binaryType !== "hap") return "not_a_person";
  if (view.answer?.decision !== "approve" || !view.votes.some((vote) => vote.entry === body.answer)) {
    return "not_the_answer";
  }
  const { person } = authority;
  const isOwn = view.votes.some((vote) =>
    vote.author === author || (person !== undefined && vote.human?.person === person)
  );
  if (!isOwn && !isRequestFor(view, authority, author, hlc.ms)) return "not_addressed";
  return view.revoked ? "already_closed" : undefined;
}

/** Whether the request is for this person at `nowMs` (wall clock): whoever it is for may answer it. */
export function isRequestFor(view: RequestOutline, person: PersonAuthority, peer: PeerId, nowMs: number): boolean {
  if (view.eligible && !view.eligible.includes(person.agentId)) return false;
  return person.binaryType === "hap" && peer !== view.openedBy && isAddressed(view, person, nowMs);
}

function isAddressed(view: RequestOutline, authority: PersonAuthority | undefined, atMs: number): boolean {
  if (!authority || authority.level === "read_only") return false;
  if (view.onTimeout === "escalate" && isPast(view, atMs)) return true;
  return [view.to, ...view.escalations.map((one) => one.to)].some((to) => isIn(to, authority));
}

function isIn({ human, role }: BodyOf<"request_opened">["to"], authority: PersonAuthority): boolean {
  if (human !== undefined) return authority.agentId === human;
  if (role !== undefined) return authority.role === role || authority.level === "master";
  return true;
}
