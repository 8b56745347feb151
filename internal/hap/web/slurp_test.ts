import { isHarmless } from "@bzzz/cli";
import assert from "node:assert/strict";
import { createTestPage } from "./testing.ts";

const PLAN = "ucxl://basil:developer@shop:pay/*^/plan.md";
const HOSTILE = `<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202egnp\u200b\x1b]52;c;AAAA\x07`;

function path(view: string, query: Record<string, string>): string {
  return `/slurp/${view}?${new URLSearchParams(query)}`;
}

Deno.test("derived context: how it stands, what is known with its sources, the graph and the goals", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  assert.match((await browser.get("/context")).text, /<a href="\/slurp">/);
  assert.match((await browser.get("/slurp")).text, /Dead letters: 1.*<bdi>shop:pay<\/bdi>.*sources_missing/s);

  const known = await browser.get(path("context", { address: PLAN, depth: "3" }));
  assert.equal(known.status, 200, known.text);
  assert.deepEqual(page.mesh.slurp.lastQuery, { address: PLAN, max_depth: 3 });
  assert.match(known.text, /aria-current="page">What your role needs to know/);
  assert.match(known.text, /from <a href="\/context\/at\?address=/);
  assert.match(known.text, /The leader could not read 1 of the sources/);
  const graph = await browser.get(path("graph", { address: PLAN, hops: "1", direction: "causes" }));
  assert.deepEqual(page.mesh.slurp.lastQuery, { address: PLAN, hops: 1, direction: "causes" });
  assert.match(
    graph.text,
    /<a class="title" href="\/decisions\/at\?[^"]*"><bdi>Use a queue<\/bdi><\/a>decision, 1 away/,
  );
  assert.match(graph.text, /Version 1<\/a>.*1 decisions stand on it/s);
  const goals = await browser.get(path("alignment", { address: PLAN }));
  assert.match(goals.text, /serves the goals by 0\.5 of 1/);
});

Deno.test("derived context: what is wrong with a question is said field by field, and what the node refuses as it says it", async () => {
  await using page = createTestPage();
  const browser = await page.login();

  const wrong = await browser.get(path("context", { address: "ucxl://<b>", depth: "0" }));
  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /id="address-problem">Address: Cannot read the address: at character/);
  assert.match(wrong.text, /id="depth-problem">Levels: expected a whole number from 1 to 64, found &quot;0&quot;/);
  assert.match(wrong.text, /value="ucxl:\/\/&lt;b&gt;"/);
  const graph = await browser.get(path("graph", { address: PLAN, hops: "33", direction: "up" }));
  assert.equal(graph.status, 422);
  assert.match(graph.text, /Decisions away: expected .* 0 to 32.*Direction: expected both, causes, effects/s);
  assert.equal(page.mesh.slurp.lastQuery, undefined, "nothing was asked");

  const refused = await browser.get(path("alignment", { address: "ucxl://a:b@bank:pay/*^/x" }));
  assert.equal(refused.status, 404);
  assert.match(refused.text, /role="alert".*this node reads none of project &quot;bank&quot;.*Another question/s);
  assert.equal((await browser.get("/slurp/letters/none")).status, 404);
});

Deno.test("dead letters are looked at and tried again, one or all, by the node that leads alone", async () => {
  await using page = createTestPage();
  const browser = await page.login();
  const letter = page.mesh.slurp.letters[0] ?? assert.fail();
  page.mesh.slurp.letters = [{ ...letter, message: HOSTILE }, { ...letter, id: "ffff", task: HOSTILE }];
  const one = `/slurp/letters/${letter.id}`;
  for (const place of ["/slurp", one]) {
    const { text } = await browser.get(place);
    assert.doesNotMatch(text, /<script>|<img/, place);
    assert.ok(isHarmless(text.replaceAll("\n", "")), place);
  }
  assert.match((await browser.get(one)).text, /after 4 tries/);

  page.mesh.slurp.isLeader = false;
  const early = await browser.form(one, "/slurp/replay");
  const refused = await browser.post(early.action, early.fields);
  assert.equal(refused.status, 409);
  assert.match(refused.text, /Cannot try again: this node does not lead/);
  assert.equal(page.mesh.slurp.letters.length, 2);

  page.mesh.slurp.isLeader = true;
  const fresh = await browser.form(one, "/slurp/replay");
  const all = await browser.post(fresh.action, { form: fresh.fields["form"] ?? "" });
  assert.equal(all.status, 409, "the form of one is not for all");
  const again = await browser.form(one, "/slurp/replay");
  assert.equal((await browser.post(again.action, again.fields)).headers.get("location"), "/slurp?done=replay");
  assert.deepEqual(page.mesh.slurp.letters.map(({ id }) => id), ["ffff"]);
  assert.equal((await browser.get("/slurp/replay")).status, 404, "looking tries nothing again");
  const rest = await browser.form("/slurp", "/slurp/replay");
  assert.equal((await browser.post(rest.action, rest.fields)).status, 303);
  assert.match((await browser.get("/slurp?done=replay")).text, /waits for another try.*No derivation was given up/s);
});

Deno.test("derived context: who only looks sees it, and tries nothing again", async () => {
  await using page = createTestPage({ isObserver: true });
  const browser = await page.login();
  const { id } = page.mesh.slurp.letters[0] ?? assert.fail();

  for (const place of ["/slurp", `/slurp/letters/${id}`]) {
    assert.doesNotMatch((await browser.get(place)).text, /action="\/slurp\/replay"/, place);
  }
  assert.equal((await browser.post("/slurp/replay", { form: "x" })).status, 403);
  assert.equal(page.mesh.slurp.letters.length, 1);
});
