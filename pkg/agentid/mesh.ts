import { type Bytes, type Clock, hexEncode, type MeshId, type Random } from "@bzzz/base";
import { createSigningKey, sha256, type SigningKey } from "@bzzz/crypto";
import { IdentityError } from "./errors.ts";

/** Bytes of the pre-shared key that keeps strangers off the wire (libp2p pnet). */
export const NETWORK_KEY_BYTES = 32;

/** What every member knows of its mesh. `networkKey` is secret. */
export interface MeshRecord {
  readonly name: string;
  readonly meshId: MeshId;
  /** 32 bytes; every chain of grants ends here. */
  readonly rootPublicKey: Uint8Array;
  /** 32 bytes. */
  readonly networkKey: Uint8Array;
}

/** A mesh at its creation, root key in hand. */
export interface NewMesh extends MeshRecord {
  readonly rootKey: SigningKey;
  readonly createdAtMs: number;
}

const MESH_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A mesh's name, or undefined when `text` is not one: `[a-z0-9][a-z0-9-]{0,62}`. */
export function parseMeshName(text: string): string | undefined {
  return MESH_NAME.test(text) ? text : undefined;
}

/** The id of the mesh of a root key: the first 16 bytes of SHA-256 over the public key, in hexadecimal. */
export function meshIdOf(rootPublicKey: Uint8Array): MeshId {
  return hexEncode(sha256(rootPublicKey).subarray(0, 16)) as MeshId; // 32 hexadecimal digits
}

/**
 * A new mesh with its root and network keys, in memory only: the caller stores what is to be kept and splits or drops
 * the root key.
 *
 * @throws IdentityError "invalid_mesh" when the name is not one
 */
export function createMesh(options: { name: string; random: Random; clock: Pick<Clock, "nowMs"> }): NewMesh {
  const name = parseMeshName(options.name);
  if (name === undefined) {
    throw new IdentityError(
      "invalid_mesh",
      `Cannot create mesh "${options.name}": a name has 1 to 63 of a-z, 0-9 and "-", not "-" first`,
    );
  }
  const rootKey = createSigningKey(options.random);
  const networkKey: Bytes = options.random.bytes(NETWORK_KEY_BYTES);
  return {
    name,
    meshId: meshIdOf(rootKey.publicKey),
    rootPublicKey: rootKey.publicKey,
    rootKey,
    networkKey,
    createdAtMs: options.clock.nowMs(),
  };
}
