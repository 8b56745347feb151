// The page of the built portal in a browser: context through time, and the pictures of the documentation.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { UcxiClient } from "@bzzz/ucxi";
import { ChromiumTab, findChromium } from "../helpers/chromium.ts";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PageProcess } from "../helpers/page.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";

const chromium = await findChromium();
if (!chromium) note("no Chromium on this machine: the page is not driven in a browser");
/** A folder that gets pictures of what the tests see. */
const PICTURES = Deno.env.get("PICTURES");

const ADDRESS = "ucxl://ana:reviewer@shop:checkout/*^/docs/plan.md";
const VERSIONS = ["# Plan\n\nUse k = 8.\n", "# Plan\n\nUse k = 20.\n", "# Plan\n\nUse k = 20.\nRepair at night.\n"];

async function picture(tab: ChromiumTab, name: string): Promise<void> {
  if (PICTURES !== undefined) await tab.picture(`${PICTURES}/${name}.png`);
}

Deno.test({
  name: "F-09 the page: a link logs in once, context steps through time, and versions are compared",
  ignore: chromium === undefined,
  fn: async () => {
    await using mesh = await TestMesh.create("digger");
    await mesh.add("ana", { program: "bzzz-hap", role: "reviewer", through: "digger" });
    await mesh.connected("digger", "ana");
    const digger = await mesh.node("digger").api();
    const { connection } = await mesh.node("ana").api();
    const context = new UcxiClient(connection, connection);
    for (const text of VERSIONS) await context.put(ADDRESS, new TextEncoder().encode(text));
    await using page = await PageProcess.open(mesh.home("ana"));
    await using tab = await ChromiumTab.open(chromium ?? "", { hasScripts: true });

    await tab.go(page.link);
    await tab.shows("Nobody waits for you.");
    const args = [{ name: "remote", value: "origin" }, { name: "ref", value: "main" }];
    const action = { verb: "repo.push", target: "main", args, effect: "3 commits", reversible: true };
    await digger.ask({ kind: "choice", title: "How shall it be merged?", choices: ["squash", "merge"], stakes: "low" });
    await digger.ask({ kind: "approval", title: "push 3 commits to main", stakes: "high", action });
    await tab.shows("push 3 commits to main"); // by itself
    await tab.shows("2 asks wait.");
    await picture(tab, "page_inbox");
    await tab.click("push 3 commits to main");
    await tab.shows("Look at it again");
    await tab.click("Look at it again");
    await tab.shows("to approve: the end of the digest above");
    const button = "getComputedStyle(document.querySelector('button.guarded')).visibility";
    await waitFor(async () => await tab.evaluate(button) === "visible", { timeoutMs: PATIENCE_MS, what: "the button" });
    await picture(tab, "page_approval");
    await tab.go(page.link);
    await tab.shows("This login link was used before");

    await tab.go(`${page.origin}/context`);
    await tab.shows("docs/plan.md");
    await tab.click("docs/plan.md");
    await tab.shows("Repair at night.");
    await picture(tab, "page_history");
    await tab.click("Older");
    await tab.shows("Version 2 of 3");
    await tab.click("Older");
    await tab.shows("Use k = 8.");
    await tab.click("Newer");
    await tab.shows("Version 2 of 3");
    await tab.click("What changed here");
    await tab.shows("- Use k = 8.");
    assert.match(await tab.text(), /\+ Use k = 20\./);
    await picture(tab, "page_difference");

    assert.equal(await tab.evaluate("document.cookie"), "", "no script can read the login");
    const policy = tab.complaints.filter((one) => /Content Security Policy|exceptionThrown/.test(one));
    assert.deepEqual(policy, []);
  },
});
