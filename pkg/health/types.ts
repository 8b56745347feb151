/** How a part of the node is. Codes match `[a-z][a-z0-9_]*`, are stable and hold nothing private: strangers may read them. */
export type CheckOutcome =
  | { readonly ok: true; readonly detail?: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * A question about the node that is asked again and again. Reference 2.11: interval 15 s, timeout 3 s, threshold 3 unless told.
 */
export interface HealthCheck {
  /** `[a-z][a-z0-9_.-]*`, unique in its manager. */
  readonly name: string;
  /** A failing critical check makes the node unhealthy and not ready; another only degrades it. */
  readonly critical: boolean;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  /** Failures in a row before the check counts as failing: one lost packet is not news. */
  readonly failureThreshold?: number;
  /**
   * The check also speaks for liveness: its failure asks the supervisor for a restart. Only for what a restart of this very
   * process mends (its own database handle does not answer), never for a disk that is full or a peer that is away: a fault
   * that nodes share must not restart them all.
   */
  readonly affectsLiveness?: boolean;
  /** Must stop when `signal` aborts. A rejection counts as a failure with the error's code. */
  run(options: { readonly signal: AbortSignal }): CheckOutcome | Promise<CheckOutcome>;
}

/** What is known of one check. */
export interface CheckState {
  readonly name: string;
  readonly critical: boolean;
  readonly affectsLiveness: boolean;
  /** `pending` until it passed once, or failed as often as its threshold. */
  readonly state: "pending" | "passing" | "failing";
  /** Wall time at which it entered this state. */
  readonly sinceMs: number;
  /** Wall time of the last run; undefined before the first. */
  readonly lastRunAtMs: number | undefined;
  readonly lastDurationMs: number | undefined;
  readonly consecutiveFailures: number;
  /** Of the last run, also while the threshold is not reached. */
  readonly last: CheckOutcome | undefined;
}

/** Where the program is in its life; only a started one is ready. */
export type LifecyclePhase = "starting" | "started" | "draining" | "stopped";

/** One thing that keeps the node from being healthy. */
export interface HealthReason {
  /** The check's name, or "phase". */
  readonly check: string;
  readonly code: string;
  readonly message: string;
  readonly critical: boolean;
}

/** The node as a whole. The specification's `health.Status`. */
export interface HealthStatus {
  /** `unhealthy`: a critical check fails. `degraded`: something else does, or the node is not (or no longer) up. */
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly phase: LifecyclePhase;
  /** It can serve: started, and every critical check passes. */
  readonly isReady: boolean;
  readonly reasons: readonly HealthReason[];
  readonly checks: readonly CheckState[];
  /** Wall time of this answer. */
  readonly atMs: number;
}

/** Whether this process needs a restart. */
export interface Liveness {
  readonly isLive: boolean;
  readonly reasons: readonly HealthReason[];
  readonly eventLoopLagMs: number;
}
