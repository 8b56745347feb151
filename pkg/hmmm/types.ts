import { type AgentId, type EntryId, hexEncode, type PeerId, type RequestId } from "@bzzz/base";
import { type BodyOf, compareHlc, type Envelope, type Hlc } from "@bzzz/wire";

/** What the author's grant said of it when the entry was accepted. */
export interface PersonAuthority {
  readonly agentId: AgentId;
  readonly binaryType: string;
  readonly role: string;
  readonly level: string;
}

/** Who wrote an entry, and where it stands in the order of all nodes. */
export interface DiscussionStamp {
  readonly id: EntryId;
  readonly author: PeerId;
  readonly seq: number;
  readonly hlc: Hlc;
  /** SHA-256 of the body's bytes as they were signed, in hexadecimal. */
  readonly bodyDigest: string;
  /** Missing where the reader does not know the grant; such an author counts as no person. */
  readonly authority?: PersonAuthority;
}

/** One entry of a request's life, verified and decoded. */
export type RequestEntry = {
  [K in RequestEntryKind]: DiscussionStamp & { readonly kind: K; readonly body: BodyOf<K> };
}[RequestEntryKind];
/** Kinds of entries that make up the life of a request. */
export type RequestEntryKind = "request_opened" | "request_answered" | "request_withdrawn" | "task_resumed";

/** A message in a thread, verified and decoded. */
export interface MessageEntry extends DiscussionStamp {
  readonly kind: "message_posted";
  readonly thread: string;
  readonly parent?: EntryId;
  readonly body: BodyOf<"message_posted">;
}

/** Why an answer or a withdrawal counts for nothing. */
export type RequestRefusal =
  | "request_exists"
  | "wrong_digest"
  | "not_a_person"
  | "not_addressed"
  | "decision_not_allowed"
  | "unknown_choice"
  | "own_request"
  | "not_the_author"
  | "already_closed";

/** A decision of a person. */
export interface AnswerView extends Omit<BodyOf<"request_answered">, "requestId" | "requestDigest"> {
  readonly entry: EntryId;
  readonly author: PeerId;
  readonly answeredBy: AgentId;
  readonly answeredAt: Hlc;
}

/** A valid answer that came when the request was closed; kept and shown as late. */
export interface LateAnswer extends AnswerView {
  readonly closedAs: "answered" | "withdrawn" | "superseded" | "expired";
}

/** Where a request stands; `expired` depends on the time, see `requestStateAt`. */
export type RequestState = "pending" | "answered" | "withdrawn" | "superseded" | "expired";

/** A request to a person as its entries tell it; the same on every node that has the same entries. */
export interface RequestView extends BodyOf<"request_opened"> {
  readonly digest: string;
  readonly openedBy: PeerId;
  readonly openedAt: Hlc;
  /** Without regard to the time: never "expired" here. */
  readonly recordedState: Exclude<RequestState, "expired">;
  readonly answer?: AnswerView;
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
  "task_resumed",
]);

interface Stored {
  readonly envelope: Pick<Envelope, "id" | "header">;
  readonly kind: string;
  readonly body: unknown;
}

/** The request entry of a verified envelope and its decoded body, or undefined for other kinds. */
export function requestEntryOf(stored: Stored, authority?: PersonAuthority): RequestEntry | undefined {
  const stamp = stampOf(stored, authority);
  if (!stamp || !REQUEST_KINDS_OF_ENTRIES.has(stored.kind)) return undefined;
  return { ...stamp, kind: stored.kind, body: stored.body } as RequestEntry; // the wire decoder checked the body
}

/** The message of a verified envelope, or undefined for other kinds and for messages outside any thread. */
export function messageEntryOf(stored: Stored, authority?: PersonAuthority): MessageEntry | undefined {
  const stamp = stampOf(stored, authority);
  const { thread, parent } = stored.envelope.header;
  if (!stamp || stored.kind !== "message_posted" || thread === undefined) return undefined;
  const body = stored.body as BodyOf<"message_posted">; // the wire decoder checked the body
  return { ...stamp, kind: "message_posted", thread, ...(parent === undefined ? {} : { parent }), body };
}

function stampOf({ envelope: { id, header } }: Stored, authority?: PersonAuthority): DiscussionStamp | undefined {
  if (header.seq === undefined) return undefined;
  return {
    id,
    author: header.author,
    seq: header.seq,
    hlc: header.hlc,
    bodyDigest: hexEncode(header.bodyHash),
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
