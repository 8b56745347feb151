import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type Bytes, concatBytes, utf8Encode } from "@bzzz/base";

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array): Bytes {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/** HMAC-SHA-256 (RFC 2104), 32 bytes. */
export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Bytes {
  return new Uint8Array(createHmac("sha256", key).update(bytes).digest());
}

/** Equality in a time that does not depend on where the contents differ; different lengths are told apart at once. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

/**
 * What is signed: `domain`, a zero byte, the payload. Two purposes with different domains can never produce the same
 * signed bytes, so a signature cannot be replayed from one into the other (F-46).
 *
 * @throws TypeError when `domain` is empty or holds a zero character, as that would make the boundary ambiguous.
 */
export function domainMessage(domain: string, payload: Uint8Array): Bytes {
  if (domain === "" || domain.includes("\0")) {
    throw new TypeError("A signature domain is a text without zero characters");
  }
  return concatBytes(utf8Encode(`${domain}\0`), payload);
}
