import { join } from "node:path";
import { once, type PeerId, type Random, utf8Decode, utf8Encode } from "@bzzz/base";
import {
  type AgeIdentity,
  ageRecipientOf,
  createAgeIdentity,
  createSigningKey,
  CryptoError,
  peerIdFromPublicKey,
  type SigningKey,
  signingKeyFromSeed,
} from "@bzzz/crypto";
import { encodeCbor } from "@bzzz/wire";
import { z } from "zod";
import { IdentityError } from "./errors.ts";
import { isFile } from "./files.ts";
import type { BinaryType } from "./roles.ts";
import { bytes32, peerId } from "./schemas.ts";
import { type LockOptions, malformedKey, readSecret, saveSecret } from "./secret_file.ts";
import { tryDecode } from "./signed_record.ts";

/** Where the keys of one program are: two programs on one host have two homes, or at least two key files. */
export interface KeyLocation {
  /** The data directory. */
  readonly home: string;
  readonly binaryType: BinaryType;
}

/** The keys of a node, in memory. */
export interface NodeKeys {
  readonly signingKey: SigningKey;
  readonly peerId: PeerId;
  readonly age: AgeIdentity;
}

const IDENTITY_LINE = /^AGE-SECRET-KEY-1[0-9A-Z]+$/m;

/** The file names the peer id beside the seed, so that a damaged key is noticed before the mesh sees a stranger. */
const keyFileSchema = once(() => z.object({ v: z.literal(1), seed: bytes32(), peer: peerId() }));

/** The path of a program's signing key. */
export function signingKeyPath(location: KeyLocation): string {
  return join(location.home, "identity", `${location.binaryType}.key`);
}

/** The path of the node's age identity, in the format of the `age` command. */
export function ageKeyPath(location: Pick<KeyLocation, "home">): string {
  return join(location.home, "identity", "age.key");
}

/** Whether this program has a signing key here. @throws IdentityError "key_permissions" where that cannot be seen */
export async function hasNodeKeys(location: KeyLocation): Promise<boolean> {
  return await isFile(signingKeyPath(location));
}

/**
 * Makes and stores the keys of a node, 0600. An age identity that is there already is kept: the other program of a
 * shared home uses it. The signing key is written last, so that a crash in between leaves nothing half-made.
 *
 * @throws IdentityError "already_exists" when there is a signing key, and the errors of `loadNodeKeys` for the age key
 */
export async function createNodeKeys(
  location: KeyLocation,
  deps: { random: Random },
  lock: LockOptions = {},
): Promise<NodeKeys> {
  const path = signingKeyPath(location);
  if (await hasNodeKeys(location)) {
    throw new IdentityError("already_exists", `Cannot create keys: "${path}" exists and is not overwritten`, {
      details: { path },
    });
  }
  const age = await loadAge(location, lock) ?? await createAge(location, deps, lock);
  const signingKey = createSigningKey(deps.random);
  await saveSigningKey(path, signingKey, deps, lock);
  return { signingKey, peerId: peerIdFromPublicKey(signingKey.publicKey), age };
}

/**
 * Reads the keys of a node.
 *
 * @throws IdentityError "key_missing", "key_permissions", "key_malformed", "passphrase_required", "wrong_passphrase"
 */
export async function loadNodeKeys(location: KeyLocation, lock: LockOptions = {}): Promise<NodeKeys> {
  const signingKey = await loadSigningKey(signingKeyPath(location), lock);
  const age = await loadAge(location, lock);
  if (!age) throw missing(ageKeyPath(location));
  return { signingKey, peerId: peerIdFromPublicKey(signingKey.publicKey), age };
}

/** Stores a signing key, 0600, in one step; replaces one only when told. @throws IdentityError "already_exists" */
export async function saveSigningKey(
  path: string,
  key: SigningKey,
  deps: { random: Random },
  lock: LockOptions & { readonly overwrite?: boolean } = {},
): Promise<void> {
  const { overwrite = false } = lock;
  const seed = key.exportSeed();
  const plain = encodeCbor({ v: 1, seed, peer: peerIdFromPublicKey(key.publicKey) });
  try {
    await saveSecret(path, plain, deps, { ...lock, overwrite });
  } finally {
    plain.fill(0);
    seed.fill(0);
  }
}

/**
 * Reads a signing key.
 *
 * @throws IdentityError "key_missing", "key_permissions", "key_malformed", "passphrase_required", "wrong_passphrase"
 */
export async function loadSigningKey(path: string, lock: LockOptions = {}): Promise<SigningKey> {
  const plain = await readSecret(path, lock);
  if (!plain) throw missing(path);
  const parsed = keyFileSchema().safeParse(tryDecode(plain), { jitless: true });
  if (!parsed.success) throw malformedKey(path, "it is not a key file of BZZZ, or was cut short");
  const key = signingKeyFromSeed(parsed.data.seed);
  parsed.data.seed.fill(0);
  plain.fill(0);
  if (peerIdFromPublicKey(key.publicKey) !== parsed.data.peer) {
    throw malformedKey(path, `the key is not that of ${parsed.data.peer}, the file is damaged`);
  }
  return key;
}

async function createAge(location: KeyLocation, deps: { random: Random }, lock: LockOptions): Promise<AgeIdentity> {
  const age = await createAgeIdentity();
  const text = `# public key: ${age.recipient}\n${age.identity}\n`;
  await saveSecret(ageKeyPath(location), utf8Encode(text), deps, { ...lock, overwrite: false });
  return age;
}

async function loadAge(location: KeyLocation, lock: LockOptions): Promise<AgeIdentity | undefined> {
  const path = ageKeyPath(location);
  const plain = await readSecret(path, lock);
  if (!plain) return undefined;
  try {
    const identity = IDENTITY_LINE.exec(utf8Decode(plain))?.[0];
    if (identity) return { identity, recipient: await ageRecipientOf(identity) };
  } catch (error) {
    if (!(error instanceof CryptoError || error instanceof TypeError)) throw error;
  }
  throw malformedKey(path, "it has no age identity");
}

function missing(path: string): IdentityError {
  return new IdentityError("key_missing", `Cannot open key file "${path}": there is none; run "init" or "join" first`, {
    details: { path },
  });
}
