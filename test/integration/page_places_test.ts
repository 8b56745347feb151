// The places of the page in a browser, on a phone and on a desk, and without scripts: patches, context, approvals, the mesh.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { UcxiClient } from "@bzzz/ucxi";
import { formsOf, TestBrowser } from "@bzzz/web/testing";
import { ChromiumTab, findChromium } from "../helpers/chromium.ts";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PageProcess } from "../helpers/page.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";

const chromium = await findChromium();
if (!chromium) note("no Chromium on this machine: the page is not driven in a browser");
/** A folder that gets pictures of what the tests see. */
const PICTURES = Deno.env.get("PICTURES");

const PLAN = "ucxl://ana:admin@shop:checkout/*^/docs/plan.md";
const ADDRESS = new URLSearchParams({ address: PLAN });
const WIDTHS = [390, 1280];

/** What does not fit the window, and what is too small to be hit with a finger; nothing is what is wanted. */
const MISFITS = `(() => {
  const found = [];
  const width = document.documentElement.clientWidth;
  const wide = document.documentElement.scrollWidth;
  if (wide > width) found.push("the page is " + wide + " px wide in " + width);
  for (const one of document.querySelectorAll("input:not([type=hidden]), textarea, select, button, a.button, pre, table")) {
    const { left, right, height } = one.getBoundingClientRect();
    const name = one.tagName + " " + (one.id || one.name || one.innerText.slice(0, 30));
    if (left < 0 || right > width + 1) found.push(name + " ends at " + right + " of " + width);
    if (one.matches("button, a.button") && height < 40) found.push(name + " is " + height + " px high");
    if (one.matches("input, textarea, select") && !one.labels?.length && !one.ariaLabel) found.push(name + " has no label");
  }
  return found;
})()`;

async function fits(tab: ChromiumTab, url: string): Promise<void> {
  await tab.go(url);
  await tab.shows("Log out");
  const isLoaded = "document.readyState === 'complete'"; // with the style sheet
  await waitFor(async () => await tab.evaluate(isLoaded) === true, { timeoutMs: PATIENCE_MS, what: url });
  for (const width of WIDTHS) {
    await tab.resize(width);
    assert.deepEqual(await tab.evaluate(MISFITS), [], `${url} at ${width} px`);
    const name = new URL(url).pathname.replaceAll("/", "_");
    if (PICTURES !== undefined) await tab.picture(`${PICTURES}/page${name}_${width}.png`);
  }
  await tab.resize(390);
}

