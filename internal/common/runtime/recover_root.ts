import {
  decodeGrant,
  FOUNDER_GRANT_TTL_MS,
  type Grant,
  IdentityError,
  issueGrant,
  loadGrant,
  loadMesh,
  loadNodeKeys,
  loadPerson,
  type MeshRecord,
  saveGrant,
} from "@bzzz/agentid";
import { combineShares, constantTimeEqual, signingKeyFromSeed } from "@bzzz/crypto";
import { openStore } from "@bzzz/store";
import { acquireInstanceLock } from "./collision.ts";
import { homePaths } from "./home.ts";
import type { SetupDeps } from "./setup.ts";
import { rememberToPublish } from "./trust.ts";

/** What recovering made of this node. */
export interface RecoveredRoot {
  readonly mesh: MeshRecord;
  readonly grant: Grant;
}

/**
 * Signs an admin grant for the node of `home` with the root key, rebuilt from its shares and forgotten again. The grant is on
 * disk when this resolves; the node tells the mesh of it when it runs.
 *
 * @throws IdentityError "mesh_missing", "grant_missing", "identity_mismatch" (shares of another mesh); CryptoError for shares
 *   that are too few or do not fit; RuntimeError "instance_running"
 */
export async function recoverRoot(
  deps: SetupDeps,
  options: { readonly home: string; readonly shares: readonly string[]; readonly passphrase: string | undefined },
): Promise<RecoveredRoot> {
  const { clock, random, logger, profile } = deps;
  const { home, passphrase } = options;
  const { mesh, own } = await loadMembership(deps, home);
  const keys = await loadNodeKeys(
    { home, binaryType: profile.binaryType },
    passphrase === undefined ? {} : { passphrase },
  );
  const seed = await combineShares(options.shares);
  const rootKey = signingKeyFromSeed(seed);
  seed.fill(0);
  if (!constantTimeEqual(rootKey.publicKey, mesh.rootPublicKey)) {
    throw new IdentityError(
      "identity_mismatch",
      `Cannot recover the root key: the shares are those of another mesh than "${mesh.name}" (${mesh.meshId}), to which "${home}" belongs`,
    );
  }
  using _lock = await acquireInstanceLock({ clock, logger }, home, {
    agentId: own.agentId,
    binaryType: profile.binaryType,
  });
  const { grant, bytes } = issueGrant({ key: rootKey, issuer: "root" }, {
    mesh: mesh.meshId,
    peer: keys.peerId,
    agentId: own.agentId,
    binaryType: profile.binaryType,
    role: "admin",
    ageRecipient: keys.age.recipient,
    // a grant dated ahead by a fast clock, or a revocation of it, must not outlive this one
    issuedAtMs: Math.max(clock.nowMs(), own.issuedAtMs + 1),
    ttlMs: FOUNDER_GRANT_TTL_MS,
    person: (await loadPerson(home, mesh.meshId))?.certificate.person ?? own.person,
  });
  using store = openStore({ clock, logger }, { path: homePaths(home).database });
  store.transaction(() => {
    store.grants.addGrant(bytes);
    rememberToPublish(store, bytes);
  });
  await saveGrant(home, bytes, { random });
  return { mesh, grant };
}

async function loadMembership(
  { profile }: Pick<SetupDeps, "profile">,
  home: string,
): Promise<{ readonly mesh: MeshRecord; readonly own: Grant }> {
  const mesh = await loadMesh(home);
  if (!mesh) {
    throw new IdentityError(
      "mesh_missing",
      `Cannot recover the root key: "${home}" belongs to no mesh; name the data directory of a member with --home`,
      { details: { home } },
    );
  }
  const bytes = await loadGrant(home);
  const own = bytes && decodeGrant(bytes)?.grant;
  if (own?.binaryType === profile.binaryType) return { mesh, own };
  const found = own ? `it is that of bzzz-${own.binaryType}` : "it has no readable grant";
  throw new IdentityError(
    "grant_missing",
    `Cannot recover the root key in "${home}": ${found}; take another member's`,
    {
      details: { home },
    },
  );
}
