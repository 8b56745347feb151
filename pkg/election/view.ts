import type { PeerId } from "@bzzz/base";
import { TAKEOVER_AFTER_LEASES } from "@bzzz/register";
import { isLeading } from "./decide.ts";
import type { ElectionState } from "./types.ts";

/** Who leads, as one node sees it. */
export interface LeaderView {
  /** What this node is itself. `leaving`: it gives its term back. */
  readonly role: "leader" | "candidate" | "follower" | "leaving";
  /** The newest term known; 0 before the first. */
  readonly term: number;
  /** Who leads it. Undefined: nobody, or somebody whose lease has run out without a word. */
  readonly leader?: PeerId;
  readonly leaseMs: number;
  /** Of this node, out of 100. */
  readonly score: number;
  /** Candidates that go before this node; 0: it is the first. */
  readonly rank: number;
  /** By whose order the leader must go. */
  readonly deposedBy?: PeerId;
  /** Milliseconds since the leader was last heard of; undefined of this node itself, or when nobody leads. */
  readonly silentMs?: number;
  readonly isElectable: boolean;
}

/** Pure: what a node tells of the election. */
export function viewOf(state: ElectionState, nowMs: number): LeaderView {
  const { known, heardAtMs, phase, config, score, rank } = state;
  const { self, isElectable } = config;
  const leaseMs = known?.leaseMs ?? config.leaseMs;
  const silentMs = heardAtMs === undefined ? undefined : Math.max(0, Math.round(nowMs - heardAtMs));
  const isSilent = silentMs !== undefined && silentMs > leaseMs * TAKEOVER_AFTER_LEASES;
  const isAlive = known?.holder === self ? isLeading(state, nowMs) : !isSilent;
  const leader = isAlive ? known?.holder : undefined;
  return {
    role: phase.type === "leader" && !isLeading(state, nowMs) ? "candidate" : phase.type,
    term: known?.term ?? 0,
    leaseMs,
    score,
    rank,
    isElectable,
    ...(leader === undefined ? {} : { leader }),
    ...(known?.deposed ? { deposedBy: known.deposed.by } : {}),
    ...(leader !== undefined && leader !== self && silentMs !== undefined ? { silentMs } : {}),
  };
}
