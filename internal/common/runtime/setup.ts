import {
  createJoinProof,
  createMesh,
  createNodeKeys,
  decodeGrant,
  decodeJoinToken,
  type DevicePlace,
  ensurePerson,
  FOUNDER_GRANT_TTL_MS,
  hasNodeKeys,
  IdentityError,
  issueGrant,
  loadMesh,
  loadNodeKeys,
  lockKeyFiles,
  Membership,
  meshPaths,
  type MeshRecord,
  type NewMesh,
  type NodeKeys,
  type PersonFiles,
  saveGrant,
  saveMesh,
  saveRootKey,
} from "@bzzz/agentid";
import { type AgentId, BzzzError, type Clock, type MeshId, type PeerId, type Random } from "@bzzz/base";
import { renderExampleConfig } from "@bzzz/config";
import { type SigningKey, splitSecret } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import { joinMesh, P2pError } from "@bzzz/p2p";
import { openStore } from "@bzzz/store";
import { join } from "node:path";
import { homePaths, readTextIfThere, removeIfThere, writePrivateFile } from "./home.ts";
import { restorePerson } from "./people/person_sheet.ts";
import type { BinaryProfile } from "./profiles.ts";
import { DEFAULT_RECOVERY } from "./recovery_shares.ts";
import { foundVoters } from "./voters/found.ts";

/** What setting up a data directory needs of the program. */
export interface SetupDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly profile: BinaryProfile;
  readonly version: string;
}

/** What `foundMesh` made. The shares exist nowhere else. */
export interface FoundedMesh {
  readonly mesh: MeshRecord;
  readonly agentId: AgentId;
  readonly keys: NodeKeys;
  readonly configPath: string;
  readonly recoveryShares: readonly string[];
  /** Of a portal. */
  readonly person: PersonFiles | undefined;
}

/**
 * Creates a mesh with this node as its first admin (design section 4.1).
 * @throws IdentityError "already_exists", "invalid_mesh"; CryptoError "invalid_argument" for impossible share numbers
 */
export async function foundMesh(
  deps: SetupDeps,
  options: {
    readonly home: string;
    readonly meshName: string;
    readonly agentId: AgentId;
    readonly isRootKeyKept: boolean;
    readonly shares?: number;
    readonly threshold?: number;
    /** Locks the keys, the root key too where it is kept. */
    readonly passphrase?: string;
    /** Locks the keys of the portal's person. */
    readonly personPassphrase?: string | undefined;
    /** Shares of the root key of the portal's person; without them it gets a new one. */
    readonly personShares?: readonly string[] | undefined;
  },
): Promise<FoundedMesh> {
  const { clock, random } = deps;
  await assertUnjoined(options.home, "create a mesh in");
  const mesh = createMesh({ name: options.meshName, random, clock });
  const shares = options.shares ?? DEFAULT_RECOVERY.shares;
  const threshold = options.threshold ?? DEFAULT_RECOVERY.threshold;
  const seed = mesh.rootKey.exportSeed();
  const recoveryShares = await splitSecret(seed, { shares, threshold });
  seed.fill(0);
  const lock = options.passphrase === undefined ? {} : { passphrase: options.passphrase };
  const keys = await ensureKeys(deps, options.home, lock);
  const person = await personOf(deps, options, { mesh: mesh.meshId, peer: keys.peerId });
  const founder = { meshId: mesh.meshId, rootKey: mesh.rootKey, agentId: options.agentId, keys, person };
  if (options.isRootKeyKept) await saveRootKey(options.home, mesh.rootKey, { random }, lock);
  await saveGrant(options.home, grantFounder(deps, founder), { random });
  const configPath = await ensureConfig(deps, options.home);
  foundFirstVoter(deps, options.home, mesh, keys.peerId);
  await saveMesh(options.home, mesh, { random });
  return { mesh, agentId: options.agentId, keys, configPath, recoveryShares, person };
}

/** The grant of an admin that the root key itself gives, for who makes a mesh. */
export function grantFounder(
  { clock, profile }: Pick<SetupDeps, "clock" | "profile">,
  founder: {
    readonly meshId: MeshId;
    readonly rootKey: SigningKey;
    readonly agentId: AgentId;
    readonly keys: NodeKeys;
    readonly person: PersonFiles | undefined;
  },
): Uint8Array {
  return issueGrant({ key: founder.rootKey, issuer: "root" }, {
    mesh: founder.meshId,
    peer: founder.keys.peerId,
    agentId: founder.agentId,
    binaryType: profile.binaryType,
    role: "admin",
    ageRecipient: founder.keys.age.recipient,
    issuedAtMs: clock.nowMs(),
    ttlMs: FOUNDER_GRANT_TTL_MS,
    person: founder.person?.certificate.person,
  }).bytes;
}

