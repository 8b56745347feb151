import type { HealthResult } from "@bzzz/cli";
import type { Clock } from "@bzzz/base";
import { createRuntimeError } from "./errors.ts";
import { homePaths, readEndpoints, readTextIfThere } from "./home.ts";

/** Longest wait for its answer. */
const HEALTH_TIMEOUT_MS = 5_000;

/** Asks the node of a data directory how it is, at its health port. @throws RuntimeError "node_unreachable" */
export async function askForHealth(
  { clock, fetch }: { readonly clock: Clock; readonly fetch: (request: Request) => Promise<Response> },
  home: string | undefined,
): Promise<HealthResult> {
  const endpoints = home === undefined ? undefined : await readEndpoints(home);
  const token = home === undefined ? undefined : (await readTextIfThere(homePaths(home).readToken))?.trim();
  const fail = (why: string, cause?: unknown) =>
    createRuntimeError(clock, "node_unreachable", "ask the node for its health", { why, cause });
  if (!endpoints || !token) throw fail("no node runs on this data directory; start it, or name another with --home");
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(
      new Request(`${endpoints.health_url}${path}`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
      }),
    );
    return await response.json() as T; // the health port of this very version
  };
  try {
    const [whole, list] = await Promise.all([ask<HealthBody>("/health"), ask<HealthChecksBody>("/health/checks")]);
    return {
      status: whole.status === "healthy" ? "ok" : whole.status === "degraded" ? "degraded" : "failed",
      checks: list.checks.map((check) => ({
        name: check.name,
        status: check.state === "passing" ? "ok" : check.critical ? "failed" : "warning",
        found: check.code === undefined ? check.detail ?? check.state : `${check.code}: ${check.message}`,
      })),
    };
  } catch (cause) {
    throw fail(`it does not answer at ${endpoints.health_url}`, cause);
  }
}

interface HealthBody {
  readonly status: string;
}

interface HealthChecksBody {
  readonly checks: readonly {
    readonly name: string;
    readonly state: string;
    readonly critical: boolean;
    readonly detail?: string | null;
    readonly code?: string;
    readonly message?: string;
  }[];
}
