// Ctrl+Z and Ctrl+O, with a shell and an editor that the test plays.
import assert from "node:assert/strict";
import type { Edited, TextEditor } from "./text_editor.ts";
import { startTestScreen } from "./testing.ts";

Deno.test("Ctrl+Z gives the terminal back before it stops, and takes it again when the shell goes on", async () => {
  await using screen = await startTestScreen();
  const { terminal, mesh, press, shows, until, pass } = screen;
  await press("a draft");
  await shows("> a draft");

  terminal.type("\x1a");
  await until("the stop", () => terminal.stops === 1);
  assert.ok(terminal.wasLeft, "left first");
  const { length } = terminal.written;
  mesh.append("message_posted", { type: "message", text: "meanwhile" }, { topic: "hmmm" });
  await pass(150);
  assert.equal(terminal.written.slice(length), "", "the shell's screen is left alone");

  terminal.resize({ columns: 90, rows: 20 });
  terminal.continue();
  await until("the screen again", () => terminal.isAlternate && terminal.isEntered);
  await shows("meanwhile");
  await shows("> a draft");
  assert.doesNotMatch(terminal.text(), /Cannot suspend/);
  await press(" goes on");
  await shows("> a draft goes on");
});

Deno.test("Ctrl+Z where no shell can go on comes back at once and says so", async () => {
  await using screen = await startTestScreen();

  await screen.press("\x1a");

  await screen.shows("Cannot suspend: no shell that could go on with it has started this program");
  assert.ok(screen.terminal.isAlternate);
});

Deno.test("a process that somebody else stopped draws everything again; an end while it is stopped leaves the terminal alone", async () => {
  const screen = await startTestScreen();
  const { terminal, until, portal } = screen;
  terminal.leave();
  terminal.continue();
  await until("the screen again", () => terminal.isAlternate && terminal.text().includes("#hmmm"));

  terminal.type("\x1a");
  await until("the stop", () => terminal.stops === 1);
  await portal.stop();

  assert.ok(!terminal.isEntered);
  await screen[Symbol.asyncDispose]();
});

/** An editor that ends when the test says so. */
function playedEditor() {
  const opened: string[] = [];
  let end: (edited: Edited) => void = () => {};
  const editor: TextEditor = {
    refusal: () => Promise.resolve(undefined),
    edit: (text, { accept, signal }) => {
      opened.push(text);
      const { promise, resolve } = Promise.withResolvers<Edited>();
      end = (edited) => {
        const problem = edited.type === "edited" ? accept(edited.text) : undefined;
        resolve(problem === undefined ? edited : { type: "failed", problem });
      };
      signal.addEventListener("abort", () => resolve({ type: "failed", problem: "ended" }), { once: true });
      return promise;
    },
  };
  return { editor, opened, end: (edited: Edited) => end(edited) };
}

const CTRL_O = "\x0f";

Deno.test("Ctrl+O lends terminal, keyboard and Ctrl-C to the editor, and takes its text as a paste", async () => {
  const { editor, opened, end } = playedEditor();
  await using screen = await startTestScreen({ editor });
  const { terminal, mesh, held, press, shows, until, pass } = screen;
  await press("a draft", CTRL_O);
  await until("the editor", () => opened.length === 1);
  assert.deepEqual(opened, ["a draft"]);
  assert.ok(!terminal.isEntered);
  assert.equal(held.interrupts, 1);

  const { length } = terminal.written;
  mesh.append("message_posted", { type: "message", text: "meanwhile" }, { topic: "hmmm" });
  mesh.openRequest({ title: "Which one?" });
  terminal.continue(); // the editor was stopped and goes on: it draws itself
  await pass(2_000);
  assert.equal(terminal.written.slice(length), "\x07", "nothing but the bell of the ask");

  end({ type: "edited", text: "two\nlines \x1b[2J" });
  await shows("> two ⏎ lines");
  await shows("meanwhile");
  assert.equal(held.interrupts, 0);
  assert.match(terminal.titles.at(-1) ?? "", /^\(1!\)/);
  await press(CTRL_O);
  await until("the editor again", () => opened.length === 2);
  assert.match(opened[1] ?? "", /^two\nlines /, "what was a line break is one again");
  end({ type: "edited", text: opened[1] ?? "" });
  await shows("> two ⏎ lines");
  await press(" more\r");
  await until("the message", () => /^two ⏎ lines .* more$/.test(String(mesh.entries.at(-1)?.body?.["text"])));
});

Deno.test("Ctrl+O: keys of before the editor are the line's; a terminal that does not answer costs one key", async () => {
  const { editor, opened, end } = playedEditor();
  await using screen = await startTestScreen({ editor });
  const { terminal, press, shows, until, pass } = screen;
  terminal.answers = false;

  await press("a", CTRL_O, "b");
  await shows("> ab");
  assert.equal(opened.length, 0, "the read that waits would take a key of the editor");
  await pass(1_000);
  await shows("Press a key to open the editor");
  await press("x");
  await until("the editor", () => opened.length === 1);
  assert.deepEqual(opened, ["ab"]);

  end({ type: "failed", problem: "The editor ended with status 1: the line is as it was" });
  await shows("status 1");
  await shows("> ab");
  await press("c");
  await shows("> abc");
});

Deno.test("Ctrl+O: a text that fits no line changes nothing; one editor at a time; the end of the portal ends it", async () => {
  const { editor, opened, end } = playedEditor();
  const screen = await startTestScreen({ editor });
  const { terminal, press, shows, until, portal } = screen;
  await press("as it was", `${CTRL_O}${CTRL_O}`);
  await until("the editor", () => opened.length === 1);
  end({ type: "edited", text: "x".repeat(70_000) });
  await shows("a line has at most 65536 characters");
  await shows("> as it was");
  assert.equal(opened.length, 1);

  await press(CTRL_O);
  await until("the editor again", () => opened.length === 2);
  await portal.stop();
  assert.ok(!terminal.isEntered);
  await screen[Symbol.asyncDispose]();
});

Deno.test("Ctrl+O without an editor says why, and how to go on", async () => {
  await using screen = await startTestScreen();

  await screen.press("a", CTRL_O);

  await screen.shows("Cannot open an editor: this is a test");
  assert.ok(screen.terminal.isEntered);
});
