import assert from "node:assert/strict";
import { createTestPage } from "./testing.ts";

Deno.test("an admin invites somebody: the token is shown once, in no address and on no later page", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { action, fields } = await browser.form("/mesh/invites", "/mesh/invites");
  const sent = { ...fields, role: "admin", program: "hap", name: "bea", hours: "2" };

  const made = await browser.post(action, sent);

  assert.equal(made.status, 200, made.text);
  assert.equal(made.headers.get("location"), null);
  assert.match(made.headers.get("cache-control") ?? "", /no-store/);
  assert.match(made.text, /shown now and never again.*until.*2026-11-22 20:03.*bzzz-join1-AAAA.*bzzz-hap join/s);
  const [invite] = page.mesh.inviteList;
  assert.deepEqual([invite?.role, invite?.binary_type, invite?.agent_id], ["admin", "hap", "bea"]);
  const again = await browser.post(action, sent);
  assert.equal(again.status, 409, "sent twice by the browser, it makes no second one");
  assert.equal(page.mesh.inviteList.length, 1);
  const list = (await browser.get("/mesh/invites")).text;
  assert.match(list, /<bdi>admin<\/bdi>, as <bdi>bea<\/bdi>, a person \(bzzz-hap\): open/);
  for (const { text } of [again, { text: list }]) assert.doesNotMatch(text, /bzzz-join1/);
});

Deno.test("an invite: what is wrong is said field by field, and none is made", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { action, fields } = await browser.form("/mesh/invites", "/mesh/invites");

  const wrong = await browser.post(action, { ...fields, role: "", program: "toaster", name: "b<b>", hours: "721" });

  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /id="role-problem">Role: expected one of the list, found none/);
  assert.match(wrong.text, /id="program-problem">For: expected any, agent, hap/);
  assert.match(wrong.text, /id="hours-problem">Hours: expected a whole number from 1 to 720, found &quot;721&quot;/);
  assert.match(wrong.text, /id="name"[^>]*value="b&lt;b&gt;"/);
  const next = await browser.form("/mesh/invites", "/mesh/invites");
  const long = await browser.post(action, { ...next.fields, role: "r".repeat(200), program: "any", hours: "1" });
  assert.equal(long.status, 400);
  assert.match(long.text, /role="alert"/);
  assert.deepEqual(page.mesh.inviteList.length, 0);
  assert.equal((await browser.get("/mesh/invites/revoke")).status, 404, "looking revokes nothing");
});

Deno.test("an invite that nobody has used is revoked, once", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { invite_id: id } = await page.client.createInvite({ role: "developer" });
  const { action, fields } = await browser.form("/mesh/invites", "/mesh/invites/revoke");

  const other = await browser.post(action, { ...fields, invite: "nothing" });
  assert.equal(other.status, 404);
  assert.equal(page.mesh.inviteList[0]?.state, "open");
  const fresh = await browser.form("/mesh/invites", "/mesh/invites/revoke");
  assert.equal(fresh.fields["invite"], id);
  assert.equal((await browser.post(action, fresh.fields)).headers.get("location"), "/mesh/invites?done=revoke");
  assert.equal(page.mesh.inviteList[0]?.state, "revoked");
  const { text } = await browser.get("/mesh/invites?done=revoke");
  assert.match(text, /Revoked: nobody gets in with it any more.*: revoked/s);
  assert.doesNotMatch(text, /action="\/mesh\/invites\/revoke"/);
});

Deno.test("roles are listed with whose content they read, and keys without their secrets", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  await page.client.rotateKey("admin");
  await page.client.rotateKey("admin");

  const { text } = await browser.get("/mesh/roles");

  assert.match(text, /<bdi>admin<\/bdi><\/strong>, master, 1 member, built in/);
  assert.match(text, /reads <bdi>admin, developer<\/bdi>/);
  assert.match(text, /key 2: current, here, 1 holder.*age1ofadmin2.*key 1: old/s);
});
