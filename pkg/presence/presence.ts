import type { AgentId, PeerId } from "@bzzz/base";
import type { BodyOf } from "@bzzz/wire";

/**
 * What a node knows of another's liveness, in the words of serf: `alive` (heard of lately), `left` (said good-bye),
 * `failed` (went silent without a word).
 */
export type Liveness = "alive" | "left" | "failed";

/** Who speaks, by its grant. */
export interface PresenceIdentity {
  readonly peer: PeerId;
  readonly agentId: AgentId;
  readonly binaryType: string;
  readonly role: string;
}

/** The last word of a node about itself, and what became of it since. */
export interface PresenceRecord extends PresenceIdentity {
  readonly liveness: Liveness;
  readonly body: BodyOf<"presence">;
  /** Monotonic milliseconds of this node, when it was last heard. */
  readonly heardAtMs: number;
  /** Why it left, in its own words; a peer's text. */
  readonly leavingReason?: string;
}

/** Records by peer; at most `MAX_PRESENCE_RECORDS`, and only members get one. */
export type PresenceState = ReadonlyMap<PeerId, PresenceRecord>;

/** What happened, with the node's own monotonic time. */
export type PresenceEvent =
  | {
    readonly type: "heard";
    readonly identity: PresenceIdentity;
    readonly body: BodyOf<"presence">;
    readonly nowMs: number;
  }
  | { readonly type: "leaving"; readonly peer: PeerId; readonly reason: string; readonly nowMs: number }
  | { readonly type: "revoked"; readonly peer: PeerId }
  | { readonly type: "swept"; readonly timeoutMs: number; readonly nowMs: number };

/** A change of liveness that others act on. */
export interface LivenessChange {
  readonly peer: PeerId;
  readonly agentId: AgentId;
  readonly liveness: Liveness;
}

/** A mesh of five hundred nodes is far beyond what was measured; the oldest silent record makes room. */
export const MAX_PRESENCE_RECORDS = 512;

/** Pure: the next state and what changed. */
export function foldPresence(
  state: PresenceState,
  event: PresenceEvent,
): { readonly state: PresenceState; readonly changes: readonly LivenessChange[] } {
  switch (event.type) {
    case "heard":
      return heard(state, event.identity, event.body, event.nowMs);
    case "leaving": {
      const record = state.get(event.peer);
      if (!record || record.liveness === "left") return { state, changes: [] };
      return replace(state, { ...record, liveness: "left", leavingReason: event.reason, heardAtMs: event.nowMs });
    }
    case "revoked": {
      const record = state.get(event.peer);
      if (!record) return { state, changes: [] };
      const next = new Map(state);
      next.delete(event.peer);
      return { state: next, changes: [{ peer: record.peer, agentId: record.agentId, liveness: "left" }] };
    }
    case "swept": {
      const silent = [...state.values()].filter((record) =>
        record.liveness === "alive" && event.nowMs - record.heardAtMs > event.timeoutMs
      );
      if (silent.length === 0) return { state, changes: [] };
      const next = new Map(state);
      for (const record of silent) next.set(record.peer, { ...record, liveness: "failed" });
      return {
        state: next,
        changes: silent.map(({ peer, agentId }) => ({ peer, agentId, liveness: "failed" as const })),
      };
    }
  }
}

function heard(
  state: PresenceState,
  identity: PresenceIdentity,
  body: BodyOf<"presence">,
  nowMs: number,
): { state: PresenceState; changes: readonly LivenessChange[] } {
  const before = state.get(identity.peer);
  const record: PresenceRecord = { ...identity, liveness: "alive", body, heardAtMs: nowMs };
  if (before?.liveness === "alive") return { state: new Map(state).set(identity.peer, record), changes: [] };
  if (!before && state.size >= MAX_PRESENCE_RECORDS) {
    const silent = [...state.values()].filter((r) =>
      r.liveness !== "alive"
    ).sort((a, b) => a.heardAtMs - b.heardAtMs)[0];
    if (!silent) return { state, changes: [] };
    const next = new Map(state);
    next.delete(silent.peer);
    return replace(next, record);
  }
  return replace(state, record);
}

function replace(state: PresenceState, record: PresenceRecord): { state: PresenceState; changes: LivenessChange[] } {
  return {
    state: new Map(state).set(record.peer, record),
    changes: [{ peer: record.peer, agentId: record.agentId, liveness: record.liveness }],
  };
}
