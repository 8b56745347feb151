import { type Bytes, hexDecode, hexEncode, utf8Encode } from "@bzzz/base";
import { domainMessage, sha256, type SigningKey } from "@bzzz/crypto";
import type { PersonId } from "../schemas.ts";

const WORDS = 6;
const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aiou";

/** The person whose root key this is. */
export function personIdOf(key: Pick<SigningKey, "publicKey">): PersonId {
  return hexEncode(key.publicKey) as PersonId; // 32 bytes by construction
}

/** The 32 bytes of a person's root public key. */
export function publicKeyOfPerson(person: PersonId): Bytes {
  return keyOfHex(person);
}

/** 32 bytes of 64 hexadecimal digits that a schema has checked. */
export function keyOfHex(hex: string): Bytes {
  const key = hexDecode(hex);
  if (!key) throw new TypeError("Unreachable: the schema took 64 hexadecimal digits");
  return key;
}

/**
 * Six words that two people compare over another way than the mesh: 96 bits of SHA-256 over the root key, sixteen a word, in
 * the pronounceable quintuplets of D. Wilkerson's proquint (arXiv:0901.4016).
 */
export function personWords(person: PersonId): string {
  const digest = sha256(domainMessage("bzzz/person-words/1", utf8Encode(person)));
  return Array.from({ length: WORDS }, (_, i) => wordOf((digest[2 * i] ?? 0) << 8 | (digest[2 * i + 1] ?? 0))).join(
    " ",
  );
}

function wordOf(bits: number): string {
  const consonant = (shift: number) => CONSONANTS.charAt(bits >> shift & 0xf);
  const vowel = (shift: number) => VOWELS.charAt(bits >> shift & 0x3);
  return consonant(12) + vowel(10) + consonant(6) + vowel(4) + consonant(0);
}

/** Whether somebody typed these words, with whatever between them. */
export function areWordsOf(person: PersonId, typed: string): boolean {
  return typed.toLowerCase().split(/[^a-z]+/).filter((word) => word !== "").join(" ") === personWords(person);
}
