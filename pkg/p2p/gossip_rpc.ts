import { concatBytes } from "@bzzz/base";
import { decodeVarint, encodeVarint } from "./varint.ts";

/** Wire type of a protobuf field that has a length (protobuf encoding, "length-delimited records"). */
const LENGTH_DELIMITED = 2;
/** Field of a gossip RPC that holds one message, all of whose fields have a length; and the field of its data. */
const MESSAGE_FIELD = 2;
const DATA_FIELD = 2;

/** How gossip RPCs are read. */
export interface RpcLimits {
  /** Items of one RPC: each message, subscription and control block is one field at its top level. */
  readonly maxItems: number;
  /** Entries of one part; an RPC with more is handed on in parts. */
  readonly maxEntries: number;
  /** For how many a message with this data counts, at least 1: it may hold several entries. */
  readonly entriesIn: (data: Uint8Array) => number;
}

/** A piece of a gossip RPC that is one itself. */
export interface RpcPart {
  /** With its length before it. */
  readonly bytes: Uint8Array;
  /** What its messages count for, and 1 for each other item. */
  readonly entries: number;
}

/**
 * Reads what a gossip RPC (with its length before it) is made of, and cuts it where it holds more entries than are judged in
 * one go. "malformed" when it, or a message in it, is not the protobuf that a gossip router writes: gossipsub itself would
 * drop it without a word. "too_many" when it has more items than allowed.
 */
export function splitRpc(rpc: Uint8Array, limits: RpcLimits): readonly RpcPart[] | "malformed" | "too_many" {
  const prefix = decodeVarint(rpc);
  if (typeof prefix === "string") return "malformed";
  const body = rpc.subarray(prefix.size);
  const parts: RpcPart[] = [];
  let items = 0;
  let [from, to, entries] = [0, 0, 0];
  for (const field of lengthDelimitedFields(body)) {
    if (field === "malformed") return field;
    if (++items > limits.maxItems) return "too_many";
    const weight = field.number === MESSAGE_FIELD ? weightOf(field.bytes, limits) : 1;
    if (weight === "malformed") return weight;
    if (entries > 0 && entries + weight > limits.maxEntries) {
      parts.push({ bytes: withLength(body.subarray(from, to)), entries });
      [from, entries] = [to, 0];
    }
    to = field.end;
    entries += weight;
  }
  parts.push({ bytes: from === 0 ? rpc : withLength(body.subarray(from)), entries });
  return parts;
}

function withLength(body: Uint8Array): Uint8Array {
  return concatBytes(encodeVarint(body.byteLength), body);
}

/** A field that is there twice counts twice, whichever of the two a decoder takes. */
function weightOf(message: Uint8Array, { entriesIn }: RpcLimits): number | "malformed" {
  let entries = 0;
  for (const field of lengthDelimitedFields(message)) {
    if (field === "malformed") return field;
    if (field.number === DATA_FIELD) entries += entriesIn(field.bytes);
  }
  return Math.max(1, entries);
}

interface Field {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
}

function* lengthDelimitedFields(bytes: Uint8Array): Generator<Field | "malformed"> {
  for (let at = 0; at < bytes.byteLength;) {
    const tag = decodeVarint(bytes, at);
    const size = typeof tag === "string" ? tag : decodeVarint(bytes, at + tag.size);
    if (typeof tag === "string" || typeof size === "string" || (tag.length & 7) !== LENGTH_DELIMITED) {
      yield "malformed";
      return;
    }
    const from = at + tag.size + size.size;
    at = from + size.length;
    if (at > bytes.byteLength || tag.length >>> 3 === 0) {
      yield "malformed";
      return;
    }
    yield { number: tag.length >>> 3, bytes: bytes.subarray(from, at), end: at };
  }
}
