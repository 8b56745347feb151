import { combine, split } from "shamir-secret-sharing";
import { type Bytes, concatBytes, createSystemRandom, hexEncode } from "@bzzz/base";
import { base32Decode, base32Encode } from "./base32.ts";
import { CryptoError } from "./errors.ts";
import { constantTimeEqual, domainMessage, sha256 } from "./hashing.ts";

/*
 * A share is "bzzz-share1-" and Crockford base32, in groups of 8, of
 *   set id (4 random bytes) ‖ threshold ‖ shares ‖ Shamir share over GF(256) of (secret ‖ digest) ‖ checksum (4 bytes).
 * The checksum finds a misspelt share by itself. The set id finds shares of another splitting. The digest, known only
 * once the secret is, finds a share that was forged with a right checksum.
 */
const PREFIX = "bzzz-share1-";
const SET_ID_BYTES = 4;
const HEADER_BYTES = SET_ID_BYTES + 2;
const CHECKSUM_BYTES = 4;
const DIGEST_BYTES = 8;
/** One byte of x coordinate follows the y values. */
const COORDINATE_BYTES = 1;
const GROUP = 8;

/** Longest secret that is split: a key, not a document. */
export const MAX_SECRET_BYTES = 64;

interface Share {
  readonly set: string;
  readonly threshold: number;
  readonly total: number;
  readonly data: Uint8Array;
}

/**
 * Splits a secret of 1 to 64 bytes into `shares` printable texts of which any `threshold` give it back and fewer say
 * nothing about it (Shamir 1979, over GF(256); reference section 2.8 explains why not over a prime field). Every call
 * makes a new set; sets do not mix.
 *
 * @throws CryptoError "invalid_argument" unless 2 ≤ threshold ≤ shares ≤ 255
 */
export async function splitSecret(
  secret: Uint8Array,
  options: { shares: number; threshold: number },
): Promise<string[]> {
  const shares = await splitSecretBytes(secret, options);
  return shares.map((share) => {
    const text = formatShare(share);
    share.fill(0);
    return text;
  });
}

/**
 * Like `splitSecret`, with shares as bytes, which can be wiped: for shares that programs keep for each other.
 *
 * @throws CryptoError "invalid_argument"
 */
export async function splitSecretBytes(
  secret: Uint8Array,
  options: { shares: number; threshold: number },
): Promise<Bytes[]> {
  const { shares, threshold } = options;
  if (secret.byteLength < 1 || secret.byteLength > MAX_SECRET_BYTES) {
    throw new CryptoError("invalid_argument", `Cannot split secret: it has ${secret.byteLength} bytes, not 1 to 64`);
  }
  if (
    !Number.isInteger(shares) || !Number.isInteger(threshold) || threshold < 2 || threshold > shares || shares > 255
  ) {
    throw new CryptoError(
      "invalid_argument",
      `Cannot split secret: ${threshold} of ${shares} shares is not possible, use 2 <= threshold <= shares <= 255`,
    );
  }
  const header = concatBytes(createSystemRandom().bytes(SET_ID_BYTES), Uint8Array.of(threshold, shares));
  const payload = concatBytes(secret, secretDigest(secret));
  try {
    return (await split(payload, shares, threshold)).map((data) => {
      const body = concatBytes(header, data);
      data.fill(0);
      return concatBytes(body, shareChecksum(body));
    });
  } finally {
    payload.fill(0);
  }
}

/**
 * What one share says of its set, for asking for the rest of it; nothing of the secret.
 *
 * @throws CryptoError "invalid_share"
 */
export function describeShare(
  text: string,
): { readonly set: string; readonly threshold: number; readonly total: number } {
  const { set, threshold, total } = parseShare(text, "the share");
  return { set, threshold, total };
}

/**
 * The secret of `threshold` or more different shares of one set, in any order, typed in any case. A share given twice
 * counts once.
 *
 * @throws CryptoError "invalid_share" (the message says which one), "mixed_shares", "too_few_shares"
 */
export async function combineShares(texts: readonly string[]): Promise<Bytes> {
  return await combineParsed(texts.map((text, i) => parseShare(text, `share ${i + 1} of ${texts.length}`)));
}

