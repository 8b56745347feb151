import { type Bytes, type Random, utf8Encode } from "@bzzz/base";
import { CryptoError, lockWithPassphrase, unlockWithPassphrase } from "@bzzz/crypto";
import { IdentityError } from "./errors.ts";
import { readSecretFileIfThere, SECRET_FILE_MODE, writeFileAtomic } from "./files.ts";

/** How a key file is locked; without a passphrase it is protected by its mode alone. */
export interface LockOptions {
  readonly passphrase?: string;
  /** Cost as a power of two, `KEY_LOCK_LOG_N` unless given; lower only in tests. */
  readonly logN?: number;
}

/**
 * Cost of the passphrase of a key file: 64 MiB for each file while it is opened. age's own default of 18 takes 256 MiB, as
 * much as a portal has in all, and a container's limit would end the node that asks (limits of `deployments/kubernetes`).
 */
export const KEY_LOCK_LOG_N = 16;

/** How every locked file begins (age-encryption.org/v1). */
const AGE_HEADER = utf8Encode("age-encryption.org/v1\n");

/** Whether the content of a key file needs a passphrase. */
export function isLockedContent(bytes: Uint8Array): boolean {
  return AGE_HEADER.every((byte, i) => bytes[i] === byte);
}

/** Writes a secret, 0600 and in one step, locked when there is a passphrase. @throws IdentityError "already_exists" */
export async function saveSecret(
  path: string,
  plain: Uint8Array,
  deps: { random: Random },
  options: LockOptions & { readonly overwrite: boolean },
): Promise<void> {
  const { overwrite } = options;
  const bytes = await lockContent(plain, options);
  await writeFileAtomic(path, bytes, { mode: SECRET_FILE_MODE, overwrite, random: deps.random });
}

/** What a key file holds for a secret: the secret itself where there is no passphrase. */
export async function lockContent(
  plain: Uint8Array,
  { passphrase, logN = KEY_LOCK_LOG_N }: LockOptions,
): Promise<Uint8Array> {
  return passphrase === undefined ? plain : await lockWithPassphrase(plain, passphrase, { logN });
}

/**
 * Reads a secret and opens it where it is locked; undefined when there is no such file.
 * @throws IdentityError "key_permissions", "passphrase_required", "wrong_passphrase", "key_malformed"
 */
export async function readSecret(path: string, { passphrase }: LockOptions): Promise<Bytes | undefined> {
  const bytes = await readSecretFileIfThere(path);
  if (!bytes || !isLockedContent(bytes)) return bytes;
  if (passphrase === undefined) {
    throw new IdentityError(
      "passphrase_required",
      `Cannot open key file "${path}": it is locked; give its passphrase on a terminal, or a file that holds it with ` +
        "--passphrase-file or identity.passphrase_file",
      { details: { path } },
    );
  }
  try {
    return await unlockWithPassphrase(bytes, passphrase);
  } catch (cause) {
    if (cause instanceof CryptoError && cause.code === "wrong_passphrase") {
      throw new IdentityError("wrong_passphrase", `Cannot open key file "${path}": the passphrase is wrong`, {
        cause,
        details: { path },
      });
    }
    throw malformedKey(path, "it is a locked file that was altered", cause);
  }
}

/** A key file that cannot be used. */
export function malformedKey(path: string, why: string, cause?: unknown): IdentityError {
  return new IdentityError("key_malformed", `Cannot open key file "${path}": ${why}; restore it from a backup`, {
    cause,
    details: { path },
  });
}
