import { base64UrlDecode, base64UrlEncode, type Bytes, concatBytes, once } from "@bzzz/base";
import { constantTimeEqual, domainMessage, sha256 } from "@bzzz/crypto";
import { encodeCbor, toCamelCase } from "@bzzz/wire";
import { z } from "zod";
import { IdentityError } from "./errors.ts";
import { INVITE_ID, type InviteId } from "./invite.ts";
import { meshIdOf, type MeshRecord, parseMeshName } from "./mesh.ts";
import { atMs, bytes32, meshId } from "./schemas.ts";
import { tryDecode } from "./signed_record.ts";

const PREFIX = "bzzz-join1-";
const ANY_VERSION = /^bzzz-join\d+-/;
const CHECKSUM_BYTES = 4;
/** Addresses in a token: enough for a few hosts with two families each, short enough to paste. */
export const MAX_TOKEN_ADDRESSES = 16;
/** Longest token text; refuses a pasted document before it is decoded. */
const MAX_TOKEN_CHARACTERS = 8192;

/** All a newcomer needs, and a secret: whoever holds the text can join once. */
export interface JoinToken {
  readonly mesh: MeshRecord;
  /** Multiaddresses of members, with their peer ids. */
  readonly addresses: readonly string[];
  readonly inviteId: InviteId;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly expiresMs: number;
}

const payloadSchema = once(() =>
  z.object({
    v: z.literal(1),
    name: z.string().refine((s) => parseMeshName(s) === s, "expected a mesh name"),
    mesh: meshId(),
    root: bytes32(),
    networkKey: bytes32(),
    addrs: z.array(z.string().min(1).max(256)).max(MAX_TOKEN_ADDRESSES),
    invite: z.string().refine((s): s is InviteId => INVITE_ID.test(s), "expected an invitation id"),
    secret: bytes32(),
    expiresMs: atMs(),
  })
);

/** "bzzz-join1-" and base64url of CBOR with a checksum. At most 16 addresses go in; the first ones. */
export function encodeJoinToken(token: JoinToken): string {
  const payload = encodeCbor({
    v: 1,
    name: token.mesh.name,
    mesh: token.mesh.meshId,
    root: token.mesh.rootPublicKey,
    network_key: token.mesh.networkKey,
    addrs: token.addresses.slice(0, MAX_TOKEN_ADDRESSES),
    invite: token.inviteId,
    secret: token.secret,
    expires_ms: token.expiresMs,
  });
  return PREFIX + base64UrlEncode(concatBytes(payload, checksum(payload)));
}

/**
 * Reads a token, surrounding white space and line breaks included. Whether it has expired is the inviter's to say; the
 * local clock may be wrong.
 *
 * @throws IdentityError "token_malformed", "token_version"
 */
export function decodeJoinToken(text: string): JoinToken {
  const compact = text.length > MAX_TOKEN_CHARACTERS ? "" : text.replaceAll(/\s/g, "");
  if (!compact.startsWith(PREFIX)) {
    if (ANY_VERSION.test(compact)) {
      throw new IdentityError(
        "token_version",
        `Cannot read join token: it is for another version, expected "${PREFIX}…"`,
      );
    }
    throw malformed(`it does not start with "${PREFIX}"`);
  }
  const bytes = base64UrlDecode(compact.slice(PREFIX.length));
  const payload = bytes?.subarray(0, -CHECKSUM_BYTES);
  if (!bytes || !payload || !constantTimeEqual(bytes.subarray(-CHECKSUM_BYTES), checksum(payload))) {
    throw malformed("it is cut short or has a wrong character; copy the whole text");
  }
  const parsed = payloadSchema().safeParse(toCamelCase(tryDecode(payload)));
  if (!parsed.success) throw malformed("its content is not that of a token");
  const { name, mesh, root, networkKey, addrs, invite, secret, expiresMs } = parsed.data;
  if (meshIdOf(root) !== mesh) throw malformed("its mesh id and root key do not belong together");
  const record = { name, meshId: mesh, rootPublicKey: root, networkKey };
  return { mesh: record, addresses: addrs, inviteId: invite, secret, expiresMs };
}

function checksum(payload: Uint8Array): Bytes {
  return sha256(domainMessage(PREFIX, payload)).slice(0, CHECKSUM_BYTES);
}

function malformed(why: string): IdentityError {
  return new IdentityError("token_malformed", `Cannot read join token: ${why}`);
}
