import { join } from "node:path";
import {
  base64UrlDecode,
  base64UrlEncode,
  type Bytes,
  hexDecode,
  hexEncode,
  once,
  type Random,
  utf8Decode,
  utf8Encode,
} from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import { z } from "zod";
import { IdentityError } from "./errors.ts";
import { readFileIfThere, readSecretFileIfThere, SECRET_FILE_MODE, writeFileAtomic } from "./files.ts";
import { meshIdOf, type MeshRecord, NETWORK_KEY_BYTES, parseMeshName } from "./mesh.ts";
import { loadSigningKey, saveSigningKey } from "./node_keys.ts";
import { meshId } from "./schemas.ts";
import type { LockOptions } from "./secret_file.ts";

/** Standard text of a libp2p pre-shared key (libp2p specs, pnet). */
const SWARM_KEY_HEAD = "/key/swarm/psk/1.0.0/\n/base16/\n";
const SWARM_KEY = new RegExp(`^${SWARM_KEY_HEAD}([0-9a-f]{${NETWORK_KEY_BYTES * 2}})\n$`);

const meshFileSchema = once(() =>
  z.strictObject({
    version: z.literal(1),
    name: z.string().refine((s) => parseMeshName(s) === s, "expected a mesh name"),
    mesh_id: meshId(),
    root_public_key: z.string().refine((s) => base64UrlDecode(s)?.byteLength === 32, "expected 32 bytes, base64url"),
  })
);

/** The files of a mesh in a data directory. `root.key` exists only where it was asked for. */
export function meshPaths(home: string): {
  readonly mesh: string;
  readonly networkKey: string;
  readonly grant: string;
  readonly rootKey: string;
} {
  const folder = join(home, "mesh");
  return {
    mesh: join(folder, "mesh.json"),
    networkKey: join(folder, "network.key"),
    grant: join(folder, "grant.cbor"),
    rootKey: join(folder, "root.key"),
  };
}

/**
 * Stores which mesh this node belongs to. `mesh.json` comes last: where it is, the rest is.
 *
 * @throws IdentityError "already_exists" when the node belongs to a mesh, be it the same
 */
export async function saveMesh(home: string, mesh: MeshRecord, deps: { random: Random }): Promise<void> {
  const paths = meshPaths(home);
  if (await readFileIfThere(paths.mesh)) {
    throw new IdentityError(
      "already_exists",
      `Cannot store mesh "${mesh.name}": "${paths.mesh}" names a mesh already`,
      {
        details: { path: paths.mesh },
      },
    );
  }
  const swarmKey = utf8Encode(`${SWARM_KEY_HEAD}${hexEncode(mesh.networkKey)}\n`);
  await writeFileAtomic(paths.networkKey, swarmKey, { mode: SECRET_FILE_MODE, overwrite: true, ...deps });
  const content = {
    version: 1,
    name: mesh.name,
    mesh_id: mesh.meshId,
    root_public_key: base64UrlEncode(mesh.rootPublicKey),
  };
  const text = utf8Encode(JSON.stringify(content, undefined, 2) + "\n");
  await writeFileAtomic(paths.mesh, text, { mode: SECRET_FILE_MODE, overwrite: false, ...deps });
}

/**
 * The mesh of this node, or undefined when it has none yet.
 *
 * @throws IdentityError "mesh_malformed", "key_missing" (the network key), "key_permissions"
 */
export async function loadMesh(home: string): Promise<MeshRecord | undefined> {
  const paths = meshPaths(home);
  const bytes = await readFileIfThere(paths.mesh);
  if (!bytes) return undefined;
  const json = parseJson(bytes);
  if (json === undefined) throw malformed(paths.mesh, "it is not JSON");
  const parsed = meshFileSchema().safeParse(json, { jitless: true });
  if (!parsed.success) throw malformed(paths.mesh, describeIssues(parsed.error));
  const { name, mesh_id, root_public_key } = parsed.data;
  const rootPublicKey = base64UrlDecode(root_public_key);
  if (!rootPublicKey || meshIdOf(rootPublicKey) !== mesh_id) {
    throw malformed(paths.mesh, "mesh_id and root_public_key do not belong together");
  }
  return { name, meshId: mesh_id, rootPublicKey, networkKey: await loadNetworkKey(paths.networkKey) };
}

/** Stores this node's own grant, in place of an older one. */
export async function saveGrant(home: string, grantBytes: Uint8Array, deps: { random: Random }): Promise<void> {
  await writeFileAtomic(meshPaths(home).grant, grantBytes, { mode: SECRET_FILE_MODE, overwrite: true, ...deps });
}

/** The bytes of this node's own grant, or undefined. */
export async function loadGrant(home: string): Promise<Bytes | undefined> {
  return await readFileIfThere(meshPaths(home).grant);
}

/** Stores the root key, only on the operator's explicit wish. @throws IdentityError "already_exists" */
export async function saveRootKey(
  home: string,
  rootKey: SigningKey,
  deps: { random: Random },
  lock: LockOptions = {},
): Promise<void> {
  await saveSigningKey(meshPaths(home).rootKey, rootKey, deps, lock);
}

/** The root key, where it was kept. @throws IdentityError as `loadSigningKey` */
export async function loadRootKey(home: string, lock: LockOptions = {}): Promise<SigningKey> {
  return await loadSigningKey(meshPaths(home).rootKey, lock);
}

async function loadNetworkKey(path: string): Promise<Bytes> {
  const bytes = await readSecretFileIfThere(path);
  if (!bytes) {
    throw new IdentityError("key_missing", `Cannot open network key "${path}": there is none; join the mesh again`, {
      details: { path },
    });
  }
  const hex = SWARM_KEY.exec(new TextDecoder().decode(bytes))?.[1];
  const key = hex === undefined ? undefined : hexDecode(hex);
  if (!key) throw malformed(path, "it is not a libp2p swarm key of 32 bytes in base16");
  return key;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Decode(bytes));
  } catch {
    return undefined; // of which JSON has no word
  }
}

function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => path.length === 0 ? message : `${path.join(".")}: ${message}`).join("; ");
}

function malformed(path: string, why: string): IdentityError {
  return new IdentityError(
    "mesh_malformed",
    `Cannot open mesh file "${path}": ${why}; restore it from a backup, or join again`,
    { details: { path } },
  );
}
