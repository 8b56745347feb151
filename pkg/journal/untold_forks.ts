import type { MeshId, PeerId } from "@bzzz/base";
import type { ForkRecord } from "@bzzz/store";
import type { BodyOf } from "@bzzz/wire";
import { readForkProof } from "./forks.ts";

/**
 * Proofs that are on this node's disk and in nobody's log here: it ended between storing a proof and telling it. Of its own fork
 * a node may tell nothing.
 */
export function untoldForks(
  self: PeerId,
  mesh: MeshId,
  forks: readonly ForkRecord[],
  told: Iterable<BodyOf<"fork_proved">>,
): ForkRecord[] {
  const others = forks.filter(({ author }) => author !== self);
  if (others.length === 0) return [];
  const toldAt = new Map<PeerId, number>();
  for (const body of told) {
    const proof = readForkProof(mesh, body);
    if (!proof) continue;
    const { author } = proof.first.header;
    toldAt.set(author, Math.min(proof.seq, toldAt.get(author) ?? Infinity));
  }
  return others.filter(({ author, seq }) => seq < (toldAt.get(author) ?? Infinity));
}
