import { isHarmless } from "@bzzz/cli";
import assert from "node:assert/strict";
import { createTestPage } from "./testing.ts";

const HOSTILE = `<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202egnp\u200b\x1b]52;c;AAAA\x07`;

Deno.test("a call for help goes to those who have every capability; its answers come to the thread that follows", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  assert.match((await browser.get("/tasks")).text, /<a class="button" href="\/help">/);
  assert.match((await browser.get("/help")).text, /name="capability" value="typescript"/);
  const { action, fields } = await browser.form("/help", "/help");

  const called = await browser.post(action, {
    ...fields,
    words: "the parser\r\nis slow",
    capability: "typescript",
    others: " profiling, typescript ,",
    minutes: "5",
  });

  assert.equal(called.status, 303, called.text);
  const entry = page.mesh.entries.at(-1);
  assert.deepEqual(entry?.body, {
    type: "question",
    text: "the parser\nis slow",
    to: [],
    refs: [],
    capabilities: ["typescript", "profiling"],
    ttl_ms: 300_000,
  });
  const thread = called.headers.get("location") ?? "";
  assert.match(thread, /^\/threads\?thread=help%2F[0-9a-z]+&done=call$/);
  page.mesh.append("message_posted", { type: "answer", text: `in 5 min ${HOSTILE}`, to: [], refs: [] }, {
    topic: "hmmm",
    thread: entry?.thread ?? "",
  });
  const { text } = await browser.get(thread);
  assert.match(text, /Answers come here.*question:.*the parser\nis slow.*answer:.*in 5 min/s);
  assert.doesNotMatch(text, /<script>|<img/);
  assert.ok(isHarmless(text.replaceAll("\n", "")));
});

Deno.test("a call for help: what is wrong is said field by field, and nobody is called", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { action, fields } = await browser.form("/help", "/help");

  const wrong = await browser.post(action, { ...fields, words: "", others: "", minutes: "1e9" });

  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /id="words-problem">Words: expected 1 to \d+ characters, found none/);
  assert.match(wrong.text, /id="others-problem">Capabilities: expected 1 to 32 .*found none/);
  assert.match(
    wrong.text,
    /id="minutes-problem">Minutes: expected a whole number from 1 to 1440, found &quot;1e9&quot;/,
  );
  assert.equal(
    (await browser.post(action, { ...fields, words: "x", others: "y" })).status,
    409,
    "a form is taken once",
  );
  const again = await browser.form("/help", "/help");
  const long = await browser.post(action, { ...again.fields, words: "slow", others: "x".repeat(65) });
  assert.equal(long.status, 422);
  assert.match(long.text, /<textarea id="words"[^>]*>\nslow<\/textarea>/);
  assert.equal(page.mesh.entries.length, 0);
});

Deno.test("a thread that somebody fills with long words shows the newest, and says that older ones are left out", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  for (let n = 0; n < 40; n++) {
    const text = `${n} ${"x".repeat(60_000)} end ${n}`;
    page.mesh.append("message_posted", { type: "message", text, to: [], refs: [] }, { topic: "hmmm", thread: "long" });
  }

  const { text } = await browser.get("/threads?thread=long");

  assert.ok(text.length < 300_000, `${text.length} characters`);
  assert.match(text, /Older words are left out: bzzz-hap hmmm thread.* end 39/s);
  assert.doesNotMatch(text, / end 0</);
  page.mesh.append("message_posted", { type: "message", text: "short", to: [], refs: [] }, {
    topic: "hmmm",
    thread: "brief",
  });
  assert.doesNotMatch((await browser.get("/threads?thread=brief")).text, /left out/);
});

