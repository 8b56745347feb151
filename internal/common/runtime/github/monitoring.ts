import type { Clock } from "@bzzz/base";
import type { GitHubSource } from "@bzzz/github";
import { type HealthCheck, type MetricsRegistry, registerCounterMap } from "@bzzz/health";

/** Whether issues are looked after while this node leads. Nothing else waits for it, so it never makes a node unhealthy. */
export function gitHubCheck(source: Pick<GitHubSource, "status">): HealthCheck {
  return {
    name: "github",
    critical: false,
    run: () => {
      const { state, failure } = source.status();
      if (!failure) return { ok: true, detail: state === "off" ? "another node leads" : "issues are looked after" };
      return { ok: false, code: `github_${failure.code}`, message: failure.message };
    },
  };
}

/** What `/metrics` tells of GitHub. */
export function registerGitHubMetrics(
  registry: MetricsRegistry,
  source: Pick<GitHubSource, "status">,
  clock: Pick<Clock, "nowMs">,
): void {
  const gauge = (name: string, help: string, read: () => number) => registry.collected("gauge", { name, help }, read);
  gauge(
    "bzzz_github_polling",
    "1 while this node leads and asks GitHub",
    () => Number(source.status().state !== "off"),
  );
  gauge("bzzz_github_failing", "1 while the last round did not go well", () => Number(!!source.status().failure));
  gauge("bzzz_github_seconds_since_success", "Since a round went well here; 0 before the first", () => {
    const { lastSuccessAtMs } = source.status();
    return lastSuccessAtMs === undefined ? 0 : Math.max(0, clock.nowMs() - lastSuccessAtMs) / 1_000;
  });
  const events = {
    name: "bzzz_github_events_total",
    help: "Requests, rounds and what was written",
    labelName: "event",
  };
  registerCounterMap(registry, events, { entries: () => source.status().counters });
}
