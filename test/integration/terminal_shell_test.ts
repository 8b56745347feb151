// The built portal as a job of a shell.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { ISOLATED, programEnvironment, programPath, runOk } from "../helpers/programs.ts";
import { hasTmux, TmuxWindow } from "../helpers/tmux.ts";

const ENV = { ...programEnvironment(), ...ISOLATED, PS1: "shell$ " };
const ignore = !await hasTmux();
const hasEd = await canRun("ed");

/** A shell with job control in a window, and a portal's data directory. */
async function withShell(
  env: Readonly<Record<string, string>>,
  body: (shell: TmuxWindow, home: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-job-" });
  try {
    await runOk("bzzz-hap", ["init", "--home", home, "--agent-id", "ana"]);
    await using shell = await TmuxWindow.open(["sh", "-im"], {
      columns: 100,
      rows: 24,
      env: { ...ENV, ...env },
      endBy: "SIGHUP",
    });
    await shell.shows("shell$");
    await body(shell, home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function run(shell: TmuxWindow, line: string): Promise<void> {
  await shell.type(line);
  await shell.press("Enter");
}

/** Whether the terminal edits lines and shows what is typed, as a shell's programs expect. */
async function isCooked(shell: TmuxWindow): Promise<void> {
  await shell.shows(/^shell\$\s*$/m);
  await run(shell, "clear; stty -a");
  const settings = await shell.shows(/(?<!-)\bicanon\b/);
  assert.match(settings, /(?<!-)\becho\b/);
  assert.match(settings, /(?<!-)\bisig\b/);
}

async function hasAlternate(shell: TmuxWindow, wanted: "0" | "1"): Promise<void> {
  await waitFor(async () => await shell.variable("alternate_on") === wanted, {
    timeoutMs: PATIENCE_MS,
    what: `alternate_on=${wanted}`,
  });
}

Deno.test({
  name: "Ctrl+Z: the shell has its terminal back, fg goes on with everything drawn and no key lost, bg stops again",
  ignore,
  fn: async () => {
    await withShell({}, async (shell, home) => {
      await run(shell, `${programPath("bzzz-hap")} --home ${home}`);
      await shell.shows("CHANNELS");
      await shell.type("a draft");
      await shell.shows("> a draft");

      await shell.press("C-z");
      await shell.shows(/Stopped/);
      await hasAlternate(shell, "0");
      assert.equal(await shell.variable("mouse_any_flag"), "0");
      await isCooked(shell);

      await run(shell, "bg");
      await run(shell, "clear; jobs");
      await shell.shows(/Stopped.*bzzz-hap/);
      await hasAlternate(shell, "0");

      await shell.resize(90, 20);
      await run(shell, "fg");
      await shell.shows("> a draft");
      await hasAlternate(shell, "1");
      await shell.type(" goes on");
      await shell.press("Enter");
      await shell.shows(/ana +a draft goes on/);

      await run(shell, "/quit");
      await hasAlternate(shell, "0");
      await isCooked(shell);
    });
  },
});

Deno.test({
  name: "Ctrl+Z where no shell has started it: it stays, and says why",
  ignore,
  fn: async () => {
    await withShell({}, async (_shell, home) => {
      const argv = [programPath("bzzz-hap"), "--home", home];
      await using view = await TmuxWindow.open(argv, { columns: 100, rows: 24, env: ENV });
      await view.shows("CHANNELS");
      await view.press("C-z");
      await view.shows("Cannot suspend: no shell that could go on with it has started this program");
      await hasAlternate(view, "1");
      await view.type("as before");
      await view.shows("> as before");
    });
  },
});

Deno.test({
  name:
    "Ctrl+O: the line goes to ed and comes back, in the node's own screen and in a view of it; Ctrl-C in ed is for ed alone",
  ignore: ignore || !await isThere("/usr/bin/ed"),
  fn: async () => {
    await withShell({ BZZZ_EDITOR: "ed -s" }, async (shell, home) => {
      const program = `${programPath("bzzz-hap")} --home ${home}`;
      await run(shell, program);
      await shell.shows("CHANNELS");
      await editOnce(shell, "of the node");
      await using view = await TmuxWindow.open(["sh", "-im"], {
        columns: 100,
        rows: 24,
        env: { ...ENV, BZZZ_EDITOR: "ed -s" },
        endBy: "SIGHUP",
      });
      await view.shows("shell$");
      await run(view, program);
      await view.shows("of the node");
      await editOnce(view, "of a view");
      await shell.shows(/ana +of a view, edited/);
      await run(view, "/quit");
      await isCooked(view);
      assert.deepEqual(await drafts(home), []);
    });
  },
});

Deno.test({
  name: "Ctrl+O without BZZZ_EDITOR: nothing is started, and how to go on is said",
  ignore: ignore || !hasEd,
  fn: async () => {
    await withShell({ EDITOR: "vi" }, async (shell, home) => {
      await run(shell, `${programPath("bzzz-hap")} --home ${home}`);
      await shell.shows("CHANNELS");
      await shell.press("C-o");
      await shell.shows('start the portal with BZZZ_EDITOR="${VISUAL:-$EDITOR}"');
      await hasAlternate(shell, "1");
    });
  },
});

/** The line is edited in ed, where Ctrl-C interrupts nothing but ed, and sent. */
async function editOnce(window: TmuxWindow, text: string): Promise<void> {
  await window.type(text);
  await window.shows(`> ${text}`);
  await window.press("C-o");
  await hasAlternate(window, "0");
  await run(window, "p"); // the first key is the editor's: no read of the screen has it
  await window.shows(new RegExp(`^p\\n${text}$`, "m"));
  await window.press("C-c");
  await window.shows(/\?/);
  await run(window, "s/$/, edited/");
  await run(window, "w");
  await run(window, "q");
  await window.shows(`> ${text}, edited`);
  await hasAlternate(window, "1");
  await window.press("Enter");
  await window.shows(new RegExp(`ana +${text}, edited`));
}

async function canRun(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false; // it is not there
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function drafts(home: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(`${home}/run`))).map(({ name }) => name);
  return names.filter((name) => name.startsWith("draft"));
}
