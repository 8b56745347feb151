/** Length prefix of a frame: unsigned LEB128, as in multiformats. Frames stay below 2^28, so at most 4 bytes. */
export const MAX_VARINT_BYTES = 4;

/** The prefix for `length`. */
export function encodeVarint(length: number): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let rest = length;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/**
 * The length that starts at `offset` of `bytes`, with the size of the prefix; "more" when the prefix is cut short,
 * "bad" when it is longer than 4 bytes.
 */
export function decodeVarint(
  bytes: Uint8Array,
  offset = 0,
): { readonly length: number; readonly size: number } | "more" | "bad" {
  let length = 0;
  for (let size = 1; size <= MAX_VARINT_BYTES; size++) {
    const byte = bytes[offset + size - 1];
    if (byte === undefined) return "more";
    length |= (byte & 0x7f) << (7 * (size - 1));
    if (byte < 0x80) return { length, size };
  }
  return "bad";
}