/**
 * The secret of shares that `splitSecretBytes` made. The caller wipes it, and the shares.
 *
 * @throws CryptoError "invalid_share", "mixed_shares", "too_few_shares"
 */
export async function combineShareBytes(parts: readonly Uint8Array[]): Promise<Bytes> {
  return await combineParsed(parts.map((part, i) => readShare(part, `share ${i + 1} of ${parts.length}`)));
}

async function combineParsed(shares: readonly Share[]): Promise<Bytes> {
  const first = shares[0];
  if (!first) throw new CryptoError("too_few_shares", "Cannot combine shares: none was given");
  if (shares.some((s) => s.set !== first.set || s.data.byteLength !== first.data.byteLength)) {
    throw new CryptoError("mixed_shares", "Cannot combine shares: they come from different sets");
  }
  const different = new Map(shares.map((share) => [hexEncode(share.data), share.data]));
  if (different.size < first.threshold) {
    throw new CryptoError(
      "too_few_shares",
      `Cannot combine shares: ${different.size} different of ${first.total} given, ${first.threshold} are needed`,
    );
  }
  return await interpolate([...different.values()]);
}

async function interpolate(data: Uint8Array[]): Promise<Bytes> {
  const coordinates = new Set(data.map((bytes) => bytes.at(-1)));
  if (coordinates.size < data.length || coordinates.has(0)) {
    throw new CryptoError("invalid_share", "Cannot combine shares: two of them claim the same place");
  }
  const payload = await combine(data);
  const secret = new Uint8Array(payload.subarray(0, -DIGEST_BYTES));
  const isWhole = constantTimeEqual(payload.subarray(-DIGEST_BYTES), secretDigest(secret));
  payload.fill(0);
  if (!isWhole) {
    throw new CryptoError("invalid_share", "Cannot combine shares: they do not fit together, at least one is forged");
  }
  return secret;
}

function formatShare(share: Uint8Array): string {
  const text = base32Encode(share);
  const groups: string[] = [];
  for (let i = 0; i < text.length; i += GROUP) groups.push(text.slice(i, i + GROUP));
  return PREFIX + groups.join("-");
}

function parseShare(text: string, what: string): Share {
  const trimmed = text.trim();
  if (trimmed.slice(0, PREFIX.length).toLowerCase() !== PREFIX) {
    throw new CryptoError("invalid_share", `Cannot read ${what}: it does not start with "${PREFIX}"`);
  }
  const bytes = base32Decode(trimmed.slice(PREFIX.length));
  if (bytes) return readShare(bytes, what);
  throw new CryptoError("invalid_share", `Cannot read ${what}: it is cut short or has a character that no share has`);
}

function readShare(bytes: Uint8Array, what: string): Share {
  const minBytes = HEADER_BYTES + 1 + DIGEST_BYTES + COORDINATE_BYTES + CHECKSUM_BYTES;
  if (bytes.byteLength < minBytes || bytes.byteLength > minBytes + MAX_SECRET_BYTES - 1) {
    throw new CryptoError("invalid_share", `Cannot read ${what}: it is cut short or has a character that no share has`);
  }
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  if (!constantTimeEqual(bytes.subarray(-CHECKSUM_BYTES), shareChecksum(body))) {
    throw new CryptoError("invalid_share", `Cannot read ${what}: its checksum is wrong, look for a typing mistake`);
  }
  const [threshold = 0, total = 0] = body.subarray(SET_ID_BYTES, HEADER_BYTES);
  if (threshold < 2 || threshold > total) {
    throw new CryptoError("invalid_share", `Cannot read ${what}: ${threshold} of ${total} shares is not possible`);
  }
  // header and length are part of the set: shares that disagree about the threshold are not of one splitting
  return { set: hexEncode(body.subarray(0, HEADER_BYTES)), threshold, total, data: body.slice(HEADER_BYTES) };
}

function shareChecksum(body: Uint8Array): Bytes {
  return sha256(domainMessage(PREFIX, body)).slice(0, CHECKSUM_BYTES);
}

function secretDigest(secret: Uint8Array): Bytes {
  return sha256(domainMessage("bzzz/secret/1", secret)).slice(0, DIGEST_BYTES);
}
