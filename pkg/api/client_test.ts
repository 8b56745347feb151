import assert from "node:assert/strict";
import fc from "fast-check";
import { createSystemClock } from "@bzzz/base";
import { createSeededRandom, ManualClock, settle } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { listenAndServe } from "@bzzz/health";
import { ApiClient, type ApiFetch, createApi } from "./mod.ts";
import { FakeMesh, TEST_READ_TOKEN, TEST_WRITE_TOKEN } from "./testing.ts";

function setUp(wrap: (fetch: ApiFetch) => ApiFetch = (fetch) => fetch) {
  const clock = new ManualClock();
  const random = createSeededRandom(1);
  const mesh = new FakeMesh({ clock, random });
  const api = createApi({ mesh, clock, random, logger: createNullLogger() }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }, { token: TEST_READ_TOKEN, scope: "read" }],
    version: "0.1.0",
  });
  const connect = (token: string) =>
    new ApiClient({ fetch: wrap((request) => api.fetch(request)), clock, random }, {
      baseUrl: "http://127.0.0.1:8080",
      token,
    });
  return { clock, mesh, api, connect, client: connect(TEST_WRITE_TOKEN) };
}

Deno.test("ApiClient reaches every route", async () => {
  const { client, mesh } = setUp();

  assert.equal((await client.status()).mesh.name, "hive");
  assert.equal((await client.peers())[0]?.agent_id, "agent-7f3a");
  assert.equal((await client.members()).length, 2);
  assert.equal((await client.agents())[0]?.agent_id, "ana");
  const task = await client.postTask({ title: "Build", required_capabilities: ["typescript"] });
  assert.equal((await client.tasks({ state: "announced", limit: 5 })).length, 1);
  assert.equal((await client.task(task.task_id)).history.length, 1);
  assert.equal((await client.cancelTask(task.task_id, { reason: "no" })).state, "cancelled");
  const message = await client.postMessage({ text: "hello", to: ["agent-7f3a"] });
  assert.equal((await client.messages({ limit: 1 }))[0]?.id, message.id);
  const page = await client.journal({ after: 0, limit: 2 });
  assert.equal(page.items.length, 2);
  assert.equal((await client.entry(page.items[0]?.id ?? "")).kind, "task_posted");
  const request = mesh.openRequest();
  assert.equal((await client.requests({ state: "pending" }))[0]?.request_id, request.request_id);
  const seen = await client.request(request.request_id.slice(-4));
  const answered = await client.answer(seen.short_id, {
    request_digest: seen.digest,
    decision: "answer",
    text: "main",
  });
  assert.equal(answered.state, "answered");
  const invite = await client.createInvite({ role: "developer" });
  assert.equal((await client.invites()).length, 1);
  assert.equal((await client.revokeInvite(invite.invite_id)).state, "revoked");
  assert.equal((await client.revokeMember("agent-7f3a", { reason: "lost" })).revoked?.reason, "lost");
  assert.ok("paths" in await client.openApi());
  await client.stop({ reason: "test" });
  assert.equal(mesh.stopReason, "test");
});

Deno.test("ApiClient rejects with the node's own code, message and details", async () => {
  const { client, connect } = setUp();

  await assert.rejects(client.task("01KDVDNV00AAAAAAAAAAAAX7KQ"), {
    name: "ApiError",
    code: "not_found",
    status: 404,
    message: /^Cannot find the task/,
  });
  await assert.rejects(connect(TEST_READ_TOKEN).postTask({ title: "x" }), { code: "forbidden", status: 403 });
  await assert.rejects(connect("x".repeat(30)).status(), { code: "unauthorized", status: 401 });
  await assert.rejects(client.postTask({ title: "" }), (error: unknown) => {
    assert.ok(error instanceof Error && "data" in error);
    assert.deepEqual((error.data as { issues: { path: string }[] }).issues.map((issue) => issue.path), ["title"]);
    return true;
  });
});

