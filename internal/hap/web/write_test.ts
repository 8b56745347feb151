import { utf8Decode, utf8Encode } from "@bzzz/base";
import { isHarmless } from "@bzzz/cli";
import { formsOf } from "@bzzz/web/testing";
import assert from "node:assert/strict";
import { createTestPage, type TestPage } from "./testing.ts";

const PLAN = "ucxl://basil:developer@shop:checkout/*^/docs/plan.md";
const PATH = `/context/write?${new URLSearchParams({ address: PLAN })}`;

/** A page with roles to choose from, and what its person writes. */
async function open(options: Parameters<typeof createTestPage>[0] = {}) {
  const page = createTestPage(options);
  const role = { level: "suggestion" as const, can_decrypt: [], capabilities: [] };
  await page.mesh.roles.define({ roles: [{ ...role, name: "developer" }, { ...role, name: "reviewer" }] });
  return { page, browser: await page.login() };
}

async function latest(page: TestPage) {
  const { version } = await page.ucxi.client.navigate(PLAN);
  return version;
}

async function content(page: TestPage): Promise<string> {
  return utf8Decode((await page.ucxi.client.get(PLAN)).bytes);
}

Deno.test("a version is written where nothing is, for chosen roles, and the next one over exactly that", async () => {
  const { page, browser } = await open();
  await using _page = page;
  assert.match((await browser.get("/context")).text, /<form method="get" action="\/context\/write">/);
  const empty = (await browser.get(PATH)).text;
  assert.match(empty, /nothing is there/);
  assert.match(empty, /name="audience" value="reviewer"\/> <bdi>reviewer<\/bdi>/);
  assert.doesNotMatch(empty, /action="\/context\/delete"/);

  const first = await browser.form(PATH, "/context/write");
  const written = await browser.post(first.action, {
    ...first.fields,
    content: "\r\n# Plan\r\n\tuse cash\r\n",
    audience: "reviewer",
    type: "",
  });
  assert.equal(written.status, 303, written.text);
  assert.match(
    (await browser.get(written.headers.get("location") ?? "")).text,
    /Written: it is the version below.*use cash.*Write or delete/s,
  );
  assert.equal(await content(page), "\n# Plan\n\tuse cash\n");
  const { n, audience, media_type: type } = await latest(page);
  assert.deepEqual([n, audience, type], [1, ["reviewer"], "text/markdown"]);
});

Deno.test("writing keeps whom the version before was for, unless other roles are ticked", async () => {
  const { page, browser } = await open();
  await using _page = page;
  await page.ucxi.client.put(PLAN, utf8Encode("one\n"), { mediaType: "text/plain", audience: ["developer"] });
  const { text } = await browser.get(PATH);
  assert.match(text, /value="developer" checked=""/);
  assert.doesNotMatch(text, /value="reviewer" checked/);
  assert.match(text, /id="type"[^>]*value="text\/plain"/);
  assert.match(text, /<textarea id="content"[^>]*>\none\n<\/textarea>/);

  const { action, fields } = await browser.form(PATH, "/context/write");
  const sent = { ...fields, content: "two\n", audience: "developer", type: "text/x-note" };
  assert.equal((await browser.post(action, sent)).status, 303);
  assert.equal((await browser.post(action, sent)).status, 409, "a form is taken once");

  const { n, audience, media_type: type } = await latest(page);
  assert.deepEqual([n, audience, type], [2, ["developer"], "text/x-note"]);
});

Deno.test("nothing is written over what nobody has seen: it is shown, with what was typed", async () => {
  const { page, browser } = await open();
  await using _page = page;
  await page.ucxi.client.put(PLAN, utf8Encode("one\n"));
  const { action, fields } = await browser.form(PATH, "/context/write");
  await page.ucxi.client.put(PLAN, utf8Encode("two <b>by another\n"));

  const late = await browser.post(action, { ...fields, content: "mine\n" });

  assert.equal(late.status, 412);
  assert.match(late.text, /its latest version is another than the one that was read/);
  assert.match(late.text, /Somebody wrote there since you began.*two &lt;b&gt;by another/s);
  assert.match(late.text, /<textarea id="content"[^>]*>\nmine\n<\/textarea>/);
  assert.equal(await content(page), "two <b>by another\n");
  const again = formsOf(late.text).find((form) => form.action === action);
  assert.equal((await browser.post(action, { ...again?.fields, content: "both\n" })).status, 303);
  assert.equal((await latest(page)).n, 3);
});

