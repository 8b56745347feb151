import {
  certifyHere,
  decodeGrant,
  type DeviceCertificate,
  type DevicePlace,
  ensurePerson,
  IdentityError,
  loadApprovalKey,
  loadGrant,
  loadMesh,
  loadPerson,
  loadPersonRoot,
  personIdOf,
  personPaths,
  personWords,
  replacePersonRoot,
} from "@bzzz/agentid";
import type { Clock, Random } from "@bzzz/base";
import type { PersonSheet } from "@bzzz/cli";
import { combineShares, type SigningKey, signingKeyFromSeed, splitSecret } from "@bzzz/crypto";
import { DEFAULT_RECOVERY } from "../recovery_shares.ts";

/** What of a person is done with files alone, while no node needs to run. */
export interface SheetDeps {
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
}

type Lock = { readonly passphrase?: string };

/** The shares of a person's root key; with `isRemoved` it is gone from the data directory when this resolves. */
export async function exportPerson(
  options: {
    readonly home: string;
    readonly lock: Lock;
    readonly shares: number | undefined;
    readonly threshold: number | undefined;
  },
): Promise<PersonSheet> {
  const root = await loadPersonRoot(options.home, options.lock);
  const { shares = DEFAULT_RECOVERY.shares, threshold = DEFAULT_RECOVERY.threshold } = options;
  const seed = root.exportSeed();
  const texts = await splitSecret(seed, { shares, threshold });
  seed.fill(0);
  return { words: personWords(personIdOf(root)), shares: texts, threshold };
}

/** The words of the key that shares make; whether it is anybody's is not looked at. @throws CryptoError */
export async function wordsOfShares(shares: readonly string[]): Promise<string> {
  const seed = await combineShares(shares);
  const root = signingKeyFromSeed(seed);
  seed.fill(0);
  return personWords(personIdOf(root));
}

/** Takes the root key off a data directory. */
export async function removePersonRoot(home: string): Promise<void> {
  await Deno.remove(personPaths(home).root);
}

/**
 * Puts a root key back from its shares and certifies the device with it: at `place`, or where the data directory is a member's already.
 * @throws CryptoError when the shares make no key; nothing has changed then
 */
export async function restorePerson(
  deps: SheetDeps,
  options: {
    readonly home: string;
    readonly shares: readonly string[];
    readonly lock: Lock;
    readonly place?: DevicePlace;
  },
): Promise<{ readonly words: string }> {
  const { home, shares, lock } = options;
  const seed = await combineShares(shares);
  const root = signingKeyFromSeed(seed);
  seed.fill(0);
  await replacePersonRoot(home, root, deps, lock);
  const place = options.place ?? await placeOf(home);
  if (place) {
    const nowMs = deps.clock.nowMs();
    await ensurePerson(home, { ...place, nowMs }, deps, lock);
    await certifyHere(home, root, await loadApprovalKey(home, lock), { ...place, nowMs }, deps);
  }
  return { words: personWords(personIdOf(root)) };
}

/** The keys of a person, for a portal that has none. @throws IdentityError "mesh_missing" */
export async function createPerson(
  deps: SheetDeps,
  options: { readonly home: string; readonly lock: Lock },
): Promise<{ readonly words: string; readonly isLocked: boolean }> {
  const place = await placeOf(options.home);
  if (!place) {
    throw new IdentityError(
      "mesh_missing",
      `Cannot make keys of a person: "${options.home}" belongs to no mesh; init and join make them by themselves`,
    );
  }
  const { certificate, isLocked } = await ensurePerson(
    options.home,
    { ...place, nowMs: deps.clock.nowMs() },
    deps,
    options.lock,
  );
  return { words: personWords(certificate.person), isLocked };
}

/** The key that signs decisions, with its certificate. @throws IdentityError "person_missing", "wrong_passphrase", … */
export async function openPerson(
  home: string,
  lock: Lock,
): Promise<{ readonly key: SigningKey; readonly certificate: DeviceCertificate }> {
  const mesh = await loadMesh(home);
  const files = mesh && await loadPerson(home, mesh.meshId);
  if (files) return { key: await loadApprovalKey(home, lock), certificate: files.certificate };
  throw new IdentityError(
    "person_missing",
    `Cannot use the keys of a person: there are none in "${home}"; make them with "bzzz-hap identity create"`,
  );
}

/** Whether the person's keys of a data directory have a passphrase; undefined: there are none. */
export async function isPersonLocked(home: string): Promise<boolean | undefined> {
  const mesh = await loadMesh(home);
  return mesh && (await loadPerson(home, mesh.meshId))?.isLocked;
}

async function placeOf(home: string): Promise<DevicePlace | undefined> {
  const mesh = await loadMesh(home);
  const bytes = await loadGrant(home);
  const grant = bytes && decodeGrant(bytes)?.grant;
  return mesh && grant ? { mesh: mesh.meshId, peer: grant.peer } : undefined;
}
