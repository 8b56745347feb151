import assert from "node:assert/strict";
import { hexEncode } from "@bzzz/base";
import type { SignVote } from "@bzzz/context";
import { formsOf } from "@bzzz/web/testing";
import { createTestPage } from "./testing.ts";

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

Deno.test("decisions: a vote is on what was shown, and not on what was written over it meanwhile", async () => {
  const signed: string[] = [];
  const signVote: SignVote = (body) => {
    signed.push(hexEncode(body.revision));
    return Promise.resolve(body);
  };
  await using page = createTestPage({ ucxi: { signVote } });
  const browser = await page.login();
  const { version } = await page.ucxi.client.propose({ title: "Use a queue", summary: "because" });
  const { bytes } = await page.ucxi.client.get(version.address);
  const path = `/decisions/at?${new URLSearchParams({ address: version.address })}`;
  const { action, fields } = await browser.form(path, "/decisions/vote");
  const other = new TextDecoder().decode(bytes).replace("because", "mallory gets the keys");
  await page.ucxi.client.put(version.address, new TextEncoder().encode(other), { mediaType: "application/json" });

  const voted = await browser.post(action, { ...fields, vote: "approve" });

  assert.equal(voted.status, 409);
  assert.match(voted.text, /mallory/, "it is shown what stands there now");
  assert.deepEqual(signed, []);
  const again = await browser.form(path, "/decisions/vote");
  assert.equal((await browser.post(action, { ...again.fields, vote: "reject" })).status, 303);
  const { version: latest } = await page.ucxi.client.decision(version.address);
  assert.deepEqual(signed, [latest.revision]);
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
