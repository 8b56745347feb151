import type { PersonId, PersonProof } from "@bzzz/agentid";
import { type AgentId, type EntryId, hexEncode, type PeerId, type RequestId } from "@bzzz/base";
import { type BodyOf, compareHlc, type Envelope, type Hlc } from "@bzzz/wire";

/** What the author's grant said of it when the entry was accepted. */
export interface PersonAuthority {
  readonly agentId: AgentId;
  readonly binaryType: string;
  readonly role: string;
  readonly level: string;
  /** Whose node it is. */
  readonly person?: PersonId | undefined;
}

/** Who wrote an entry, and where it stands in the order of all nodes. */
export interface DiscussionStamp {
  readonly id: EntryId;
  readonly author: PeerId;
  readonly seq: number;
  readonly hlc: Hlc;
  /** Where the reader's journal has it. */
  readonly cursor?: number;
  /** SHA-256 of the body's bytes as they were signed, in hexadecimal. */
  readonly bodyDigest: string;
  /** Missing where the reader does not know the grant; such an author counts as no person. */
  readonly authority?: PersonAuthority;
  /** Of an answer that a person signed, or let a rule give: who, as of when it was told (`judgeAnswer` of `@bzzz/agentid`). */
  readonly human?: PersonProof;
}

/** One entry of a request's life, verified and decoded. */
export type RequestEntry = {
  [K in RequestEntryKind]: DiscussionStamp & { readonly kind: K; readonly body: BodyOf<K> };
}[RequestEntryKind];
/** An answer, before or after somebody has looked who stands behind it. */
export type AnsweredEntry = Extract<RequestEntry, { kind: "request_answered" }>;
/** Who stands behind an answer; the reader's `judgeAnswer` of `@bzzz/agentid`. */
export type ProofOf = (entry: AnsweredEntry) => PersonProof | undefined;
/** Kinds of entries that make up the life of a request. */
export type RequestEntryKind =
  | "request_opened"
  | "request_answered"
  | "request_withdrawn"
  | "request_handled"
  | "request_revoked"
  | "request_performed"
  | "task_resumed";

/** A message in a thread, verified and decoded, without its text: threads hold thousands, and the journal has it by its id. */
export interface MessageEntry extends DiscussionStamp {
  readonly kind: "message_posted";
  readonly thread: string;
  readonly parent?: EntryId;
  readonly body: Pick<BodyOf<"message_posted">, "type" | "hop" | "ttlMs" | "severity">;
}

/** Why an answer or a withdrawal counts for nothing. */
export type RequestRefusal =
  | "request_exists"
  | "wrong_digest"
  | "not_a_person"
  | "not_addressed"
  | "decision_not_allowed"
  | "unknown_choice"
  | "not_eligible"
  | "person_required"
  | "not_signed"
  | "invalid_values"
  | "invalid_edit"
  | "invalid_scope"
  | "already_voted"
  | "not_the_answer"
  | "own_request"
  | "not_the_author"
  | "already_closed";

/** A decision of a person. */
export interface AnswerView extends Omit<BodyOf<"request_answered">, "requestId" | "requestDigest" | "proof"> {
  readonly entry: EntryId;
  readonly author: PeerId;
  readonly answeredBy: AgentId;
  readonly answeredAt: Hlc;
  /** The person who signed it; missing: nobody did, and it is not acted on. */
  readonly human?: PersonProof;
}

/** A valid answer that came when the request was closed; kept and shown as late. */
export interface LateAnswer extends AnswerView {
  readonly closedAs: ClosedState;
}

/** How a request ended. */
export type ClosedState = "answered" | "declined" | "withdrawn" | "superseded" | "expired";
/** Where a request stands; `expired` and `escalated` depend on the time, see `requestStateAt`. */
export type RequestState = "pending" | "escalated" | ClosedState;

/** Somebody has put a request off, or says that they read it. */
export interface AttentionView {
  readonly author: PeerId;
  readonly by: AgentId;
  readonly at: Hlc;
  /** Wall clock; a snooze that is over counts no more. */
  readonly untilMs: number;
}

/** A request was handed on to others, who may answer it beside those it was for. */
export interface EscalationView {
  readonly by: AgentId;
  readonly at: Hlc;
  readonly to: { readonly human?: AgentId | undefined; readonly role?: string | undefined };
  readonly reason?: string | undefined;
}

