import { type Bytes, utf8Decode, utf8Encode } from "@bzzz/base";
import { decryptWith, loadAge, sealTo } from "./age.ts";
import type { AgeOpener } from "./age_secret.ts";
import { x25519Identity } from "./age_x25519.ts";
import { CryptoError } from "./errors.ts";

/** Largest content that is sealed: it is held in memory, several times over, while that is done. */
export const MAX_CONTENT_BYTES = 64 * 1024 * 1024;
/** age cuts content into chunks of 64 KiB and adds 16 bytes to each (age-encryption.org/v1, "Payload"). */
const CHUNK_BYTES = 64 * 1024;
const CHUNK_OVERHEAD_BYTES = 16;
const NONCE_BYTES = 16;
/** Room for the header: 256 recipients of 100 bytes each. */
const MAX_HEADER_BYTES = 32 * 1024;
/** Recipients of one file: what is beyond would let a file cost its reader seconds of key agreement. */
const MAX_RECIPIENTS = 256;

/** Largest sealed content. */
export const MAX_SEALED_BYTES: number = sealedBytesOf(MAX_CONTENT_BYTES) + MAX_HEADER_BYTES;

const MAGIC = utf8Encode("age-encryption.org/v1\n");
const ARMOR = utf8Encode("-----BEGIN AGE ENCRYPTED FILE-----");
const LINE_FEED = 10;

function sealedBytesOf(contentBytes: number): number {
  return contentBytes + NONCE_BYTES + Math.max(1, Math.ceil(contentBytes / CHUNK_BYTES)) * CHUNK_OVERHEAD_BYTES;
}

/**
 * A standard age v1 file of `bytes` for every one of `recipients` ("age1…"). It is not padded: its size tells the size of the
 * content (docs/security.md).
 *
 * @throws CryptoError "too_large" over 64 MiB, "invalid_argument" without recipients or with more than 256, "invalid_key"
 */
export async function sealContent(recipients: readonly string[], bytes: Uint8Array): Promise<Bytes> {
  if (bytes.byteLength > MAX_CONTENT_BYTES) throw tooLarge("seal content", bytes.byteLength, MAX_CONTENT_BYTES);
  const different = [...new Set(recipients)];
  if (different.length > MAX_RECIPIENTS) {
    throw new CryptoError(
      "invalid_argument",
      `Cannot seal content: ${different.length} recipients are more than ${MAX_RECIPIENTS}`,
    );
  }
  return await sealTo(different, bytes);
}

/**
 * The content of a sealed file, with the first of `openers` that fits.
 *
 * @throws CryptoError "too_large", "not_a_recipient" when none fits, "malformed" for what is no age file, is cut short or
 *   was altered anywhere
 */
export async function openContent(openers: readonly AgeOpener[], sealed: Uint8Array): Promise<Bytes> {
  assertAgeFile(sealed);
  const { Decrypter } = await loadAge();
  const decrypter = new Decrypter();
  for (const opener of openers) decrypter.addIdentity(x25519Identity(opener));
  return await decryptWith(decrypter, sealed, {
    code: "not_a_recipient",
    message: "Cannot open content: it is not sealed to a role of this node",
  });
}

/**
 * Whether `bytes` have the form of a sealed file of tolerable size: magic, header, at most 256 recipients. Says nothing
 * about who can open it, or whether it is whole.
 *
 * @throws CryptoError "too_large", "malformed"
 */
export function assertAgeFile(bytes: Uint8Array): void {
  if (bytes.byteLength > MAX_SEALED_BYTES) throw tooLarge("use sealed content", bytes.byteLength, MAX_SEALED_BYTES);
  if (!startsWith(bytes, MAGIC)) {
    throw new CryptoError("malformed", 'Cannot use sealed content: it does not begin with "age-encryption.org/v1"');
  }
  let recipients = 0;
  const header = bytes.subarray(0, MAX_HEADER_BYTES);
  for (let at = MAGIC.byteLength; at < header.byteLength;) {
    if (startsWith(header.subarray(at), STANZA)) recipients++;
    else if (startsWith(header.subarray(at), HEADER_END)) {
      if (recipients > 0 && recipients <= MAX_RECIPIENTS) return;
      throw new CryptoError("malformed", `Cannot use sealed content: it names ${recipients} recipients, not 1 to 256`);
    }
    const end = header.indexOf(LINE_FEED, at);
    if (end < 0) break;
    at = end + 1;
  }
  throw new CryptoError("malformed", "Cannot use sealed content: its header has no end");
}

const STANZA = utf8Encode("-> ");
const HEADER_END = utf8Encode("--- ");

/**
 * The binary form of an age file that a person brings: as it is, or out of its ASCII armor (`age --armor`).
 *
 * @throws CryptoError "too_large", "malformed"
 */
export async function readAgeFile(bytes: Uint8Array): Promise<Bytes> {
  // armor is a third longer, and has a line break after 64 characters
  const maxBytes = Math.ceil(MAX_SEALED_BYTES * 4 / 3 * 66 / 64) + 1024;
  if (bytes.byteLength > maxBytes) throw tooLarge("read age file", bytes.byteLength, maxBytes);
  const binary = startsWith(bytes, ARMOR) ? await dearmor(bytes) : new Uint8Array(bytes);
  assertAgeFile(binary);
  return binary;
}

async function dearmor(bytes: Uint8Array): Promise<Bytes> {
  const { armor } = await loadAge();
  try {
    return new Uint8Array(armor.decode(utf8Decode(bytes)));
  } catch (cause) {
    throw new CryptoError("malformed", "Cannot read age file: its armor is damaged", { cause });
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.byteLength >= prefix.byteLength && prefix.every((byte, i) => bytes[i] === byte);
}

function tooLarge(what: string, found: number, limit: number): CryptoError {
  return new CryptoError("too_large", `Cannot ${what}: ${found} bytes are more than ${limit}`, {
    details: { bytes: found, limit },
  });
}