Deno.test("ApiClient tells an absent node, a stuck one, and something else apart", async () => {
  const absent = setUp(() => () => Promise.reject(new TypeError("connection refused")));
  const stuck = setUp(() => () => new Promise(() => {}));
  const other = setUp(() => () => Promise.resolve(new Response("<html>")));
  const cancel = new AbortController();

  await assert.rejects(absent.client.status(), {
    code: "node_unreachable",
    message: /127\.0\.0\.1:8080.*is it running/,
  });
  const timedOut = assert.rejects(stuck.client.status(), { code: "timeout" });
  const cancelled = assert.rejects(stuck.client.status({ signal: cancel.signal }), /stop asking/);
  await settle();
  cancel.abort(new Error("stop asking"));
  await stuck.clock.advance(30_000);
  await Promise.all([timedOut, cancelled]);
  await assert.rejects(other.client.status(), { code: "unexpected_answer" });
  assert.equal(stuck.clock.pendingTimers, 0);
});

Deno.test("fetch() answers random requests with an API error or success, never a defect", async () => {
  const { api, mesh } = setUp();
  mesh.openRequest();
  const segment = fc.oneof(
    fc.constantFrom("tasks", "requests", "journal", "messages", "invites", "members", "revoke", "answer", "cancel"),
    fc.string({ unit: "binary", maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
    fc.constantFrom("%", "%zz", "..", "%2e%2e", "%00", "01KDVDNV00AAAAAAAAAAAAX7KQ"),
  );
  const request = fc.record({
    method: fc.constantFrom("GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"),
    path: fc.array(segment, { maxLength: 4 }).map((parts) => parts.join("/")),
    query: fc.option(fc.webQueryParameters(), { nil: "" }),
    body: fc.oneof(fc.json(), fc.string(), fc.constant("")),
    type: fc.constantFrom("application/json", "text/plain", "application/json; charset=utf-16", ""),
    token: fc.constantFrom(TEST_WRITE_TOKEN, TEST_WRITE_TOKEN, TEST_WRITE_TOKEN, TEST_READ_TOKEN, "no", ""),
  });

  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, query, body, type, token }) => {
      const response = await api.fetch(
        new Request(`http://localhost/api/v1/${path}?${query}`, {
          method,
          headers: { authorization: `Bearer ${token}`, "content-type": type },
          ...(method === "GET" || method === "HEAD" ? {} : { body }),
        }),
      );

      assert.ok(response.status < 500, `${method} ${path}: ${response.status}`);
      if (response.status >= 400 && method !== "HEAD") {
        assert.match((await response.json()).error.code, /^UCXL-4\d\d-[A-Z_]+$/);
      } else await response.body?.cancel();
    }),
    { numRuns: 500 },
  );
});

Deno.test("behind a listener, the API streams, and ends its streams when it closes", async () => {
  const clock = createSystemClock();
  const random = createSeededRandom(1);
  const mesh = new FakeMesh({ clock, random });
  const logger = createNullLogger();
  const api = createApi({ mesh, clock, random, logger }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }],
    version: "0.1.0",
  });
  const server = listenAndServe({ clock, logger }, (request) => api.fetch(request), {
    hostname: "127.0.0.1",
    port: 0,
    name: "api",
  });
  const client = new ApiClient({ fetch, clock, random }, { baseUrl: server.url, token: TEST_WRITE_TOKEN });

  assert.equal((await client.status()).state, "ready");
  const events = client.events({ after: 0 });
  assert.equal((await events.next()).value?.type, "connected");
  mesh.append("task_progress", {});
  assert.equal((await events.next()).value?.type, "entry");
  api.close();
  await server.stop();
  const last = (await events.next()).value;
  assert.ok(last?.type === "disconnected" && last.reason === "stopping");
  await events.return();
  await assert.rejects(client.status(), { code: "node_unreachable" });
});

Deno.test("requests() and tasks() go on over as many answers as the limit takes, in the order of time", async () => {
  const { client, mesh, clock } = setUp();
  const body = "\u0001".repeat(65_000); // six characters each in JSON
  for (let n = 0; n < 15; n++) {
    mesh.openRequest({ title: String(n), body });
    await clock.advance(1);
  }
  for (let n = 0; n < 15; n++) {
    await client.postTask({ title: String(n), description: body });
    await clock.advance(1);
  }
  const numbers = Array.from({ length: 15 }, (_, n) => String(n));

  assert.ok((await client.requestPage()).items.length < 15);
  assert.deepEqual((await client.requests({ state: "open" })).map(({ title }) => title), numbers);
  assert.deepEqual(
    (await client.requests({ state: "open", limit: 12 })).map(({ title }) => title),
    numbers.slice(0, 12),
  );
  assert.deepEqual((await client.tasks()).map(({ title }) => title), numbers.toReversed());
});
