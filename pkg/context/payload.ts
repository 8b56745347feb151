import { type Bytes, concatBytes, hexEncode, type Random } from "@bzzz/base";
import { hmacSha256 } from "@bzzz/crypto";

/** Chance in front of each content, 256 bits: without it a hash in the clear would confirm a guess of a short content. */
const SALT_BYTES = 32;

/** What is sealed, and the name of the content that everybody may see. */
export interface Payload {
  readonly bytes: Bytes;
  /** HMAC-SHA-256 of the content under the salt: binds the author to it and hides it. */
  readonly revision: Bytes;
}

/** Makes the payload of a content: the salt, then the content. */
export function wrapContent(random: Random, content: Uint8Array): Payload {
  const salt = random.bytes(SALT_BYTES);
  return { bytes: concatBytes(salt, content), revision: hmacSha256(salt, content) };
}

/** The content of a payload, or undefined when it is not the one that `revision` names. */
export function unwrapContent(payload: Uint8Array, revision: string): Uint8Array | undefined {
  if (payload.byteLength < SALT_BYTES) return undefined;
  const content = payload.subarray(SALT_BYTES);
  return hexEncode(hmacSha256(payload.subarray(0, SALT_BYTES), content)) === revision ? content : undefined;
}
