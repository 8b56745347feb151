import { basename, join } from "node:path";
import { type Bytes, hexEncode, type MeshId, type PeerId, type Random } from "@bzzz/base";
import { createSigningKey, type SigningKey } from "@bzzz/crypto";
import { IdentityError } from "../errors.ts";
import { readSecretFileIfThere, SECRET_FILE_MODE, writeFileAtomic } from "../files.ts";
import { loadSigningKey, saveSigningKey } from "../node_keys.ts";
import { type FileChange, finishChange, replaceTogether } from "../replace_together.ts";
import { isLockedContent, lockContent, type LockOptions, readSecret } from "../secret_file.ts";
import { certifyDevice, type DeviceCertificate, readPersonRecord } from "./person_record.ts";

/** The files of a person in a data directory, 0600. All keys of them have one passphrase, which is not the node's. */
export interface PersonPaths {
  /** Certifies devices. May be taken away: `identity export`. */
  readonly root: string;
  /** Signs decisions. */
  readonly approval: string;
  readonly certificate: string;
  /** What the rules of a policy may approve in the person's name. */
  readonly mandate: string;
}

/** Where they are; nothing is created. */
export function personPaths(home: string): PersonPaths {
  const at = (name: string) => join(folderOf(home), name);
  return {
    root: at("person.key"),
    approval: at("approval.key"),
    certificate: at("person.certificate"),
    mandate: at("policy.mandate"),
  };
}

/** What of a person is in a data directory. */
export interface PersonFiles {
  readonly certificate: DeviceCertificate;
  readonly hasRoot: boolean;
  /** Whether using the key takes a passphrase; without one its mode alone protects it. */
  readonly isLocked: boolean;
}

/** For which node of which mesh a device is. */
export interface DevicePlace {
  readonly mesh: MeshId;
  readonly peer: PeerId;
}

/**
 * The person of a data directory: made where there is none, certified anew for another mesh or node. With a passphrase new
 * keys are locked, and those that are there must open with it.
 * @throws IdentityError "wrong_passphrase", "passphrase_required", "key_permissions", "key_malformed"
 */
export async function ensurePerson(
  home: string,
  place: DevicePlace & { readonly nowMs: number },
  deps: { readonly random: Random },
  lock: LockOptions = {},
): Promise<PersonFiles> {
  const paths = personPaths(home);
  const known = await loadPerson(home, place.mesh);
  if (known?.certificate.peer === place.peer) return known;
  const root = await ensureKey(paths.root, deps, lock);
  const approval = await ensureKey(paths.approval, deps, lock);
  const certificate = await certifyHere(home, root, approval, place, deps);
  return { certificate, hasRoot: true, isLocked: lock.passphrase !== undefined };
}

/** Certifies the approval key of a data directory with a root key, and keeps the certificate. */
export async function certifyHere(
  home: string,
  root: SigningKey,
  approval: Pick<SigningKey, "publicKey">,
  place: DevicePlace & { readonly nowMs: number },
  deps: { readonly random: Random },
): Promise<DeviceCertificate> {
  const { mesh, peer, nowMs } = place;
  const certificate = certifyDevice(root, { mesh, peer, key: hexEncode(approval.publicKey), issuedAtMs: nowMs });
  const options = { mode: SECRET_FILE_MODE, overwrite: true, random: deps.random };
  await writeFileAtomic(personPaths(home).certificate, certificate.bytes, options);
  return certificate;
}

/** What is in a data directory, without opening a key; undefined when nobody's is. @throws IdentityError "key_permissions" */
export async function loadPerson(home: string, mesh: MeshId): Promise<PersonFiles | undefined> {
  const paths = personPaths(home);
  await finishChange(folderOf(home));
  const bytes = await readSecretFileIfThere(paths.certificate);
  const certificate = bytes && readPersonRecord(bytes, mesh);
  const approval = await readSecretFileIfThere(paths.approval);
  if (certificate?.type !== "certificate" || !approval) return undefined;
  const root = await readSecretFileIfThere(paths.root);
  return { certificate, hasRoot: root !== undefined, isLocked: isLockedContent(approval) };
}

/** The key that signs decisions. @throws IdentityError "key_missing", "passphrase_required", "wrong_passphrase", … */
export async function loadApprovalKey(home: string, lock: LockOptions): Promise<SigningKey> {
  await finishChange(folderOf(home));
  return await loadSigningKey(personPaths(home).approval, lock);
}