/** What came of an approval, as the asker tells it. */
export interface PerformedView {
  readonly outcome: "done" | "failed";
  readonly text: string;
  readonly at: Hlc;
}

/** An approval was taken back. */
export interface RevokedView {
  readonly by: AgentId;
  readonly at: Hlc;
  readonly reason: string;
}

/** A request to a person as its entries tell it; the same on every node that has the same entries. */
export interface RequestView extends BodyOf<"request_opened"> {
  readonly digest: string;
  readonly openedBy: PeerId;
  readonly openedAt: Hlc;
  /** Without regard to the time: never "expired" here. */
  readonly recordedState: Exclude<RequestState, "expired" | "escalated">;
  /** The answer that closed it: with a quorum the one that filled it. */
  readonly answer?: AnswerView;
  /** Valid answers before it closed, in order; the last is `answer` once there is one. */
  readonly votes: readonly AnswerView[];
  /** Who has put it off, one per person; those that are over included. */
  readonly snoozes: readonly AttentionView[];
  /** Who says that they read it, one per person; it locks nothing. */
  readonly claims: readonly AttentionView[];
  readonly escalations: readonly EscalationView[];
  readonly performed?: PerformedView;
  /** The approval counts no more for what was not done yet. */
  readonly revoked?: RevokedView;
  /** The asker has gone on with `answer`: it stays, even if a valid answer with an earlier stamp comes. */
  readonly isTaken: boolean;
  readonly late: readonly LateAnswer[];
  readonly supersededBy?: RequestId;
  readonly withdrawnReason?: string;
  /** How many entries counted for nothing, by reason. */
  readonly refusals: Readonly<Partial<Record<RequestRefusal, number>>>;
}

const REQUEST_KINDS_OF_ENTRIES: ReadonlySet<string> = new Set<RequestEntryKind>([
  "request_opened",
  "request_answered",
  "request_withdrawn",
  "request_handled",
  "request_revoked",
  "request_performed",
  "task_resumed",
]);

interface Stored {
  readonly envelope: Pick<Envelope, "id" | "header">;
  readonly kind: string;
  readonly body: unknown;
  readonly cursor?: number;
}

/** The request entry of a verified envelope and its decoded body, or undefined for other kinds. */
export function requestEntryOf(
  stored: Stored,
  authority?: PersonAuthority,
  proofOf?: ProofOf,
): RequestEntry | undefined {
  const stamp = stampOf(stored, authority);
  if (!stamp || !REQUEST_KINDS_OF_ENTRIES.has(stored.kind)) return undefined;
  const entry = { ...stamp, kind: stored.kind, body: stored.body } as RequestEntry; // the wire decoder checked the body
  return entry.kind === "request_answered" && proofOf ? withProof(entry, proofOf) : entry;
}

/** The answer with whoever stands behind it now. */
export function withProof(entry: AnsweredEntry, proofOf: ProofOf): AnsweredEntry {
  const { human: _, ...plain } = entry;
  const human = proofOf(plain);
  return human ? { ...plain, human } : plain;
}

/** The message of a verified envelope, or undefined for other kinds and for messages outside any thread. */
export function messageEntryOf(stored: Stored, authority?: PersonAuthority): MessageEntry | undefined {
  const stamp = stampOf(stored, authority);
  const { thread, parent } = stored.envelope.header;
  if (!stamp || stored.kind !== "message_posted" || thread === undefined) return undefined;
  const body = stored.body as BodyOf<"message_posted">; // the wire decoder checked the body
  const { type, hop, ttlMs, severity } = body;
  return {
    ...stamp,
    kind: "message_posted",
    thread,
    ...(parent === undefined ? {} : { parent }),
    body: { type, hop, ttlMs, severity },
  };
}

function stampOf(
  { envelope: { id, header }, cursor }: Stored,
  authority?: PersonAuthority,
): DiscussionStamp | undefined {
  if (header.seq === undefined) return undefined;
  return {
    id,
    author: header.author,
    seq: header.seq,
    hlc: header.hlc,
    bodyDigest: hexEncode(header.bodyHash),
    ...(cursor === undefined ? {} : { cursor }),
    ...(authority ? { authority } : {}),
  };
}

/** The order of all entries, the same on every node: HLC, then author, then seq; the id parts the branches of a fork. */
export function compareStamps(a: DiscussionStamp, b: DiscussionStamp): number {
  return compareHlc(a.hlc, b.hlc) || compareText(a.author, b.author) || a.seq - b.seq || compareText(a.id, b.id);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
