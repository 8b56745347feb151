import assert from "node:assert/strict";
import type { SignVote } from "@bzzz/context";
import type { RequestRecord } from "@bzzz/api";
import { settle, waitFor } from "@bzzz/base/testing";
import { isHarmless } from "@bzzz/cli";
import { formsOf, TestBrowser } from "@bzzz/web/testing";
import { createTestPage } from "./testing.ts";

const ASK: Partial<RequestRecord> = {
  kind: "approval",
  allow: ["approve", "deny"],
  title: "push 3 commits to main",
  body: "repo.push",
};

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
  const { request_id: id } = page.mesh.openRequest(ASK);

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
  const { request_id: id } = page.mesh.openRequest(ASK);
  const { action, fields } = await browser.form(`/asks/${id}`, `/asks/${id}/deny`);

  assert.equal((await browser.get("/", { host: "evil.example" })).status, 403);
  assert.equal((await browser.get("/", { "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await browser.get("/", { "sec-fetch-site": "same-site" })).status, 403);
  for (const origin of ["http://evil.example", "http://127.0.0.1:9999", "null", "https://127.0.0.1:8093"]) {
    assert.equal((await browser.post(action, fields, { origin })).status, 403, origin);
  }
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");
});

Deno.test("a form without its token, with another's, or sent again changes nothing", async () => {
  await using page = createTestPage();
  const [ana, other] = [await page.login(), await page.login()];
  const { request_id: id } = page.mesh.openRequest(ASK);
  const { action, fields } = await ana.form(`/asks/${id}`, `/asks/${id}/deny`);

  for (const form of ["", "x", (await other.form(`/asks/${id}`, `/asks/${id}/deny`)).fields["form"] ?? ""]) {
    assert.equal((await ana.post(action, { ...fields, form })).status, 409);
  }
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");

  assert.equal((await ana.post(action, { ...fields, reason: "tests first" })).status, 303);
  assert.equal((await ana.post(action, fields)).status, 409);
  assert.equal(page.mesh.requestMap.get(id)?.answer?.reason, "tests first");
});

Deno.test("a message that is sent again is said once; its text is still there", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { action, fields } = await browser.form("/rooms/hmmm", "/rooms/hmmm");

  assert.equal((await browser.post(action, { ...fields, text: "on it", to: "@basil, carol" })).status, 303);
  const again = await browser.post(action, { ...fields, text: "on it" });

  assert.equal(again.status, 409);
  assert.match(again.text, /<textarea[^>]*>on it<\/textarea>/);
  const said = page.mesh.entries.filter((entry) => entry.body?.["text"] === "on it");
  assert.equal(said.length, 1);
});

Deno.test("an approval takes two steps: no form of the first page approves, and none that nobody can have read", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id, digest } = page.mesh.openRequest(ASK);
  const approve = `/asks/${id}/approve`;

  const first = await browser.get(`/asks/${id}`);
  assert.doesNotMatch(first.text, new RegExp(`action="${approve}"`));
  const { fields: deny } = await browser.form(`/asks/${id}`, `/asks/${id}/deny`);
  assert.equal((await browser.post(approve, { ...deny, digest })).status, 409);
  assert.equal((await browser.post(approve, { digest })).status, 409);

  const { fields } = await browser.form(approve, approve);
  const early = await browser.post(approve, fields);
  assert.equal(early.status, 409);
  assert.match(early.text, /too fast/);
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");

  const { fields: fresh } = await browser.form(approve, approve);
  await page.clock.advance(700);
  assert.equal((await browser.post(approve, { ...fresh, note: "go" })).status, 303);
  assert.equal(page.mesh.requestMap.get(id)?.answer?.decision, "approve");
  assert.equal(page.mesh.requestMap.get(id)?.answer?.reason, "go");
});