Deno.test("a thread: something is said in it; a name that is none is refused", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const path = `/threads?${new URLSearchParams({ thread: "help/1<b>" })}`;
  assert.match(
    (await browser.get(path)).text,
    /Nothing was said\..*help\/1&lt;b&gt;|help\/1&lt;b&gt;.*Nothing was said/s,
  );
  const { action, fields } = await browser.form(path, "/threads");
  const thread = "help/1<b>";
  const empty = await browser.post(action, { ...fields, thread, words: " " });
  assert.deepEqual([empty.status, /Words: expected/.test(empty.text)], [422, true]);

  const fresh = await browser.form(path, "/threads");
  const elsewhere = await browser.post(action, { ...fresh.fields, thread: "task/2", words: "hello" });
  assert.equal(elsewhere.status, 409, "a form is for its own thread");
  assert.equal(page.mesh.entries.length, 0);
  const last = await browser.form(path, "/threads");
  assert.equal((await browser.post(action, { ...last.fields, thread, words: "hello" })).status, 303);
  assert.equal(page.mesh.entries.at(-1)?.thread, thread);
  assert.match((await browser.get(`${path}&part=1`)).text, /message:.*hello/s);

  assert.equal((await browser.get("/threads")).status, 400);
  assert.equal((await browser.get(`/threads?thread=${"x".repeat(129)}`)).status, 400);
});

Deno.test("about a task: a concern, a note and a summary are told in its thread, an advisory objection stops nothing", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const task = await page.client.postTask({ title: "count" });
  const plan = "01M826SY7WST894P2ZSZR5MV3R";
  page.mesh.taskMap.set(task.task_id, { ...task, state: "discussing", plan_entry: plan, session: "session/1" });
  const path = `/tasks/${task.task_id}`;
  assert.match((await browser.get(path)).text, /href="\/threads\?thread=session%2F1"/);

  for (const type of ["concern", "memo", "summary"]) {
    const { action, fields } = await browser.form(path, `${path}/say`);
    assert.equal((await browser.post(action, { ...fields, type, words: `a ${type} <i>` })).status, 303, type);
    const { body, thread, task_id: id } = page.mesh.entries.at(-1) ?? {};
    assert.deepEqual([body?.["type"], thread, id], [type, `task/${task.task_id}`, task.task_id]);
    assert.match(
      (await browser.get(`${path}?done=say`)).text,
      new RegExp(`Everybody was told.*a ${type} &lt;i&gt;`, "s"),
    );
  }
  const wrong = await browser.form(path, `${path}/say`);
  const refused = await browser.post(wrong.action, { ...wrong.fields, type: "order", words: "" });
  assert.equal(refused.status, 422);
  assert.match(refused.text, /Words: expected .*What it is: expected concern, memo, summary/s);

  const { fields } = await browser.form(path, path);
  assert.equal((await browser.post(path, { ...fields, act: "advise", reason: "slow" })).status, 303);
  assert.deepEqual(page.mesh.entries.at(-1)?.body?.["severity"], "advisory");
});

Deno.test("what was just done is said in the page's own words alone", async () => {
  await using page = createTestPage();
  const browser = await page.login();

  for (const path of ["/you", "/help", "/threads?thread=a", "/context/at?address=ucxl://a:b@c:d/e"]) {
    const { text } = await browser.get(`${path}${path.includes("?") ? "&" : "?"}done=constructor`);
    assert.doesNotMatch(text, /role="status">[^<]*(function|native)/, path);
    assert.doesNotMatch(text, /class="notice"/, path);
  }
  assert.deepEqual(page.problems, []);
});

Deno.test("threads and help: who only looks has no form, and none is taken", async () => {
  await using page = createTestPage({ isObserver: true });
  const browser = await page.login();
  const task = await page.client.postTask({ title: "count" });

  for (const path of ["/help", "/threads?thread=a", `/tasks/${task.task_id}`, "/tasks"]) {
    assert.doesNotMatch(
      (await browser.get(path)).text.replace(/action="\/logout"/, ""),
      /action="|href="\/help"/,
      path,
    );
  }
  for (const action of ["/help", "/threads", `/tasks/${task.task_id}/say`]) {
    assert.equal((await browser.post(action, { form: "x", words: "hello", thread: "a" })).status, 403, action);
  }
});
