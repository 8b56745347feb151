import type { Decrypter } from "age-encryption";
import { type Bytes, errorMessage } from "@bzzz/base";
import { ageRecipientOfSecret, ageSecretOfText, createAgeOpener } from "./age_secret.ts";
import { recipientPoint, x25519Identity, x25519Recipient } from "./age_x25519.ts";
import { CryptoError } from "./errors.ts";

/** Loaded with the first file that is sealed or opened: a start needs only the text of a recipient. */
export function loadAge(): Promise<typeof import("age-encryption")> {
  return import("age-encryption");
}

/** A key pair of age (age-encryption.org/v1): what is sealed to `recipient`, `identity` opens. */
export interface AgeIdentity {
  /** Secret: "AGE-SECRET-KEY-1…". */
  readonly identity: string;
  /** Public: "age1…". */
  readonly recipient: string;
}

/** Cost of a passphrase, as a power of two; age's own default (about a second, 256 MiB). */
export const DEFAULT_SCRYPT_LOG_N = 18;
/** What age accepts when it opens a file; more would let a file exhaust the memory of its reader. */
const MAX_SCRYPT_LOG_N = 20;

/** How age-encryption 0.3.1 says that none of the given identities or passphrases fits. */
const NO_MATCH = "no identity matched";

/** A new X25519 identity, from the system's randomness. */
export async function createAgeIdentity(): Promise<AgeIdentity> {
  const { generateX25519Identity } = await loadAge();
  const identity = await generateX25519Identity();
  return { identity, recipient: await ageRecipientOf(identity) };
}

/** The recipient ("age1…") of an identity. @throws CryptoError "invalid_key" when `identity` is not an age identity */
export async function ageRecipientOf(identity: string): Promise<string> {
  const secret = await Promise.resolve(ageSecretOfText(identity));
  try {
    return ageRecipientOfSecret(secret);
  } finally {
    secret.fill(0);
  }
}

/** Whether `text` is an X25519 recipient ("age1…") with a right checksum. */
export function isAgeRecipient(text: string): boolean {
  return recipientPoint(text) !== undefined;
}

/**
 * An age file that only `passphrase` opens, readable by the `age` command. Deriving the key blocks the event loop for
 * about a second at the default `logN`: for start-up and commands, not for serving.
 *
 * @throws CryptoError "invalid_argument" when the passphrase is empty or `logN` is outside 10 … 20
 */
export async function lockWithPassphrase(
  bytes: Uint8Array,
  passphrase: string,
  options: { logN?: number } = {},
): Promise<Bytes> {
  const logN = options.logN ?? DEFAULT_SCRYPT_LOG_N;
  if (passphrase === "") throw new CryptoError("invalid_argument", "Cannot lock with passphrase: it is empty");
  if (!Number.isInteger(logN) || logN < 10 || logN > MAX_SCRYPT_LOG_N) {
    throw new CryptoError("invalid_argument", `Cannot lock with passphrase: work factor ${logN} is not in 10 … 20`);
  }
  const { Encrypter } = await loadAge();
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(logN);
  encrypter.setPassphrase(passphrase);
  return new Uint8Array(await encrypter.encrypt(bytes));
}

/**
 * The content of a file made by `lockWithPassphrase` or `age --passphrase`.
 *
 * @throws CryptoError "wrong_passphrase" | "malformed"
 */
export async function unlockWithPassphrase(locked: Uint8Array, passphrase: string): Promise<Bytes> {
  const { Decrypter } = await loadAge();
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return await decryptWith(decrypter, locked, {
    code: "wrong_passphrase",
    message: "Cannot unlock: the passphrase is wrong",
  });
}

/**
 * An age file that every one of `recipients` can open with its identity, and nobody else.
 *
 * @throws CryptoError "invalid_argument" without recipients, "invalid_key" when one is not an "age1…" text
 */
export async function sealTo(recipients: readonly string[], bytes: Uint8Array): Promise<Bytes> {
  if (recipients.length === 0) throw new CryptoError("invalid_argument", "Cannot seal: there are no recipients");
  const { Encrypter, Stanza } = await loadAge();
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    encrypter.addRecipient(x25519Recipient(recipient, Stanza));
  }
  return new Uint8Array(await encrypter.encrypt(bytes));
}

/**
 * The content of a file that was sealed to `identity`.
 *
 * @throws CryptoError "invalid_key" | "not_a_recipient" | "malformed"
 */
export async function open(identity: string, sealed: Uint8Array): Promise<Bytes> {
  const secret = ageSecretOfText(identity);
  const { Decrypter } = await loadAge();
  const decrypter = new Decrypter();
  try {
    // the library's own identity works out its public half beside, and nobody waits for that when a file is no file
    decrypter.addIdentity(x25519Identity(await createAgeOpener(secret)));
  } finally {
    secret.fill(0);
  }
  return await decryptWith(decrypter, sealed, {
    code: "not_a_recipient",
    message: "Cannot open sealed bytes: they are not sealed to this identity",
  });
}

/** Decrypts, and gives the failures of the library their codes. */
export async function decryptWith(
  decrypter: Decrypter,
  file: Uint8Array,
  noMatch: { code: "wrong_passphrase" | "not_a_recipient"; message: string },
): Promise<Bytes> {
  try {
    return new Uint8Array(await decrypter.decrypt(file));
  } catch (cause) {
    if (errorMessage(cause).includes(NO_MATCH)) throw new CryptoError(noMatch.code, noMatch.message, { cause });
    throw new CryptoError("malformed", "Cannot decrypt: the bytes are not an age file, or were altered", { cause });
  }
}
