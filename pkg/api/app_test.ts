import assert from "node:assert/strict";
import { BzzzError } from "@bzzz/base";
import { TEST_READ_TOKEN } from "./testing.ts";
import { setUp } from "./testdata/api.ts";

Deno.test("fetch() answers the status with a read token", async () => {
  const { call } = setUp();

  const { status, body, headers } = await call("GET", "/status", { token: TEST_READ_TOKEN });

  assert.equal(status, 200);
  assert.equal(body.node.agent_id, "ana");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(headers.get("access-control-allow-origin"), null);
});

Deno.test("POST /tasks creates once per client_id", async () => {
  const { call, mesh } = setUp();
  const body = { client_id: "c-1", title: "Build it" };

  const first = await call("POST", "/tasks", { body });
  const second = await call("POST", "/tasks", { body });
  const other = await call("POST", "/tasks", { body: { ...body, title: "Other" } });

  assert.deepEqual([first.status, second.status, other.status], [201, 200, 409]);
  assert.equal(second.body.task_id, first.body.task_id);
  assert.equal(other.body.error.code, "UCXL-409-CLIENT_ID_CONFLICT");
  assert.equal(mesh.taskMap.size, 1);
});

Deno.test("a task is retried and reviewed when its state allows it; a rejection needs a reason", async () => {
  const { call, mesh } = setUp();
  const { body: task } = await call("POST", "/tasks", { body: { title: "Build it" } });
  const path = `/tasks/${task.task_id}`;

  const early = await call("POST", `${path}/retry`, { body: {} });
  await call("POST", `${path}/cancel`, { body: {} });
  const again = await call("POST", `${path}/retry`, { body: { reason: "it is needed" } });
  const wordless = await call("POST", `${path}/review`, { body: { verdict: "reject" } });
  const unasked = await call("POST", `${path}/review`, { body: { verdict: "accept" } });
  mesh.taskMap.set(task.task_id, { ...again.body, state: "review" });
  const accepted = await call("POST", `${path}/review`, { body: { verdict: "accept" } });

  assert.deepEqual([early.status, early.body.error.code], [409, "UCXL-409-TASK_REFUSED"]);
  assert.deepEqual([again.status, again.body.state], [200, "announced"]);
  assert.equal(wordless.status, 400);
  assert.equal(unasked.body.error.code, "UCXL-409-TASK_REFUSED");
  assert.equal(accepted.body.state, "completed");
});

Deno.test("S-08 absurd posts are refused field by field", async () => {
  const { call, mesh } = setUp();
  const { status, body } = await call("POST", "/tasks", {
    body: {
      title: "x",
      dependencies: ["nonsense"],
      plan: { window_ms: -1 },
      budgets: { time_ms: 0, tokens: 1.5, hops: 99 },
      parent: "?",
      deadline_ms: -5,
    },
  });

  assert.equal(status, 400);
  const fields = body.error.details.issues.map(({ path }: { path: string }) => path).sort();
  assert.deepEqual(fields, [
    "budgets.hops",
    "budgets.time_ms",
    "budgets.tokens",
    "deadline_ms",
    "dependencies.0",
    "parent",
    "plan.window_ms",
  ]);
  assert.equal(mesh.taskMap.size, 0);
});

Deno.test("GET /tasks/{id} has the history; a finished task cannot be cancelled twice", async () => {
  const { call } = setUp();
  const { body: task } = await call("POST", "/tasks", { body: { title: "Build it" } });

  const cancelled = await call("POST", `/tasks/${task.task_id.slice(-6)}/cancel`, { body: { reason: "no need" } });
  const again = await call("POST", `/tasks/${task.task_id}/cancel`);
  const detail = await call("GET", `/tasks/${task.task_id.toLowerCase()}`);

  assert.equal(cancelled.status, 200);
  assert.equal(again.body.error.code, "UCXL-409-TASK_CLOSED");
  assert.deepEqual(detail.body.history.map((entry: { kind: string }) => entry.kind), ["task_posted", "task_cancelled"]);
});