Deno.test("a locked key: every decision has a field for its passphrase, which comes back on no page", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest(ASK);
  const approve = `/asks/${id}/approve`;
  assert.doesNotMatch((await browser.get(approve)).text, /type="password"/);
  await page.mesh.identity.lock();
  const send = async (passphrase: string) => {
    const { fields } = await browser.form(approve, approve);
    await page.clock.advance(700);
    return await browser.post(approve, { ...fields, passphrase });
  };

  assert.match((await browser.get(approve)).text, /type="password"/);
  const empty = await send("");
  const wrong = await send("wrong horse");
  assert.deepEqual([empty.status >= 400, wrong.status >= 400], [true, true]);
  assert.match(wrong.text, /the passphrase is wrong/);
  assert.doesNotMatch(wrong.text, /wrong horse/);
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");

  assert.equal((await send("correct horse")).status, 303);
  assert.equal(page.mesh.requestMap.get(id)?.answer?.decision, "approve");
});

Deno.test("high stakes: only the end of the digest approves, and the whole ask is on the page", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const body = Array.from({ length: 120 }, (_, i) => `line ${i}`).join("\n");
  const { request_id: id, digest } = page.mesh.openRequest({ ...ASK, stakes: "high", body });
  const approve = `/asks/${id}/approve`;
  const send = async (tail: string) => {
    const { fields } = await browser.form(approve, approve);
    await page.clock.advance(700);
    return await browser.post(approve, { ...fields, tail });
  };

  const { text } = await browser.get(approve);
  assert.match(text, /HIGH stakes/);
  assert.match(text, /line 119/);
  assert.equal((await send("")).status, 422);
  assert.equal((await send("y")).status, 422);
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");
  assert.equal((await send(digest.slice(-4).toUpperCase())).status, 303);
  assert.equal(page.mesh.requestMap.get(id)?.state, "answered");
});

Deno.test("what was shown is what is decided: another digest, and an ask that is closed, are refused", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest(ASK);
  const { action, fields } = await browser.form(`/asks/${id}/approve`, `/asks/${id}/approve`);
  await page.clock.advance(700);

  assert.equal((await browser.post(action, { ...fields, digest: "0".repeat(64) })).status, 409);
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");

  const other = await page.login();
  const deny = await other.form(`/asks/${id}`, `/asks/${id}/deny`);
  assert.equal((await other.post(deny.action, deny.fields)).status, 303);
  const late = await browser.post(action, fields);
  assert.equal(late.status, 409);
  assert.equal(page.mesh.requestMap.get(id)?.answer?.decision, "deny");
  assert.doesNotMatch((await browser.get(`/asks/${id}`)).text, /action="\/asks/);
});

Deno.test("a question is answered and a choice made; nothing typed is not sent", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const question = page.mesh.openRequest({ kind: "question", allow: ["answer", "deny"] }).request_id;
  const choice = page.mesh.openRequest({ kind: "choice", allow: ["choose"], choices: ["squash", "merge"] }).request_id;
  const send = async (id: string, what: string, more: Record<string, string>) => {
    const { action, fields } = await browser.form(`/asks/${id}`, `/asks/${id}/${what}`);
    return (await browser.post(action, { ...fields, ...more })).status;
  };

  assert.equal(await send(question, "answer", { text: "  \r\n" }), 422);
  assert.equal(await send(question, "answer", { text: "two\r\nmetres" }), 303);
  assert.equal(page.mesh.requestMap.get(question)?.answer?.text, "two\nmetres");
  assert.equal(await send(choice, "choose", { choice: "7" }), 422);
  assert.equal(await send(choice, "choose", { choice: "1" }), 303);
  assert.equal(page.mesh.requestMap.get(choice)?.answer?.choice, "merge");
});

