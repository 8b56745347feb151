import { type Clock, type Timer, TypedEventTarget } from "@bzzz/base";
import type { Candidate } from "@bzzz/coordinator";
import type { PresenceRecord, PresenceService } from "@bzzz/presence";
import type { PresenceSnapshot, PresenceView } from "./types.ts";

/** What of the others' presence decides about tasks. */
export function candidateOf(record: PresenceRecord): Candidate {
  const { capabilities, activeTasks, maxTasks, status } = record.body;
  const isDraining = status === "draining";
  return { peer: record.peer, role: record.role, capabilities, activeTasks, maxTasks, isDraining, weight: maxTasks };
}

/**
 * Why a node claims and begins nothing: it is short of memory, no quorum of voters answers, its executor has lost its
 * means, none of its models is there, its own log must first come back from the peers.
 */
export type PauseReason = "memory" | "quorum" | "executor" | "model" | "journal";

/** How often it is asked whether the journal has caught up, until it has. */
const CATCH_UP_POLL_MS = 100;

/** What a view is told when it is made. */
export interface PresenceViewOptions {
  /** Absence is believed after so long. */
  readonly timeoutMs: number;
  /** Claims begin after so long at the latest: a node that is alone must work too. */
  readonly readyAfterMs: number;
  /** Whether the journal has caught up with the mesh. */
  readonly hasCaughtUp: () => boolean;
}

/**
 * The presence service as a runner wants it: claims may begin when the journal has caught up. Dispose it with the service.
 */
export class ServicePresenceView implements PresenceView, Disposable {
  readonly #presence: Pick<PresenceService, "records" | "events">;
  readonly #changes: TypedEventTarget<{ changed: undefined }> = new TypedEventTarget();
  readonly #timers: readonly Timer[];
  readonly #poll: Timer;
  readonly #ended = new AbortController();
  #isReady = false;
  #isWarm = false;
  readonly #pauses = new Set<PauseReason>();

  constructor(
    deps: {
      readonly presence: Pick<PresenceService, "records" | "events">;
      readonly clock: Pick<Clock, "setTimer" | "setPeriodic">;
    },
    options: PresenceViewOptions,
  ) {
    this.#presence = deps.presence;
    const { signal } = this.#ended;
    const onChange = (): void => this.#changes.emit("changed", undefined);
    deps.presence.events.on("liveness:changed", onChange, { signal });
    deps.presence.events.on("presence:heard", onChange, { signal });
    this.#timers = [
      deps.clock.setTimer(options.readyAfterMs, () => this.#markReady()),
      deps.clock.setTimer(options.timeoutMs, () => {
        this.#isWarm = true;
        onChange();
      }),
    ];
    this.#poll = deps.clock.setPeriodic(CATCH_UP_POLL_MS, () => {
      if (options.hasCaughtUp()) this.#markReady();
    }, { unref: true });
  }

  #markReady(): void {
    this.#poll.cancel();
    if (this.#isReady || this.#ended.signal.aborted) return;
    this.#isReady = true;
    this.#changes.emit("changed", undefined);
  }

  /** A node that is short of something takes no more work until it has recovered; what runs goes on. */
  setPaused(reason: PauseReason, isPaused: boolean): void {
    const before = this.#pauses.size;
    if (isPaused) this.#pauses.add(reason);
    else this.#pauses.delete(reason);
    if (this.#pauses.size > 0 !== before > 0) this.#changes.emit("changed", undefined);
  }

  snapshot(): PresenceSnapshot {
    const others = this.#presence.records()
      .filter((record) => record.liveness === "alive" && record.binaryType === "agent").map(candidateOf);
    return { others, isReady: this.#isReady && this.#pauses.size === 0, isWarm: this.#isWarm };
  }

  onChanged(listener: () => void, options: { signal: AbortSignal }): void {
    this.#changes.on("changed", listener, options);
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    this.#poll.cancel();
    for (const timer of this.#timers) timer.cancel();
  }
}
