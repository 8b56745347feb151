import type { Branded } from "@bzzz/base";
import { hexEncode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";

/** Sealed content: 64 lower-case hexadecimal digits of its SHA-256. */
export type ContentHash = Branded<"ContentHash">;

const CONTENT_HASH = /^[0-9a-f]{64}$/;

/** Undefined when `text` is not a content hash. */
export function parseContentHash(text: string): ContentHash | undefined {
  return CONTENT_HASH.test(text) ? text as ContentHash : undefined;
}

/** The name of `sealed`. */
export function contentHashOf(sealed: Uint8Array): ContentHash {
  return hexEncode(sha256(sealed)) as ContentHash; // by definition
}
