import assert from "node:assert/strict";
import { formsOf } from "@bzzz/web/testing";
import { createTestPage, TEST_ASK } from "./testing.ts";

Deno.test("a form without its token, with another's, or sent again changes nothing", async () => {
  await using page = createTestPage();
  const [ana, other] = [await page.login(), await page.login()];
  const { request_id: id } = page.mesh.openRequest(TEST_ASK);
  const { action, fields } = await ana.form(`/asks/${id}`, `/asks/${id}/deny`);

  for (const form of ["", "x", (await other.form(`/asks/${id}`, `/asks/${id}/deny`)).fields["form"] ?? ""]) {
    assert.equal((await ana.post(action, { ...fields, form })).status, 409);
  }
  assert.equal(page.mesh.requestMap.get(id)?.state, "pending");

  assert.equal((await ana.post(action, { ...fields, reason: "tests first" })).status, 303);
  assert.equal((await ana.post(action, fields)).status, 409);
  assert.equal(page.mesh.requestMap.get(id)?.answer?.reason, "tests first");
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
  const { request_id: id } = page.mesh.openRequest({ ...TEST_ASK, allow: ["approve", "escalate"] });
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
  page.mesh.openRequest({ ...TEST_ASK, title: "mine" });
  page.mesh.openRequest({ ...TEST_ASK, title: "of others", is_addressed_to_me: false });
  const { request_id: id } = page.mesh.openRequest({ ...TEST_ASK, title: "over" });
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

Deno.test("a wording stands beside the asker's words, and a reply of it is one button", async () => {
  await using page = createTestPage();
  const ana = await page.login();
  const asked = page.mesh.openRequest({
    ...TEST_ASK,
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

Deno.test("an ask of one's own is taken back; another's cannot be", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const mine = page.mesh.openRequest({ kind: "question", from: page.mesh.me, is_addressed_to_me: false }).request_id;
  const other = page.mesh.openRequest(TEST_ASK).request_id;

  assert.doesNotMatch((await browser.get(`/asks/${other}`)).text, /Take back/);
  const { action, fields } = await browser.form(`/asks/${mine}`, `/asks/${mine}/withdraw`);
  assert.equal((await browser.post(action, { ...fields, reason: "found it" })).status, 303);

  assert.equal(page.mesh.requestMap.get(mine)?.state, "withdrawn");
  assert.equal(page.mesh.requestMap.get(mine)?.closed_reason, "found it");
  assert.match((await browser.get(`/asks/${mine}?done=withdraw`)).text, /Taken back\./);
});

Deno.test("an inbox that is more than one answer has comes in parts, and its heading counts all of it", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const body = "\u0001".repeat(65_000); // six characters each in JSON
  for (let n = 0; n < 15; n++) page.mesh.openRequest({ title: `ask number ${n}.`, body });

  const first = (await browser.get("/")).text;
  const more = /href="(\/\?after=[^"]+)"/.exec(first)?.[1] ?? assert.fail("there is no way on");
  const second = (await browser.get(more)).text;

  const shown = [first, second].map((text) => (text.match(/ask number \d+\./g) ?? []).length);
  assert.deepEqual([shown, /after=/.test(second.split("more asks")[1] ?? "")], [[10, 5], false]);
  assert.match(first, /15/);
});
