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

Deno.test("arguments are added to an action: shown with it, and approved with it", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest(EDITABLE);
  const path = `/asks/${id}`;
  const first = await browser.form(`${path}/edit`, `${path}/edit`);
  const added = { "add.0.name": "depth", "add.0.type": "number", "add.0.value": " 2.5 " };
  const more = await browser.post(first.action, { ...first.fields, ...added, target: "fork", act: "more" });
  assert.equal(more.status, 200);
  assert.match(
    more.text,
    /id="add\.0\.name"[^>]*value="depth".*id="add\.1\.name".*>\nfork<\/textarea>|>\nfork<.*id="add\.1\.name"/s,
  );
  assert.doesNotMatch(more.text, /id="add\.2\.name"|role="alert"/);

  const second = formsOf(more.text).find((form) => form.action === `${path}/edit`) ?? assert.fail();
  const shown = await browser.post(second.action, {
    ...second.fields,
    ...added,
    target: "fork",
    "drop.2": "1",
    "add.1.name": "tries",
    "add.1.type": "boolean",
    "add.1.value": "yes",
    "add.2.name": "why",
    "add.2.type": "text",
    "add.2.value": "two\r\nlines <b>",
    "add.3.name": "",
    "add.3.type": "text",
    "add.3.value": " ",
  });
  assert.match(shown.text, /as you have changed it:.*depth: 2\.5.*tries: (yes|true).*why: .*lines &lt;b&gt;/s);
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");
  const { action, fields } = formsOf(shown.text).find((form) => form.action === `${path}/approve`) ?? assert.fail();
  await page.clock.advance(700);
  assert.equal((await browser.post(action, fields)).status, 303);

  assert.deepEqual(page.mesh.requestMap.get(id)?.answer?.edited_action, {
    ...PUSH,
    target: "fork",
    args: [
      PUSH.args[0],
      PUSH.args[1],
      PUSH.args[3],
      { name: "depth", value: 2.5 },
      { name: "tries", value: true },
      { name: "why", value: "two\nlines <b>" },
    ],
  });
});

Deno.test("an added argument that is none is named, field by field, and what was typed stays", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { request_id: id } = page.mesh.openRequest(EDITABLE);
  const path = `/asks/${id}/edit`;
  const { action, fields } = await browser.form(path, path);

  const wrong = await browser.post(action, {
    ...fields,
    "value.2": "three",
    "add.0.name": "ref",
    "add.0.type": "text",
    "add.0.value": "x",
    "add.1.name": "",
    "add.1.type": "text",
    "add.1.value": "no name",
    "add.2.name": "depth",
    "add.2.type": "number",
    "add.2.value": "deep <i>",
    "add.3.name": "kind",
    "add.3.type": "list",
    "add.3.value": "x",
    "add.4.name": "n".repeat(65),
    "add.4.type": "text",
    "add.4.value": "x",
  });

  assert.equal(wrong.status, 422);
  for (
    const problem of [
      "tries: expected a number, found &quot;three&quot;",
      "Added argument 1: there is a &quot;ref&quot; already",
      "Added argument 2, its name: expected 1 to 64 characters, found none",
      "Added argument 3: expected a number, found &quot;deep &lt;i&gt;&quot;",
      "Added argument 4, its type: expected text, number, boolean",
      "Added argument 5, its name: expected 1 to 64 characters, found 65",
    ]
  ) assert.equal(wrong.text.split(problem).length, 3, `${problem}: above and at its field`);
  assert.match(wrong.text, /deep &lt;i&gt;<\/textarea>/);
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");
});

Deno.test("an action has at most as many arguments as an entry takes", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const args = Array.from({ length: 63 }, (_, i) => ({ name: `a${i}`, value: i }));
  const { request_id: id } = page.mesh.openRequest({ ...EDITABLE, action: { ...PUSH, args } });
  const path = `/asks/${id}/edit`;
  const { action, fields } = await browser.form(path, path);

  const more = await browser.post(action, { ...fields, "add.0.name": "b", "add.0.value": "1", act: "more" });

  assert.match(more.text, /id="add\.0\.name"/);
  assert.doesNotMatch(more.text, /id="add\.1\.name"/);
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
