import { strict as assert } from "node:assert";
import { ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { createHealthHandler, HealthManager, METRICS_CONTENT_TYPE, MetricsRegistry } from "./mod.ts";

const TOKEN = "right-token";
const SECRET_MESSAGE = 'Cannot reach "10.0.0.7"';

async function createHarness(options: { isFailing?: boolean; lagMs?: number } = {}) {
  const health = new HealthManager({
    clock: new ManualClock(),
    logger: createNullLogger(),
    eventLoop: { lagMs: () => options.lagMs ?? 0 },
  });
  health.register({
    name: "mesh",
    critical: true,
    failureThreshold: 1,
    run: () => options.isFailing ? { ok: false, code: "mesh_unreachable", message: SECRET_MESSAGE } : { ok: true },
  });
  health.setPhase("started");
  await health.start();
  const metrics = new MetricsRegistry();
  metrics.gauge({ name: "peers", help: "Peers" }).set(2);
  const handle = createHealthHandler({ health, metrics, verifyToken: (token) => Promise.resolve(token === TOKEN) });
  return (path: string, init: RequestInit & { token?: string } = {}) =>
    handle(
      new Request(`http://localhost:8081${path}`, {
        ...init,
        ...(init.token === undefined ? {} : { headers: { authorization: `Bearer ${init.token}` } }),
      }),
    );
}

Deno.test("/livez and /readyz answer without a token", async () => {
  const get = await createHarness();

  const livez = await get("/livez");
  const readyz = await get("/readyz");

  assert.deepEqual([livez.status, await livez.json()], [200, { status: "live", reasons: [] }]);
  assert.deepEqual([readyz.status, await readyz.json()], [200, {
    status: "ready",
    health: "healthy",
    phase: "started",
    reasons: [],
  }]);
});

Deno.test("/readyz tells strangers codes and a bearer the messages", async () => {
  const get = await createHarness({ isFailing: true });

  const open = await get("/readyz");
  const full = await get("/readyz", { token: TOKEN });

  const openText = await open.text();
  assert.equal(open.status, 503);
  assert.ok(openText.includes("mesh_unreachable"));
  assert.ok(!openText.includes("10.0.0.7"), openText);
  assert.deepEqual((await full.json()).reasons, [
    { check: "mesh", code: "mesh_unreachable", critical: true, message: SECRET_MESSAGE },
  ]);
});

Deno.test("a wrong token on an open page shows what strangers see", async () => {
  const get = await createHarness({ isFailing: true });

  const response = await get("/readyz", { token: "wrong" });

  assert.ok(!(await response.text()).includes("10.0.0.7"));
});

Deno.test("/livez stays 200 while peers are away and turns 503 with a stalled event loop", async () => {
  const meshDown = await createHarness({ isFailing: true });
  const stalled = await createHarness({ lagMs: 6_000 });

  assert.equal((await meshDown("/livez")).status, 200);
  const response = await stalled("/livez", { token: TOKEN });
  assert.equal(response.status, 503);
  const body = await response.json();
  assert.equal(body.reasons[0].code, "event_loop_late");
  assert.equal(body.event_loop_lag_ms, 6_000);
});

Deno.test("/health, /health/checks and /metrics need a bearer token", async () => {
  const get = await createHarness();

  for (const path of ["/health", "/health/checks", "/metrics"]) {
    const none = await get(path);
    const wrong = await get(path, { token: "wrong" });
    const right = await get(path, { token: TOKEN });

    assert.deepEqual([none.status, wrong.status, right.status], [401, 401, 200], path);
    assert.match(none.headers.get("www-authenticate") ?? "", /^Bearer/, path);
    await Promise.all([none.body?.cancel(), wrong.body?.cancel(), right.body?.cancel()]);
  }
});

Deno.test("/health/checks shows each check's last run; /health the sum", async () => {
  const get = await createHarness({ isFailing: true });

  const checks = await (await get("/health/checks", { token: TOKEN })).json();
  const health = await get("/health", { token: TOKEN });

  assert.equal(checks.checks.length, 1);
  assert.deepEqual(
    [checks.checks[0].name, checks.checks[0].state, checks.checks[0].code],
    ["mesh", "failing", "mesh_unreachable"],
  );
  assert.equal(health.status, 503);
  assert.equal((await health.json()).status, "unhealthy");
});

Deno.test("/metrics is the text format", async () => {
  const get = await createHarness();

  const response = await get("/metrics", { token: TOKEN });

  assert.equal(response.headers.get("content-type"), METRICS_CONTENT_TYPE);
  assert.match(await response.text(), /^peers 2$/m);
});

Deno.test("HEAD has no body, other methods and paths are refused, nothing may be cached", async () => {
  const get = await createHarness();

  const head = await get("/readyz", { method: "HEAD" });
  const whole = await (await get("/readyz")).text();
  const post = await get("/readyz", { method: "POST", body: "x" });
  const missing = await get("/healthz/../../etc");

  assert.deepEqual([head.status, await head.text()], [200, ""]);
  assert.equal(head.headers.get("content-length"), String(whole.length), "that of the body it stands for");
  assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  assert.equal(missing.status, 404);
  for (const response of [head, post, missing]) assert.equal(response.headers.get("cache-control"), "no-store");
  await Promise.all([post.body?.cancel(), missing.body?.cancel()]);
});