Deno.test("an approval may be valid for a task or a while, and is for once unless somebody chooses", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const approve = async (scope: Record<string, string>) => {
    const { request_id: id } = page.mesh.openRequest({ ...ASK, task_id: "01M826SY7WST894P2ZSZR5MV3R" });
    const { action, fields } = await browser.form(`/asks/${id}/approve`, `/asks/${id}/approve`);
    await page.clock.advance(700);
    assert.equal((await browser.post(action, { ...fields, ...scope })).status, 303);
    const { answer } = page.mesh.requestMap.get(id) ?? {};
    return [answer?.scope, (answer?.until_ms ?? page.clock.nowMs()) - page.clock.nowMs()];
  };

  assert.deepEqual(await approve({}), [undefined, 0]);
  assert.deepEqual(await approve({ scope: "task" }), ["task", 0]);
  assert.deepEqual(await approve({ scope: "day" }), ["until", 86_400_000]);
  assert.deepEqual(await approve({ scope: "for ever" }), [undefined, 0]);
});

Deno.test("a form is filled in; what is wrong with it is said, and what was typed is still there", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const form = {
    type: "object",
    properties: {
      depth: { type: "integer", minimum: 1, maximum: 9, title: "Depth <b>" },
      fence: { type: "boolean" },
      tools: { type: "array", items: { type: "string", enum: ["spade", "pump"] } },
    },
    required: ["depth"],
  };
  const { request_id: id } = page.mesh.openRequest({ kind: "form", allow: ["answer", "deny"], form });
  const send = async (more: Record<string, string>) => {
    const { action, fields } = await browser.form(`/asks/${id}`, `/asks/${id}/answer`);
    return await browser.post(action, { ...fields, ...more });
  };

  assert.match((await browser.get(`/asks/${id}`)).text, /Depth &lt;b&gt;/);
  const wrong = await send({ "field.depth": "77", "field.fence": "yes" });
  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /depth: /);
  assert.match(wrong.text, /value="77"/);
  assert.equal((await send({ "field.depth": "3", "field.fence": "no", "field.tools": "pump" })).status, 303);
  assert.deepEqual(page.mesh.requestMap.get(id)?.answer?.values, { depth: 3, fence: false, tools: ["pump"] });
});

Deno.test("an ask is put off and handed on, once per form", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest({ ...ASK, allow: ["approve", "escalate"] });
  const send = async (what: string, more: Record<string, string>) => {
    const { action, fields } = await browser.form(`/asks/${id}`, `/asks/${id}/${what}`);
    const { status } = await browser.post(action, { ...fields, ...more });
    return [status, (await browser.post(action, { ...fields, ...more })).status];
  };

  assert.deepEqual(await send("escalate", { whom: "basil" }), [422, 409]);
  assert.deepEqual(await send("escalate", { whom: "role:reviewer", reason: "not mine" }), [303, 409]);
  assert.deepEqual(await send("snooze", { span: "hour" }), [303, 409]);
  assert.equal(page.mesh.requestMap.get(id)?.state, "snoozed");
  assert.match((await browser.get("/?show=snoozed")).text, /push 3 commits/);
  assert.doesNotMatch((await browser.get("/?part=1")).text, /push 3 commits/);
});

Deno.test("the inbox: what waits for me, what is done, and what is for others", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  page.mesh.openRequest({ ...ASK, title: "mine" });
  page.mesh.openRequest({ ...ASK, title: "of others", is_addressed_to_me: false });
  const { request_id: id } = page.mesh.openRequest({ ...ASK, title: "over" });
  const { action, fields } = await browser.form(`/asks/${id}`, `/asks/${id}/deny`);
  await browser.post(action, fields);
  const titles = async (path: string) =>
    [...(await browser.get(path)).text.matchAll(/<a class="title"[^>]*><bdi>([^<]*)/g)].map(([, title]) => title);

  assert.deepEqual(await titles("/"), ["mine"]);
  assert.deepEqual(await titles("/?all=1"), ["mine", "of others"]);
  assert.deepEqual(await titles("/?show=done"), ["over"]);
  assert.deepEqual(await titles("/?part=1"), ["mine"]);
  assert.match((await browser.get("/waiting")).text, /1 ask waits/);
});

