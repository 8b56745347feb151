import type { Clock } from "@bzzz/base";
import { type HealthCheck, type MetricsRegistry, registerCounterMap } from "@bzzz/health";
import type { Slurp } from "@bzzz/slurp";

/** A leader that has work and has done none of it for so long is stuck. */
const STUCK_AFTER_MS = 5 * 60_000;

/** Whether deriving goes on. Nothing else waits for it, so it never makes a node unhealthy. */
export function slurpCheck(slurp: Pick<Slurp, "status">, clock: Pick<Clock, "nowMs">): HealthCheck {
  return {
    name: "slurp",
    critical: false,
    run: () => {
      const { state, term, sinceMs, queued, breaker, lastSuccessAtMs, lastFailure, deadLetters } = slurp.status();
      if (state === "off") return { ok: true, detail: `not deriving, ${deadLetters} dead letters` };
      if (breaker === "open") {
        return {
          ok: false,
          code: "slurp_failing",
          message: `Deriving context pauses after failures, the last one ${lastFailure?.code ?? "unknown"}`,
        };
      }
      const workedAtMs = Math.max(sinceMs ?? 0, lastSuccessAtMs ?? 0);
      if (queued > 0 && clock.nowMs() - workedAtMs > STUCK_AFTER_MS) {
        return {
          ok: false,
          code: "slurp_stuck",
          message: `${queued} tasks wait for their context, and none was derived lately`,
        };
      }
      return { ok: true, detail: `term ${term}: ${state}, ${queued} waiting, ${deadLetters} dead letters` };
    },
  };
}

const BREAKER_VALUES = { closed: 0, half_open: 1, open: 2 } as const;

/** What `/metrics` tells of derived context. */
export function registerSlurpMetrics(
  registry: MetricsRegistry,
  slurp: Pick<Slurp, "status">,
  clock: Pick<Clock, "nowMs">,
): void {
  const gauge = (name: string, help: string, read: () => number) => registry.collected("gauge", { name, help }, read);
  gauge(
    "bzzz_slurp_deriving",
    "1 while this node leads and derives context",
    () => Number(slurp.status().state !== "off"),
  );
  gauge("bzzz_slurp_queue", "Tasks whose context waits to be derived", () => slurp.status().queued);
  gauge("bzzz_slurp_dead_letters", "Derivations that were given up here", () => slurp.status().deadLetters);
  gauge(
    "bzzz_slurp_breaker",
    "Circuit breaker: 0 closed, 1 half open, 2 open",
    () => BREAKER_VALUES[slurp.status().breaker],
  );
  gauge("bzzz_slurp_seconds_since_success", "Since a context was derived here; 0 before the first", () => {
    const { lastSuccessAtMs } = slurp.status();
    return lastSuccessAtMs === undefined ? 0 : Math.max(0, clock.nowMs() - lastSuccessAtMs) / 1_000;
  });
  const events = { name: "bzzz_slurp_events_total", help: "Events, derivations, slices by kind", labelName: "event" };
  registerCounterMap(registry, events, { entries: () => slurp.status().counters });
}