/** What joining gave. */
export interface JoinedMesh {
  readonly mesh: MeshRecord;
  readonly agentId: AgentId;
  readonly keys: NodeKeys;
  readonly role: string;
  readonly configPath: string;
  /** Of a portal. */
  readonly person: PersonFiles | undefined;
  /** Whether the inviter admitted that person; an older one does not know of people. */
  readonly isPersonAdmitted: boolean;
}

/**
 * Trades a join token for a grant and stores it. A node that asked before and lost the answer may ask again.
 * @throws IdentityError "already_exists", "token_malformed", "token_version", "invalid_grant", "agent_id_taken"; JoinRefusedError; P2pError
 */
export async function joinWithToken(
  deps: SetupDeps,
  options: {
    readonly home: string;
    readonly token: string;
    readonly agentId: AgentId;
    /** Locks the keys. */
    readonly passphrase?: string;
    /** Locks the keys of the portal's person. */
    readonly personPassphrase?: string | undefined;
    /** Shares of the root key of the portal's person; without them it gets a new one. */
    readonly personShares?: readonly string[] | undefined;
    readonly signal?: AbortSignal;
  },
): Promise<JoinedMesh> {
  const { clock, random, logger, profile, version } = deps;
  const token = decodeJoinToken(options.token);
  await assertUnjoined(options.home, "join a mesh in");
  const keys = await ensureKeys(
    deps,
    options.home,
    options.passphrase === undefined ? {} : { passphrase: options.passphrase },
  );
  const person = await personOf(deps, options, { mesh: token.mesh.meshId, peer: keys.peerId });
  const welcome = await joinMesh({ clock, logger, seed: keys.signingKey.exportSeed() }, {
    networkKey: token.mesh.networkKey,
    addresses: token.addresses,
    request: (inviter, self) => ({
      inviteId: token.inviteId,
      proof: createJoinProof(token.secret, { inviteId: token.inviteId, joiner: self, inviter }),
      agentId: options.agentId,
      binaryType: profile.binaryType,
      ageRecipient: keys.age.recipient,
      software: `${profile.program}/${version}`,
      ...(person ? { person: person.certificate.person } : {}),
    }),
    software: `${profile.program}/${version}`,
    ...(options.signal ? { signal: options.signal } : {}),
  }).catch((error) => {
    throw explainRefusal(error, token.mesh.name, options.agentId);
  });
  const membership = new Membership(token.mesh);
  for (const bytes of welcome.revocations) membership.addRevocation(bytes);
  for (const bytes of [...welcome.grants, welcome.grant]) membership.addGrant(bytes);
  const grant = membership.grantOf(keys.peerId, clock.nowMs());
  if (!grant || decodeGrant(welcome.grant)?.grant.id !== grant.id) {
    throw new IdentityError(
      "invalid_grant",
      `Cannot join mesh "${token.mesh.name}": the grant that ${welcome.inviter} gave does not lead to the mesh's root key`,
    );
  }
  await saveGrant(options.home, welcome.grant, { random });
  keepRoster(deps, options.home, membership);
  await writePrivateFile(
    homePaths(options.home).addressBook,
    JSON.stringify([{ peer: welcome.inviter, addresses: [welcome.address], lastSeenMs: clock.nowMs() }]),
  );
  const configPath = await ensureConfig(deps, options.home);
  await saveMesh(options.home, token.mesh, { random });
  const isPersonAdmitted = person !== undefined && grant.person === person.certificate.person;
  return { mesh: token.mesh, agentId: grant.agentId, keys, role: grant.role, configPath, person, isPersonAdmitted };
}

/** Somebody of the mesh said no to a newcomer. */
export class JoinRefusedError extends BzzzError<"denied"> {}

/** What a refusal means for the person who joins, by the inviter's reason. */
const JOIN_REFUSALS: ReadonlyMap<string, string> = new Map([
  ["unknown_invite", "no invite of that token is known there; ask for a new one"],
  ["bad_proof", "the token does not fit its invite; copy it whole, or ask for a new one"],
  ["used", "the invite was used by another node; a token works once, ask for a new one"],
  ["expired", "the invite has expired; ask for a new one"],
  ["revoked", "the invite was revoked; ask for a new one"],
  ["wrong_binary_type", "the invite is for the other program; join with that one, or ask for an invite for this one"],
  ["wrong_agent_id", "the invite is for another agent id; give that one with --agent-id"],
]);

