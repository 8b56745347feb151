/** What happens when a node goes, in this order (design section 9). */
export const SHUTDOWN_PHASES = ["announce", "drain", "stop", "flush"] as const;
/**
 * `announce`: tell the mesh that we leave, take no more work. `drain`: finish or park what runs, release leases. `stop`: the
 * services, in reverse. `flush`: what must reach the disk or the log after that.
 */
export type ShutdownPhase = (typeof SHUTDOWN_PHASES)[number];

/** How long going may take. */
export interface ShutdownPlan {
  readonly totalMs: number;
  /** What is kept for each phase, whatever the ones before it need; together at most `totalMs`. */
  readonly reserveMs: Readonly<Record<ShutdownPhase, number>>;
}

/** 25 s in all: systemd and Kubernetes are told to wait 30 (design section 9, reference 2.12). */
export const DEFAULT_SHUTDOWN_PLAN: ShutdownPlan = {
  totalMs: 25_000,
  reserveMs: { announce: 2_000, drain: 12_000, stop: 8_000, flush: 3_000 },
};

/**
 * How long `phase` may take when it begins `elapsedMs` after the shutdown did: all that is left, but for what is kept for the
 * phases after it. What an early phase does not use, a later one may. Pure.
 */
export function phaseBudgetMs(plan: ShutdownPlan, phase: ShutdownPhase, elapsedMs: number): number {
  const later = SHUTDOWN_PHASES.slice(SHUTDOWN_PHASES.indexOf(phase) + 1);
  const keptMs = later.reduce((sum, next) => sum + plan.reserveMs[next], 0);
  return Math.max(0, plan.totalMs - elapsedMs - keptMs);
}

/** Checks a plan once, when it is made. @throws RangeError when it does not add up */
export function assertShutdownPlan(plan: ShutdownPlan): void {
  const reserves = SHUTDOWN_PHASES.map((phase) => plan.reserveMs[phase]);
  const sumMs = reserves.reduce((sum, ms) => sum + ms, 0);
  if (reserves.some((ms) => !(ms >= 0)) || !(sumMs <= plan.totalMs)) {
    throw new RangeError(`Cannot shut down in ${plan.totalMs} ms: the phases keep ${sumMs} ms for themselves`);
  }
}
