import { isHarmless } from "@bzzz/cli";
import assert from "node:assert/strict";
import { createTestPage } from "./testing.ts";

const AGENT = "/mesh/members/revoke?member=12D3KooWAgent";

Deno.test("an admin revokes a member after typing its name; nothing else does it", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { text } = await browser.get("/mesh/members");
  assert.match(text, /<bdi>ana<\/bdi><\/strong> \(you\).*<bdi>agent-7f3a<\/bdi><\/strong>, <bdi>developer/s);
  assert.equal(text.split("Revoke…").length, 2, "nobody revokes themselves");
  const { action, fields } = await browser.form(AGENT, "/mesh/members/revoke");

  const wrong = await browser.post(action, { ...fields, confirm: "agent", reason: "x".repeat(257) });

  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /Reason: expected 0 to 256 characters, found 257.*Confirmation: expected agent-7f3a/s);
  assert.equal((await browser.post(action, { ...fields, confirm: "agent-7f3a" })).status, 409, "a form is taken once");
  const own = await browser.form(AGENT, action);
  const other = await browser.post(action, { ...own.fields, member: "12D3KooWMe", confirm: "ana" });
  assert.equal(other.status, 409, "a form is for the member it shows");
  assert.equal((await browser.post(action, { ...own.fields, member: "<b>", confirm: "x" })).status, 404);
  assert.equal((await browser.get("/mesh/members/revoke")).status, 404);
  assert.ok(page.mesh.memberList.every(({ revoked }) => revoked === undefined));

  const fresh = await browser.form(AGENT, action);
  const done = await browser.post(action, { ...fresh.fields, confirm: "agent-7f3a", reason: "lost <i>" });
  assert.equal(done.headers.get("location"), "/mesh/members?done=revoke");
  assert.equal(page.mesh.memberList[1]?.revoked?.reason, "lost <i>");
  const after = (await browser.get("/mesh/members?done=revoke")).text;
  assert.match(after, /dropped everywhere.*revoked.*<bdi>lost &lt;i&gt;<\/bdi>/s);
  assert.doesNotMatch(after, /Revoke…/);
});

Deno.test("members: words of others are inert, and who may not, or only looks, revokes nobody", async () => {
  await using page = createTestPage({ isObserver: true });
  const [, agent] = page.mesh.memberList;
  assert.ok(agent);
  agent.revoked = { at_ms: 0, reason: `<script>alert(1)</script>\u202egnp\x1b]52;c;AAAA\x07` };
  const observer = await page.login();
  const { text } = await observer.get("/mesh/members");
  assert.doesNotMatch(text, /<script>|Revoke…/);
  assert.ok(isHarmless(text.replaceAll("\n", "")));
  assert.doesNotMatch((await observer.get(AGENT)).text, /action="\/mesh/);
  assert.equal((await observer.post("/mesh/members/revoke", { form: "x", member: "12D3KooWAgent" })).status, 403);

  await using other = createTestPage({ isBasils: true });
  const status = other.mesh.status.bind(other.mesh);
  other.mesh.status = async () => {
    const view = await status();
    return { ...view, node: { ...view.node, level: "suggestion" } };
  };
  const developer = await other.login();
  const seen = (await developer.get("/mesh/members")).text;
  assert.match(seen, /To revoke a member takes a role of level master/);
  assert.doesNotMatch(seen, /Revoke…/);
});
