import { once, parseEntryId } from "@bzzz/base";
import { AUTHORITY_LEVELS, isAgeRecipient, parseRole } from "@bzzz/crypto";
import { z } from "zod";
import {
  agentId,
  bytes,
  count,
  durationMs,
  entryId,
  MAX_LIST_ITEMS,
  models,
  name,
  names,
  peerId,
  requestId,
  taskId,
  term,
  text,
} from "./fields.ts";
import { REQUEST_BODIES, signedRecord } from "./request_bodies.ts";
import { TASK_BODIES } from "./task_bodies.ts";

/** Roles of its own that one mesh may have. */
export const MAX_OWN_ROLES = 64;
/** Copies of a role key, or shares of one, that one entry may carry. */
export const MAX_KEY_COPIES = 64;
/** Roles that one content may be meant for. */
export const MAX_AUDIENCE_ROLES = 16;
/** Longest media type of a content. */
export const MAX_MEDIA_TYPE_CHARACTERS = 127;
/** Longest introduction of a role to a model. */
export const MAX_PROMPT_CHARACTERS = 8192;
/** A role key or a share of one, sealed to one member: an age file of some 300 bytes. */
const MAX_SEALED_KEY_BYTES = 1024;

const role = once(() => z.string().refine((s) => parseRole(s) === s, "expected a role name"));
const ageRecipient = once(() => z.string().max(128).refine(isAgeRecipient, "expected an age recipient"));
const sealedCopies = once(() =>
  z.array(z.object({
    peer: peerId(),
    to: ageRecipient(),
    sealed: bytes().refine((b) => b.byteLength > 0 && b.byteLength <= MAX_SEALED_KEY_BYTES, "expected a sealed key"),
  })).max(MAX_KEY_COPIES)
);

/** Longest UCXL address; `@bzzz/ucxl` says what one is. */
const MAX_ADDRESS_CHARACTERS = 2560;
/** A reason that only the audience reads: a text of 4 KiB in an age file of up to 64 recipients. */
const MAX_SEALED_REASON_BYTES = 16_384;
const address = once(() => z.string().min(1).max(MAX_ADDRESS_CHARACTERS));
const hash = once(() => bytes().refine((b) => b.byteLength === 32, "expected 32 bytes"));
const audience = once(() => z.array(role()).min(1).max(MAX_AUDIENCE_ROLES));
const byteCount = once(() => z.int().min(0).max(2 ** 40));

/** What a member may say about a decision. */
export const VOTES = ["approve", "reject", "abstain", "defer"] as const;

/** Why a generation of a role key exists, or why a further entry carries copies of it. */
export const ROLE_KEY_REASONS = ["created", "delivered", "rotated", "revoked"] as const;

/** Kinds of a posted message: the acts of the HMMM layer, and plain talk. */
export const MESSAGE_TYPES = [
  "message",
  "plan",
  "question",
  "answer",
  "objection",
  "agreement",
  "concern",
  "memo",
  "summary",
] as const;

function isSealedReason(sealed: Uint8Array): boolean {
  return sealed.byteLength > 0 && sealed.byteLength <= MAX_SEALED_REASON_BYTES;
}

/** As `MAX_PERSON_RECORD_BYTES` of `@bzzz/agentid`. */
const MAX_PERSON_RECORD_BYTES = 32 * 1024;
const isPersonRecord = (value: Uint8Array): boolean =>
  value.byteLength > 0 && value.byteLength <= MAX_PERSON_RECORD_BYTES;

/**
 * Bodies of entries: durable, chained records of an author's log. Made when they are needed: a start needs three of the thirty,
 * and each costs it a third of a millisecond.
 */
