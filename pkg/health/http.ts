import type { HealthManager } from "./manager.ts";
import { METRICS_CONTENT_TYPE, type MetricsRegistry } from "./metrics.ts";
import type { HealthReason } from "./types.ts";

/** What the health port needs. */
export interface HealthHandlerDeps {
  readonly health: Pick<HealthManager, "status" | "liveness">;
  readonly metrics: Pick<MetricsRegistry, "render">;
  /** Whether a bearer token may read everything. Must compare in constant time and never throw. */
  verifyToken(token: string): boolean | Promise<boolean>;
}

type Route = (deps: HealthHandlerDeps, isTrusted: boolean) => Response;

const BASE_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

/**
 * `/livez` and `/readyz` answer anybody: a kubelet, a load balancer and `docker --health-cmd` ask without a secret, and
 * putting a token into a pod's probe would write it into the manifest. What strangers get is a status and stable codes;
 * messages, which may name peers, paths and addresses, take a bearer token.
 */
const OPEN_ROUTES: ReadonlyMap<string, Route> = new Map([["/livez", livez], ["/readyz", readyz]]);
const GUARDED_ROUTES: ReadonlyMap<string, Route> = new Map([
  ["/health", health],
  ["/health/checks", healthChecks],
  ["/metrics", metrics],
]);

/**
 * The whole health port as a function of a request: `/livez`, `/readyz` (open, codes only without a token), `/health`,
 * `/health/checks` and `/metrics` (bearer token). 200 or 503 by the state; 401, 404, 405 otherwise. Reads what is already
 * known and runs no check, so that asking often costs nothing.
 */
export function createHealthHandler(deps: HealthHandlerDeps): (request: Request) => Promise<Response> {
  return async (request) => {
    const response = await answer(deps, request);
    if (request.method !== "HEAD") return response;
    const { status, headers } = response;
    // Of a body that is not there, the server would tell a length of 0.
    headers.set("content-length", String((await response.arrayBuffer()).byteLength));
    return new Response(null, { status, headers });
  };
}

async function answer(deps: HealthHandlerDeps, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const open = OPEN_ROUTES.get(path);
  const guarded = GUARDED_ROUTES.get(path);
  const route = open ?? guarded;
  if (!route) return problem(404, "not_found", `Cannot find "${path.slice(0, 100)}": no such page on the health port`);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return problem(405, "method_not_allowed", "Cannot answer: the health port is for GET and HEAD", {
      allow: "GET, HEAD",
    });
  }
  const token = bearerToken(request);
  const isTrusted = token !== undefined && await deps.verifyToken(token);
  if (guarded && !isTrusted) {
    const found = token === undefined ? "the request has no bearer token" : "the bearer token is not valid";
    return problem(401, "unauthorized", `Cannot show "${path}": ${found}`, {
      "www-authenticate": 'Bearer realm="bzzz"',
    });
  }
  return route(deps, isTrusted);
}

function bearerToken(request: Request): string | undefined {
  return /^Bearer +([A-Za-z0-9\-._~+/]{1,4096}=*)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

function livez(deps: HealthHandlerDeps, isTrusted: boolean): Response {
  const liveness = deps.health.liveness();
  return json(liveness.isLive ? 200 : 503, {
    status: liveness.isLive ? "live" : "not_live",
    reasons: shown(liveness.reasons, isTrusted),
    ...(isTrusted ? { event_loop_lag_ms: Math.round(liveness.eventLoopLagMs) } : {}),
  });
}

function readyz(deps: HealthHandlerDeps, isTrusted: boolean): Response {
  const status = deps.health.status();
  return json(status.isReady ? 200 : 503, {
    status: status.isReady ? "ready" : "not_ready",
    health: status.status,
    phase: status.phase,
    reasons: shown(status.reasons, isTrusted),
  });
}

function health(deps: HealthHandlerDeps): Response {
  const status = deps.health.status();
  const liveness = deps.health.liveness();
  return json(status.status === "unhealthy" || !liveness.isLive ? 503 : 200, {
    status: status.status,
    phase: status.phase,
    ready: status.isReady,
    live: liveness.isLive,
    reasons: shown([...status.reasons, ...liveness.reasons.filter((r) => r.check === "event_loop")], true),
    at: new Date(status.atMs).toISOString(),
  });
}

function healthChecks(deps: HealthHandlerDeps): Response {
  const checks = deps.health.status().checks.map((check) => ({
    name: check.name,
    critical: check.critical,
    affects_liveness: check.affectsLiveness,
    state: check.state,
    since: new Date(check.sinceMs).toISOString(),
    last_run: check.lastRunAtMs === undefined ? null : new Date(check.lastRunAtMs).toISOString(),
    last_duration_ms: check.lastDurationMs ?? null,
    consecutive_failures: check.consecutiveFailures,
    ...(check.last?.ok === true ? { detail: check.last.detail ?? null } : {}),
    ...(check.last?.ok === false ? { code: check.last.code, message: check.last.message } : {}),
  }));
  return json(200, { checks });
}

function metrics(deps: HealthHandlerDeps): Response {
  return new Response(deps.metrics.render(), { headers: { ...BASE_HEADERS, "content-type": METRICS_CONTENT_TYPE } });
}

function shown(reasons: readonly HealthReason[], isTrusted: boolean): object[] {
  return reasons.map(({ check, code, message, critical }) =>
    isTrusted ? { check, code, critical, message } : { check, code, critical }
  );
}

function json(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { ...BASE_HEADERS, "content-type": "application/json; charset=utf-8", ...headers },
  });
}

function problem(status: number, code: string, message: string, headers: Record<string, string> = {}): Response {
  return json(status, { error: { code, message } }, headers);
}
