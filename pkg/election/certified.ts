import type { MeshId, PeerId } from "@bzzz/base";
import { decodeCertificate, verifyCertificate } from "@bzzz/register";
import { LEADER_KEY, type LeaderValue, leaderValueCodec } from "./leader_value.ts";

/** What is needed to verify a decision offline. */
export interface LeaderProof {
  readonly mesh: MeshId;
  /** The voters of an epoch; undefined when this node has not heard of it. */
  readonly votersOf: (epoch: number) => readonly PeerId[] | undefined;
}

/** What the certificate of a `leadership_decided` entry says. */
export type CertifiedLeader =
  | { readonly type: "proved"; readonly value: LeaderValue }
  /** A majority did not sign it, or it is about something else. */
  | { readonly type: "false" }
  | { readonly type: "unknown_epoch"; readonly epoch: number };

/** Pure: whether `certificate` proves who leads. Nothing else of the entry counts, nor who wrote it. */
export function certifiedLeader(certificate: Uint8Array, proof: LeaderProof): CertifiedLeader {
  const decoded = decodeCertificate(certificate);
  if (!decoded || decoded.key !== LEADER_KEY) return { type: "false" };
  const voters = proof.votersOf(decoded.epoch);
  if (!voters) return { type: "unknown_epoch", epoch: decoded.epoch };
  if (!verifyCertificate(decoded, { mesh: proof.mesh, key: LEADER_KEY, voters })) return { type: "false" };
  const value = leaderValueCodec.decode(decoded.value);
  return value ? { type: "proved", value } : { type: "false" };
}
