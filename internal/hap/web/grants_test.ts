import { isHarmless } from "@bzzz/cli";
import assert from "node:assert/strict";
import { createTestPage, TEST_ASK } from "./testing.ts";

const PUSH = { verb: "repo.push", target: "main", args: [], effect: "3 commits", reversible: true };

/** A page whose person has approved something for an hour. */
async function openApproved(scope: string) {
  const page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest({ ...TEST_ASK, action: PUSH });
  const path = `/asks/${id}`;
  const { action, fields } = await browser.form(`${path}/approve`, `${path}/approve`);
  await page.clock.advance(700);
  assert.equal((await browser.post(action, { ...fields, scope })).status, 303);
  return { page, browser, id, path, now: () => page.mesh.requestMap.get(id) };
}

Deno.test("approvals that hold are listed until they end, and taken back on the page of their ask", async () => {
  const { page, browser, path, now } = await openApproved("hour");
  await using _page = page;
  assert.match((await browser.get("/")).text, /<a href="\/grants">/);
  const { text } = await browser.get("/grants");
  assert.match(text, new RegExp(`href="${path}#revoke-title"><bdi>repo.push main`));
  assert.match(text, /holds until 2026-11-22 19:03.*agent-7f3a.*approved by <bdi>ana/);

  const { action, fields } = await browser.form(path, `${path}/revoke`);
  const done = await browser.post(action, { ...fields, "revoke-reason": "wrong branch" });
  assert.deepEqual([done.status, done.headers.get("location")], [303, `${path}?done=revoke`]);
  assert.equal(now()?.revoked?.reason, "wrong branch");
  assert.match((await browser.get(`${path}?done=revoke`)).text, /The approval is taken back/);
  assert.match((await browser.get("/grants?part=1")).text, /^<p class="quiet">No approval holds/);
  assert.doesNotMatch((await browser.get(path)).text, /\/revoke"/);
});

Deno.test("approvals: one that has run out is not listed, and one for once can still be taken back", async () => {
  const { page, browser, path } = await openApproved("hour");
  await using _page = page;
  await page.clock.advance(3_600_000);
  assert.match((await browser.get("/grants")).text, /No approval holds for longer than once/);

  const other = await openApproved("once");
  await using _other = other.page;
  assert.match((await other.browser.get("/grants")).text, /No approval holds for longer than once/);
  assert.match((await browser.get(path)).text, /\/revoke"/);
  assert.match((await other.browser.get(other.path)).text, /\/revoke"/);
});

Deno.test("approvals: a form of another ask, an old form and a second taking back change nothing", async () => {
  const { page, browser, path, now } = await openApproved("day");
  await using _page = page;
  const { action, fields } = await browser.form(path, `${path}/revoke`);

  const stale = await browser.post(action, { ...fields, digest: "0".repeat(64) });
  assert.equal(stale.status, 409);
  assert.equal(
    (await browser.post(action, { ...fields, form: "made-up", "revoke-reason": "it <b>slipped" })).status,
    409,
  );
  assert.equal(now()?.revoked, undefined);
  assert.equal((await browser.get(`${path}/revoke`)).status, 404, "looking takes nothing back");

  const last = await browser.form(path, `${path}/revoke`);
  await page.client.revokeApproval(path.slice("/asks/".length), { reason: "first" });
  const second = await browser.post(action, { ...last.fields, "revoke-reason": "second" });
  assert.equal(second.status, 409);
  assert.match(second.text, /Cannot take the approval back: there is none/);
  assert.equal(now()?.revoked?.reason, "first");
});

Deno.test("approvals: words of the asker are inert in the list, and who only looks has no form", async () => {
  const hostile = `<script>alert(1)</script>\u202egnp\x1b]52;c;AAAA\x07`;
  await using page = createTestPage({ isObserver: true });
  const browser = await page.login();
  const request = page.mesh.openRequest({ ...TEST_ASK, title: hostile, action: { ...PUSH, target: hostile } });
  await page.client.answer(request.request_id, {
    request_digest: request.digest,
    decision: "approve",
    scope: "until",
    until_ms: page.clock.nowMs() + 60_000,
  });

  const { text } = await browser.get("/grants");
  assert.match(text, /repo\.push/);
  assert.doesNotMatch(text, /<script>/);
  assert.ok(isHarmless(text.replaceAll("\n", "")));
  assert.doesNotMatch((await browser.get(`/asks/${request.request_id}`)).text, /\/revoke"/);
});
