import { IdentityError, loadMesh, Membership, meshPaths } from "@bzzz/agentid";
import { type Clock, errorMessage } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { readRosterHistory, readSeat } from "@bzzz/register";
import { openStore, StoreError } from "@bzzz/store";
import { join, relative } from "node:path";
import { acquireInstanceLock } from "../collision.ts";
import { homePaths, isThere, removeIfThere, writePrivateFile } from "../home.ts";
import type { BinaryProfile } from "../profiles.ts";
import { forgetMesh } from "../setup.ts";
import { votersByEpoch } from "../task_decisions.ts";
import { type CopiedFile, copyPrivately } from "./copy.ts";
import { type Manifest, readManifest, SnapshotError } from "./manifest.ts";

/** What a `journal.seq` says that lets the node ask its peers for its own entries first. */
const RESTORED = "restored\n";

/** What holds for a node with an old database. */
interface Standing {
  /** Others may have what it wrote since: it asks them before it writes. */
  readonly asksPeers: boolean;
  /**
   * Whether it votes as before. `only`: it was the only voter and goes on; what was decided since is forgotten. `left`: it has
   * forgotten promises and gives its seat up. `none`: it had no seat.
   */
  readonly vote: "only" | "left" | "none";
}

/** A data directory that was put back. */
export interface RestoredNode extends Standing {
  readonly manifest: Manifest;
}

/**
 * Puts a snapshot into the data directory `home`, which belongs to no mesh, or is replaced with `isForced`; no node runs on
 * it. Every file is checked against its digest first; a crash in the middle leaves a directory without a mesh.
 *
 * @throws SnapshotError; RuntimeError "instance_running"; IdentityError "already_exists"; what the disk refuses
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
      const copied = await copyListed(join(folder, path), join(aside, path), { bytes, signal });
      if (copied?.bytes === bytes && copied.sha256 === sha256) continue;
      throw new SnapshotError(
        "snapshot_damaged",
        `Cannot restore "${folder}": "${path}" ${
          copied ? "is not as it was saved" : "is missing"
        }; nothing was changed`,
      );
    }
    const standing = await standingOf(deps, { aside, folder, peerId: manifest.peer_id });
    await forgetMesh(home);
    await moveIn({ home, aside, manifest, standing });
    return { manifest, ...standing };
  } finally {
    await removeIfThere(aside);
  }
}

/** Every mark is right before what it is about is there; `mesh.json`, without which there is no mesh, comes last. */
async function moveIn({ home, aside, manifest, standing }: {
  readonly home: string;
  readonly aside: string;
  readonly manifest: Manifest;
  readonly standing: Standing;
}): Promise<void> {
  const paths = homePaths(home);
  const last = relative(home, meshPaths(home).mesh);
  if (standing.asksPeers) await writePrivateFile(paths.reservation, RESTORED);
  for (const { path } of manifest.files) {
    if (path === last || (path === relative(home, paths.voterMark) && standing.vote !== "only")) continue;
    await Deno.mkdir(join(home, path, ".."), { recursive: true, mode: 0o700 });
    await Deno.rename(join(aside, path), join(home, path));
  }
  await writePrivateFile(join(home, last), await Deno.readTextFile(join(aside, last)));
}

/** What the database says of the others, read where nothing of it counts yet. @throws SnapshotError "snapshot_damaged" */
async function standingOf(
  deps: { readonly clock: Clock; readonly logger: Logger },
  { aside, folder, peerId }: { readonly aside: string; readonly folder: string; readonly peerId: string },
): Promise<Standing> {
  const { database } = homePaths(aside);
  const unusable = (why: string, cause?: unknown) =>
    new SnapshotError("snapshot_damaged", `Cannot restore "${folder}": ${why}; nothing was changed`, { cause });
  const mesh = await loadMesh(aside).catch((cause) => {
    throw unusable(`what it has of its mesh cannot be read: ${errorMessage(cause)}`, cause);
  });
  if (!mesh) throw unusable(`it has no "${relative(aside, meshPaths(aside).mesh)}"`);
  if (!await isThere(database)) return { asksPeers: true, vote: "none" };
  try {
    using store = openStore(deps, { path: database });
    const membership = new Membership(mesh);
    for (const bytes of store.grants.grants()) membership.addGrant(bytes);
    const voters = [...votersByEpoch(readRosterHistory(store.kv), mesh).values()].at(-1) ?? [];
    const isOnly = voters.length === 1 && voters[0] === peerId;
    return {
      asksPeers: membership.roster(deps.clock.nowMs()).some(({ peer }) => peer !== peerId),
      vote: readSeat(store) === undefined ? "none" : isOnly ? "only" : "left",
    };
  } catch (cause) {
    const code = cause instanceof StoreError ? cause.code : undefined;
    if (code === "store_newer_version") throw unusable("a newer version of this program made its database", cause);
    if (code === "store_corrupt") throw unusable("its database is damaged", cause);
    throw cause;
  }
}

/** Undefined of what is missing; only a file of the right size is opened, as a pipe or a device would never end. */
async function copyListed(
  from: string,
  to: string,
  { bytes, signal }: { readonly bytes: number; readonly signal: AbortSignal },
): Promise<CopiedFile | undefined> {
  try {
    const { isFile, size } = await Deno.stat(from);
    if (!isFile || size !== bytes) return { bytes: isFile ? size : 0, sha256: "" };
    return await copyPrivately(from, to, signal);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
