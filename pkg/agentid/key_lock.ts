import type { Random } from "@bzzz/base";
import { IdentityError } from "./errors.ts";
import { readSecretFileIfThere } from "./files.ts";
import { meshPaths } from "./mesh_files.ts";
import { ageKeyPath, type KeyLocation, signingKeyPath } from "./node_keys.ts";
import { isLockedContent, type LockOptions, readSecret, saveSecret } from "./secret_file.ts";

/** A file with a secret of this node. */
export interface KeyFile {
  readonly path: string;
  /** What it is the key of: the node's signature, what was encrypted to it, the whole mesh. */
  readonly purpose: "signing" | "encryption" | "root";
  readonly isLocked: boolean;
}

/** The key files that are there. @throws IdentityError "key_permissions" */
export async function listKeyFiles(location: KeyLocation): Promise<readonly KeyFile[]> {
  const places = [
    { path: signingKeyPath(location), purpose: "signing" },
    { path: ageKeyPath(location), purpose: "encryption" },
    { path: meshPaths(location.home).rootKey, purpose: "root" },
  ] as const;
  const found = await Promise.all(places.map(async ({ path, purpose }): Promise<KeyFile | undefined> => {
    const bytes = await readSecretFileIfThere(path);
    return bytes && { path, purpose, isLocked: isLockedContent(bytes) };
  }));
  return found.filter((file) => file !== undefined);
}

/**
 * Tries a passphrase on one locked key file: all have the same. Without locked files every passphrase is right.
 *
 * @throws IdentityError "passphrase_required", "wrong_passphrase", "key_permissions"
 */
export async function assertPassphrase(location: KeyLocation, lock: { readonly passphrase?: string }): Promise<void> {
  const locked = (await listKeyFiles(location)).find(({ isLocked }) => isLocked);
  if (locked) (await readSecret(locked.path, lock))?.fill(0);
}

/**
 * Locks every key file of a node that is not locked yet. All that are locked must open with the passphrase, so that a
 * call that was killed halfway can be made again. Resolves with how many were locked.
 *
 * @throws IdentityError "key_missing", "wrong_passphrase" (nothing was changed), "key_permissions"
 */
export async function lockKeyFiles(
  location: KeyLocation,
  deps: { random: Random },
  lock: LockOptions & { readonly passphrase: string },
): Promise<number> {
  return await rewrite(location, deps, { lock, from: (file) => !file.isLocked, to: lock });
}

/**
 * Opens every key file of a node that is locked; their mode protects them then. Resolves with how many were opened.
 *
 * @throws IdentityError "key_missing", "wrong_passphrase" (nothing was changed), "key_permissions"
 */
export async function unlockKeyFiles(
  location: KeyLocation,
  deps: { random: Random },
  lock: { readonly passphrase: string },
): Promise<number> {
  return await rewrite(location, deps, { lock, from: (file) => file.isLocked, to: {} });
}

/** Everything is read, so that every passphrase was tried, before anything is written. */
async function rewrite(
  location: KeyLocation,
  deps: { random: Random },
  how: { readonly lock: LockOptions; readonly from: (file: KeyFile) => boolean; readonly to: LockOptions },
): Promise<number> {
  const files = await listKeyFiles(location);
  if (!files.some(({ purpose }) => purpose === "signing")) {
    const path = signingKeyPath(location);
    throw new IdentityError(
      "key_missing",
      `Cannot change key files: there is no "${path}"; run "init" or "join" first`,
      {
        details: { path },
      },
    );
  }
  const changes: { readonly path: string; readonly plain: Uint8Array }[] = [];
  for (const file of files) {
    const plain = await readSecret(file.path, how.lock);
    if (!plain) continue; // gone since it was listed
    if (how.from(file)) changes.push({ path: file.path, plain });
    else plain.fill(0);
  }
  for (const { path, plain } of changes) {
    await saveSecret(path, plain, deps, { ...how.to, overwrite: true });
    plain.fill(0);
  }
  return changes.length;
}
