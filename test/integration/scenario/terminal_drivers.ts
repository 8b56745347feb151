import { waitFor } from "@bzzz/base/testing";
import { PATIENCE_MS } from "../../helpers/patience.ts";
import { ISOLATED, programEnvironment, programPath } from "../../helpers/programs.ts";
import { TmuxWindow } from "../../helpers/tmux.ts";
import type { PersonDriver } from "./driver.ts";

const ENV = { ...programEnvironment(), ...ISOLATED };

function open(home: string, flags: readonly string[]): Promise<TmuxWindow> {
  return TmuxWindow.open([programPath("bzzz-hap"), "--home", home, ...flags], { columns: 140, rows: 50, env: ENV });
}

/** The prompt in lines. */
export async function openPlain(home: string): Promise<PersonDriver> {
  const view = await open(home, ["--plain"]);
  await view.shows("plain mode");
  const idOf = async (title: string) => {
    const pattern = new RegExp(`ask (\\w+), \\w+, from \\w+: ${title}`);
    await view.shows(pattern);
    return pattern.exec(await view.text())?.[1] ?? "";
  };
  const enter = async (line: string) => {
    await view.type(line);
    await view.press("Enter");
  };
  return {
    sees: async (title) => void await idOf(title),
    answer: async (title, text) => {
      const id = await idOf(title);
      await enter(`answer ${id} ${text}`);
      await view.shows(`Answered ask ${id}`);
    },
    approve: async (title) => {
      const id = await idOf(title);
      await enter(`approve ${id}`);
      await view.shows(/type \w+ to approve: ?\w*\s*$/); // the last line: not of an ask before
      const asked = async () => {
        const [, wanted = "", typed = ""] = /.*type (\w+) to approve: ?(\w*)/s.exec(await view.text()) ?? [];
        return { wanted, typed };
      };
      // Keys of the first moments are ignored: a person whose key is not taken presses it again.
      await waitFor(async () => {
        const { wanted, typed } = await asked();
        if (typed === wanted) return true;
        if (wanted.startsWith(typed)) await view.type(wanted.slice(typed.length, typed.length + 1));
        else await view.press("BSpace");
        const isTaken = async () => (await asked()).typed !== typed;
        return await waitFor(isTaken, { timeoutMs: 500, what: "its echo" }).then(() => false, () => false);
      }, { timeoutMs: PATIENCE_MS, what: "the keys to be taken" });
      await view.press("Enter");
      await view.shows(`Approved ask ${id}`);
    },
    deny: async (title, reason) => {
      const id = await idOf(title);
      await enter(`deny ${id} ${reason}`);
      await view.shows(`Denied ask ${id}`);
    },
    [Symbol.asyncDispose]: () => view[Symbol.asyncDispose](),
  };
}

/** The full screen. */
export async function openScreen(home: string): Promise<PersonDriver> {
  const view = await open(home, []);
  await view.shows("PEERS");
  const select = async (title: string) => {
    await view.press("Escape");
    await view.press("M-r");
    await view.shows(new RegExp(`▌\\w+ .*${title.slice(0, 20)}`));
  };
  return {
    sees: select,
    answer: async (title, text) => {
      await select(title);
      await view.type("w");
      await view.shows("answer: ");
      await view.type(text);
      await view.press("Enter");
      await view.shows(/Answered ask \w+/);
    },
    approve: async (title) => {
      await select(title);
      await view.type("a");
      await view.shows(/^(?![^]*keys are ignored)[^]*type \w+ to approve/);
      const [, wanted = ""] = /type (\w+) to approve/.exec(await view.text()) ?? [];
      await view.type(wanted);
      if (wanted !== "y") await view.press("Enter"); // never confirms by itself: the code does
      await view.shows(/Approved ask \w+, once/);
    },
    deny: async (title, reason) => {
      await select(title);
      await view.type("d");
      await view.shows(/reason|why/i);
      await view.type(reason);
      await view.press("Enter");
      await view.shows(/Denied ask \w+/);
    },
    [Symbol.asyncDispose]: () => view[Symbol.asyncDispose](),
  };
}