/** The error of `joinMesh`, with a refusal in words; other failures as they are. */
function explainRefusal(error: unknown, meshName: string, agentId: AgentId): unknown {
  if (!(error instanceof P2pError) || error.code !== "p2p_join_refused") return error;
  const { reason, inviter } = error.details;
  const [code = "", holder = "another node"] = String(reason).split(":");
  if (code === "agent_id_taken") {
    const message =
      `Cannot join mesh "${meshName}" as "${agentId}": ${holder} has that name; give another with --agent-id`;
    return new IdentityError("agent_id_taken", message, { details: { holder }, cause: error });
  }
  const why = JOIN_REFUSALS.get(code) ?? `its reason is "${code}"`;
  return new JoinRefusedError("denied", `Cannot join mesh "${meshName}": ${inviter} refused: ${why}`, {
    details: error.details,
    cause: error,
  });
}

/** Makes the node of a data directory the mesh's first voter; the record of it. */
export function foundFirstVoter(
  { clock, logger, random }: Pick<SetupDeps, "clock" | "logger" | "random">,
  home: string,
  mesh: Pick<NewMesh, "meshId" | "rootKey">,
  founder: PeerId,
): Uint8Array {
  using store = openStore({ clock, logger }, { path: homePaths(home).database });
  return foundVoters({ store, random }, { meshId: mesh.meshId, rootKey: mesh.rootKey, founder });
}

/** The chain from the root to this node's grant must be known before the first peer is. */
function keepRoster({ clock, logger }: SetupDeps, home: string, membership: Membership): void {
  using store = openStore({ clock, logger }, { path: homePaths(home).database });
  store.transaction(() => {
    for (const bytes of membership.grants()) store.grants.addGrant(bytes);
    for (const bytes of membership.revocations()) store.grants.addRevocation(bytes);
  });
}

/** Removes what ties a data directory to its mesh: mesh, keys, journal. The configuration stays. */
export async function forgetMesh(home: string): Promise<void> {
  const paths = homePaths(home);
  // mesh.json goes first: without it the rest is only leftovers
  const targets = [
    meshPaths(home).mesh,
    join(home, "mesh"),
    join(home, "identity"),
    paths.database,
    `${paths.database}-wal`,
    `${paths.database}-shm`,
    paths.reservation,
    paths.voterMark,
    paths.addressBook,
    join(home, "run"),
  ];
  for (const path of targets) await removeIfThere(path);
}

async function assertUnjoined(home: string, what: string): Promise<void> {
  const mesh = await loadMesh(home);
  if (!mesh) return;
  throw new IdentityError(
    "already_exists",
    `Cannot ${what} "${home}": it belongs to mesh "${mesh.name}"; use another --home, or leave that mesh first`,
    { details: { home } },
  );
}

async function ensureKeys(
  { profile, random }: SetupDeps,
  home: string,
  lock: { readonly passphrase?: string },
): Promise<NodeKeys> {
  const location = { home, binaryType: profile.binaryType };
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  if (!await hasNodeKeys(location)) return await createNodeKeys(location, { random }, lock);
  const keys = await loadNodeKeys(location, lock);
  // of an attempt before this one, without a passphrase
  if (lock.passphrase !== undefined) await lockKeyFiles(location, { random }, { passphrase: lock.passphrase });
  return keys;
}

/** The person of a portal, new or of the shares; an agent has none. @throws CryptoError when the shares make no key */
export async function personOf(
  { profile, clock, random }: Pick<SetupDeps, "profile" | "clock" | "random">,
  { home, personPassphrase, personShares }: {
    readonly home: string;
    readonly personPassphrase?: string | undefined;
    readonly personShares?: readonly string[] | undefined;
  },
  place: DevicePlace,
): Promise<PersonFiles | undefined> {
  if (profile.binaryType !== "hap") return undefined;
  const lock = personPassphrase === undefined ? {} : { passphrase: personPassphrase };
  if (personShares) await restorePerson({ clock, random }, { home, shares: personShares, lock, place });
  return await ensurePerson(home, { ...place, nowMs: clock.nowMs() }, { random }, lock);
}

/** The file of the data directory; where there is none, the example with everything it can say. */
export async function ensureConfig({ profile }: Pick<SetupDeps, "profile">, home: string): Promise<string> {
  const path = join(home, "config.yaml");
  if (await readTextIfThere(path) === undefined) await writePrivateFile(path, renderExampleConfig(profile.config));
  return path;
}
