import { type Bytes, type EntryId, equalBytes, hexEncode, type MeshId } from "@bzzz/base";
import { domainMessage, publicKeyFromPeerId, sha256, type SigningKey, verifySignature } from "@bzzz/crypto";
import { type AnyBody, type BodyOf, isEntryKind, isSignalKind, type Kind, parseBody } from "./bodies.ts";
import { toCamelCase, toSnakeCase } from "./case.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { MAX_ENVELOPE_BYTES, MAX_HEADER_BYTES, PROTOCOL_VERSION } from "./constants.ts";
import { type EnvelopeHeader, headerFromWire, headerToWire } from "./header.ts";

/**
 * One signed message. On the wire and on disk it is a frame: the CBOR array `[header, signature, body | null]` of byte
 * strings. The signature covers the header bytes as received, the header names the hash of the body.
 */
export interface Envelope {
  /** SHA-256 of the signed bytes, in hexadecimal. */
  readonly id: EntryId;
  readonly header: EnvelopeHeader;
  /** CBOR of the body; undefined once retention has pruned it. */
  readonly body: Uint8Array | undefined;
  readonly signature: Uint8Array;
  /** Domain-separation prefix and header: exactly what was signed. */
  readonly signedBytes: Uint8Array;
  readonly frame: Uint8Array;
}

/** Why bytes are no envelope. */
export type FrameFault = "oversize" | "malformed" | "unknown_version";
/** A frame as read, or what is wrong with it. */
export type DecodedFrame =
  | { readonly ok: true; readonly envelope: Envelope }
  | { readonly ok: false; readonly reason: FrameFault };

/** Why a verified envelope has no usable body. */
export type BodyFault = "unknown_kind" | "malformed" | "pruned";
/** A body with its kind, or why there is none. */
export type DecodedBody = ({ readonly ok: true } & AnyBody) | { readonly ok: false; readonly reason: BodyFault };

const SIGNATURE_BYTES = 64;
/** Values in the array of a frame, in a header with its lists, and in a body: what is more was made to cost time. */
const FRAME_ITEMS = 4;
const HEADER_ITEMS = 256;
const BODY_ITEMS = 4096;

/** The domain of an envelope's signature: it names version, mesh and kind (design section 4.4). */
function signingDomain(v: number, mesh: MeshId, kind: string): string {
  return `bzzz/envelope/${v}/${mesh}/${kind}`;
}

/** Reads a frame without checking its signature. Never throws. */
export function decodeFrame(frame: Uint8Array): DecodedFrame {
  if (frame.byteLength > MAX_ENVELOPE_BYTES) return { ok: false, reason: "oversize" };
  const parts = tryDecode(frame, FRAME_ITEMS);
  if (!Array.isArray(parts) || parts.length !== 3) return { ok: false, reason: "malformed" };
  const [headerBytes, signature, body] = parts as unknown[];
  if (!(headerBytes instanceof Uint8Array) || headerBytes.byteLength > MAX_HEADER_BYTES) {
    return { ok: false, reason: "malformed" };
  }
  if (!(signature instanceof Uint8Array) || signature.byteLength !== SIGNATURE_BYTES) {
    return { ok: false, reason: "malformed" };
  }
  if (body !== null && !(body instanceof Uint8Array)) return { ok: false, reason: "malformed" };
  const map = tryDecode(headerBytes, HEADER_ITEMS);
  if (isLaterVersion(map)) return { ok: false, reason: "unknown_version" };
  const header = headerFromWire(map);
  if (!header) return { ok: false, reason: "malformed" };
  const signedBytes = domainMessage(signingDomain(header.v, header.mesh, header.kind), headerBytes);
  const id = hexEncode(sha256(signedBytes)) as EntryId; // 64 hexadecimal digits by construction
  return { ok: true, envelope: { id, header, body: body ?? undefined, signature, signedBytes, frame } };
}

