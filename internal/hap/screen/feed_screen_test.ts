// deno-lint-ignore-file no-control-regex -- what is written to a terminal is looked at
// Scrolling back, finding, filtering, marking and copying in a channel, as a person sees and presses it.
import assert from "node:assert/strict";
import { startTestScreen } from "./testing.ts";

const ALT_F = "\x1bf";

Deno.test("a channel: find marks and goes to a match, the cursor follows, Esc gives the keys back", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 24 } });
  const { terminal, mesh, press, shows } = screen;
  const say = (text: string) => mesh.append("message_posted", { type: "message", text }, { topic: "hmmm" });
  for (let i = 0; i < 60; i++) say(i === 12 ? "the draft is ready" : `line ${i}.`);
  await shows("line 59.");

  await press("a word", ALT_F, "/", "Draft");
  await shows(/│ find: Draft/);
  assert.equal(terminal.cursor.row, 21, "the words are typed in the place of the line");
  await press("\r");
  await shows('"Draft": 1 of 1');
  const at = terminal.rows().findIndex((row) => row.includes("the draft is ready"));
  assert.match(terminal.rows()[at] ?? "", /│▌18:03 agent-7f3a/);
  assert.deepEqual(terminal.cursor, { row: at, column: 22 });
  assert.match(terminal.written, /\x1b\[0;4;30;103mdraft/);

  say("later");
  await shows("37 more, 1 new (Alt+End)");
  assert.match(terminal.rows()[at] ?? "", /the draft is ready/);
  await press("\x1b", "\x1b", " more");
  await shows("> a word more");
});

Deno.test("a channel: a filter stands in the frame; what it may hide stays unread; another key than Esc loses no word", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 24 } });
  const { terminal, mesh, press, shows } = screen;
  const say = (text: string) => mesh.append("message_posted", { type: "message", text }, { topic: "hmmm" });
  say("draft one");
  say("noise");
  await shows("noise");

  await press(ALT_F, "f", "!draft\r");
  await shows(/├ filter: !draft \(Esc\)/);
  assert.ok(!terminal.text().includes("draft one"));
  await press("q");
  await shows("Esc gives them back to the line");
  await press("\x1b[200~pasted\x1b[201~");
  await shows("> pasted");
  say("draft two");
  await shows(/▌#hmmm +1/);

  await press("\x1b");
  await shows("draft two");
  assert.doesNotMatch(terminal.text(), /▌#hmmm +1/);
});

Deno.test("a channel: copying takes every character, and an address; in the inbox Y copies what is to be read first", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 24 } });
  const { terminal, mesh, press, shows } = screen;
  const address = "ucxl://basil:developer@shop:pay/*^/docs/plan.md";
  mesh.append("message_posted", { type: "message", text: `会議 👩‍💻 see ${address}.` }, { topic: "hmmm" });
  await shows("会議");
  const copied = () =>
    [...terminal.written.matchAll(/\x1b\]52;c;([^\x07]*)\x07/g)].map(([, text = ""]) =>
      new TextDecoder().decode(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)))
    );

  await press(ALT_F, "y", "Y");
  mesh.openRequest({ kind: "question", title: "Which?", allow: ["answer"], refs: ["ucxl://a:b@c:d/*^/e"] });
  await shows("1 ask !");
  await press("\x1br", "Y");
  await shows("Copied the address");

  assert.deepEqual(copied(), [`会議 👩‍💻 see ${address}.`, address, "ucxl://a:b@c:d/*^/e"]);
});

Deno.test("a channel: m leaves lines unread, another channel and back changes nothing, Alt+U goes there", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 24 } });
  const { mesh, press, shows } = screen;
  for (let i = 0; i < 60; i++) {
    mesh.append("message_posted", { type: "message", text: `line ${i}.` }, { topic: "hmmm" });
  }
  await shows("line 59.");

  await press(ALT_F, "\x1b[H", "\x1b[B", "m");
  await shows("Unread from here on: 59 lines");
  await press("\x1b", "\x1b2", "\x1b1", "\x1b[6~");
  await shows(/▌#hmmm +59/);
  await press("\x1bu");
  await shows(/─ unread ─[^\n]*\n[^\n]* line 1\./);
  await press("\x1b[1;3F");
  await shows("line 59.");
});

Deno.test("a thread: Alt+T reads it from the node, an answer goes into it, and what comes stands in both", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;
  const said = (text: string) => ({ type: "message", text, to: [], refs: [] });
  const root = mesh.append("message_posted", said("which tea?"), { topic: "coordination" });
  mesh.append("message_posted", said("sunny today"), { topic: "coordination" });
  await press("\x1b2");
  await screen.shows("sunny today");

  await press("\x1bf", "\x1b[A", "\x1bt");
  await screen.shows(`>message/${root.id.slice(0, 6)}`);
  await press(..."green", "\r");
  await screen.shows("green");
  mesh.append("message_posted", said("agreed"), { topic: "coordination", thread: `message/${root.id}` });
  await screen.shows("agreed");

  assert.doesNotMatch(screen.terminal.text(), /sunny/);
  assert.deepEqual(
    mesh.entries.filter(({ thread }) => thread === `message/${root.id}`).map((
      { body, topic },
    ) => [body?.["text"], topic]),
    [["green", root.topic], ["agreed", root.topic]],
  );
  await press("\x1b2");
  await screen.shows(/sunny today[\s\S]*> green[\s\S]*> agreed/);

  await press(..."/thread nosuch", "\r");
  await screen.shows('Cannot open thread "nosuch": nothing was said in it');
});

Deno.test("a view that was scrolled back stays, counts what is new, and End reads it", async () => {
  await using screen = await startTestScreen({ size: { columns: 80, rows: 24 } });
  const { terminal, mesh, press } = screen;
  const say = (text: string) => mesh.append("message_posted", { type: "message", text }, { topic: "hmmm" });
  for (let i = 0; i < 60; i++) say(`line ${i}.`);
  await screen.shows("line 59.");

  await press("\x1b[5~", "\x1b[5~");
  const before = terminal.rows().slice(1, 10);
  for (let i = 0; i < 14; i++) say(`later ${i}.`);
  await screen.shows(/48 more, 14 new \(Alt\+End\)/);
  assert.deepEqual(terminal.rows().slice(1, 10), before);

  await press("\x1b[1;3F");
  await screen.shows("later 13.");
  await screen.shows("unread");
});
