// What a person sees and presses: a real emulator's cells, a mesh in memory behind.
import assert from "node:assert/strict";
import { displayWidth, shortTaskId } from "@bzzz/cli";
import { READING_VERBS } from "./core/submit.ts";
import { createLibraries } from "../libraries.ts";
import { portalCommands } from "../portal_commands.ts";
import { APPROVAL, startTestScreen } from "./testing.ts";

Deno.test("a command of the table runs, and its output stands in the channel", async () => {
  await using screen = await startTestScreen();

  await screen.press("/status\r");
  await screen.pass(500);

  await screen.shows("ana is ready");
});

Deno.test("hostile text of a peer is inert: in the feed, in a name, in a title, in the box", async () => {
  const evil = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\u202egnp.exe\u200b\x9b31m\x1b]0;owned\x07";
  await using screen = await startTestScreen();
  const { terminal, mesh, press, pass } = screen;
  mesh.peerList = [{ ...(mesh.peerList[0] as typeof mesh.peerList[number]), agent_id: `x${evil}` }];
  mesh.append("message_posted", { type: "message", text: `hi ${evil}` }, {
    topic: "hmmm",
    author: { peer_id: "p", agent_id: `n${evil}` },
  });
  mesh.openRequest({ ...APPROVAL, title: `t ${evil}`, body: evil, allow: ["approve", evil] });
  await screen.shows("1 ask !");
  await press("\x1br", "a");
  await pass(1_000);
  await press("\x1b", "\x1bp", "\x1bm");

  assert.ok(!terminal.written.includes("\x1b]52"), "no clipboard");
  assert.ok(!terminal.written.includes("owned\x07"), "no title");
  assert.doesNotMatch(terminal.written, /[\u202e\u200b\x9b]/);
  for (const title of terminal.titles) assert.match(title, /^(\(\d+!\) )?bzzz( hive)?$/);
});

Deno.test("the screen fits every size, and says so when there is no room at all", async () => {
  await using screen = await startTestScreen({ size: { columns: 60, rows: 16 } });
  const { terminal, mesh, press, pass } = screen;
  mesh.openRequest({ ...APPROVAL, stakes: "high" });
  await screen.shows("1 ask !");
  for (
    const size of [{ columns: 60, rows: 16 }, { columns: 300, rows: 80 }, { columns: 80, rows: 24 }, {
      columns: 41,
      rows: 10,
    }]
  ) {
    for (const keys of ["\x1bm", "\x1br", "\x1bp", "\x1bw", "\x10", "\x1b"]) {
      terminal.resize(size);
      await press(keys);
      const rows = terminal.rows();
      assert.equal(rows.length, size.rows);
      for (const row of rows) assert.ok(displayWidth(row) <= size.columns);
      assert.match(rows[0] ?? "", /[┐]$/, `${JSON.stringify(size)} ${JSON.stringify(keys)}`);
      assert.match(rows.at(-1) ?? "", /[┘]$/, `${JSON.stringify(size)} ${JSON.stringify(keys)}`);
    }
  }
  terminal.resize({ columns: 30, rows: 5 });
  await pass(200);
  await screen.shows("at least 40x10");
});

Deno.test("what a task has used stands beside its budgets", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 30 } });
  const { mesh, press } = screen;
  await press("/task post survey\r");
  await screen.until("the task", () => mesh.taskMap.size === 1);
  const [[id, task] = assert.fail()] = mesh.taskMap;
  mesh.taskMap.set(id, { ...task, budgets: { tokens: 5_000 }, used: { tokens: 4_200, money: 0 } });

  await press(`/task show ${shortTaskId(id)}\r`);

  await screen.shows("Used: 4200 of 5000 tokens");
});

Deno.test("what an observer may run is a command of the portal, every one of it", () => {
  const libraries = createLibraries({ templates: "/nowhere", prompts: "/nowhere" });
  const names = portalCommands(libraries).map(({ name }) => name);

  assert.deepEqual([...READING_VERBS].filter((name) => !names.includes(name)), []);
});

Deno.test("F1 lists the keys of the map, the cursor follows the focus, and Esc goes back", async () => {
  await using screen = await startTestScreen();
  const { terminal, press } = screen;

  await press("abc");
  assert.deepEqual(terminal.cursor, { row: 27, column: 7 });
  await press("\x1bOP");
  await screen.shows("Palette".toLowerCase());
  await screen.shows("Alt+R");
  await press("\x1b");
  await screen.shows("> abc");
});

Deno.test("it ends with the terminal as it was: quit, a lost keyboard, stop", async () => {
  for (const way of ["quit", "ctrl-c", "end", "stop"]) {
    await using screen = await startTestScreen();
    const { terminal, portal, press } = screen;
    assert.equal(terminal.isAlternate, true);

    if (way === "quit") terminal.type("/quit\r");
    else if (way === "ctrl-c") await press("\x03", "\x03");
    else if (way === "end") terminal.end();
    else await portal.stop();

    assert.equal(await portal.done, 0, way);
    await terminal.idle();
    assert.equal(terminal.isAlternate, false, way);
  }
});

Deno.test("a view that observes sends nothing", async () => {
  await using screen = await startTestScreen({ settings: { isObserver: true } });
  const { mesh, press, pass } = screen;
  const ask = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  const count = mesh.entries.length;

  await press("hello\r");
  await screen.shows("this view only observes");
  await press("\x03", "/send hello\r");
  await press("\x03", "/task --json post hello\r");
  await screen.shows('Cannot run "task": this view only observes');
  await press("\x03", `/deny ${ask.request_id.slice(-4)} no\r`);
  await press("\x03", "\x1br", "a", "y");
  await pass(1_000);

  assert.equal(mesh.entries.length, count);
});

Deno.test("away is told to everybody, and another view knows it", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;

  await press("/away\r");
  await screen.until("the node to know", () => mesh.person === "away");
  await screen.shows("away ·");

  mesh.person = "here"; // said by a verb, or in another view
  await screen.until("the screen to know", () => !screen.terminal.text().includes("away ·"));
});

Deno.test("the upper edge tells how long the key is open, and that it is locked, also when its time is over unheard", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 24 } });
  const { mesh, press, pass, terminal, clock } = screen;
  const head = () => terminal.rows()[0] ?? "";
  assert.doesNotMatch(head(), /key/, "a key without a passphrase is told by identity show");
  await mesh.identity.lock();
  await screen.until("the locked key", () => head().includes("key locked"));

  mesh.identity.view = { ...mesh.identity.view, state: "unlocked", unlocked_until_ms: clock.nowMs() + 70_000 };
  await press("/status\r");
  await screen.until("the open key", () => / key (1:0\d|0:5\d) · /.test(head()));
  await pass(75_000);

  await screen.until("its end", () => head().includes("key locked"));
});
