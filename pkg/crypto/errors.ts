import { BzzzError } from "@bzzz/base";

/**
 * - "invalid_key": a key, identity or recipient text that is not one.
 * - "wrong_passphrase": locked bytes that this passphrase does not open.
 * - "not_a_recipient": sealed bytes that this identity may not open.
 * - "malformed": bytes that are not an age file, or were altered.
 * - "invalid_share": a secret share that is misspelt or damaged.
 * - "mixed_shares": shares of different secrets, or of different splittings of one.
 * - "too_few_shares": fewer different shares than the threshold.
 * - "too_large": content over the limit.
 * - "invalid_argument": counts or lengths that cannot work.
 */
export type CryptoErrorCode =
  | "invalid_key"
  | "wrong_passphrase"
  | "not_a_recipient"
  | "malformed"
  | "invalid_share"
  | "mixed_shares"
  | "too_few_shares"
  | "too_large"
  | "invalid_argument";

/** A failure of this package. Messages and details never hold key material. */
export class CryptoError extends BzzzError<CryptoErrorCode> {}