function tryDecode(bytes: Uint8Array, maxItems: number): unknown {
  try {
    return decodeCbor(bytes, { maxItems });
  } catch {
    return undefined; // malformed input is an expected outcome here; the caller names it
  }
}

function isLaterVersion(map: unknown): boolean {
  return map !== null && typeof map === "object" && "v" in map && typeof map.v === "number" && map.v > PROTOCOL_VERSION;
}

/** True when the header's author signed it and the body, where present, is the one the header names. */
export function verifyEnvelope(envelope: Envelope): boolean {
  const publicKey = publicKeyFromPeerId(envelope.header.author);
  if (!publicKey) return false;
  if (envelope.body !== undefined && !equalBytes(sha256(envelope.body), envelope.header.bodyHash)) return false;
  return verifySignature(publicKey, envelope.signedBytes, envelope.signature);
}

/** The body by the schema of the header's kind. Check the signature first. Never throws. */
export function decodeBody(envelope: Envelope): DecodedBody {
  const { kind } = envelope.header;
  if (!isEntryKind(kind) && !isSignalKind(kind)) return { ok: false, reason: "unknown_kind" };
  if (envelope.body === undefined) return { ok: false, reason: "pruned" };
  if (isEntryKind(kind) !== (envelope.header.seq !== undefined)) return { ok: false, reason: "malformed" };
  const parsed = parseBody(kind, toCamelCase(tryDecode(envelope.body, BODY_ITEMS)));
  if (!parsed.success) return { ok: false, reason: "malformed" };
  return { ok: true, kind, body: parsed.data } as DecodedBody; // the schema of this very kind accepted it
}

/** What an author decides about a new envelope; the rest follows. */
export type EnvelopeDraft = Omit<EnvelopeHeader, "v" | "kind" | "bodyHash">;

/**
 * Signs a new envelope.
 * @throws TypeError when the body does not fit its schema or the header its limits
 * @throws RangeError when the frame would exceed 1 MiB
 */
export function sealEnvelope<K extends Kind>(
  key: Pick<SigningKey, "sign">,
  draft: EnvelopeDraft,
  kind: K,
  body: BodyOf<K>,
): Envelope {
  const checked = parseBody(kind, body);
  if (!checked.success) {
    throw new TypeError(
      `Cannot seal "${kind}": ${checked.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`)}`,
    );
  }
  return sealBodyBytes(key, draft, kind, encodeCbor(toSnakeCase(checked.data)));
}

/** Signs a header over body bytes that are encoded already; for kinds of other versions, in tests of compatibility. */
export function sealBodyBytes(
  key: Pick<SigningKey, "sign">,
  draft: EnvelopeDraft,
  kind: string,
  body: Uint8Array,
): Envelope {
  const wireHeader = headerToWire({ ...draft, v: PROTOCOL_VERSION, kind, bodyHash: sha256(body) });
  const header = headerFromWire(wireHeader);
  if (!header) throw new TypeError(`Cannot seal "${kind}": the header does not fit its limits`);
  const headerBytes = encodeCbor(wireHeader);
  const signedBytes = domainMessage(signingDomain(header.v, header.mesh, kind), headerBytes);
  const signature = key.sign(signedBytes);
  const frame = encodeCbor([headerBytes, signature, body]);
  if (frame.byteLength > MAX_ENVELOPE_BYTES) {
    throw new RangeError(
      `Cannot seal "${kind}": ${frame.byteLength} bytes exceed the maximum of ${MAX_ENVELOPE_BYTES}`,
    );
  }
  return { id: hexEncode(sha256(signedBytes)) as EntryId, header, body, signature, signedBytes, frame };
}

/** The frame without its body: what retention leaves of an entry, still verifiable and still in the chain. */
export function pruneFrame(envelope: Envelope): Bytes {
  return encodeCbor([envelope.signedBytes.subarray(envelope.signedBytes.indexOf(0) + 1), envelope.signature, null]);
}
