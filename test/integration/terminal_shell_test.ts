// The built portal as a job of a shell.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { ISOLATED, programEnvironment, programPath, runOk } from "../helpers/programs.ts";
import { hasTmux, TmuxWindow } from "../helpers/tmux.ts";

const ENV = { ...programEnvironment(), ...ISOLATED, PS1: "shell$ " };
const ignore = !await hasTmux();

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
