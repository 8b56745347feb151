import assert from "node:assert/strict";
import { settle, waitFor } from "@bzzz/base/testing";
import { isHarmless } from "@bzzz/cli";
import { TestBrowser } from "@bzzz/web/testing";
import { createTestPage, TEST_ASK } from "./testing.ts";

Deno.test("login: a link works once, within ten minutes, and only the newest one", async () => {
  await using page = createTestPage();
  const browser = new TestBrowser(page.fetch);
  const first = page.sessions.createLink();
  const second = page.sessions.createLink();

  assert.equal((await browser.get("/")).status, 401);
  assert.equal((await browser.get(`/login?code=${first}`)).status, 403);
  const entered = await browser.get(`/login?code=${second}`);
  assert.equal(entered.status, 303);
  assert.match(
    entered.headers.get("set-cookie") ?? "",
    /^bzzz_page_8093=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  assert.equal((await browser.get("/")).status, 200);
  assert.equal((await new TestBrowser(page.fetch).get(`/login?code=${second}`)).status, 403);

  const late = page.sessions.createLink();
  await page.clock.advance(10 * 60_000);
  assert.equal((await new TestBrowser(page.fetch).get(`/login?code=${late}`)).status, 403);
});

Deno.test("login: looking where a link leads does not use it up", async () => {
  await using page = createTestPage();
  const code = page.sessions.createLink();

  const looked = await page.fetch(new Request(`http://127.0.0.1:8093/login?code=${code}`, { method: "HEAD" }));

  assert.equal(looked.status, 403);
  assert.equal((await new TestBrowser(page.fetch).get(`/login?code=${code}`)).status, 303);
});

Deno.test("login: it ends after twelve hours, and with the button", async () => {
  await using page = createTestPage();
  const one = await page.login();
  const other = await page.login();

  const { action, fields } = await one.form("/", "/logout");
  assert.equal((await one.post(action, fields)).status, 303);
  assert.equal((await one.get("/")).status, 401);
  assert.equal((await other.get("/")).status, 200);

  await page.clock.advance(12 * 3_600_000);
  assert.equal((await other.get("/")).status, 401);
});

Deno.test("every answer has the headers that keep foreign code and foreign frames out", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const style = /href="(\/assets\/page-[0-9a-f]{16}\.css)"/.exec((await browser.get("/")).text)?.[1] ?? "";

  for (const path of ["/", "/nowhere", "/login", style, "/rooms/hmmm", "/waiting"]) {
    const { headers } = await browser.get(path);

    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/, path);
    assert.doesNotMatch(policy, /unsafe/, path);
    assert.equal(headers.get("x-frame-options"), "DENY", path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.match(headers.get("cache-control") ?? "", path === style ? /immutable/ : /no-store/, path);
  }
});

Deno.test("pages have no inline script, style or handler, a language, and a title", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest(TEST_ASK);
  const task = await page.client.postTask({ title: "count" });

  for (
    const path of [
      "/",
      `/asks/${id}`,
      `/asks/${id}/approve`,
      "/rooms",
      "/rooms/hmmm",
      "/tasks",
      "/peers",
      "/decisions",
      "/context",
      "/you",
      "/grants",
      "/patches",
      "/mesh",
      "/mesh/invites",
      "/mesh/roles",
      "/mesh/members",
      "/mesh/members/revoke?member=12D3KooWAgent",
      "/slurp",
      "/slurp/context",
      "/slurp/graph",
      "/slurp/alignment",
      "/slurp/letters/0a1b2c3d4e5f",
      "/help",
      "/threads?thread=help/1",
      `/context/write?${new URLSearchParams({ address: "ucxl://basil:developer@shop:pay/*^/plan.md" })}`,
      `/patches/new?${new URLSearchParams({ address: "ucxl://basil:developer@shop:pay/*^/plan.md" })}`,
      `/tasks/${task.task_id}`,
    ]
  ) {
    const { status, text } = await browser.get(path);

    assert.equal(status, 200, path);
    assert.match(text, /^<!doctype html><html lang="en">/, path);
    assert.match(text, /<title>[^<]+<\/title>/, path);
    assert.match(text, /<main id="main"><h1>/, path);
    assert.doesNotMatch(text, /<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:/i, path);
    for (
      const [, field] of text.matchAll(/<(?:input|textarea)(?![^>]*type="(?:hidden|radio|submit)")[^>]* id="([^"]+)"/g)
    ) {
      assert.ok(text.includes(`<label for="${field}">`), `${path}: a label for ${field}`);
    }
  }
  assert.deepEqual(page.problems, []);
});