Deno.test({
  name: "the page on a phone: context is written, a patch judged and submitted, an approval taken back; all places fit",
  ignore: chromium === undefined,
  fn: async () => {
    await using mesh = await TestMesh.create("ana", { program: "bzzz-hap" });
    await mesh.add("digger", { through: "ana" });
    await mesh.connected("ana", "digger");
    const { connection } = await mesh.node("ana").api();
    const context = new UcxiClient(connection, connection);
    const content = async () => new TextDecoder().decode((await context.get(PLAN)).bytes);
    await using page = await PageProcess.open(mesh.home("ana"));
    await using tab = await ChromiumTab.open(chromium ?? "", { hasScripts: true });
    await tab.go(page.link);
    await tab.shows("Nobody waits for you.");
    await tab.evaluate(`{
      const field = document.body.appendChild(document.createElement("input"));
      field.id = "wide";
      field.style.width = "500px";
    }`);
    const misfits = String(await tab.evaluate(MISFITS));
    assert.match(
      misfits,
      /the page is \d+ px wide in 390.*INPUT wide ends at.*INPUT wide has no label/s,
      "misfits are seen",
    );

    // a version, for a role that is ticked
    await tab.go(`${page.origin}/context`);
    await tab.shows("Write at an address");
    await tab.type("address", PLAN);
    await tab.press("form[action='/context/write'] button");
    await tab.shows("nothing is there");
    await tab.type("content", `# Plan\n${"a long line ".repeat(40)}\nuse cash\n`);
    await tab.press("input[name=audience][value=developer]");
    await tab.click("Write it");
    await tab.shows("Written: it is the version below.");
    assert.match(await content(), /\nuse cash\n$/);
    assert.deepEqual((await context.navigate(PLAN)).version.audience, ["developer"]);

    // a patch
    await tab.click("Offer a change…");
    await tab.shows("What shall stand at");
    await tab.evaluate(
      "document.getElementById('content').value = document.getElementById('content').value.replace('cash', 'cards')",
    );
    await tab.type("title", "Cards");
    await tab.click("Put it to the vote");
    await tab.shows("It is put to the vote.");
    const patch = String(await tab.evaluate("location.pathname + location.search")).replace("&done=new", "");
    await tab.shows("+ use cards");
    await fits(tab, `${page.origin}${patch}`);
    await tab.press("input[name=vote][value=approve]");
    await tab.type("reason", "reads well");
    await tab.click("Vote");
    await tab.shows("Your vote is cast.");
    await tab.click("Submit it");
    await tab.shows("Submitted: it stands where it was meant to stand.");
    assert.match(await content(), /\nuse cards\n$/);

    // a call for help, whose answer comes by itself
    await tab.go(`${page.origin}/help`);
    await tab.shows("What help is needed");
    await tab.type("words", "count the words");
    await tab.press("input[name=capability]");
    await tab.click("Call for help");
    await tab.shows("Answers come here.");
    await tab.shows("I can help, at once");

    // an approval that holds for an hour
    const digger = await mesh.node("digger").api();
    const action = { verb: "repo.push", target: "main", args: [], effect: "3 commits", reversible: true };
    const ask = await digger.ask({ kind: "approval", title: "push to main", action, to: { human: "ana" } });
    await tab.go(page.origin);
    await tab.shows("push to main");
    await tab.click("push to main");
    await tab.shows("Look at it again");
    await tab.click("Look at it again");
    await tab.shows("may do exactly this");
    const button = "getComputedStyle(document.querySelector('button.guarded')).visibility";
    await waitFor(async () => await tab.evaluate(button) === "visible", { timeoutMs: PATIENCE_MS, what: "the button" });
    await tab.press("input[name=scope][value=hour]");
    await tab.press("button.guarded");
    await tab.shows("Approved. ");
    await tab.go(`${page.origin}/grants`);
    await tab.shows("holds until");
    await fits(tab, `${page.origin}/grants`);
    await tab.click("repo.push");
    await tab.shows("Take the approval back");
    await tab.type("revoke-reason", "wrong branch");
    await tab.press("form[action$='/revoke'] button");
    await tab.shows("The approval is taken back");
    assert.equal((await (await mesh.node("ana").api()).request(ask.request_id)).revoked?.reason, "wrong branch");

    for (
      const path of [
        "/",
        "/tasks",
        "/help",
        "/threads?thread=help/1",
        "/patches",
        `/patches/new?${ADDRESS}`,
        "/context",
        `/context/at?${ADDRESS}`,
        `/context/write?${ADDRESS}`,
        "/slurp",
        `/slurp/context?${ADDRESS}`,
        `/slurp/graph?${ADDRESS}`,
        `/slurp/alignment?${ADDRESS}`,
        "/mesh",
        "/mesh/invites",
        "/mesh/roles",
        "/mesh/members",
        "/you",
        `/asks/${ask.request_id}`,
      ]
    ) await fits(tab, `${page.origin}${path}`);
    const policy = tab.complaints.filter((one) => /Content Security Policy|exceptionThrown/.test(one));
    assert.deepEqual(policy, []);
  },
});

Deno.test("the page without scripts: every place is there, and forms do what they say", async () => {
  await using mesh = await TestMesh.create("ana", { program: "bzzz-hap" });
  await using page = await PageProcess.open(mesh.home("ana"));
  const browser = new TestBrowser(async (request) => await fetch(request, { redirect: "manual" }), page.origin);
  assert.equal((await browser.get(page.link.slice(page.origin.length))).status, 303);

  const write = await browser.form(`/context/write?${ADDRESS}`, "/context/write");
  assert.equal((await browser.post(write.action, { ...write.fields, content: "use cash\n" })).status, 303);
  const fresh = await browser.form(`/patches/new?${ADDRESS}`, "/patches/new");
  const offer = { ...fresh.fields, title: "Cards", kind: "docs", content: "use cards\n" };
  const offered = await browser.post(fresh.action, offer);
  assert.equal(offered.status, 303, offered.text);
  const patch = offered.headers.get("location") ?? "";
  const { fields } = await browser.form(patch, "/patches/review");
  assert.equal((await browser.post("/patches/review", { ...fields, vote: "approve" })).status, 303);
  const submit = await browser.form(patch, "/patches/submit");
  assert.equal((await browser.post(submit.action, submit.fields)).status, 303);
  assert.match((await browser.get(`/context/at?${ADDRESS}`)).text, /Version 2 of 2.*use cards/s);

  const invite = await browser.form("/mesh/invites", "/mesh/invites");
  const made = await browser.post(invite.action, { ...invite.fields, role: "developer", program: "agent", hours: "1" });
  assert.equal(made.status, 200, made.text);
  assert.match(made.text, /bzzz-join1-[\w-]+/);
  const invites = (await browser.get("/mesh/invites")).text;
  assert.doesNotMatch(invites, /bzzz-join1/);
  const revoke = formsOf(invites).find(({ action }) => action === "/mesh/invites/revoke") ?? assert.fail();
  assert.equal((await browser.post(revoke.action, revoke.fields)).status, 303);
  assert.match((await browser.get("/mesh")).text, /Nobody has led yet.*1 of 1 can be reached/s);
  for (const path of ["/grants", "/slurp", `/slurp/context?${ADDRESS}`, "/mesh/roles", "/help", "/tasks"]) {
    const { status, text } = await browser.get(path);
    assert.equal(status, 200, `${path}: ${text}`);
  }
});
