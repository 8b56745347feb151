import assert from "node:assert/strict";
import { TEST_READ_TOKEN, TEST_WRITE_TOKEN } from "./testing.ts";
import { setUp } from "./testdata/api.ts";

Deno.test("fetch() refuses a missing and an unknown token with a UCXL error body", async () => {
  const { call } = setUp();

  for (const token of [undefined, "", "not-a-token", `${TEST_WRITE_TOKEN}x`]) {
    const { status, body, headers } = await call("GET", "/status", { token });

    assert.equal(status, 401, `token ${token}`);
    assert.equal(body.error.code, "UCXL-401-UNAUTHORIZED");
    assert.equal(body.error.request_id, headers.get("x-request-id"));
    assert.equal(body.error.timestamp, "2026-01-01T00:00:00.000Z");
    assert.match(headers.get("www-authenticate") ?? "", /^Bearer/);
  }
});

Deno.test("fetch() refuses to write with a read token", async () => {
  const { call, mesh } = setUp();

  const { status, body } = await call("POST", "/tasks", { token: TEST_READ_TOKEN, body: { title: "x" } });

  assert.equal(status, 403);
  assert.equal(body.error.code, "UCXL-403-FORBIDDEN");
  assert.equal(mesh.taskMap.size, 0);
});

Deno.test("createApi() refuses a token that can be guessed", () => {
  assert.throws(() => setUp({ tokens: [{ token: "short", scope: "write" }] }), RangeError);
});

Deno.test("fetch() answers loopback names and allowed hosts only", async () => {
  const { call } = setUp({ allowedHosts: ["bzzz.lan"] });

  for (const host of ["127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]:8080", "127.1.2.3", "bzzz.lan:8080"]) {
    assert.equal((await call("GET", "/status", { host })).status, 200, host);
  }
  for (const host of ["evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1:8080"]) {
    const { status, body } = await call("GET", "/status", { host });
    assert.equal(status, 403, host);
    assert.equal(body.error.code, "UCXL-403-HOST_NOT_ALLOWED", host);
  }
});

Deno.test("fetch() refuses requests that a page elsewhere made", async () => {
  const { call } = setUp();

  for (
    const headers of [{ origin: "https://evil.example" }, { origin: "null" }, { "sec-fetch-site": "cross-site" }]
  ) {
    assert.equal((await call("GET", "/status", { headers: headers as Record<string, string> })).status, 403);
  }
});

Deno.test("fetch() refuses a body over the limit, announced or not", async () => {
  const { call, api } = setUp({ maxBodyBytes: 1_000 });

  const announced = await call("POST", "/messages", { body: { text: "x".repeat(1_000) } });
  const streamed = await api.fetch(
    new Request("http://localhost/api/v1/messages", {
      method: "POST",
      headers: { authorization: `Bearer ${TEST_WRITE_TOKEN}`, "content-type": "application/json" },
      body: new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(400)),
      }),
    }),
  );

  assert.equal(announced.status, 413);
  assert.equal(announced.body.error.code, "UCXL-413-BODY_TOO_LARGE");
  assert.equal(streamed.status, 413);
  await streamed.body?.cancel();
});

Deno.test("fetch() names every field that does not fit", async () => {
  const { call } = setUp();

  const { status, body } = await call("POST", "/tasks", { body: { title: "", priority: 12, titel: "x" } });

  assert.equal(status, 400);
  assert.equal(body.error.code, "UCXL-400-INVALID_REQUEST");
  const paths = body.error.details.issues.map((issue: { path: string; message: string }) => issue.path);
  assert.deepEqual(paths.sort(), ["", "priority", "title"]);
});

Deno.test("fetch() refuses unknown and repeated query keys, other media types, and broken JSON", async () => {
  const { call } = setUp();

  assert.equal((await call("GET", "/tasks?limitt=3")).body.error.code, "UCXL-400-INVALID_REQUEST");
  assert.equal((await call("GET", "/tasks?limit=3&limit=4")).status, 400);
  assert.equal((await call("GET", "/tasks?limit=0")).status, 400);
  assert.equal((await call("POST", "/tasks", { body: "{" })).body.error.code, "UCXL-400-MALFORMED_JSON");
  const form = await call("POST", "/tasks", { body: "title=x", headers: { "content-type": "text/plain" } });
  assert.equal(form.body.error.code, "UCXL-415-UNSUPPORTED_MEDIA_TYPE");
});

Deno.test("fetch() tells of unknown routes only to those with a token", async () => {
  const { call } = setUp();

  assert.equal((await call("GET", "/nothing")).body.error.code, "UCXL-404-NOT_FOUND");
  assert.equal((await call("GET", "/nothing", { token: undefined })).status, 401);
});

Deno.test("fetch() answers 405 with Allow for a method that a route does not take, to those who may know it", async () => {
  const { call } = setUp();

  const takes = async (method: string, path: string) => {
    const { status, headers, body } = await call(method, path, { token: TEST_READ_TOKEN });
    return [status, headers.get("allow"), body.error.code, body.error.details.allow];
  };

  const refused = "UCXL-405-METHOD_NOT_ALLOWED";
  assert.deepEqual(await takes("DELETE", "/tasks"), [405, "GET, HEAD, POST", refused, "GET, HEAD, POST"]);
  assert.deepEqual(await takes("OPTIONS", "/status"), [405, "GET, HEAD", refused, "GET, HEAD"]);
  assert.deepEqual(await takes("PATCH", "/invites/i-1"), [405, "DELETE", refused, "DELETE"]);
  assert.deepEqual(await takes("HEAD", "/node/stop"), [405, "POST", refused, "POST"]);
  assert.deepEqual(await takes("DELETE", "/nothing"), [404, null, "UCXL-404-NOT_FOUND", undefined]);
  assert.equal((await call("DELETE", "/tasks", { token: undefined })).status, 401);
});

Deno.test("fetch() answers HEAD as GET, with the length of the body that is not sent", async () => {
  const { api } = setUp();
  const ask = (method: string) =>
    api.fetch(
      new Request("http://localhost/api/v1/tasks", { method, headers: { authorization: `Bearer ${TEST_READ_TOKEN}` } }),
    );

  const head = await ask("HEAD");
  const whole = await (await ask("GET")).text();

  assert.deepEqual([head.status, head.body], [200, null]);
  assert.equal(head.headers.get("content-length"), String(whole.length));
  assert.equal(head.headers.get("content-type"), "application/json");
});
