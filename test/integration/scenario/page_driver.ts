import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { ChromiumTab } from "../../helpers/chromium.ts";
import { PageProcess } from "../../helpers/page.ts";
import { PATIENCE_MS } from "../../helpers/patience.ts";
import type { PersonDriver } from "./driver.ts";

/** The page in a browser of a phone's width. Without scripts the person asks for the inbox again; with them it comes by itself. */
export async function openPage(
  home: string,
  options: { readonly program: string; readonly hasScripts: boolean },
): Promise<PersonDriver & { readonly tab: ChromiumTab }> {
  const page = await PageProcess.open(home);
  const tab = await ChromiumTab.open(options.program, options);
  await tab.go(page.link);
  await tab.shows("Inbox");
  const look = async (title: string) => {
    if (await tab.evaluate("location.pathname") !== "/") await tab.go(page.origin);
    await waitFor(async () => {
      if ((await tab.text()).includes(title)) return true;
      if (!options.hasScripts) await tab.go(page.origin);
      return false;
    }, { timeoutMs: PATIENCE_MS, what: title, state: () => tab.complaints.join("\n") });
  };
  const openAsk = async (title: string) => {
    await look(title);
    await tab.click(title);
    await tab.shows("Digest:");
  };
  return {
    tab,
    sees: look,
    answer: async (title, text) => {
      await openAsk(title);
      await tab.type("text", text);
      await tab.click("Send the answer");
      await tab.shows("Answered.");
    },
    approve: async (title) => {
      await openAsk(title);
      await tab.click("Look at it again");
      await tab.shows("may do exactly this");
      const button = "getComputedStyle(document.querySelector('button.guarded')).visibility";
      await waitFor(async () => await tab.evaluate(button) === "visible", {
        timeoutMs: PATIENCE_MS,
        what: "the button",
      });
      const tail = await tab.evaluate("document.querySelector('label[for=tail]')?.innerText.match(/Type (\\w+)/)[1]");
      if (typeof tail === "string") await tab.type("tail", tail);
      await tab.press("button.guarded");
      await tab.shows("Approved. ");
    },
    deny: async (title, reason) => {
      await openAsk(title);
      await tab.type("reason", reason);
      await tab.click("Refuse");
      await tab.shows("Refused. The agent is told why.");
    },
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]();
      await page[Symbol.asyncDispose]();
      assert.deepEqual(tab.complaints.filter((one) => /Content Security Policy|exceptionThrown/.test(one)), []);
    },
  };
}