Deno.test("GET /requests/{id} takes a short id, and lists the candidates when it fits several", async () => {
  const { call, mesh } = setUp();
  const id = (tail: string) => `01KDVDNV00AAAAAAAAAAAA${tail}`;
  mesh.openRequest({ request_id: id("X7KQ").slice(0, 26), title: "one" });
  mesh.openRequest({ request_id: id("Y7KQ").slice(0, 26), title: "two" });
  mesh.openRequest({ request_id: id("0M1Z").slice(0, 26), title: "three" });

  const unique = await call("GET", "/requests/omlz");
  const ambiguous = await call("GET", "/requests/01kdvd");
  const unknown = await call("GET", "/requests/ZZZZ");
  const listed = await call("GET", "/requests?state=pending");

  assert.equal(unique.body.title, "three", "O, l and lower case are read as Crockford says");
  assert.equal(ambiguous.status, 409);
  assert.equal(ambiguous.body.error.details.candidates.length, 3);
  assert.equal(unknown.status, 404);
  assert.deepEqual(listed.body.items.map((item: { short_id: string }) => item.short_id), ["X7KQ", "Y7KQ", "0M1Z"]);
});

Deno.test("POST /requests/{id}/answer: the first wins, the digest must be of what was seen", async () => {
  const { call, mesh } = setUp();
  const request = mesh.openRequest();
  const path = `/requests/${request.request_id}/answer`;

  const wrong = await call("POST", path, {
    body: { request_digest: "0".repeat(64), decision: "answer", text: "main" },
  });
  const empty = await call("POST", path, { body: { request_digest: request.digest, decision: "answer" } });
  const first = await call("POST", path, {
    body: { request_digest: request.digest, decision: "answer", text: "main" },
  });
  const second = await call("POST", path, { body: { request_digest: request.digest, decision: "answer", text: "b" } });

  assert.equal(wrong.body.error.code, "UCXL-409-DIGEST_MISMATCH");
  assert.equal(empty.status, 400);
  assert.equal(first.body.answer.text, "main");
  assert.equal(second.body.error.code, "UCXL-409-ALREADY_ANSWERED");
  assert.equal(second.body.error.details.answered_by, "ana");
});

Deno.test("fetch() answers members, agents, peers, invites, journal, messages and stop", async () => {
  const { call, mesh } = setUp();

  assert.equal((await call("GET", "/members")).body.items.length, 2);
  assert.equal((await call("GET", "/agents")).body.items.length, 2);
  assert.equal((await call("PUT", "/node/person", { body: { person: "away" } })).body.person, "away");
  assert.equal((await call("PUT", "/node/person", { body: { person: "asleep" } })).status, 400);
  assert.equal((await call("GET", "/peers")).body.items.length, 1);
  const invite = await call("POST", "/invites", { body: { role: "developer" } });
  assert.equal(invite.status, 201);
  assert.equal((await call("DELETE", `/invites/${invite.body.invite_id}`)).body.state, "revoked");
  assert.equal((await call("GET", "/invites")).body.items[0].token, undefined, "a token is shown once");
  assert.equal((await call("POST", "/messages", { body: { text: "hello" } })).status, 201);
  assert.equal((await call("GET", "/messages")).body.items[0].text, "hello");
  const page = await call("GET", "/journal?after=0&limit=1&topic=hmmm");
  assert.equal(page.body.next_after, 1);
  assert.equal((await call("GET", `/journal/${page.body.items[0].id}`)).body.frame, "AAAA");
  assert.equal((await call("GET", "/journal?topic=nope")).body.error.code, "UCXL-400-INVALID_TOPIC");
  assert.equal((await call("POST", "/members/agent-7f3a/revoke", { body: {} })).body.revoked.reason, "");
  assert.equal((await call("POST", "/node/stop")).status, 202);
  assert.equal(mesh.stopReason, "");
});

