import type { Bytes } from "@bzzz/base";

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((char, value) => [char, value]));
const CHECKSUM_CHARACTERS = 6;
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;

/** Bech32 (BIP 173) without its limit of 90 characters, as age uses it; lower case. */
export function bech32Encode(prefix: string, bytes: Uint8Array): string {
  const data = regroup(bytes, 8, 5, { isPadded: true }) ?? [];
  const checksum = polymod([...expand(prefix), ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const tail = Array.from({ length: CHECKSUM_CHARACTERS }, (_, n) => (checksum >> 5 * (5 - n)) & 31);
  return `${prefix}1${[...data, ...tail].map((value) => ALPHABET[value]).join("")}`;
}

/** Undefined when the checksum, a character, the case or the padding is wrong. The prefix is in lower case. */
export function bech32Decode(text: string): { readonly prefix: string; readonly bytes: Bytes } | undefined {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return undefined;
  const at = lower.lastIndexOf("1");
  const prefix = lower.slice(0, at);
  const values = [...lower.slice(at + 1)].map((char) => VALUES.get(char) ?? -1);
  if (at < 1 || values.length < CHECKSUM_CHARACTERS || values.includes(-1)) return undefined;
  if (polymod([...expand(prefix), ...values]) !== 1) return undefined;
  const bytes = regroup(values.slice(0, -CHECKSUM_CHARACTERS), 5, 8, { isPadded: false });
  return bytes && { prefix, bytes: Uint8Array.from(bytes) };
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((char) => char.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (let bit = 0; bit < GENERATOR.length; bit++) if ((top >> bit) & 1) sum ^= GENERATOR[bit] ?? 0;
  }
  return sum >>> 0;
}

function regroup(
  values: Iterable<number>,
  from: number,
  to: number,
  options: { readonly isPadded: boolean },
): number[] | undefined {
  const out: number[] = [];
  let held = 0;
  let bits = 0;
  for (const value of values) {
    held = ((held << from) | value) & 0xfff;
    for (bits += from; bits >= to; bits -= to) out.push((held >> (bits - to)) & ((1 << to) - 1));
  }
  if (options.isPadded) {
    if (bits > 0) out.push((held << (to - bits)) & ((1 << to) - 1));
  } else if (bits >= from || (held & ((1 << bits) - 1)) !== 0) return undefined;
  return out;
}
