import type { StatusView } from "@bzzz/api";
import { isHarmless } from "@bzzz/cli";
import { settle, waitFor } from "@bzzz/base/testing";
import assert from "node:assert/strict";
import { createTestPage, type TestPage } from "./testing.ts";

/** Has the node no right to administer. */
function asDeveloper(page: TestPage): void {
  const status = page.mesh.status.bind(page.mesh);
  page.mesh.status = async (): Promise<StatusView> => {
    const view = await status();
    return { ...view, node: { ...view.node, role: "developer", level: "suggestion" } };
  };
}

Deno.test("the mesh: who leads, who votes, and a term that an admin ends after typing yes", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { text } = await browser.get("/mesh");
  assert.match(text, /agent-7f3a leads term 3.*1\. agent-7f3a, score 61 of 100/s);
  assert.match(text, /1 of 1 can be reached, 1 are needed: decisions can be made/);
  assert.match(text, /<label for="confirm">Type yes to end the term of agent-7f3a<\/label>/);
  const send = async (more: Record<string, string>) => {
    const { action, fields } = await browser.form("/mesh", "/mesh/election");
    return await browser.post(action, { ...fields, ...more });
  };

  const silent = await send({ order: "trigger", reason: "slow <b>disk", confirm: "y" });
  assert.equal(silent.status, 422);
  assert.match(silent.text, /Confirmation: expected yes, found something else/);
  assert.match(silent.text, /slow &lt;b&gt;disk<\/textarea>/);
  const wrong = await send({ order: "coup", confirm: "yes", reason: "x".repeat(1_025) });
  assert.match(
    wrong.text,
    /Reason: expected 0 to 1024 characters, found 1025.*Order: expected one of the two buttons/s,
  );
  assert.equal(page.mesh.entries.length, 0);
  assert.equal((await browser.get("/mesh/election")).status, 404, "looking ends nothing");

  const done = await send({ order: "step_down", reason: "slow disk", confirm: "yes" });
  assert.equal(done.headers.get("location"), "/mesh?done=step_down");
  assert.deepEqual(page.mesh.entries.at(-1)?.body, { order: "step_down", term: 3, reason: "slow disk" });
  const after = (await browser.get("/mesh?done=step_down")).text;
  assert.match(after, /The leader was asked to go.*Nobody leads; the last term was 3/s);
  assert.doesNotMatch(after, /action="\/mesh\/election"/);
});

Deno.test("the mesh: an order that comes too late is refused as the voters refuse it", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const { action, fields } = await browser.form("/mesh", "/mesh/election");
  await page.client.orderElection("trigger");

  const late = await browser.post(action, { ...fields, order: "trigger", confirm: "yes" });

  assert.equal(late.status, 409);
  assert.match(late.text, /role="alert".*Cannot end the term: nobody leads/s);
});

Deno.test("the mesh: an admin makes members voters and ends their vote", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const add = await browser.form("/mesh", "/mesh/voters/add");
  assert.match((await browser.get("/mesh")).text, /<option value="12D3KooWAgent">agent-7f3a …ooWAgent<\/option>/);
  const none = await browser.post(add.action, { ...add.fields, add: "" });
  assert.deepEqual([none.status, /Member: expected one of the list, found none/.test(none.text)], [422, true]);

  const right = await browser.form("/mesh", "/mesh/voters/add");
  assert.equal((await browser.post(right.action, { ...right.fields, add: "12D3KooWAgent" })).status, 303);
  assert.deepEqual(page.mesh.voters.view.voters.map(({ peer_id }) => peer_id), ["12D3KooWMe", "12D3KooWAgent"]);
  assert.equal((await browser.post(right.action, { ...right.fields, add: "12D3KooWMe" })).status, 409);

  const unknown = await browser.form("/mesh", "/mesh/voters/remove");
  const refused = await browser.post(unknown.action, { ...unknown.fields, remove: "<i>nobody" });
  assert.equal(refused.status, 404);
  assert.match(refused.text, /Cannot find &quot;&lt;i&gt;nobody&quot;/);
  const remove = await browser.form("/mesh", "/mesh/voters/remove");
  assert.equal((await browser.post(remove.action, { ...remove.fields, remove: "12D3KooWAgent" })).status, 303);
  assert.match((await browser.get("/mesh?done=remove")).text, /It votes no more/);
});

Deno.test("the mesh: no forms for who may not, or only looks; names of members are inert", async () => {
  await using page = createTestPage();
  const hostile = `<script>\u202egnp\x1b]52;c;AAAA\x07`;
  page.mesh.voters.view.voters.push({ peer_id: "12D3KooWEve", agent_id: hostile, is_self: false, is_reachable: false });
  page.mesh.roles.roleList.push({
    name: "guest",
    level: "read_only",
    is_builtin: false,
    reads: [hostile],
    can_decrypt: [],
    capabilities: [hostile],
    specialization: hostile,
    members: 0,
  });
  const browser = await page.login();
  for (const path of ["/mesh", "/mesh/roles", "/mesh/invites"]) {
    const { status, text } = await browser.get(path);
    assert.equal(status, 200, path);
    assert.doesNotMatch(text, /<script>/, path);
    assert.ok(isHarmless(text.replaceAll("\n", "")), path);
  }

  asDeveloper(page);
  for (const path of ["/mesh", "/mesh/invites"]) {
    const { text } = await browser.get(path);
    assert.match(text, /takes a role of level master; this node&#39;s is of level <bdi>suggestion/, path);
    assert.doesNotMatch(text, /action="\/mesh/, path);
  }
  await using other = createTestPage({ isObserver: true });
  const observer = await other.login();
  for (const path of ["/mesh", "/mesh/invites"]) {
    assert.doesNotMatch((await observer.get(path)).text, /action="\/mesh/, path);
  }
  for (const path of ["/mesh/election", "/mesh/voters/add", "/mesh/voters/remove", "/mesh/invites"]) {
    assert.equal((await observer.post(path, { form: "x" })).status, 403, path);
  }
});

Deno.test("the mesh: pages hear of another leader", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  page.live.start();
  const response = await page.fetch(
    new Request("http://127.0.0.1:8093/live", { headers: { cookie: browser.cookie, host: "127.0.0.1:8093" } }),
  );
  let heard = "";
  const hearing = response.body?.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (heard += text) }),
  );
  await waitFor(() => page.mesh.watchers > 0, { timeoutMs: 30_000, what: "a listener" });

  page.mesh.emit({ type: "leader", election: await page.mesh.election.show() });

  await settle();
  await waitFor(async () => {
    await page.clock.advance(300);
    return heard.includes("event: mesh\ndata: changed");
  }, { timeoutMs: 30_000, what: "the change", state: () => heard });
  await page.live.stop();
  await hearing;
});
