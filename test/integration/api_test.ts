// The HTTP API of a running node, as an integrator meets it.
import assert from "node:assert/strict";
import type { StreamEvent } from "@bzzz/api";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import type { RunningNode } from "../helpers/programs.ts";

interface Answer {
  readonly status: number;
  readonly body: { readonly error?: { readonly code: string }; readonly id?: string };
  readonly headers: Headers;
}

async function call(
  node: RunningNode,
  path: string,
  options: { token?: string; method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Answer> {
  const response = await fetch(`${node.endpoints.api_url}/api/v1${path}`, {
    method: options.method ?? (options.body === undefined ? "GET" : "POST"),
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    signal: AbortSignal.timeout(5_000),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** A request with a Host header of one's own, which `fetch` does not allow. */
async function callAs(host: string, node: RunningNode, token: string): Promise<number> {
  const { hostname, port } = new URL(node.endpoints.api_url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const lines = ["GET /api/v1/status HTTP/1.1", `Host: ${host}`, `Authorization: Bearer ${token}`, "Connection: close"];
  await connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  const buffer = new Uint8Array(64);
  const length = await connection.read(buffer) ?? 0;
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(new TextDecoder().decode(buffer.subarray(0, length)))?.[1]);
}

Deno.test("S-20 the API lets in who may, on loopback, and nobody else", async (t) => {
  await using mesh = await TestMesh.create("node-a");
  const node = mesh.node("node-a");
  const write = await node.token("write");
  const read = await node.token("read");
  const post = { topic: "coordination", text: "hello" };

  await t.step("it listens on loopback, and its tokens are private files", async () => {
    assert.equal(new URL(node.endpoints.api_url).hostname, "127.0.0.1");
    assert.equal(new URL(node.endpoints.health_url).hostname, "127.0.0.1");
    for (const file of ["api.token", "api-read.token", "endpoints.json"]) {
      const { mode } = await Deno.stat(`${node.home}/run/${file}`);
      assert.equal((mode ?? 0) & 0o077, 0, file);
    }
  });
  await t.step("without a token, with a wrong one, on any path: 401", async () => {
    for (const token of [undefined, "x".repeat(43), `${write}x`]) {
      for (const path of ["/status", "/journal", "/openapi.json", "/events", "/no-such-path"]) {
        const answer = await call(node, path, token === undefined ? {} : { token });
        assert.deepEqual([answer.status, answer.body.error?.code], [401, "UCXL-401-UNAUTHORIZED"], path);
      }
    }
  });
  await t.step("the read token reads and does not write", async () => {
    assert.equal((await call(node, "/status", { token: read })).status, 200);
    for (const path of ["/messages", "/tasks", "/invites", "/node/stop"]) {
      const answer = await call(node, path, { token: read, body: post });
      assert.deepEqual([answer.status, answer.body.error?.code], [403, "UCXL-403-FORBIDDEN"], path);
    }
    assert.equal((await call(node, "/messages", { token: write, body: post })).status, 201);
  });
  await t.step("another Host or Origin is refused, and no CORS header is sent", async () => {
    assert.equal(await callAs(new URL(node.endpoints.api_url).host, node, write), 200);
    assert.equal(await callAs("rebound.example", node, write), 403);
    const answer = await call(node, "/status", { token: write, headers: { origin: "http://evil.example" } });
    assert.equal(answer.status, 403);
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  });
  await t.step("bodies: too large 413, not JSON 415 or 400, unknown key 400", async () => {
    const large = await call(node, "/messages", { token: write, body: { ...post, text: "x".repeat(1_100_000) } });
    assert.equal(large.status, 413);
    const headers = { "content-type": "text/plain" };
    assert.equal((await call(node, "/messages", { token: write, body: post, headers })).status, 415);
    assert.equal((await call(node, "/messages", { token: write, body: { ...post, tpoic: "x" } })).status, 400);
    assert.equal((await call(node, "/messages", { token: write, body: { ...post, topic: "nowhere" } })).status, 400);
  });
  await t.step("a task posted twice under one client id is one task", async () => {
    const api = await node.api();
    const first = await api.postTask({ client_id: "ci-42", title: "once" });
    const second = await api.postTask({ client_id: "ci-42", title: "once" });
    assert.equal(second.task_id, first.task_id);
    assert.equal((await api.tasks()).length, 1);
  });
});

Deno.test("S-20 the event stream goes on where it was, also over a restart of the node", async () => {
  await using mesh = await TestMesh.create("node-a");
  const node = mesh.node("node-a");
  const seen: string[] = [];
  const expected: string[] = [];
  const ended = new AbortController();
  let connections = 0;
  const api = await node.api();
  const post = async (text: string) => {
    const current = await mesh.node("node-a").api();
    expected.push((await current.postMessage({ topic: "coordination", text })).id);
  };
  const port = new URL(node.endpoints.api_url).port;
  const listening = (async () => {
    for await (const event of api.events({ after: 0, kind: "message_posted" }, { signal: ended.signal })) {
      if (event.type === "connected") connections++;
      const id = entryIdOf(event);
      if (id !== undefined) seen.push(id);
    }
  })().catch((error) => {
    if (!ended.signal.aborted) throw error;
  });

  for (let i = 0; i < 20; i++) await post(`before ${i}`);
  await node.kill();
  await mesh.start("node-a", { env: { BZZZ_PORTS_HTTP_PORT: port } });
  for (let i = 0; i < 20; i++) await post(`after ${i}`);

  await waitFor(() => seen.length >= expected.length, {
    timeoutMs: PATIENCE_MS,
    what: "every event",
    state: () => seen.length,
  });
  ended.abort();
  await listening;
  assert.deepEqual(seen, expected, "each once, in order");
  assert.ok(connections >= 2, `${connections} connections`);
});

function entryIdOf(event: StreamEvent): string | undefined {
  return event.type === "entry" ? event.entry.id : undefined;
}
