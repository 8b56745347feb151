import type { CheckOutcome, CheckState, HealthCheck, HealthReason, HealthStatus, LifecyclePhase } from "./types.ts";

/** A check that never ran. */
export function initialCheckState(check: HealthCheck, nowMs: number): CheckState {
  return {
    name: check.name,
    critical: check.critical,
    affectsLiveness: check.affectsLiveness ?? false,
    state: "pending",
    sinceMs: nowMs,
    lastRunAtMs: undefined,
    lastDurationMs: undefined,
    consecutiveFailures: 0,
    last: undefined,
  };
}

/** The state after one more run. One success passes; `failureThreshold` failures in a row fail. */
export function foldOutcome(
  state: CheckState,
  outcome: CheckOutcome,
  run: { readonly nowMs: number; readonly durationMs: number; readonly failureThreshold: number },
): CheckState {
  const consecutiveFailures = outcome.ok ? 0 : state.consecutiveFailures + 1;
  const next = outcome.ok ? "passing" : consecutiveFailures >= run.failureThreshold ? "failing" : state.state;
  return {
    ...state,
    state: next,
    sinceMs: next === state.state ? state.sinceMs : run.nowMs,
    lastRunAtMs: run.nowMs,
    lastDurationMs: run.durationMs,
    consecutiveFailures,
    last: outcome,
  };
}

function reasonOf(check: CheckState): HealthReason | undefined {
  const base = { check: check.name, critical: check.critical };
  if (check.state === "failing" && check.last && !check.last.ok) {
    return { ...base, code: check.last.code, message: check.last.message };
  }
  if (check.state === "pending" && check.critical) {
    const seen = check.last && !check.last.ok ? `: ${check.last.message}` : "";
    return { ...base, code: "check_pending", message: `The check has not passed yet${seen}` };
  }
  return undefined;
}

const PHASE_MESSAGES = {
  starting: "The node is starting",
  draining: "The node is finishing its work and leaves the mesh",
  stopped: "The node has stopped",
} as const satisfies Record<Exclude<LifecyclePhase, "started">, string>;

/** The node as a whole out of its parts. Pure. */
export function evaluateHealth(phase: LifecyclePhase, checks: readonly CheckState[], nowMs: number): HealthStatus {
  const reasons: HealthReason[] = [];
  if (phase !== "started") {
    reasons.push({ check: "phase", code: `phase_${phase}`, message: PHASE_MESSAGES[phase], critical: false });
  }
  for (const check of checks) {
    const reason = reasonOf(check);
    if (reason) reasons.push(reason);
  }
  const isUnhealthy = checks.some((check) => check.critical && check.state === "failing");
  return {
    status: isUnhealthy ? "unhealthy" : reasons.length > 0 ? "degraded" : "healthy",
    phase,
    isReady: phase === "started" && !reasons.some((reason) => reason.critical),
    reasons,
    checks,
    atMs: nowMs,
  };
}

/** The reasons among `checks` for which a supervisor should restart the process. Pure. */
export function livenessReasons(checks: readonly CheckState[]): HealthReason[] {
  return checks.flatMap((check) =>
    check.affectsLiveness && check.state === "failing" && check.last && !check.last.ok
      ? [{ check: check.name, code: check.last.code, message: check.last.message, critical: true }]
      : []
  );
}
