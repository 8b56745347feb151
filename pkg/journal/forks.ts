import type { MeshId } from "@bzzz/base";
import { decodeFrame, type Envelope, verifyEnvelope } from "@bzzz/wire";

/** Two signed entries of one author at one seq, without their bodies: they convince by themselves. */
export interface ForkProof {
  readonly first: Envelope;
  readonly second: Envelope;
  readonly seq: number;
}

/** The proof that two envelopes make, or undefined when they make none. */
export function proveFork(mesh: MeshId, first: Envelope, second: Envelope): ForkProof | undefined {
  const { author, seq } = first.header;
  if (seq === undefined || second.header.seq !== seq || second.header.author !== author) return undefined;
  if (first.id === second.id || first.header.mesh !== mesh || second.header.mesh !== mesh) return undefined;
  if (!verifyEnvelope(first) || !verifyEnvelope(second)) return undefined;
  return { first, second, seq };
}

/** The same of the frames in a `fork_proved` entry. */
export function readForkProof(
  mesh: MeshId,
  body: { readonly first: Uint8Array; readonly second: Uint8Array },
): ForkProof | undefined {
  const first = decodeFrame(body.first);
  const second = decodeFrame(body.second);
  return first.ok && second.ok ? proveFork(mesh, first.envelope, second.envelope) : undefined;
}
