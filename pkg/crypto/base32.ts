import type { Bytes } from "@bzzz/base";

/** Douglas Crockford's alphabet: no i, l, o, u, so that a text survives being written down and typed again. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const VALUES: ReadonlyMap<string, number> = new Map([
  ...[...ALPHABET].map((char, value): [string, number] => [char, value]),
  ["o", 0],
  ["i", 1],
  ["l", 1],
]);

/** Lower case, no padding. */
export function base32Encode(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
  }
  if (bits > 0) text += ALPHABET[(held << (5 - bits)) & 31];
  return text;
}

/**
 * Any case; "o" counts as 0, "i" and "l" as 1; spaces and hyphens are ignored. Undefined when another character
 * appears or the length or the last bits are of no encoding.
 */
export function base32Decode(text: string): Bytes | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const char of text.toLowerCase().replaceAll(/[\s-]/g, "")) {
    const value = VALUES.get(char);
    if (value === undefined) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  const hasStray = bits >= 5 || (held & ((1 << bits) - 1)) !== 0;
  return hasStray ? undefined : Uint8Array.from(bytes);
}
