import { utf8Decode, utf8Encode } from "@bzzz/base";
import { isHarmless } from "@bzzz/cli";
import type { SignVote } from "@bzzz/context";
import { ApiError } from "@bzzz/http";
import { formsOf } from "@bzzz/web/testing";
import assert from "node:assert/strict";
import { createTestPage, type TestPage } from "./testing.ts";

const PLAN = "ucxl://ana:admin@shop:checkout/*^/docs/plan.md";
const NEW = `/patches/new?${new URLSearchParams({ address: PLAN })}`;
const HOSTILE = `<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202egnp\u200b\x1b]52;c;AAAA\x07`;

async function write(page: TestPage, text: string) {
  await page.ucxi.client.put(PLAN, utf8Encode(text), { mediaType: "text/markdown", audience: ["developer"] });
}

async function content(page: TestPage, address: string): Promise<string> {
  return utf8Decode((await page.ucxi.client.get(address)).bytes);
}

/** Offers a change; where the patch is then. */
async function offer(page: TestPage, text: string, more: Record<string, string> = {}): Promise<string> {
  const browser = await page.login();
  const { action, fields } = await browser.form(NEW, "/patches/new");
  const sent = await browser.post(action, { ...fields, title: "Cards", kind: "docs", content: text, ...more });
  assert.equal(sent.status, 303, sent.text);
  return (sent.headers.get("location") ?? "").replace("&done=new", "");
}

Deno.test("a patch is offered out of what stands there, reviewed with its difference, and submitted once", async () => {
  await using page = createTestPage({ isBasils: true });
  const browser = await page.login();
  await write(page, "# Plan\n\tuse cash\n");
  const { text } = await browser.get(NEW);
  assert.match(text, /<textarea id="content"[^>]*>\n# Plan\n\tuse cash\n<\/textarea>/);

  const path = await offer(page, "# Plan\r\n\tuse cards", { summary: "Tested by hand.", quorum: "1", hours: "2" });
  const address = new URL(path, "http://page").searchParams.get("address") ?? "";
  const thing = (await browser.get(`/context/at?${new URLSearchParams({ address })}`)).text;
  assert.ok(thing.includes(`<a href="${path}">It as a patch</a>`), thing);
  assert.doesNotMatch((await browser.get(`/context/at?${new URLSearchParams({ address: PLAN })}`)).text, /as a patch</);
  assert.match((await browser.get("/patches")).text, /<bdi>Cards<\/bdi><\/a>open, 0\+ 0-: docs by <bdi>basil/);
  const shown = (await browser.get(path)).text;
  assert.match(shown, /State: open.*Tested by hand\./s);
  const [decision] = await page.ucxi.client.decisions();
  const { quorum, closes_at_ms: closesAtMs = 0 } = decision?.record?.voting ?? {};
  assert.deepEqual([quorum, closesAtMs - (decision?.version.written_at_ms ?? 0)], [1, 2 * 3_600_000]);
  assert.match(shown, /<span class="removed">- {5}use cash<\/span>\n<span class="added">\+ {5}use cards<\/span>/);
  assert.match(shown, /\\ No newline at end of file/);
  assert.doesNotMatch(shown, /action="\/patches\/submit"/);
  assert.equal(await content(page, PLAN), "# Plan\n\tuse cash\n", "offering changes nothing");

  const { action, fields } = await browser.form(path, "/patches/review");
  const voted = await browser.post(action, { ...fields, vote: "approve", reason: "reads well" });
  assert.equal(voted.status, 303);
  assert.match((await browser.get(`${path}&done=review`)).text, /Your vote is cast.*State: approved/s);

  assert.match((await browser.get(`${path}&part=1`)).text, /^<pre [^>]*>Patch: Cards.*State: approved/s);

  const submit = await browser.form(path, "/patches/submit");
  assert.equal((await browser.post(submit.action, submit.fields)).status, 303);
  assert.equal(await content(page, PLAN), "# Plan\n\tuse cards");
  assert.equal((await browser.post(submit.action, submit.fields)).status, 409);
  const after = (await browser.get(path)).text;
  assert.match(after, /State: submitted.*What came of it/s);
  assert.doesNotMatch(after, /action="\/patches\/(submit|review)"/);
  const { version } = await page.ucxi.client.navigate(PLAN);
  assert.deepEqual([version.n, version.audience, version.media_type], [2, ["developer"], "text/markdown"]);
  assert.match(String(page.mesh.entries.at(-1)?.body?.["text"]), /^Patch submitted: /);
});

Deno.test("a patch: what is wrong is said field by field, what was typed stays, and nothing is stored", async () => {
  await using page = createTestPage({ isBasils: true });
  const browser = await page.login();
  await write(page, "use cash\n");
  const { action, fields } = await browser.form(NEW, "/patches/new");

  const wrong = await browser.post(action, {
    ...fields,
    title: "",
    kind: "poem",
    content: "use <b>shells",
    quorum: "many",
    hours: "0",
  });

  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /role="alert">.*Title: expected 1 to 100 characters, found none/s);
  assert.match(wrong.text, /id="title"[^>]*aria-describedby="title-problem"[^>]*aria-invalid="true"/);
  assert.match(wrong.text, /id="kind-problem">Kind: expected context, code, config, docs</);
  assert.match(
    wrong.text,
    /id="quorum-problem">Votes: expected a whole number from 1 to 10000, found &quot;many&quot;/,
  );
  assert.match(wrong.text, /id="hours-problem">Hours: expected a whole number from 1 to 744, found &quot;0&quot;/);
  assert.match(wrong.text, /use &lt;b&gt;shells<\/textarea>/);
  const same = formsOf(wrong.text).find((form) => form.action === "/patches/new");
  const equal = await browser.post(action, { ...same?.fields, title: "Same", kind: "docs", content: "use cash\n" });
  assert.equal(equal.status, 422);
  assert.match(equal.text, /has exactly that content already/);
  assert.equal((await page.ucxi.client.list("ucxl://any:any@any:any/*^/patches/*")).items.length, 0);
  assert.equal(page.mesh.entries.length, 0);
});

