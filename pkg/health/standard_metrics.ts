import type { CounterMap } from "@bzzz/base";
import type { EventLoopMonitor } from "./event_loop.ts";
import type { HealthManager } from "./manager.ts";
import type { MetricsRegistry } from "./metrics.ts";

/** What of the process is measured; `Deno.memoryUsage` fits `memory`. */
export interface ProcessFacts {
  memory(): { readonly rss: number; readonly heapUsed: number; readonly heapTotal: number };
  /** Wall time at which the process started. */
  readonly startedAtMs: number;
  readonly eventLoop?: Pick<EventLoopMonitor, "takeMaxLagMs">;
}

/** Memory, start time and event-loop lag, under the names Prometheus' own clients use where there is one. */
export function registerProcessMetrics(registry: MetricsRegistry, facts: ProcessFacts): void {
  registry.collected(
    "gauge",
    { name: "process_resident_memory_bytes", help: "Resident memory" },
    () => facts.memory().rss,
  );
  registry.collected(
    "gauge",
    { name: "bzzz_heap_used_bytes", help: "JavaScript heap in use" },
    () => facts.memory().heapUsed,
  );
  registry.collected(
    "gauge",
    { name: "bzzz_heap_total_bytes", help: "JavaScript heap reserved" },
    () => facts.memory().heapTotal,
  );
  registry.collected(
    "gauge",
    { name: "process_start_time_seconds", help: "Start of the process, Unix time" },
    () => facts.startedAtMs / 1000,
  );
  const { eventLoop } = facts;
  if (!eventLoop) return;
  registry.collected(
    "gauge",
    { name: "bzzz_event_loop_max_lag_seconds", help: "Worst lateness of the event loop since the last scrape" },
    () => eventLoop.takeMaxLagMs() / 1000,
  );
}

/** Readiness and every check: `bzzz_ready`, `bzzz_live`, `bzzz_health_check{check,state}`. */
export function registerHealthMetrics(registry: MetricsRegistry, health: HealthManager): void {
  registry.collected(
    "gauge",
    { name: "bzzz_ready", help: "1 when the node can serve" },
    () => Number(health.status().isReady),
  );
  registry.collected(
    "gauge",
    { name: "bzzz_live", help: "0 when the process needs a restart" },
    () => Number(health.liveness().isLive),
  );
  registry.collected(
    "gauge",
    {
      name: "bzzz_health_check",
      help: "1 for the state a check is in",
      labelNames: ["check", "state"],
      maxSeries: 300,
    },
    () => health.status().checks.map((check) => [{ check: check.name, state: check.state }, 1] as const),
  );
}

/** Shows a `CounterMap` as one counter with its names as the values of `labelName`. */
export function registerCounterMap(
  registry: MetricsRegistry,
  options: { readonly name: string; readonly help: string; readonly labelName: string },
  counts: Pick<CounterMap, "entries">,
): void {
  registry.collected(
    "counter",
    { name: options.name, help: options.help, labelNames: [options.labelName], maxSeries: 300 },
    function* () {
      for (const [name, count] of counts.entries()) yield [{ [options.labelName]: name }, count] as const;
    },
  );
}
