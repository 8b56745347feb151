import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { Buffer } from "node:buffer";
import { type Bytes, concatBytes, hexDecode } from "@bzzz/base";
import type { Identity, Recipient, Stanza } from "age-encryption";
import type { AgeOpener } from "./age_secret.ts";
import { bech32Decode } from "./bech32.ts";
import { CryptoError } from "./errors.ts";

/** Makes the lines of a header; the class of the library, which is loaded with the first file. */
export type StanzaMaker = new (args: string[], body: Uint8Array) => Stanza;

// age-encryption.org/v1, "The X25519 recipient type"
const STANZA_TYPE = "X25519";
const LABEL = "age-encryption.org/v1/X25519";
const POINT_BYTES = 32;
const FILE_KEY_BYTES = 16;
const TAG_BYTES = 16;
const CIPHER = "chacha20-poly1305";
/** bech32 has a form in capitals, which age does not take. */
const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;
/** Of a key that is used once. */
const ZERO_NONCE = new Uint8Array(12);
/** DER before the 32 bytes of a public key (RFC 8410). */
const SPKI_PREFIX = hexDecode("302a300506032b656e032100") ?? new Uint8Array();
/** 32 bytes in base64 without padding, the only spelling of them. */
const SHARE_TEXT = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]$/;

/**
 * One recipient of a file, in the platform's cryptography: the library's own wraps a file key four times as slowly, and a
 * small content costs little else.
 *
 * @throws CryptoError "invalid_key" when `text` is no "age1…"
 */
export function x25519Recipient(text: string, StanzaOf: StanzaMaker): Recipient {
  const point = pointOf(text);
  const recipient = publicKeyOf(point);
  return {
    wrapFileKey(fileKey) {
      const ephemeral = generateKeyPairSync("x25519");
      const share = new Uint8Array(ephemeral.publicKey.export({ format: "der", type: "spki" })).slice(-POINT_BYTES);
      const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: recipient });
      const key = wrapKey(secret, share, point);
      const cipher = createCipheriv(CIPHER, key, ZERO_NONCE, { authTagLength: TAG_BYTES });
      const body = concatBytes(cipher.update(fileKey), cipher.final(), cipher.getAuthTag());
      key.fill(0);
      return [new StanzaOf([STANZA_TYPE, base64(share)], body)];
    },
  };
}

/** Opens with a key that cannot be read out, and without working out anew what its public half is. */
export function x25519Identity(opener: AgeOpener): Identity {
  const { point, lastFit } = opener;
  return {
    async unwrapFileKey(stanzas) {
      const wrapped = stanzas.flatMap(({ args, body }, place) =>
        args[0] === STANZA_TYPE ? [{ place, share: shareOf(args, body), body }] : []
      );
      // each that does not fit costs a key agreement
      wrapped.sort((a, b) => Number(b.place === lastFit.place) - Number(a.place === lastFit.place));
      for (const { place, share, body } of wrapped) {
        const peer = await crypto.subtle.importKey("raw", share, { name: STANZA_TYPE }, false, []);
        const secret = await crypto.subtle.deriveBits({ name: STANZA_TYPE, public: peer }, opener.key, POINT_BYTES * 8);
        const fileKey = unwrapped(wrapKey(new Uint8Array(secret), share, point), body);
        if (!fileKey) continue;
        lastFit.place = place;
        return fileKey;
      }
      return null;
    },
  };
}

function shareOf(args: readonly string[], body: Uint8Array): Bytes {
  const text = args[1] ?? "";
  if (args.length !== 2 || !SHARE_TEXT.test(text) || body.byteLength !== FILE_KEY_BYTES + TAG_BYTES) {
    throw new CryptoError("malformed", "Cannot open content: a recipient of its header is damaged");
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** Undefined when it was wrapped for somebody else. */
function unwrapped(key: Uint8Array, body: Uint8Array): Bytes | undefined {
  const decipher = createDecipheriv(CIPHER, key, ZERO_NONCE, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(body.subarray(FILE_KEY_BYTES));
  try {
    return concatBytes(decipher.update(body.subarray(0, FILE_KEY_BYTES)), decipher.final());
  } catch {
    return undefined; // the tag does not fit, which is how one learns for whom it is
  } finally {
    key.fill(0);
  }
}

/** @throws CryptoError "malformed" for a point of small order, whose secret everybody knows (RFC 7748 section 6.1) */
function wrapKey(secret: Uint8Array, share: Uint8Array, recipient: Uint8Array): Bytes {
  if (secret.every((byte) => byte === 0)) {
    throw new CryptoError("malformed", "Cannot use an age recipient: its point is of small order");
  }
  const key = new Uint8Array(hkdfSync("sha256", secret, concatBytes(share, recipient), LABEL, 32));
  secret.fill(0);
  return key;
}

/** The point of a recipient ("age1…"); undefined when the text is none, or its checksum is wrong. */
export function recipientPoint(text: string): Bytes | undefined {
  const decoded = RECIPIENT.test(text) ? bech32Decode(text) : undefined;
  return decoded?.prefix === "age" && decoded.bytes.byteLength === POINT_BYTES ? decoded.bytes : undefined;
}

function pointOf(recipient: string): Bytes {
  const point = recipientPoint(recipient);
  if (point) return point;
  throw new CryptoError("invalid_key", `Cannot seal: "${recipient.slice(0, 80)}" is not an age recipient`);
}

function publicKeyOf(point: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concatBytes(SPKI_PREFIX, point)), format: "der", type: "spki" });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}