Deno.test("text of a peer is inert: markup, escapes, and letters that hide or turn others", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const hostile = `<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202egnp.exe\u200b\x1b]52;c;AAAA\x07`;
  const { request_id: id } = page.mesh.openRequest({ ...ASK, title: hostile, body: hostile, choices: [hostile] });
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
  const { request_id: id, digest } = page.mesh.openRequest(ASK);

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

Deno.test("UCXL through time: list, search, versions, steps, what changed, and past the end", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const address = "ucxl://basil:developer@shop:checkout/*^/docs/plan.md";
  for (const text of ["use k=8\nsame\n", "use k=20 <b>\nsame\n", "use k=20 <b>\nsame\nthird\n"]) {
    await page.ucxi.client.put(address, new TextEncoder().encode(text), { mediaType: "text/markdown" });
  }
  const at = (segment: string) => `/context/at?${new URLSearchParams({ address: address.replace("*^", segment) })}`;

  assert.match((await browser.get("/context")).text, /docs\/plan\.md/);
  assert.match((await browser.get("/context?text=third")).text, /<mark><bdi>third/);
  const latest = (await browser.get(at("*^"))).text;
  assert.match(latest, /Version 3 of 3/);
  assert.match(latest, />Older</);
  assert.doesNotMatch(latest, />Newer</);
  assert.match(latest, /use k=20 &lt;b&gt;/);
  assert.match((await browser.get(at("*~1"))).text, /Version 1 of 3.*use k=8/s);
  assert.match((await browser.get(at("~~1"))).text, /Version 2 of 3/);
  const past = await browser.get(at("*~9"));
  assert.equal(past.status, 422);
  assert.match(past.text, /role="alert"/);
  assert.match(past.text, /From version 3/);
  const diff = await browser.get(`/context/diff?${new URLSearchParams({ address, from: "*~1", to: "*~2" })}`);
  assert.match(diff.text, /<span class="removed">- use k=8<\/span>/);
  assert.match(diff.text, /<span class="added">\+ use k=20 &lt;b&gt;<\/span>/);
  assert.equal((await browser.get("/context/at?address=ucxl://nonsense")).status, 400);
  assert.equal((await browser.get(`/context/diff?${new URLSearchParams({ address, from: "<b>" })}`)).status, 400);
});

Deno.test("decisions: what stands, and a vote", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { version } = await page.ucxi.client.propose({ title: "Use k=8 <i>", summary: "because", citations: [] });
  const path = `/decisions/at?${new URLSearchParams({ address: version.address })}`;

  assert.match((await browser.get("/decisions")).text, /Use k=8 &lt;i&gt;/);
  const { action, fields } = await browser.form(path, "/decisions/vote");
  const nonsense = await browser.post(action, { ...fields, address: version.address, vote: "maybe" });
  assert.equal(nonsense.status, 400);
  const fresh = await browser.form(path, "/decisions/vote");
  assert.equal((await browser.post(action, { ...fresh.fields, vote: "approve", reason: "measured" })).status, 303);
  assert.match((await browser.get(path)).text, /basil<\/bdi>: <bdi>approve.*measured/s);
});

Deno.test("decisions: with a locked key a vote has a field for its passphrase", async () => {
  const given: (string | undefined)[] = [];
  const signVote: SignVote = (body, passphrase) => {
    given.push(passphrase);
    return Promise.resolve(body);
  };
  await using page = createTestPage({ ucxi: { signVote } });
  const browser = await page.login();
  const { version } = await page.ucxi.client.propose({ title: "Use a queue" });
  const path = `/decisions/at?${new URLSearchParams({ address: version.address })}`;
  assert.doesNotMatch((await browser.get(path)).text, /type="password"/);
  await page.mesh.identity.lock();
  assert.match((await browser.get(path)).text, /type="password"/);

  const { action, fields } = await browser.form(path, "/decisions/vote");
  await browser.post(action, { ...fields, vote: "approve", passphrase: "correct horse" });

  assert.deepEqual(given, ["correct horse"]);
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
    await waitFor(() => heard.includes(text), { timeoutMs: 3_000, what: text, state: () => heard });
  };
  await waitFor(() => page.mesh.watchers > 0, { timeoutMs: 3_000, what: "a listener" });
  await told("event: connection");

  page.mesh.openRequest(ASK);
  page.mesh.append("request_opened", { title: "secret title" });
  await told("event: asks");

  assert.match(heard, /event: asks\ndata: changed\n\nevent: rooms\ndata: changed/);
  assert.doesNotMatch(heard, /secret title/);
  await page.live.stop();
  await hearing;
});

