import { type EntryId, hexDecode, hexEncode, type MeshId, type PeerId, type TaskId } from "@bzzz/base";
import { parseEntryId, parseMeshId, parsePeerId, parseTaskId } from "@bzzz/base";
import { type Topic, TOPICS } from "./constants.ts";
import { type Hlc, MAX_HLC_COUNTER } from "./hlc.ts";

/** What an author signs. `seq` and `prev` are there in entries and missing in signals; `prev` is missing in entry 1. */
export interface EnvelopeHeader {
  readonly v: number;
  readonly mesh: MeshId;
  readonly kind: string;
  readonly author: PeerId;
  /** Dense from 1 in each author's log. */
  readonly seq?: number;
  /** The id of the author's entry before. */
  readonly prev?: EntryId;
  readonly hlc: Hlc;
  readonly topic: Topic;
  readonly thread?: string;
  readonly parent?: EntryId;
  readonly task?: TaskId;
  readonly toRoles?: readonly string[];
  readonly trace?: string;
  /** SHA-256 of the body's bytes: retention may drop the body and the log stays verifiable. */
  readonly bodyHash: Uint8Array;
}

const KIND = /^[a-z][a-z0-9_]{0,47}$/;
const MAX_THREAD_CHARACTERS = 128;
const MAX_TRACE_CHARACTERS = 64;
/** Roles one message is for. */
export const MAX_TO_ROLES = 16;
const KNOWN_TOPICS: ReadonlySet<string> = new Set(Object.values(TOPICS));

/** The header as the map that goes into CBOR: snake_case, ids as bytes, absent members left out. */
export function headerToWire(header: EnvelopeHeader): Record<string, unknown> {
  return {
    v: header.v,
    mesh: header.mesh,
    kind: header.kind,
    author: header.author,
    ...(header.seq === undefined ? {} : { seq: header.seq }),
    ...(header.prev === undefined ? {} : { prev: hexDecode(header.prev) }),
    hlc: [header.hlc.ms, header.hlc.counter],
    topic: header.topic,
    ...(header.thread === undefined ? {} : { thread: header.thread }),
    ...(header.parent === undefined ? {} : { parent: hexDecode(header.parent) }),
    ...(header.task === undefined ? {} : { task: header.task }),
    ...(header.toRoles === undefined ? {} : { to_roles: header.toRoles }),
    ...(header.trace === undefined ? {} : { trace: header.trace }),
    body: header.bodyHash,
  };
}

function isIntegerIn(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max; // isSafeInteger proves number
}

function idOf(value: unknown): EntryId | undefined {
  return value instanceof Uint8Array && value.byteLength === 32 ? parseEntryId(hexEncode(value)) : undefined;
}

function optionalText(value: unknown, maxCharacters: number): value is string | undefined {
  return value === undefined || (typeof value === "string" && value.length > 0 && value.length <= maxCharacters);
}

/**
 * The header of a decoded CBOR map, or undefined when it does not have the shape. Members this version does not know
 * are ignored (they stay under the signature). Hand-written: this runs for every message of the mesh.
 */
export function headerFromWire(value: unknown): EnvelopeHeader | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const map = value as Record<string, unknown>; // an object that is not an array
  const { v, kind, seq, hlc, topic, thread, to_roles: toRoles, trace, body: bodyHash } = map;
  const mesh = typeof map["mesh"] === "string" ? parseMeshId(map["mesh"]) : undefined;
  const author = typeof map["author"] === "string" ? parsePeerId(map["author"]) : undefined;
  if (!isIntegerIn(v, 1, 0xffff) || !mesh || !author) return undefined;
  if (typeof kind !== "string" || !KIND.test(kind)) return undefined;
  if (typeof topic !== "string" || !KNOWN_TOPICS.has(topic)) return undefined;
  if (!Array.isArray(hlc) || hlc.length !== 2) return undefined;
  if (!isIntegerIn(hlc[0], 0, Number.MAX_SAFE_INTEGER) || !isIntegerIn(hlc[1], 0, MAX_HLC_COUNTER)) return undefined;
  if (!(bodyHash instanceof Uint8Array) || bodyHash.byteLength !== 32) return undefined;
  if (seq !== undefined && !isIntegerIn(seq, 1, Number.MAX_SAFE_INTEGER)) return undefined;
  const prev = map["prev"] === undefined ? undefined : idOf(map["prev"]);
  if (map["prev"] !== undefined && !prev) return undefined;
  // prev is there exactly when there is an entry before
  if ((prev !== undefined) !== (seq !== undefined && seq > 1)) return undefined;
  const parent = map["parent"] === undefined ? undefined : idOf(map["parent"]);
  if (map["parent"] !== undefined && !parent) return undefined;
  const task = typeof map["task"] === "string" ? parseTaskId(map["task"]) : undefined;
  if (map["task"] !== undefined && task !== map["task"]) return undefined;
  if (!optionalText(thread, MAX_THREAD_CHARACTERS) || !optionalText(trace, MAX_TRACE_CHARACTERS)) return undefined;
  if (toRoles !== undefined && !isRoleList(toRoles)) return undefined;
  return {
    v,
    mesh,
    kind,
    author,
    ...(seq === undefined ? {} : { seq }),
    ...(prev === undefined ? {} : { prev }),
    hlc: { ms: hlc[0], counter: hlc[1] },
    topic: topic as Topic, // in KNOWN_TOPICS
    ...(thread === undefined ? {} : { thread }),
    ...(parent === undefined ? {} : { parent }),
    ...(task === undefined ? {} : { task }),
    ...(toRoles === undefined ? {} : { toRoles }),
    ...(trace === undefined ? {} : { trace }),
    bodyHash,
  };
}

function isRoleList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_TO_ROLES &&
    value.every((role) => typeof role === "string" && role.length > 0 && role.length <= 64);
}
