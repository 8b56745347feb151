import { decodeGrant, IdentityError, loadGrant, loadMesh } from "@bzzz/agentid";
import type { Clock } from "@bzzz/base";
import { copyDatabase } from "@bzzz/store";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { homePaths, isThere, writePrivateFile } from "../home.ts";
import { type CopiedFile, copyPrivately, digestOf } from "./copy.ts";
import { formatManifest, isLeftOut, type Manifest, MANIFEST_FILE, SnapshotError } from "./manifest.ts";

/** A data directory that was copied. */
export interface SavedNode {
  readonly manifest: Manifest;
  /** Paths that are links, to wherever: what they lead to is not in the snapshot. */
  readonly links: readonly string[];
}

/**
 * Copies the data directory `home` into the new folder `folder`: keys, grants, configuration, the database as it is at one
 * moment, and the contents it names. Its node may run and write. The folder is 0700 and holds secret keys as they lie in
 * `home`. On disk when it resolves; a folder that this made is gone when it rejects.
 *
 * @throws SnapshotError "already_exists", "snapshot_unwritable"; IdentityError "mesh_missing"
 */
export async function saveSnapshot(
  deps: { readonly clock: Pick<Clock, "nowMs">; readonly program: string; readonly version: string },
  options: { readonly home: string; readonly folder: string; readonly signal: AbortSignal },
): Promise<SavedNode> {
  const { home, folder, signal } = options;
  const facts = await factsOf(home);
  await makeFolder(home, folder);
  try {
    const files: Manifest["files"] = [];
    const links: string[] = [];
    const add = (path: string, copied: CopiedFile) => files.push({ path, ...copied });
    for await (const path of filesOf(home, links)) {
      add(path, await copyPrivately(join(home, path), join(folder, path), signal));
    }
    const { database } = homePaths(home);
    if (await isThere(database)) {
      const copy = join(folder, relative(home, database));
      await copyDatabase(database, copy);
      add(relative(home, database), await digestOf(copy, signal));
    }
    // after the database: what it names was there before it was named
    const contents = links.includes("content") ? [] : filesOf(home, links, "content");
    for await (const path of contents) {
      const copied = await ifStillThere(() => copyPrivately(join(home, path), join(folder, path), signal));
      if (copied) add(path, copied);
    }
    const { program, version, clock } = deps;
    const manifest: Manifest = { v: 1, program, version, ...facts, taken_at_ms: Math.floor(clock.nowMs()), files };
    await writePrivateFile(join(folder, MANIFEST_FILE), formatManifest(manifest, folder));
    return { manifest, links };
  } catch (error) {
    await Deno.remove(folder, { recursive: true }).catch(() => {}); // what went wrong first is told
    throw error;
  }
}

async function factsOf(home: string): Promise<Pick<Manifest, "mesh_name" | "mesh_id" | "agent_id" | "peer_id">> {
  const mesh = await loadMesh(home);
  const bytes = await loadGrant(home);
  const grant = bytes && decodeGrant(bytes)?.grant;
  if (!mesh || !grant) throw new IdentityError("mesh_missing", `Cannot save "${home}": it belongs to no mesh`);
  return { mesh_name: mesh.name, mesh_id: mesh.meshId, agent_id: grant.agentId, peer_id: grant.peer };
}

async function makeFolder(home: string, folder: string): Promise<void> {
  const refuse = (why: string) => new SnapshotError("snapshot_unwritable", `Cannot save into "${folder}": ${why}`);
  const name = `name a folder outside of "${home}"`;
  if (isInside(home, folder)) throw refuse(name);
  try {
    await Deno.mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new SnapshotError("already_exists", `Cannot save into "${folder}": it is there already; name a new folder`);
    }
    if (error instanceof Deno.errors.NotFound) throw refuse("the folder it lies in is not there");
    throw error;
  }
  // a link may lead there; before it was made, nothing around it could be looked at
  if (!isInside(await Deno.realPath(home), await Deno.realPath(folder))) return;
  await Deno.remove(folder);
  throw refuse(name);
}

/** Whether `folder` is `home` or lies below it. */
function isInside(home: string, folder: string): boolean {
  const way = relative(resolve(home), resolve(folder));
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/**
 * Paths of the files below `home`, or one folder in it, in the order of their names; contents only where they are asked for.
 * Links are not followed, but added to `links`.
 */
async function* filesOf(home: string, links: string[], below = ""): AsyncGenerator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(join(home, below)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const { name, isDirectory, isFile, isSymlink } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = below === "" ? name : `${below}/${name}`;
    if (isLeftOut(path)) continue;
    if (isSymlink) links.push(path);
    else if (isDirectory) yield* path === "content" ? [] : filesOf(home, links, path);
    else if (isFile) yield path;
  }
}

/** Contents are collected while the node runs. */
async function ifStillThere<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
