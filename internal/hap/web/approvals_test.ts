import { base64UrlEncode, utf8Encode } from "@bzzz/base";
import assert from "node:assert/strict";
import { formsOf } from "@bzzz/web/testing";
import { createTestPage, TEST_ASK } from "./testing.ts";

Deno.test("an approval takes two steps: no form of the first page approves, and none that nobody can have read", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id, digest } = page.mesh.openRequest(TEST_ASK);
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
  const { request_id: id } = page.mesh.openRequest(TEST_ASK);
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
  const { request_id: id, digest } = page.mesh.openRequest({ ...TEST_ASK, stakes: "high", body });
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
  const { request_id: id } = page.mesh.openRequest(TEST_ASK);
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

Deno.test("an approval may be valid for a task or a while, and is for once unless somebody chooses", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const approve = async (scope: Record<string, string>) => {
    const { request_id: id } = page.mesh.openRequest({ ...TEST_ASK, task_id: "01M826SY7WST894P2ZSZR5MV3R" });
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

const PUSH = {
  verb: "repo.push",
  target: "origin",
  args: [
    { name: "ref", value: "main" },
    { name: "force", value: true },
    { name: "tries", value: 3 },
    { name: "note", value: "\nfirst\u202eline" },
  ],
  effect: "3 commits",
  reversible: true,
};
const EDITABLE = { ...TEST_ASK, allow: ["approve", "edit", "deny"], action: PUSH };

Deno.test("an action is changed before it is approved: looked at as it will be, and exactly that is approved", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest(EDITABLE);
  const path = `/asks/${id}`;
  assert.match((await browser.get(path)).text, new RegExp(`href="${path}/edit"`));
  const change = async (fields: Record<string, string>) => {
    const form = await browser.form(`${path}/edit`, `${path}/edit`);
    return await browser.post(form.action, { ...form.fields, ...fields });
  };

  const wrong = await change({ "value.2": "three", target: "fork" });
  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /tries: expected a number, found &quot;three&quot;/);
  assert.match(wrong.text, />\nfork<\/textarea>/);
  const shown = await change({ target: "fork", "value.0": "release", "value.1": "false", "drop.2": "1" });
  assert.match(shown.text, /as you have changed it:.*fork.*ref: release.*force: (no|false)/s);
  assert.doesNotMatch(shown.text, /tries/);
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending", "to look at it approves nothing");

  const { action, fields } = formsOf(shown.text).find((form) => form.action === `${path}/approve`) ?? assert.fail();
  const early = await browser.post(action, fields);
  assert.match(early.text, /too fast/);
  const again = formsOf(early.text).find((form) => form.action === `${path}/approve`) ?? assert.fail();
  await page.clock.advance(700);
  assert.equal((await browser.post(action, again.fields)).status, 303);

  assert.deepEqual(page.mesh.requestMap.get(id)?.answer?.edited_action, {
    ...PUSH,
    target: "fork",
    args: [{ name: "ref", value: "release" }, { name: "force", value: false }, PUSH.args[3]],
  });
});

Deno.test("a changed action that the page has not shown is not approved; what nobody touched stays to the letter", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest(EDITABLE);
  const path = `/asks/${id}`;
  const plain = await browser.form(`${path}/approve`, `${path}/approve`);
  const same = await browser.form(`${path}/edit`, `${path}/edit`);
  assert.doesNotMatch((await browser.post(same.action, same.fields)).text, /as you have changed it|name="edited"/);
  const form = await browser.form(`${path}/edit`, `${path}/edit`);
  const edited = await browser.post(form.action, { ...form.fields, target: "fork" });
  const shown = formsOf(edited.text).find(({ action }) => action === `${path}/approve`) ?? assert.fail();
  await page.clock.advance(700);

  const evil = base64UrlEncode(utf8Encode(JSON.stringify({ ...PUSH, target: "elsewhere" })));
  assert.equal((await browser.post(shown.action, { ...shown.fields, edited: evil })).status, 409);
  assert.equal(
    (await browser.post(plain.action, { ...plain.fields, edited: shown.fields["edited"] ?? "" })).status,
    409,
  );
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");

  assert.equal((await browser.post(shown.action, shown.fields)).status, 303);
  assert.deepEqual(page.mesh.requestMap.get(id)?.answer?.edited_action, { ...PUSH, target: "fork" });
});

Deno.test("an ask that does not offer it, or is closed, has no action to change", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const plain = page.mesh.openRequest({ ...TEST_ASK, action: PUSH }).request_id;
  const closed = page.mesh.openRequest({ ...EDITABLE, state: "withdrawn" }).request_id;

  assert.doesNotMatch((await browser.get(`/asks/${plain}`)).text, /Change it first/);
  for (const id of [plain, closed]) {
    const refused = await browser.get(`/asks/${id}/edit`);
    assert.equal(refused.status, 409, id);
    assert.match(refused.text, /cannot be changed here/, id);
  }
});
