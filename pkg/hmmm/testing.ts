/**
 * Entries of requests and threads without keys or journals, for tests of the pure parts.
 *
 * @module
 */
import {
  type AgentId,
  type EntryId,
  hexEncode,
  type PeerId,
  type RequestId,
  type TaskId,
  utf8Encode,
} from "@bzzz/base";
import type { PersonProof } from "@bzzz/agentid";
import { sha256 } from "@bzzz/crypto";
import type { BodyOf } from "@bzzz/wire";
import { requestDigest } from "./fold_request.ts";
import type { DiscussionStamp, MessageEntry, PersonAuthority, RequestEntry } from "./types.ts";

export const ASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as RequestId;
export const ASK_2 = "01ARZ3NDEKTSV4RRFFQ69G5FAW" as RequestId;
export const AGENT = "agent" as PeerId;
export const ANA = "ana" as PeerId;
export const BEN = "ben" as PeerId;

/** A person's grant. */
export function person(peer: PeerId, fields: Partial<PersonAuthority> = {}): PersonAuthority {
  const agentId = peer as string as AgentId; // test names are valid ids
  return { agentId, binaryType: "hap", role: "developer", level: "suggestion", ...fields };
}

/** That a person signed an answer: as `judgeAnswer` would say it. */
export function proof(peer: PeerId): PersonProof {
  const who = hexEncode(sha256(utf8Encode(peer))) as PersonProof["person"]; // 64 digits
  const certificate = { type: "certificate", peer, person: who } as unknown as PersonProof["certificate"]; // no more is read
  return { person: who, certificate, by: { type: "decision" } };
}

/** The body every test opens. */
export function question(fields: Partial<BodyOf<"request_opened">> = {}): BodyOf<"request_opened"> {
  return {
    requestId: ASK,
    kind: "question",
    to: {},
    title: "Which branch?",
    body: "main or next",
    allow: ["answer", "deny"],
    stakes: "normal",
    onTimeout: "hold",
    ...fields,
  };
}

function stamp(what: string, author: PeerId, ms: number): DiscussionStamp {
  const id = hexEncode(sha256(utf8Encode(`${what}/${author}/${ms}`))) as EntryId; // 64 digits
  return { id, author, seq: ms, hlc: { ms, counter: 0 }, bodyDigest: "" };
}

export function opened(fields: Partial<BodyOf<"request_opened">> = {}, ms = 1, author = AGENT): RequestEntry {
  const body = question(fields);
  return {
    ...stamp(JSON.stringify(body), author, ms),
    bodyDigest: requestDigest(body),
    kind: "request_opened",
    body,
  };
}

export function answered(
  author: PeerId,
  ms: number,
  fields: Partial<BodyOf<"request_answered">> = {},
  authority: PersonAuthority = person(author),
): Extract<RequestEntry, { kind: "request_answered" }> {
  const requestDigestOf = requestDigest(question());
  const body = { requestId: ASK, requestDigest: requestDigestOf, decision: "answer" as const, text: "main", ...fields };
  // One id, one grant: a reader looks the grant of an entry up once, so the fakes never differ in it alone.
  const entry = stamp(JSON.stringify([body, authority]), author, ms);
  return { ...entry, authority, human: proof(author), kind: "request_answered", body };
}

/** The asker goes on with an answer. */
export function resumed(answer: RequestEntry, ms: number, author = AGENT): RequestEntry {
  const body = { requestId: ASK, taskId: ASK as string as TaskId, attempt: 1, answer: answer.id }; // both are ULIDs
  return { ...stamp(JSON.stringify(body), author, ms), kind: "task_resumed", body };
}

/** A person does something with a request without answering it. */
export function handled(
  author: PeerId,
  ms: number,
  fields: Partial<BodyOf<"request_handled">> = {},
  authority: PersonAuthority = person(author),
): RequestEntry {
  const body = { requestId: ASK, requestDigest: requestDigest(question()), act: "claim" as const, ...fields };
  return { ...stamp(JSON.stringify([body, authority]), author, ms), authority, kind: "request_handled", body };
}

/** A person takes an approval back. */
export function revoked(
  answer: RequestEntry,
  author: PeerId,
  ms: number,
  authority: PersonAuthority = person(author),
): RequestEntry {
  const body = { requestId: ASK, answer: answer.id, reason: "found out" };
  return { ...stamp(JSON.stringify([body, authority]), author, ms), authority, kind: "request_revoked", body };
}

/** The asker tells what came of it. */
export function performed(
  answer: RequestEntry,
  ms: number,
  outcome: "done" | "failed" = "done",
  author = AGENT,
): RequestEntry {
  const body = { requestId: ASK, answer: answer.id, outcome, text: "3 commits" };
  return { ...stamp(JSON.stringify(body), author, ms), kind: "request_performed", body };
}

export function withdrawn(author: PeerId, ms: number): RequestEntry {
  const body = { requestId: ASK, reason: "found out" };
  return { ...stamp("withdrawn", author, ms), kind: "request_withdrawn", body };
}

export function message(
  author: PeerId,
  ms: number,
  fields: Partial<BodyOf<"message_posted">> = {},
  isPerson = false,
): MessageEntry {
  return {
    ...stamp(JSON.stringify(fields), author, ms),
    ...(isPerson ? { authority: person(author) } : {}),
    kind: "message_posted",
    thread: "task/1",
    body: { type: "message", ...fields },
  };
}
