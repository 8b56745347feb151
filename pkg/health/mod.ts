/**
 * How the node is: checks on a clock, liveness and readiness apart, metrics in Prometheus' text format, and the health port.
 * A fault is reported and never ends the program.
 *
 * @example
 * ```ts
 * import { createSystemClock } from "@bzzz/base";
 * import { createHealthHandler, HealthManager, MetricsRegistry } from "@bzzz/health";
 * import { createNullLogger } from "@bzzz/logging";
 *
 * const health = new HealthManager({ clock: createSystemClock(), logger: createNullLogger() });
 * health.register({ name: "store", critical: true, run: () => ({ ok: true }) });
 * const handle = createHealthHandler({ health, metrics: new MetricsRegistry(), verifyToken: () => false });
 * const response = await handle(new Request("http://localhost/readyz")); // 503: the node has not started
 * ```
 *
 * @module
 */
export { HealthError } from "./errors.ts";
export { EventLoopMonitor } from "./event_loop.ts";
export { createHealthHandler } from "./http.ts";
export type { HealthHandlerDeps } from "./http.ts";
export { CHECK_DEFAULTS, HealthManager, MAX_EVENT_LOOP_LAG_MS } from "./manager.ts";
export type { HealthEvents } from "./manager.ts";
export { keepServing } from "./keep_serving.ts";
export type { KeptServer } from "./keep_serving.ts";
export { DEFAULT_BUCKETS, METRICS_CONTENT_TYPE, MetricsRegistry } from "./metrics.ts";
export type { Counter, Gauge, HistogramMetric, MetricOptions } from "./metrics.ts";
export type { Labels } from "./series.ts";
export { assertCanListen, listenAndServe } from "./serve.ts";
export type { ListeningServer, ListenOptions, ServerHandler } from "./serve.ts";
export { registerCounterMap, registerHealthMetrics, registerProcessMetrics } from "./standard_metrics.ts";
export type { ProcessFacts } from "./standard_metrics.ts";
export { evaluateHealth } from "./status.ts";
export type {
  CheckOutcome,
  CheckState,
  HealthCheck,
  HealthReason,
  HealthStatus,
  LifecyclePhase,
  Liveness,
} from "./types.ts";