Deno.test("a name that leads to this machine, another server of it and another site are refused", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest(TEST_ASK);
  const { action, fields } = await browser.form(`/asks/${id}`, `/asks/${id}/deny`);

  assert.equal((await browser.get("/", { host: "evil.example" })).status, 403);
  assert.equal((await browser.get("/", { "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await browser.get("/", { "sec-fetch-site": "same-site" })).status, 403);
  for (const origin of ["http://evil.example", "http://127.0.0.1:9999", "null", "https://127.0.0.1:8093"]) {
    assert.equal((await browser.post(action, fields, { origin })).status, 403, origin);
  }
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");
});

Deno.test("text of a peer is inert: markup, escapes, and letters that hide or turn others", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const hostile = `<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202egnp.exe\u200b\x1b]52;c;AAAA\x07`;
  const { request_id: id } = page.mesh.openRequest({ ...TEST_ASK, title: hostile, body: hostile, choices: [hostile] });
  page.mesh.append("message", { text: hostile, type: "message", to: [], refs: [] }, { topic: "hmmm" });

  for (
    const path of [
      "/",
      `/asks/${id}`,
      `/asks/${id}/approve`,
      "/rooms/hmmm",
      `/context?text=${encodeURIComponent(hostile)}`,
      `/asks/${encodeURIComponent(hostile)}`,
    ]
  ) {
    const { text } = await browser.get(path);

    assert.doesNotMatch(text, /<script>|<img|onerror="|\sonerror=[^&]*>(?<!&gt;)$/m, path);
    const seen = text.replaceAll("\n", "");
    assert.ok(isHarmless(seen), `${path}: ${JSON.stringify(seen)}`);
  }
});

Deno.test("who only looks has no form but the one to log out, and none is taken", async () => {
  await using page = createTestPage({ isObserver: true });
  const browser = await page.login();
  const { request_id: id, digest } = page.mesh.openRequest(TEST_ASK);

  for (const path of [`/asks/${id}`, "/rooms/hmmm"]) {
    assert.doesNotMatch((await browser.get(path)).text.replace(/action="\/logout"/, ""), /action="/, path);
  }
  assert.equal((await browser.get(`/asks/${id}/approve`)).status, 409);
  assert.equal((await browser.post(`/asks/${id}/deny`, { form: "x", digest })).status, 403);
  assert.equal((await browser.post("/rooms/hmmm", { form: "x", text: "hello" })).status, 403);
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");
});

Deno.test("a node that fails gives a page that says so, and keeps what broke to the terminal", async () => {
  await using page = createTestPage();
  const browser = await page.login();

  assert.equal((await browser.get("/asks/ZZZZ")).status, 404);
  assert.equal((await browser.get("/rooms/kitchen")).status, 404);
  page.mesh.failure = new TypeError("secret of the inside");
  const { status, text } = await browser.get("/tasks");

  assert.equal(status, 500);
  assert.doesNotMatch(text, /secret of the inside/);
});

Deno.test("pages are told what has changed, together and by name alone", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  page.live.start();
  const response = await page.fetch(
    new Request("http://127.0.0.1:8093/live", { headers: { cookie: browser.cookie, host: "127.0.0.1:8093" } }),
  );
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  let heard = "";
  const hearing = response.body?.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (heard += text) }),
  );
  const told = async (text: string) => {
    await settle();
    await page.clock.advance(300);
    await waitFor(() => heard.includes(text), { timeoutMs: 30_000, what: text, state: () => heard });
  };
  await waitFor(() => page.mesh.watchers > 0, { timeoutMs: 30_000, what: "a listener" });
  await told("event: connection");

  page.mesh.openRequest(TEST_ASK);
  page.mesh.append("request_opened", { title: "secret title" });
  await told("event: asks");

  assert.match(heard, /event: asks\ndata: changed\n\nevent: rooms\ndata: changed/);
  assert.doesNotMatch(heard, /secret title/);
  await page.live.stop();
  await hearing;
});
