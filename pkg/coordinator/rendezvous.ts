import { compareBytes, type PeerId, utf8Encode } from "@bzzz/base";
import { domainMessage, sha256 } from "@bzzz/crypto";

/** What is known of a node that may take a task. */
export interface Candidate {
  readonly peer: PeerId;
  readonly role: string;
  readonly capabilities: readonly string[];
  readonly activeTasks: number;
  readonly maxTasks: number;
  /** It is about to leave and takes nothing new. */
  readonly isDraining?: boolean;
  /** Fit: twice the weight wins twice as often. At least 0; default 1. */
  readonly weight?: number;
}

/** What a task asks of its holder. */
export interface Requirements {
  readonly taskId: string;
  readonly requiredRole?: string | undefined;
  readonly requiredCapabilities: readonly string[];
}

const DOMAIN = "bzzz/rendezvous/1";

/** The hash that orders peers for a task, without weights: 32 bytes, the higher wins. */
function rendezvousHash(taskId: string, peer: PeerId): Uint8Array {
  return sha256(domainMessage(DOMAIN, utf8Encode(`${taskId}\0${peer}`)));
}

/**
 * Weighted rendezvous score, the higher wins: `-weight / ln(u)` with `u` in (0, 1) from SHA-256 over task and peer
 * (Thaler and Ravishankar 1998; weights after Schindelhauer and Schomaker 2005).
 */
export function rendezvousScore(taskId: string, peer: PeerId, weight = 1): number {
  return scoreOf(rendezvousHash(taskId, peer), weight);
}

function scoreOf(hash: Uint8Array, weight: number): number {
  // 52 bits and a half: never 0, never 1
  const view = new DataView(hash.buffer, hash.byteOffset);
  const u = (view.getUint32(0) * 2 ** 20 + (view.getUint32(4) >>> 12) + 0.5) / 2 ** 52;
  return -weight / Math.log(u);
}

/** True when a node of that role and those capabilities may work on the task at all. */
export function isCapable(task: Requirements, node: Pick<Candidate, "role" | "capabilities">): boolean {
  if (task.requiredRole !== undefined && task.requiredRole !== node.role) return false;
  return task.requiredCapabilities.every((capability) => node.capabilities.includes(capability));
}

/**
 * The candidates that may take the task now (capable, free, not draining), the one to try first in front. Nodes that held
 * an earlier attempt come after all others. The same on every node that knows the same candidates.
 */
export function rankCandidates<C extends Candidate>(
  task: Requirements & { readonly earlierHolders?: ReadonlySet<PeerId> },
  candidates: readonly C[],
): C[] {
  return candidates
    .filter((c) => c.isDraining !== true && c.activeTasks < c.maxTasks && isCapable(task, c))
    .map((candidate) => {
      const hash = rendezvousHash(task.taskId, candidate.peer);
      return { candidate, hash, score: scoreOf(hash, candidate.weight ?? 1) };
    })
    .sort((a, b) =>
      earlier(task.earlierHolders, a.candidate.peer) - earlier(task.earlierHolders, b.candidate.peer) ||
      b.score - a.score || compareBytes(b.hash, a.hash)
    )
    .map(({ candidate }) => candidate);
}

function earlier(holders: ReadonlySet<PeerId> | undefined, peer: PeerId): number {
  return holders?.has(peer) ? 1 : 0;
}