/** The person's root key. @throws IdentityError "person_missing" where it was taken away, "wrong_passphrase", … */
export async function loadPersonRoot(home: string, lock: LockOptions): Promise<SigningKey> {
  await finishChange(folderOf(home));
  try {
    return await loadSigningKey(personPaths(home).root, lock);
  } catch (error) {
    if (!(error instanceof IdentityError) || error.code !== "key_missing") throw error;
    throw new IdentityError(
      "person_missing",
      `Cannot use the person's root key: there is none in "${home}"; put it back with "bzzz-hap identity restore"`,
      { cause: error },
    );
  }
}

/** Puts a root key into a data directory, in place of what is there, in one step. */
export async function replacePersonRoot(
  home: string,
  root: SigningKey,
  deps: { readonly random: Random },
  lock: LockOptions,
): Promise<void> {
  await finishChange(folderOf(home));
  await saveSigningKey(personPaths(home).root, root, deps, { ...lock, overwrite: true });
}

/** Keeps the root key that is to follow, beside the one that is there. @throws IdentityError "already_exists" */
export async function saveNextRoot(
  home: string,
  next: SigningKey,
  deps: { readonly random: Random },
  lock: LockOptions,
): Promise<void> {
  await finishChange(folderOf(home));
  await saveSigningKey(nextRootPath(home), next, deps, lock);
}

/** The root key that is to follow; undefined: no rotation has begun. @throws IdentityError "wrong_passphrase", … */
export async function loadNextRoot(home: string, lock: LockOptions): Promise<SigningKey | undefined> {
  await finishChange(folderOf(home));
  try {
    return await loadSigningKey(nextRootPath(home), lock);
  } catch (error) {
    if (error instanceof IdentityError && error.code === "key_missing") return undefined;
    throw error;
  }
}

/** Puts the root key that follows into the place of the one before it, in one step. */
export async function takeNextRoot(home: string): Promise<void> {
  await finishChange(folderOf(home));
  await Deno.rename(nextRootPath(home), personPaths(home).root);
}

function folderOf(home: string): string {
  return join(home, "identity");
}

function nextRootPath(home: string): string {
  return `${personPaths(home).root}.next`;
}

/** Keeps what the person lets the rules of a policy approve, in place of what was kept. */
export async function saveMandate(home: string, mandate: Uint8Array, deps: { readonly random: Random }): Promise<void> {
  await writeFileAtomic(personPaths(home).mandate, mandate, { mode: SECRET_FILE_MODE, overwrite: true, ...deps });
}

/** The mandate that was kept, unread; undefined: none. @throws IdentityError "key_permissions" */
export async function loadMandate(home: string): Promise<Bytes | undefined> {
  return await readSecretFileIfThere(personPaths(home).mandate);
}

/**
 * Locks the person's keys with a passphrase, in place of `old` if they have one. A crash leaves all of them with the one or
 * all with the other.
 * @throws IdentityError "wrong_passphrase", "person_missing", "keys_busy", … when nothing was changed
 */
export async function relockPerson(
  home: string,
  deps: { readonly random: Random },
  change: { readonly old: LockOptions; readonly next: LockOptions },
): Promise<void> {
  const { root, approval } = personPaths(home);
  if (!await readSecretFileIfThere(approval)) {
    throw new IdentityError("person_missing", `Cannot lock the person's keys: there are none in "${home}"`);
  }
  await replaceTogether(folderOf(home), deps, async () => {
    const changes: FileChange[] = [];
    for (const path of [approval, root, nextRootPath(home)]) {
      const plain = await readSecret(path, change.old);
      if (!plain) continue;
      changes.push({ name: basename(path), bytes: await lockContent(plain, change.next) });
      if (change.next.passphrase !== undefined) plain.fill(0);
    }
    return changes;
  });
}

async function ensureKey(path: string, deps: { random: Random }, lock: LockOptions): Promise<SigningKey> {
  try {
    return await loadSigningKey(path, lock);
  } catch (error) {
    if (!(error instanceof IdentityError) || error.code !== "key_missing") throw error;
  }
  const key = createSigningKey(deps.random);
  await saveSigningKey(path, key, deps, lock);
  return key;
}
