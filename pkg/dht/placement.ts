import { type PeerId, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import { REPLICAS } from "./constants.ts";
import type { ContentHash } from "./content_hash.ts";

/**
 * The members that keep a content: those with the highest hash of content and member (Thaler and Ravishankar 1998, rendezvous
 * hashing). Every node that sees the same members names the same ones, and one member less moves only its own part.
 */
export function keepersOf(hash: ContentHash, members: readonly PeerId[], count: number = REPLICAS): PeerId[] {
  return ranked(hash, members).slice(0, count);
}

/** All members, the keepers first: the order in which they are asked for a content. */
export function ranked(hash: ContentHash, members: readonly PeerId[]): PeerId[] {
  if (members.length <= 1) return [...members];
  return members.map((peer) => ({ peer, weight: weightOf(hash, peer) }))
    .sort((a, b) => b.weight - a.weight || (a.peer < b.peer ? -1 : 1))
    .map(({ peer }) => peer);
}

/** 48 bits of a hash: exact in a number, and equal for two members once in 10^14. */
function weightOf(hash: ContentHash, peer: PeerId): number {
  const digest = sha256(utf8Encode(`bzzz/keeper/1 ${hash} ${peer}`));
  return digest.subarray(0, 6).reduce((sum, byte) => sum * 256 + byte, 0);
}