export const ENTRY_BODIES = {
  grant_issued: once(() => z.object({ grant: bytes() })),
  grant_revoked: once(() => z.object({ revocation: bytes() })),
  // what a person's root key signed about their devices and itself (`@bzzz/agentid`); it proves itself, whoever tells it
  person_record: once(() => z.object({ record: bytes().refine(isPersonRecord, "expected a record of a person") })),
  agent_record: once(() =>
    z.object({
      agentId: agentId(),
      binaryType: name(),
      role: name(),
      capabilities: names(),
      models: models(),
      software: z.string().max(64),
      protocolMin: z.int().min(1),
      protocolMax: z.int().min(1),
    })
  ),
  message_posted: once(() =>
    z.object({
      type: z.enum(MESSAGE_TYPES),
      text: text().min(1),
      to: z.array(agentId()).max(MAX_LIST_ITEMS).optional(),
      refs: z.array(z.string().max(2048)).max(MAX_LIST_ITEMS).optional(),
      severity: z.enum(["blocking", "advisory"]).optional(),
      hop: z.int().min(0).max(16).optional(),
      ttlMs: z.int().min(1).optional(),
      // a question to whoever has all of these
      capabilities: names().optional(),
      // an answer of who can help: when it could begin, in milliseconds from now
      etaMs: durationMs().optional(),
    })
  ),
  ...TASK_BODIES,
  request_opened: once(REQUEST_BODIES.request_opened),
  request_answered: once(REQUEST_BODIES.request_answered),
  request_withdrawn: once(() => z.object({ requestId: requestId(), reason: z.string().max(1024) })),
  // what somebody who may answer does with a request instead of answering it
  request_handled: once(REQUEST_BODIES.request_handled),
  // that somebody who might have answered takes an approval back
  request_revoked: once(REQUEST_BODIES.request_revoked),
  // that an approval for longer than once was used instead of asking
  request_covered: once(REQUEST_BODIES.request_covered),
  // that what was permitted was done; "permitted" is not "executed"
  request_performed: once(REQUEST_BODIES.request_performed),
  // written before the register is asked, so that no leader falls without a trace of who wanted it
  election_ordered: once(() =>
    z.object({ order: z.enum(["trigger", "step_down"]), term: term(), reason: z.string().max(1024) })
  ),
  // the certificate proves it; term and holder are for those who only read
  leadership_decided: once(() => z.object({ term: term(), holder: peerId().optional(), certificate: bytes() })),
  // who votes: the root's word for the first voters, then a certificate for each change; it proves itself, whoever tells it
  roster_changed: once(() => z.object({ epoch: z.int().min(1), voters: z.array(peerId()).max(16), record: bytes() })),
  fork_proved: once(() => z.object({ first: bytes(), second: bytes() })),
  // a version of what is at an address: the content itself lies sealed beside the log, and is named by its hash
  context_put: once(() =>
    z.object({
      address: address(),
      revision: hash(),
      sealed: hash(),
      sealedBytes: byteCount(),
      size: byteCount(),
      mediaType: z.string().min(1).max(MAX_MEDIA_TYPE_CHARACTERS),
      audience: audience(),
      previous: entryId().optional(),
    })
  ),
  context_deleted: once(() => z.object({ address: address(), previous: entryId() })),
  decision_voted: once(() =>
    z.object({
      address: address(),
      revision: hash(),
      vote: z.enum(VOTES),
      reason: bytes().refine(isSealedReason).optional(),
      // that a person gave it: the certificate of their device with the vote as it signed it (records of `@bzzz/agentid`)
      proof: z.object({ certificate: signedRecord(), vote: signedRecord() }).optional(),
    })
  ),
  roles_defined: once(() =>
    z.object({
      roles: z.array(z.object({
        name: role(),
        level: z.enum(AUTHORITY_LEVELS),
        canDecrypt: z.array(role()).max(MAX_LIST_ITEMS),
        capabilities: names(),
        specialization: z.string().max(256).optional(),
        promptTemplate: z.string().max(MAX_PROMPT_CHARACTERS).optional(),
      })).max(MAX_OWN_ROLES),
    })
  ),
  role_key_sealed: once(() =>
    z.object({
      role: role(),
      generation: z.int().min(1).max(1_000_000),
      recipient: ageRecipient(),
      reason: z.enum(ROLE_KEY_REASONS),
      copies: sealedCopies(),
    })
  ),
  admin_key_shared: once(() =>
    z.object({
      recipient: ageRecipient(),
      threshold: z.int().min(2).max(MAX_KEY_COPIES),
      shares: sealedCopies().min(3),
    })
  ),
  access_decided: once(() =>
    z.object({
      resource: name(),
      operation: name(),
      subject: peerId(),
      allow: z.boolean(),
      reason: z.string().max(256),
      detail: z.string().max(256).optional(),
      // equal decisions since the last entry that were not worth one each
      suppressed: count().optional(),
    })
  ),
} as const;

