// Ctrl+Z, with a shell that the test plays.
import assert from "node:assert/strict";
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
