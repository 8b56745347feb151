import { Buffer } from "node:buffer";
import { type Bytes, concatBytes, hexDecode, LruMap, parsePeerId, type PeerId } from "@bzzz/base";
import { base58Decode, base58Encode } from "./base58.ts";
import { CryptoError } from "./errors.ts";
import { PUBLIC_KEY_BYTES } from "./signing.ts";

/** Identity multihash of a libp2p `PublicKey {Type: Ed25519, Data: 32 bytes}` (libp2p specs, peer-ids). */
const IDENTITY_PREFIX = hexDecode("002408011220") ?? new Uint8Array();
/** Identities that are remembered in each direction: more than any mesh has members. */
const CACHE = 1024;

const idsByKey = new LruMap<string, PeerId>(CACHE);
const keysById = new LruMap<PeerId, Bytes>(CACHE);

/**
 * The libp2p identity of an Ed25519 public key ("12D3Koo…"), the same as libp2p derives.
 *
 * @throws CryptoError "invalid_key" when `publicKey` is not 32 bytes.
 */
export function peerIdFromPublicKey(publicKey: Uint8Array): PeerId {
  if (publicKey.byteLength !== PUBLIC_KEY_BYTES) {
    throw new CryptoError(
      "invalid_key",
      `Cannot derive a peer id: public key has ${publicKey.byteLength} bytes, not ${PUBLIC_KEY_BYTES}`,
    );
  }
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.byteLength).toString("latin1");
  const cached = idsByKey.get(name);
  if (cached) return cached;
  const id = parsePeerId(base58Encode(concatBytes(IDENTITY_PREFIX, publicKey)));
  if (id === undefined) throw new TypeError("Unreachable: every 32-byte key has a peer id");
  idsByKey.set(name, id);
  return id;
}

/** The public key inside `id` (a copy), or undefined when it is not the canonical identity of an Ed25519 key. */
export function publicKeyFromPeerId(id: PeerId): Uint8Array | undefined {
  const cached = keysById.get(id);
  if (cached) return cached.slice();
  if (parsePeerId(id) === undefined) return undefined;
  const bytes = base58Decode(id);
  if (bytes?.byteLength !== IDENTITY_PREFIX.length + PUBLIC_KEY_BYTES) return undefined;
  if (!IDENTITY_PREFIX.every((byte, i) => bytes[i] === byte)) return undefined;
  const key = bytes.slice(IDENTITY_PREFIX.length);
  keysById.set(id, key);
  return key.slice();
}
