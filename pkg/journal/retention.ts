import { type Clock, LruMap, type PeerId } from "@bzzz/base";
import { decodeFrame, type EnvelopeHeader, pruneFrame, type Topic, TOPICS } from "@bzzz/wire";
import type { JournalStore } from "@bzzz/store";
import {
  LOST_BODY_WAIT_MS,
  LOST_BODY_WINDOW_MS,
  MAX_LOST_BODY_AUTHORS,
  MIN_KEEP_MS,
  RETENTION_BATCH,
  RETENTION_TOLERANCE_MS,
} from "./constants.ts";
import type { RetentionPolicy } from "./types.ts";

/** Evidence: kept whatever topic it was written to. */
const AUDIT_KINDS: ReadonlySet<string> = new Set([
  "grant_issued",
  "grant_revoked",
  "fork_proved",
  "roles_defined",
  "role_key_sealed",
  "admin_key_shared",
  "access_decided",
]);

/** @throws RangeError when the policy names the audit topic or a time that is not positive. */
export function checkRetention(policy: RetentionPolicy): void {
  if (policy[TOPICS.agents]) {
    throw new RangeError(`Cannot prune "${TOPICS.agents}": it is the audit log of who belongs to the mesh`);
  }
  for (const [topic, rule] of Object.entries(policy)) {
    if (!(rule.keepMs > 0)) throw new RangeError(`Cannot keep "${topic}" for ${rule.keepMs} ms: expected more than 0`);
  }
}

/** Whether a peer may have dropped the body of such an entry by now. */
export function mayBePruned(policy: RetentionPolicy, header: EnvelopeHeader, nowMs: number): boolean {
  const rule = policy[header.topic];
  if (!rule || AUDIT_KINDS.has(header.kind)) return false;
  return header.hlc.ms < nowMs - rule.keepMs + RETENTION_TOLERANCE_MS;
}

/**
 * When a node that keeps bodies for longer than its peers gives one up, so that the log behind it goes on. A body counts
 * as lost when it is at least a day old and ten minutes of asking brought only the pruned entry: one peer that strips
 * bodies cannot make others lose what an honest peer still has.
 */
export class LostBodies {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #sinceMs = new LruMap<PeerId, number>(MAX_LOST_BODY_AUTHORS);

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Asked for each verified entry that came without its body; the first time begins the wait for its author. */
  isLost({ author, topic, kind, hlc }: EnvelopeHeader, nowMs: number): boolean {
    if (topic === TOPICS.agents || AUDIT_KINDS.has(kind)) return false;
    if (hlc.ms >= nowMs - MIN_KEEP_MS + RETENTION_TOLERANCE_MS) return false;
    const atMs = this.#clock.monotonicMs();
    const waitedMs = atMs - (this.#sinceMs.get(author) ?? -Infinity);
    if (waitedMs > LOST_BODY_WAIT_MS + LOST_BODY_WINDOW_MS) this.#sinceMs.set(author, atMs);
    return waitedMs >= LOST_BODY_WAIT_MS && waitedMs <= LOST_BODY_WAIT_MS + LOST_BODY_WINDOW_MS;
  }
}

/**
 * Drops bodies older than the policy keeps; header, signature and chain stay. One transaction per 256 entries, with
 * `pause` in between, so that the node goes on working. Returns how many were pruned.
 */
export async function pruneOld(
  deps: { readonly store: JournalStore; readonly pause: () => Promise<void>; readonly isStopped: () => boolean },
  policy: RetentionPolicy,
  nowMs: number,
): Promise<number> {
  let pruned = 0;
  for (const [topic, rule] of Object.entries(policy)) {
    const beforeMs = nowMs - rule.keepMs;
    while (true) {
      const count = pruneBatch(deps.store, topic as Topic, beforeMs); // keys of a RetentionPolicy
      pruned += count;
      if (count < RETENTION_BATCH) break;
      await deps.pause();
      if (deps.isStopped()) return pruned;
    }
  }
  return pruned;
}

function pruneBatch(store: JournalStore, topic: Topic, beforeMs: number): number {
  const rows = store.entries.prunable(topic, beforeMs, { limit: RETENTION_BATCH, exceptKinds: [...AUDIT_KINDS] });
  const frames = rows.map(({ cursor, frame }) => {
    const decoded = decodeFrame(frame);
    // What is on disk was decoded before it was stored; a row that is not readable keeps its bytes.
    return { cursor, frame: decoded.ok ? pruneFrame(decoded.envelope) : frame };
  });
  if (frames.length > 0) store.entries.replacePruned(frames);
  return frames.length;
}
