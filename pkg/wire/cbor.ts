import { decode, encode, rfc8949EncodeOptions } from "cborg";
import { type Bytes, BzzzError } from "@bzzz/base";

/** Bytes that are not the one CBOR encoding of a value. */
export class CborError extends BzzzError<"cbor_malformed"> {}

const DECODE_OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
} as const;

/** Deeper nesting than any schema has; bounds the decoder's recursion on hostile input. */
const MAX_DEPTH = 16;
/** Values in one item: a vector of the sync protocol has 50,000. A million empty arrays fit into 1 MiB (65 ms to build). */
const MAX_ITEMS = 100_000;

/** Deterministic CBOR (RFC 8949 section 4.2.1): the same value always gives the same bytes. */
export function encodeCbor(value: unknown): Bytes {
  return encode(value, rfc8949EncodeOptions) as Bytes;
}

/**
 * The value of exactly one deterministic CBOR item: no trailing bytes, no indefinite lengths, no duplicate keys,
 * no tags, no depth over 16, at most `maxItems` values (keys count; 100,000 unless told). Map order is not checked here;
 * signatures cover the bytes as received.
 * @throws CborError "cbor_malformed"
 */
export function decodeCbor(bytes: Uint8Array, options: { readonly maxItems?: number } = {}): unknown {
  const maxItems = options.maxItems ?? MAX_ITEMS;
  if (exceedsBounds(bytes, maxItems)) {
    throw new CborError(
      "cbor_malformed",
      `Cannot decode CBOR: nested deeper than ${MAX_DEPTH} levels, more than ${maxItems} values, or cut short`,
    );
  }
  try {
    return decode(bytes, DECODE_OPTIONS);
  } catch (cause) {
    throw new CborError("cbor_malformed", "Cannot decode CBOR: the bytes are not one deterministic item", { cause });
  }
}

/** Walks the item heads without recursion and without making values; true also when the input ends early. */
function exceedsBounds(bytes: Uint8Array, maxItems: number): boolean {
  let items = 1;
  // remaining[d] = items still to read at depth d
  const remaining: number[] = [1];
  let at = 0;
  while (remaining.length > 0) {
    const top = remaining.length - 1;
    const left = remaining[top] ?? 0;
    if (left === 0) {
      remaining.pop();
      continue;
    }
    remaining[top] = left - 1;
    const head = bytes[at++];
    if (head === undefined) return true;
    const major = head >> 5;
    const info = head & 31;
    let length = info;
    if (info >= 24) {
      if (info > 27) return true;
      const width = 1 << (info - 24);
      length = 0;
      for (let i = 0; i < width; i++) length = length * 256 + (bytes[at + i] ?? 0);
      at += width;
    }
    if (major === 2 || major === 3) at += length;
    else if (major === 4 || major === 5) {
      const members = major === 5 ? length * 2 : length;
      items += members;
      if (length > bytes.byteLength || items > maxItems) return true;
      remaining.push(members);
      if (remaining.length > MAX_DEPTH + 1) return true;
    } else if (major === 6) return true;
    if (at > bytes.byteLength) return true;
  }
  return false;
}
