import { type Bytes, utf8Encode } from "@bzzz/base";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { MAX_BUNDLE_BYTES, MAX_BUNDLE_FRAMES } from "./constants.ts";

/** Why bytes are no bundle. */
export type BundleFault = "oversize" | "malformed";
/** The frames of a bundle in order, in memory of their own; or what is wrong with it. */
export type UnpackedBundle =
  | { readonly ok: true; readonly frames: readonly Uint8Array[] }
  | { readonly ok: false; readonly reason: BundleFault };

/** First byte of a map with one member: a bundle. An envelope frame is an array of three. */
const BUNDLE_BYTE = 0xa1;
const FRAME_BYTE = 0x83;
/** What every bundle begins with: the map of one, and its key "frames". */
const HEAD = Uint8Array.of(BUNDLE_BYTE, 0x66, ...utf8Encode("frames"));
/** Head of a CBOR array: up to 23 items in the byte itself, up to 255 in the byte after this one. */
const SHORT_ARRAY = 0x80;
const LONG_ARRAY = 0x98;
/** Values in a bundle: the map, its key, the list, the frames. */
const BUNDLE_ITEMS = 3 + MAX_BUNDLE_FRAMES;

/** Whether a message is meant to be a bundle, and not one envelope. Looks at one byte. */
export function isBundle(message: Uint8Array): boolean {
  return message[0] === BUNDLE_BYTE;
}

/**
 * How many frames a message has by its own word, without reading them: 1 for an envelope and for junk. What says more than
 * 64 is no bundle, and refused as one.
 */
export function countFrames(message: Uint8Array): number {
  if (!HEAD.every((byte, at) => message[at] === byte)) return 1;
  const [head = 0, next = 0] = message.subarray(HEAD.byteLength, HEAD.byteLength + 2);
  const count = head < LONG_ARRAY ? head - SHORT_ARRAY : head === LONG_ARRAY ? next : 0;
  return count > 1 && count <= MAX_BUNDLE_FRAMES ? count : 1;
}

/** How many of the frames, from the first one on, fit into one message: at least 1, since a frame alone is no bundle. */
export function framesThatFit(frames: readonly Uint8Array[]): number {
  let bytes = HEAD.byteLength + headBytes(MAX_BUNDLE_FRAMES);
  let count = 0;
  for (const { byteLength } of frames) {
    bytes += headBytes(byteLength) + byteLength;
    if (bytes > MAX_BUNDLE_BYTES || count === MAX_BUNDLE_FRAMES) break;
    count++;
  }
  return Math.max(1, count);
}

/**
 * One message of 2 to 64 envelope frames.
 * @throws RangeError when they do not fit: see `framesThatFit`
 */
export function packFrames(frames: readonly Uint8Array[]): Bytes {
  if (frames.length < 2 || framesThatFit(frames) < frames.length) {
    throw new RangeError(`Cannot bundle ${frames.length} frames: they are too few, too many or too large`);
  }
  return encodeCbor({ frames });
}

/**
 * The frames of a bundle: each begins as an envelope does, so there is no bundle in a bundle; what they are is not looked at.
 * Never throws.
 */
export function unpackFrames(message: Uint8Array): UnpackedBundle {
  if (message.byteLength > MAX_BUNDLE_BYTES) return { ok: false, reason: "oversize" };
  // before anything is built: a count that the head does not tell, or another key, is not the one form of a bundle
  if (countFrames(message) === 1) return { ok: false, reason: "malformed" };
  try {
    const { frames } = decodeCbor(message, { maxItems: BUNDLE_ITEMS }) as { frames: unknown[] }; // the head says so
    if (frames.every(isEnvelope)) return { ok: true, frames };
  } catch {
    // malformed input is an expected outcome here
  }
  return { ok: false, reason: "malformed" };
}

function isEnvelope(item: unknown): item is Uint8Array {
  return item instanceof Uint8Array && item[0] === FRAME_BYTE;
}

/** Bytes of a CBOR head: of an array with so many items, of a byte string that is so long. */
function headBytes(length: number): number {
  if (length < 24) return 1;
  if (length < 0x100) return 2;
  return length < 0x10000 ? 3 : 5;
}
