import { IdentityError, loadMesh, Membership, meshPaths } from "@bzzz/agentid";
import type { Clock } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { readRosterHistory, readSeat } from "@bzzz/register";
import { openStore } from "@bzzz/store";
import { join, relative } from "node:path";
import { acquireInstanceLock } from "../collision.ts";
import { homePaths, isThere, removeIfThere, writePrivateFile } from "../home.ts";
import type { BinaryProfile } from "../profiles.ts";
import { forgetMesh } from "../setup.ts";
import { votersByEpoch } from "../task_decisions.ts";
import { copyPrivately } from "./copy.ts";
import { type Manifest, MANIFEST_FILE, readManifest, SnapshotError } from "./manifest.ts";

/** What a `journal.seq` says that lets the node ask its peers for its own entries first. */
const RESTORED = "restored\n";

/** A data directory that was put back. */
export interface RestoredNode {
  readonly manifest: Manifest;
  /** Others may have what it wrote since: it asks them before it writes. */
  readonly asksPeers: boolean;
  /**
   * Whether it votes as before. `only`: it was the only voter and goes on; what was decided since is forgotten. `left`: it has
   * forgotten promises and gives its seat up. `none`: it had no seat.
   */
  readonly vote: "only" | "left" | "none";
}

/**
 * Puts a snapshot into the data directory `home`, which belongs to no mesh, or is replaced with `isForced`; no node runs on
 * it. Every file is checked against its digest first; a crash in the middle leaves a directory without a mesh.
 *
 * @throws SnapshotError; RuntimeError "instance_running"; IdentityError "already_exists"; StoreError
 */
export async function restoreSnapshot(
  deps: { readonly clock: Clock; readonly logger: Logger; readonly profile: BinaryProfile },
  options: {
    readonly home: string;
    readonly folder: string;
    readonly program: string;
    readonly isForced: boolean;
    readonly signal: AbortSignal;
  },
): Promise<RestoredNode> {
  const { home, folder, program, isForced, signal } = options;
  const manifest = await readManifest(folder);
  if (manifest.program !== program) {
    throw new SnapshotError("snapshot_foreign", `Cannot restore "${folder}": it is of ${manifest.program}`);
  }
  using _lock = await acquireInstanceLock(deps, home, {
    agentId: manifest.agent_id,
    binaryType: deps.profile.binaryType,
  });
  if (!isForced && await isThere(meshPaths(home).mesh)) {
    throw new IdentityError(
      "already_exists",
      `Cannot restore into "${home}": it belongs to a mesh; --force replaces it`,
    );
  }
  const aside = join(home, "restoring");
  await removeIfThere(aside);
  try {
    for (const { path, bytes, sha256 } of manifest.files) {
      const copied = await copyListed(join(folder, path), join(aside, path), signal);
      if (copied?.bytes === bytes && copied.sha256 === sha256) continue;
      throw new SnapshotError(
        "snapshot_damaged",
        `Cannot restore "${folder}": "${path}" ${
          copied ? "is not as it was saved" : "is missing"
        }; nothing was changed`,
      );
    }
    await forgetMesh(home);
    return { manifest, ...await moveIn(deps, { home, aside, manifest }) };
  } finally {
    await removeIfThere(aside);
  }
}

/** The marks are right before `mesh.json`, without which the directory belongs to no mesh. */
async function moveIn(
  deps: { readonly clock: Clock; readonly logger: Logger },
  { home, aside, manifest }: { readonly home: string; readonly aside: string; readonly manifest: Manifest },
): Promise<Omit<RestoredNode, "manifest">> {
  const paths = homePaths(home);
  const standing = await standingOf(deps, aside, manifest.peer_id);
  const last = relative(home, meshPaths(home).mesh);
  const kept = manifest.files.map(({ path }) => path).filter((path) => path !== last && path !== MANIFEST_FILE);
  for (const path of kept) {
    if (path === relative(home, paths.voterMark) && standing.vote !== "only") continue;
    await Deno.mkdir(join(home, path, ".."), { recursive: true, mode: 0o700 });
    await Deno.rename(join(aside, path), join(home, path));
  }
  if (standing.asksPeers) await writePrivateFile(paths.reservation, RESTORED);
  await writePrivateFile(join(home, last), await Deno.readTextFile(join(aside, last)));
  return standing;
}

/** What the database says of the others, read where nothing of it counts yet. */
async function standingOf(
  deps: { readonly clock: Clock; readonly logger: Logger },
  aside: string,
  peerId: string,
): Promise<Omit<RestoredNode, "manifest">> {
  const { database } = homePaths(aside);
  const mesh = await loadMesh(aside);
  if (!mesh || !await isThere(database)) return { asksPeers: true, vote: "none" };
  using store = openStore(deps, { path: database });
  const membership = new Membership(mesh);
  for (const bytes of store.grants.grants()) membership.addGrant(bytes);
  const voters = [...votersByEpoch(readRosterHistory(store.kv), mesh).values()].at(-1) ?? [];
  const isOnly = voters.length === 1 && voters[0] === peerId;
  return {
    asksPeers: membership.roster(deps.clock.nowMs()).some(({ peer }) => peer !== peerId),
    vote: readSeat(store) === undefined ? "none" : isOnly ? "only" : "left",
  };
}

async function copyListed(from: string, to: string, signal: AbortSignal) {
  try {
    return await copyPrivately(from, to, signal);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