Deno.test("what the node refuses to write is said as it says it, and what was typed is still there", async () => {
  const { page, browser } = await open();
  await using _page = page;
  const send = async (more: Record<string, string>) => {
    const { action, fields } = await browser.form(PATH, "/context/write");
    return await browser.post(action, { ...fields, content: "text <i>", ...more });
  };

  const role = await send({ audience: "wizard" });
  assert.ok(role.status >= 400 && role.status < 500);
  assert.match(role.text, /role="alert".*wizard/s);
  assert.match(role.text, /text &lt;i&gt;<\/textarea>/);
  const type = await send({ type: "no type" });
  assert.equal(type.status, 400);
  assert.match(type.text, /role="alert"/);
  const long = await send({ content: "x".repeat(5_000) });
  assert.equal(long.status, 413);
  assert.equal((await page.ucxi.client.list("ucxl://any:any@any:any")).items.length, 0);
  assert.equal((await browser.get("/context/write?address=nonsense")).status, 400);
  assert.equal((await browser.post("/context/write", { address: "<b>", form: "x" })).status, 400);
});

Deno.test("deleting writes the version that says so, over the one that was shown, when it is ticked", async () => {
  const { page, browser } = await open();
  await using _page = page;
  await page.ucxi.client.put(PLAN, utf8Encode("one\n"));
  const { action, fields } = await browser.form(PATH, "/context/delete");
  const unsure = await browser.post(action, fields);
  assert.deepEqual([unsure.status, /Delete: tick that it shall be deleted/.test(unsure.text)], [422, true]);
  assert.equal((await browser.get("/context/delete")).status, 404, "looking deletes nothing");

  const stale = await browser.form(PATH, "/context/delete");
  await page.ucxi.client.put(PLAN, utf8Encode("two\n"));
  const late = await browser.post(action, { ...stale.fields, sure: "1" });
  assert.equal(late.status, 412);
  assert.equal(await content(page), "two\n");

  const fresh = await browser.form(PATH, "/context/delete");
  const gone = await browser.post(action, { ...fresh.fields, sure: "1" });
  assert.equal(gone.status, 303);
  const after = await browser.get(gone.headers.get("location") ?? "");
  assert.match(after.text, /Deleted: a version says so.*From version 3/s);
  assert.equal((await latest(page)).is_deleted, true);

  const anew = await browser.form(PATH, "/context/write");
  assert.equal((await browser.post(anew.action, { ...anew.fields, content: "again\n" })).status, 303);
  assert.equal(await content(page), "again\n");
});

Deno.test("what a field cannot have is not in it, and nothing of a peer's text is alive", async () => {
  const { page, browser } = await open();
  await using _page = page;
  const hostile = `</textarea><script>alert(1)</script>`;
  await page.ucxi.client.put(PLAN, utf8Encode(hostile));
  assert.match(
    (await browser.get(PATH)).text,
    /\n&lt;\/textarea&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;<\/textarea>/,
  );

  for (
    const [bytes, why] of [
      [utf8Encode(`a\u202eb\x1b]52;c;AAAA\x07`), /characters that cannot be seen/],
      [utf8Encode("a\r\nb"), /line ends that a browser changes/],
      [utf8Encode("\ufeffa"), /characters that cannot be seen/],
      [new Uint8Array([0xff, 0xfe]), /it is no text/],
    ] as const
  ) {
    await page.ucxi.client.put(PLAN, bytes);
    const { text } = await browser.get(PATH);
    assert.match(text, why);
    assert.match(text, /<textarea id="content"[^>]*>\n<\/textarea>/);
    assert.ok(isHarmless(text.replaceAll("\n", "")), String(why));
  }
});

Deno.test("writing: who only looks has no form, and none is taken", async () => {
  const { page, browser } = await open({ isObserver: true });
  await using _page = page;
  await page.ucxi.client.put(PLAN, utf8Encode("one\n"));

  for (const path of [PATH, "/context", `/context/at?${new URLSearchParams({ address: PLAN })}`]) {
    assert.doesNotMatch((await browser.get(path)).text, /action="\/context\/(write|delete)"|Write or delete/, path);
  }
  for (const action of ["/context/write", "/context/delete"]) {
    assert.equal((await browser.post(action, { address: PLAN, form: "x", content: "mine", sure: "1" })).status, 403);
  }
  assert.equal(await content(page), "one\n");
});