Deno.test("election: who leads, and an order with its reason in the history; without a leader there is nothing to end", async () => {
  const { call, mesh } = setUp();

  const before = await call("GET", "/election");
  const after = await call("POST", "/election/step-down", { body: { reason: "its machine is needed" } });
  const again = await call("POST", "/election/trigger", { body: {} });
  const bad = await call("POST", "/election/trigger", { body: { term: 3 } });

  assert.deepEqual([before.body.term, before.body.leader.agent_id, before.body.candidates[0].score], [
    3,
    "agent-7f3a",
    61,
  ]);
  assert.deepEqual([after.status, after.body.leader], [200, undefined]);
  assert.deepEqual(mesh.entries.at(-1)?.body, { order: "step_down", term: 3, reason: "its machine is needed" });
  assert.deepEqual([again.status, again.body.error.code], [409, "UCXL-409-NO_LEADER"]);
  assert.equal(bad.status, 400);
});

Deno.test("fetch() maps codes by the table and hides the words of a defect", async () => {
  const { call, mesh } = setUp();

  mesh.failure = new BzzzError("store_full", "Cannot store: the disk is full");
  const full = await call("GET", "/peers");
  mesh.failure = new Error("secret token inside");
  const defect = await call("GET", "/peers");

  assert.equal(full.status, 507);
  assert.equal(defect.status, 500);
  assert.equal(defect.body.error.code, "UCXL-500-INTERNAL");
  assert.ok(!JSON.stringify(defect.body).includes("secret"));
});

Deno.test("fetch() answers 504 when the mesh does not", async () => {
  const { call, clock, mesh } = setUp({ requestTimeoutMs: 100 });
  const asked = Promise.withResolvers<void>();
  mesh.status = () => {
    asked.resolve();
    return new Promise(() => {});
  };

  const pending = call("GET", "/status");
  await asked.promise;
  await clock.advance(100);

  assert.equal((await pending).body.error.code, "UCXL-504-TIMEOUT");
});

Deno.test("openapi.json describes every route, with its errors and scopes", async () => {
  const { call } = setUp();

  const { body } = await call("GET", "/openapi.json", { token: TEST_READ_TOKEN });

  assert.equal(body.openapi, "3.1.0");
  assert.deepEqual(Object.keys(body.paths).sort(), [
    "/api/v1/agents",
    "/api/v1/election",
    "/api/v1/election/step-down",
    "/api/v1/election/trigger",
    "/api/v1/events",
    "/api/v1/identity",
    "/api/v1/identity/devices/revoke",
    "/api/v1/identity/lock",
    "/api/v1/identity/passphrase",
    "/api/v1/identity/renew",
    "/api/v1/identity/rotate",
    "/api/v1/identity/unlock",
    "/api/v1/invites",
    "/api/v1/invites/{invite}",
    "/api/v1/journal",
    "/api/v1/journal/{entry}",
    "/api/v1/keys",
    "/api/v1/keys/{role}/export",
    "/api/v1/keys/{role}/rotate",
    "/api/v1/members",
    "/api/v1/members/{member}/revoke",
    "/api/v1/messages",
    "/api/v1/node/person",
    "/api/v1/node/stop",
    "/api/v1/openapi.json",
    "/api/v1/peers",
    "/api/v1/people",
    "/api/v1/people/{member}/admit",
    "/api/v1/requests",
    "/api/v1/requests/{request}",
    "/api/v1/requests/{request}/answer",
    "/api/v1/requests/{request}/handle",
    "/api/v1/requests/{request}/revoke",
    "/api/v1/requests/{request}/withdraw",
    "/api/v1/roles",
    "/api/v1/slurp",
    "/api/v1/slurp/alignment",
    "/api/v1/slurp/context",
    "/api/v1/slurp/dead-letters",
    "/api/v1/slurp/dead-letters/replay",
    "/api/v1/slurp/dead-letters/{letter}",
    "/api/v1/slurp/graph",
    "/api/v1/status",
    "/api/v1/tasks",
    "/api/v1/tasks/{task}",
    "/api/v1/tasks/{task}/cancel",
    "/api/v1/tasks/{task}/retry",
    "/api/v1/tasks/{task}/review",
    "/api/v1/voters",
    "/api/v1/voters/{member}",
  ]);
  const post = body.paths["/api/v1/tasks"].post;
  assert.deepEqual(post.security, [{ write: [] }]);
  assert.ok(post.responses["409"].description.includes("client_id_conflict"));
  assert.ok(body.components.schemas.Task.properties.title);
});