Deno.test("a patch is not made over something that nobody has seen", async () => {
  await using page = createTestPage({ isBasils: true });
  const browser = await page.login();
  await write(page, "use cash\n");
  const { action, fields } = await browser.form(NEW, "/patches/new");
  await write(page, "use coins\n");

  const late = await browser.post(action, { ...fields, title: "Cards", kind: "docs", content: "use cards\n" });

  assert.equal(late.status, 422);
  assert.match(late.text, /something else stands there by now/);
  assert.equal((await page.ucxi.client.list("ucxl://any:any@any:any/*^/patches/*")).items.length, 0);
});

Deno.test("a patch that was rejected, or that is outdated, is not applied; no vote is not cast", async () => {
  await using page = createTestPage({ isBasils: true });
  const browser = await page.login();
  await write(page, "use cash\n");
  const path = await offer(page, "use cards\n");
  const none = await browser.form(path, "/patches/review");
  const unvoted = await browser.post(none.action, { ...none.fields, vote: "maybe", reason: "hm" });
  assert.deepEqual([unvoted.status, /Vote: expected approve, reject/.test(unvoted.text)], [422, true]);
  assert.match(unvoted.text, /<textarea id="reason"[^>]*>\nhm<\/textarea>/);

  const yes = await browser.form(path, "/patches/review");
  await browser.post(yes.action, { ...yes.fields, vote: "approve" });
  const { action, fields } = await browser.form(path, "/patches/submit");
  await write(page, "use coins\n");
  assert.match((await browser.get("/patches")).text, /approved, but something else stands there by now/);
  const refused = await browser.post(action, fields);
  assert.equal(refused.status, 422);
  assert.match(refused.text, /has changed since it was made/);
  assert.equal(await content(page, PLAN), "use coins\n");
  assert.equal((await browser.get("/patches/submit")).status, 404, "looking applies nothing");
});

Deno.test("a patch: a locked key has a field for its passphrase, which comes back on no page", async () => {
  const signVote: SignVote = (body, passphrase) =>
    passphrase === "correct horse"
      ? Promise.resolve(body)
      : Promise.reject(new ApiError("identity_locked", "Cannot vote: the passphrase is wrong"));
  await using page = createTestPage({ isBasils: true, ucxi: { signVote } });
  const browser = await page.login();
  const path = await offer(page, "use cards\n");
  await page.mesh.identity.lock();
  assert.match((await browser.get(path)).text, /id="vote-passphrase" name="passphrase" type="password"/);
  const vote = async (passphrase: string) => {
    const { action, fields } = await browser.form(path, "/patches/review");
    return await browser.post(action, { ...fields, vote: "approve", passphrase });
  };

  const wrong = await vote("wrong horse");
  assert.equal(wrong.status, 423);
  assert.doesNotMatch(wrong.text, /wrong horse/);
  assert.equal((await vote("correct horse")).status, 303);
});

Deno.test("a patch of somebody hostile is inert, and one that is none is left out with the reason", async () => {
  await using page = createTestPage({ isBasils: true });
  const browser = await page.login();
  await write(page, `${HOSTILE}\n`);
  const path = await offer(page, `more ${HOSTILE}\n`, { title: HOSTILE.slice(0, 90), summary: HOSTILE });
  await page.ucxi.client.put("ucxl://basil:developer@shop:checkout/*^/patches/words.md", utf8Encode("words"));

  for (const place of ["/patches", path, NEW]) {
    const { status, text } = await browser.get(place);
    assert.equal(status, 200, place);
    assert.doesNotMatch(text, /<script>|<img/, place);
    assert.ok(isHarmless(text.replaceAll("\n", "")), place);
  }
  assert.match((await browser.get("/patches")).text, /Left out .*words\.md.*another kind of content/s);
  assert.match((await browser.get(NEW)).text, /has characters that cannot be seen/);
  assert.equal((await browser.get("/patches/at?address=nonsense")).status, 400);
  assert.equal((await browser.get("/patches/at?address=ucxl://basil:developer@shop:x/nothing")).status, 404);
});

Deno.test("patches: who only looks has no form, and none is taken", async () => {
  await using page = createTestPage({ isBasils: true, isObserver: true });
  const browser = await page.login();

  for (const place of ["/patches", NEW]) {
    assert.doesNotMatch((await browser.get(place)).text.replace(/action="\/logout"/, ""), /action="/, place);
  }
  for (const action of ["/patches/new", "/patches/review", "/patches/submit"]) {
    assert.equal((await browser.post(action, { address: PLAN, form: "x" })).status, 403, action);
  }
});