Deno.test("a template is filled in, looked at, and sent; what is wrong comes back with what was typed", async () => {
  await using page = createTestPage();
  const ana = await page.login();

  assert.match((await ana.get("/forms")).text, /<a href="\/forms\/question">.*Ask a question/s);
  assert.equal((await ana.get("/forms/none")).status, 404);
  const empty = await ana.form("/forms/question", "/forms/question");
  assert.equal(Object.hasOwn(empty.fields, "act"), false);
  const wrong = await ana.post(empty.action, { ...empty.fields, "field.to": "ana", "field.stakes": "low" });
  assert.deepEqual([wrong.status, /question: a value is needed/.test(wrong.text)], [422, true]);

  const typed = { "field.question": "Which <b>branch</b>?", "field.to": "ana", "field.stakes": "low" };
  const again = formsOf(wrong.text).find(({ action }) => action === "/forms/question");
  const refused = await ana.post("/forms/question", { ...again?.fields, ...typed });
  assert.deepEqual([refused.status, /to would be &quot;ana&quot;/.test(refused.text)], [422, true]);
  assert.match(refused.text, /value="Which &lt;b&gt;branch&lt;\/b&gt;\?"/);

  const right = { ...typed, "field.to": "@ana" };
  const third = formsOf(refused.text).find(({ action }) => action === "/forms/question");
  const looked = await ana.post("/forms/question", { ...third?.fields, ...right, act: "look" });
  assert.match(looked.text, /What would be sent.*title: Which &lt;b&gt;branch/s);
  assert.equal(page.mesh.requestMap.size, 0);
  const last = formsOf(looked.text).find(({ action }) => action === "/forms/question");
  const sent = await ana.post("/forms/question", { ...last?.fields, ...right, act: "send" });
  assert.deepEqual([sent.status, sent.headers.get("location")], [303, "/forms/question?sent=ask"]);
  assert.deepEqual([...page.mesh.requestMap.values()].map(({ title }) => title), ["Which <b>branch</b>?"]);
  const twice = await ana.post("/forms/question", { ...last?.fields, ...right, act: "send" });
  assert.deepEqual([twice.status, page.mesh.requestMap.size], [409, 1]);
});

Deno.test("a wording stands beside the asker's words, and a reply of it is one button", async () => {
  await using page = createTestPage();
  const ana = await page.login();
  const asked = page.mesh.openRequest({
    ...ASK,
    wording: {
      id: "push",
      params: [{ name: "ref", value: "main" }],
      listed: {
        version: 1,
        title: 'Push to "main"?',
        checklist: ["tests green?"],
        quick_replies: [{ key: "t", decision: "deny", text: "Tests first." }],
      },
    },
  });
  const path = `/asks/${asked.request_id}`;

  assert.match((await ana.get("/")).text, /Push to &quot;main&quot;\?/);
  const { text } = await ana.get(path);
  assert.match(text, /Wording: push v1 of your library.*Title: push 3 commits to main/s);
  assert.match(text, /Refuse: .*Tests first\./s);
  const reply = formsOf(text).find(({ fields }) => fields["reason"] === "Tests first.");
  assert.equal((await ana.post(`${path}/deny`, reply?.fields ?? {})).status, 303);
  assert.equal(page.mesh.requestMap.get(asked.request_id)?.answer?.reason, "Tests first.");
});
