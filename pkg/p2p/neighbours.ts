import { hexEncode, LruMap, type PeerId, utf8Encode } from "@bzzz/base";
import { domainMessage, sha256 } from "@bzzz/crypto";
import { MAX_TOLD_NEIGHBOURS } from "./constants.ts";

/** First byte of such a frame on the hello stream, after beat (0) and bye (1). */
const NEIGHBOURS = 2;
const DOMAIN = "bzzz/neighbour/1";
/** Enough to tell the peers of one mesh apart; who claims more neighbours than it has only hears less itself. */
const MARK_BYTES = 8;
const REMEMBERED_MARKS = 1024;

/** The frame in which a node tells with whom it is connected: 2, then 8 bytes for each; at most 256 are told. */
export function encodeNeighbours(peers: readonly PeerId[]): Uint8Array {
  const told = peers.slice(0, MAX_TOLD_NEIGHBOURS);
  const frame = new Uint8Array(1 + told.length * MARK_BYTES);
  frame[0] = NEIGHBOURS;
  for (const [n, peer] of told.entries()) frame.set(markBytes(peer), 1 + n * MARK_BYTES);
  return frame;
}

/** The marks of a frame, or undefined when it is another one or too long. */
function decodeNeighbours(frame: Uint8Array): Set<string> | undefined {
  const bytes = frame.byteLength - 1;
  if (frame[0] !== NEIGHBOURS || bytes % MARK_BYTES !== 0 || bytes > MAX_TOLD_NEIGHBOURS * MARK_BYTES) return undefined;
  const marks = new Set<string>();
  for (let at = 1; at < frame.byteLength; at += MARK_BYTES) marks.add(hexEncode(frame.subarray(at, at + MARK_BYTES)));
  return marks;
}

/**
 * Who is connected with whom, as the peers tell: an entry needs not be passed on to a peer that its author sends it to.
 * Forgets a peer with its last connection.
 */
export class NeighbourBook {
  readonly #marksOf = new Map<PeerId, ReadonlySet<string>>();
  readonly #marks = new LruMap<PeerId, string>(REMEMBERED_MARKS);

  /** Takes a frame of the hello stream; frames of other kinds change nothing. */
  learn(peer: PeerId, frame: Uint8Array): void {
    const marks = decodeNeighbours(frame);
    if (marks) this.#marksOf.set(peer, marks);
  }

  forget(peer: PeerId): void {
    this.#marksOf.delete(peer);
  }

  /** Whether `peer` has told that it is connected with `other`. */
  isNeighbour(peer: PeerId, other: PeerId): boolean {
    return this.#marksOf.get(peer)?.has(this.#markOf(other)) ?? false;
  }

  #markOf(peer: PeerId): string {
    const known = this.#marks.get(peer);
    if (known !== undefined) return known;
    const mark = hexEncode(markBytes(peer));
    this.#marks.set(peer, mark);
    return mark;
  }
}

function markBytes(peer: PeerId): Uint8Array {
  return sha256(domainMessage(DOMAIN, utf8Encode(peer))).subarray(0, MARK_BYTES);
}