/** Bodies of signals: short-lived, unchained, may be lost. */
export const SIGNAL_BODIES = {
  presence: once(() =>
    z.object({
      status: z.enum(["ready", "working", "busy", "draining"]),
      activeTasks: count(),
      maxTasks: count(),
      capabilities: names(),
      models: models(),
      load: z.number().min(0),
      incarnation: z.string().max(32),
      addresses: z.array(z.string().max(256)).max(16),
      // what a candidate for the leadership is weighed by; a node that does not stand leaves them out
      isElectable: z.boolean().optional(),
      uptimeMs: z.int().min(0).optional(),
      connections: count().optional(),
      latencyMs: z.number().min(0).optional(),
      completedTasks: count().optional(),
      // of a portal: whether its person is there; one who never said leaves it out
      person: z.enum(["here", "away", "busy"]).optional(),
    })
  ),
  leader_heartbeat: once(() => z.object({ term: term(), renewals: count(), leaseMs: z.int().min(1) })),
  leaving: once(() => z.object({ reason: z.string().max(256) })),
} as const;

const ALL_BODIES = { ...ENTRY_BODIES, ...SIGNAL_BODIES };

/** A kind of durable, chained record. */
export type EntryKind = keyof typeof ENTRY_BODIES;
/** A kind of short-lived message. */
export type SignalKind = keyof typeof SIGNAL_BODIES;
/** Any kind this version knows. */
export type Kind = EntryKind | SignalKind;
/** The body of a kind, in code's camelCase. */
export type BodyOf<K extends Kind> = z.infer<ReturnType<(typeof ALL_BODIES)[K]>>;
/** A kind with its body, as a discriminated union. */
export type AnyBody = { [K in Kind]: { readonly kind: K; readonly body: BodyOf<K> } }[Kind];

/** Whether this version knows `kind` as an entry. */
export function isEntryKind(kind: string): kind is EntryKind {
  return Object.hasOwn(ENTRY_BODIES, kind);
}

/** Whether this version knows `kind` as a signal. */
export function isSignalKind(kind: string): kind is SignalKind {
  return Object.hasOwn(SIGNAL_BODIES, kind);
}

/** The schema of a kind's body (camelCase). */
export function bodySchema(kind: Kind): z.ZodType {
  return ALL_BODIES[kind]();
}

/** Bodies of a kind that are read before a parser is compiled for them, which takes as long as reading some hundreds. */
const READ_BEFORE_COMPILING = 64;
const countByKind = new Map<Kind, number>();

/** A body of a kind, by its schema. */
export function parseBody(kind: Kind, body: unknown): z.ZodSafeParseResult<unknown> {
  const count = countByKind.get(kind) ?? 0;
  if (count === READ_BEFORE_COMPILING) return bodySchema(kind).safeParse(body);
  countByKind.set(kind, count + 1);
  return bodySchema(kind).safeParse(body, { jitless: true });
}

/** Schemas of ids for other boundaries (HTTP, files), so that they are written once; each is made when it is needed. */
export const ID_SCHEMAS = {
  taskId,
  requestId,
  agentId,
  peerId,
  entryId: once(() => z.string().refine((s) => parseEntryId(s) === s, "expected an entry id (64 hexadecimal digits)")),
} as const;
