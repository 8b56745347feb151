// What a person sees and presses: a real emulator's cells, a mesh in memory behind.
import assert from "node:assert/strict";
import { displayWidth, shortTaskId } from "@bzzz/cli";
import { READING_VERBS } from "./core/submit.ts";
import { createLibraries } from "../libraries.ts";
import { portalCommands } from "../portal_commands.ts";
import { startTestScreen } from "./testing.ts";

const APPROVAL = {
  kind: "approval" as const,
  title: "push 3 commits to main",
  allow: ["approve", "deny"],
};

Deno.test("words go to the channel with Enter, and what others say stands in it", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 24 } });
  const { terminal, mesh, press, pass } = screen;

  mesh.append("message_posted", { type: "message", text: "draft ready 会議 👩‍💻 ok" }, { topic: "hmmm" });
  await press("h", "ello", "\r");
  await pass(300);

  await screen.shows("draft ready 会議");
  await screen.shows("ana            hello");
  assert.equal(mesh.entries.at(-1)?.body?.["text"], "hello");
  // What a terminal makes of an emoji moves nothing: the right edge is straight.
  for (const [i, row] of terminal.rows().entries()) assert.match(row, /[┐│┘┤]$/, `row ${i}`);
});

Deno.test("an unknown command is never sent as text, and // sends a slash", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;

  await press("/aprove x\r");
  await screen.shows('Cannot run "aprove"');
  assert.equal(mesh.entries.length, 0);

  await press("\x03", "//etc is a folder\r");
  await pass(200);
  assert.equal(mesh.entries.at(-1)?.body?.["text"], "/etc is a folder");
});

Deno.test("a command of the table runs, and its output stands in the channel", async () => {
  await using screen = await startTestScreen();

  await screen.press("/status\r");
  await screen.pass(500);

  await screen.shows("ana is ready");
});

Deno.test("an ask has one short id, in the feed as in the inbox; the head says who leads", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 24 } });
  const { mesh, press, pass, terminal } = screen;
  const { request_id: id } = mesh.openRequest({ title: "Which one?" });
  mesh.append("request_answered", { request_id: id, decision: "answer", text: "this" }, { topic: "hmmm" });
  await pass(500);

  await screen.shows(`answered ask ${id.slice(-4)}: answer`);
  assert.match(terminal.rows()[0] ?? "", /1 peer, nobody leads/);

  await press("\x1br");
  await pass(500);
  assert.match(terminal.rows().join("\n"), new RegExp(`▌${id.slice(-4)} +normal`));
});

Deno.test("an ask rings once, is one line, and takes neither focus nor keys", async () => {
  await using screen = await startTestScreen();
  const { terminal, mesh, press } = screen;

  await press("a sentence i am wri");
  mesh.openRequest(APPROVAL);
  mesh.openRequest({ title: "Another one?" });
  await screen.shows("2 asks !");
  await press("ting y a y");

  await screen.shows("> a sentence i am writing y a y");
  await screen.shows("2 asks !");
  assert.equal(terminal.bells, 1, "two asks, one bell");
  assert.match(terminal.titles.at(-1) ?? "", /^\(2!\) bzzz hive$/);
  assert.equal([...mesh.requestMap.values()].every(({ state }) => state === "pending"), true);
});

Deno.test("high stakes: keys in flight answer nothing, Enter does not approve, the end of the digest does", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const ask = mesh.openRequest({ ...APPROVAL, stakes: "high" });
  await screen.shows("1 ask !");
  const state = () => mesh.requestMap.get(ask.request_id)?.state;
  const tail = ask.digest.slice(-4);

  await press("\x1br", "a" + tail + "\r"); // typed ahead: the box had not been seen
  await screen.shows("keys are ignored for the first 0.7 s");
  assert.equal(state(), "pending");

  await pass(700);
  assert.ok(!screen.terminal.text().includes("keys are ignored"), "the screen says when it listens");
  await press("\r", "\r", "y");
  assert.equal(state(), "pending");
  await press("\x7f", `\x1b[200~${tail}\x1b[201~`);
  assert.equal(state(), "pending", "a confirmation is typed, not pasted");

  await press("xxxx");
  await screen.shows(`"xxxx" is not "${tail}"`);
  await press(tail);
  await screen.until("the answer", () => mesh.requestMap.get(ask.request_id)?.answer?.decision === "approve");
  await screen.shows("Approved ask");
});

Deno.test("a locked key: the passphrase is asked for in a box that shows nothing of it; Esc sends nothing", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const ask = mesh.openRequest(APPROVAL);
  await mesh.identity.lock();
  await screen.shows("1 ask !");
  const approve = async () => {
    await press("\x1br", "a");
    await screen.shows("to approve");
    await pass(700);
    await press("y");
    await screen.shows("Passphrase of your key");
  };

  await approve();
  await press("correct horse");
  await screen.shows("what you type is not shown");
  assert.ok(!screen.terminal.text().includes("horse"));
  await press("\x1b");
  await screen.shows("Nothing was sent");
  await screen.shows("your key is locked");
  assert.equal(mesh.requestMap.get(ask.request_id)?.state, "pending");
  await press("\x1b");

  await approve();
  await press("correct horse", "\r");
  await screen.until("the answer", () => mesh.requestMap.get(ask.request_id)?.answer?.decision === "approve");
});

Deno.test("normal stakes: a, then y; the decision is for the ask that was selected when another one came first", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const first = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");

  await press("\x1br");
  const urgent = mesh.openRequest({ ...APPROVAL, title: "something else", stakes: "high" });
  await screen.shows("2 asks !");
  await press("a");
  await pass(800);
  await press("y");

  await screen.until("the answer", () => mesh.requestMap.get(first.request_id)?.answer?.decision === "approve");
  assert.equal(mesh.requestMap.get(urgent.request_id)?.state, "pending");
});

Deno.test("a denial carries its reason, from the inbox, from the box of an approval, and from the line", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const reasonOf = (id: string) => mesh.requestMap.get(id)?.answer?.reason;

  const first = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  await press("\x1br", "d", "Tests first, then ask again.", "\r");
  await screen.until("the reason", () => reasonOf(first.request_id) === "Tests first, then ask again.");
  await screen.until("an empty inbox", () => !screen.terminal.text().includes("ask !"));

  const second = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  await press("a");
  await pass(800);
  await press("\t", "too large", "\x04");
  await screen.until("the reason", () => reasonOf(second.request_id) === "too large");
  await screen.until("an empty inbox", () => !screen.terminal.text().includes("ask !"));

  const third = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  await press("\x1b", `/deny ${third.request_id.slice(-6)} not on a Friday\r`);
  await screen.until("the reason", () => reasonOf(third.request_id) === "not on a Friday");
  await screen.until("an empty inbox", () => !screen.terminal.text().includes("ask !"));
});

Deno.test("/asks selects what is seen: a more urgent ask that comes then is not the one that is opened", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  mesh.openRequest({ ...APPROVAL, title: "the one that is seen" });
  await screen.shows("1 ask !");

  await press("/asks\r");
  mesh.openRequest({ ...APPROVAL, stakes: "high", title: "the urgent one" });
  await screen.shows("2 asks !");
  await press("\r");
  await pass(200);

  await screen.shows("Title: the one that is seen");
});

Deno.test("a question is answered in words, a choice by its number", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;
  const question = mesh.openRequest({ title: "Which branch?" });
  await screen.shows("1 ask !");

  await press("\x1br", "w", "main", "\r");
  await screen.until("the answer", () => mesh.requestMap.get(question.request_id)?.answer?.text === "main");

  const choice = mesh.openRequest({ kind: "choice", title: "How?", choices: ["merge", "rebase"], allow: ["choose"] });
  await screen.shows("1 ask !");
  await press("w");
  await screen.shows("2. rebase");
  await press("7", "\r");
  await screen.shows("choose one of 1 to 2");
  await press("\x7f", "2", "\r");
  await screen.until("the answer", () => mesh.requestMap.get(choice.request_id)?.answer?.choice === "rebase");
});

Deno.test("an ask that somebody else answered while its box was open cannot be answered again", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass } = screen;
  const ask = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  await press("\x1br", "a");
  await pass(800);

  await mesh.answer(ask.request_id, { request_digest: ask.digest, decision: "deny", reason: "no" });
  await pass(700);
  await screen.shows("it is declined already");
  await press("y");

  await screen.until("the answer", () => mesh.requestMap.get(ask.request_id)?.answer?.decision === "deny");
});

Deno.test("a request longer than the box is approved only after its end was shown", async () => {
  await using screen = await startTestScreen({ size: { columns: 80, rows: 24 } });
  const { mesh, press, pass } = screen;
  const body = Array.from({ length: 30 }, (_, i) => `step ${i}`).join("\n");
  const ask = mesh.openRequest({ ...APPROVAL, body: `${body}\nrm -rf everything` });
  await screen.shows("1 ask !");
  await press("\x1br", "a");
  await pass(800);

  await press("y");
  await screen.shows("read it to its end first");
  await press("\x1b[6~", "\x1b[6~", "\x1b[6~");
  await screen.shows("rm -rf everything");
  await press("y");

  await screen.until("the answer", () => mesh.requestMap.get(ask.request_id)?.answer?.decision === "approve");
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

Deno.test("the palette goes to a channel by some of its letters, and only shows an ask", async () => {
  await using screen = await startTestScreen();
  const { terminal, mesh, press } = screen;
  const ask = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");

  await press("\x10", "elec", "\r");
  await screen.shows("#election");
  assert.match(terminal.rows()[0] ?? "", /#election/);

  await press("\x10", "push", "\r");
  await screen.shows("Inbox");
  assert.equal(mesh.requestMap.get(ask.request_id)?.state, "pending");
});

Deno.test("the palette leads to the line's own actions from any place: its history, its editor", async () => {
  await using screen = await startTestScreen();
  const { press, shows } = screen;
  await press("said before\r", "\x1bt", "\x10", "line that was sent", "\r");
  await shows("history: ");
  await press("said", "\r");
  await shows("> said before");
  await press("\x1bp", "\x10", "own editor", "\r");
  await shows("Cannot open an editor: this is a test");
  await shows("> said before");
});

Deno.test("Tab completes verbs, asks and members", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;
  const ask = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");

  await press("/appr", "\t");
  await screen.shows("> /approve ");
  await press("\t");
  await screen.shows(`> /approve ${ask.request_id.slice(-4)}`);
  await press("\x03", "@age", "\t");
  await screen.shows("> @agent-7f3a ");
  await press("\x03", "/task post survey the source\r");
  await screen.until("the task", () => mesh.taskMap.size === 1);
  const [taskId = ""] = mesh.taskMap.keys();
  await press("\x03", "/task show ", "\t");
  await screen.pass(600);
  await press("\t");
  await screen.shows(`> /task show ${shortTaskId(taskId)}`);
  await press("\x03", "/notify n", "\t");
  await screen.shows("> /notify none ");
  await press("\x03", "/hmmm pl", "\t");
  await screen.shows("> /hmmm plan ");
});

Deno.test("Ctrl+R looks for a line that was sent; Enter takes it and sends nothing; Esc and Ctrl+C bring back what was typed", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, shows, terminal } = screen;
  await press("first draft\r", "second draft\r", "something\r");
  await screen.until("three messages", () => mesh.entries.length === 3);

  await press("typed", "\x12", "DRA");
  await shows("history: DRA > second draft");
  assert.equal(terminal.cursor.column, 14, "the cursor stands where the words are typed");
  await press("\x12", "\x12");
  await shows("no older line: DRA > first draft");
  await press("\x1b");
  await shows("> typed");
  await press("\x12", "some", "\x03");
  await shows("> typed");
  await press("\x12", "sec", "\r");
  await shows("> second draft");
  assert.equal(mesh.entries.length, 3);
  await press(" two\r");
  await screen.until("the fourth", () => mesh.entries.at(-1)?.body?.["text"] === "second draft two");
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

Deno.test("a command is known by its other names; one that is not is kept, with the reason", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;
  const count = mesh.entries.length;

  await press("/tasks\r");
  await screen.shows("No tasks.");
  await press("/taks\r");
  await screen.shows('Cannot run "taks"');
  await screen.shows("> /taks");

  assert.equal(mesh.entries.length, count);
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

Deno.test("an ask that no event told of is found within half a minute", async () => {
  await using screen = await startTestScreen();
  const { mesh, pass } = screen;
  const told = mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");

  const untold = { ...told, request_id: "01M826SYACC7ZVYWANC7C9GA66" };
  mesh.requestMap.set(untold.request_id, untold);
  await pass(31_000);

  await screen.shows("2 asks !");
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

Deno.test("t lists what was closed before this view was opened", async () => {
  await using screen = await startTestScreen({
    prepare: (mesh) => {
      mesh.openRequest({ ...APPROVAL, title: "of last week", state: "withdrawn" });
    },
  });

  await screen.press("\x1br");
  await screen.shows("Nobody waits for you.");
  await screen.press("t");

  await screen.shows("(withdrawn)");
});

Deno.test("closing a box while its decision is on its way does not claim that nothing was sent", async () => {
  await using screen = await startTestScreen();
  const { mesh, press, pass, terminal } = screen;
  mesh.openRequest(APPROVAL);
  await screen.shows("1 ask !");
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer = mesh.answer.bind(mesh);
  mesh.answer = async (...args) => {
    await promise;
    return await answer(...args);
  };

  await press("\x1br", "a");
  await pass(800);
  await press("y", "\x1b");
  await screen.shows("It was sent already");
  assert.ok(!terminal.text().includes("Nothing was sent"));
  resolve();
  await screen.until("the answer", () => [...mesh.requestMap.values()][0]?.answer?.decision === "approve");
});

Deno.test("a reply that the person keeps ready is typed by its key, in the box of the decision it is for", async () => {
  await using screen = await startTestScreen();
  const { mesh, press } = screen;
  const request = mesh.openRequest({
    ...APPROVAL,
    title: "as asked",
    wording: {
      id: "push",
      params: [],
      listed: {
        version: 1,
        title: "Push to main?",
        checklist: [],
        quick_replies: [{ key: "t", decision: "deny", text: "Tests first." }, {
          key: "a",
          decision: "answer",
          text: "no",
        }],
      },
    },
  });
  await screen.shows("1 waiting");
  await press("\x1br");
  await screen.shows("Push to main?");

  await press("d");
  await screen.shows("t · Tests first.");
  assert.doesNotMatch(screen.terminal.text(), /a · no/);
  await press("t", "\r");
  await screen.until("the denial", () => mesh.requestMap.get(request.request_id)?.answer?.reason === "Tests first.");
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

Deno.test("keys of the inbox beside deciding: hand on, edit and what to read; Alt with a number is a channel; ! turns a filter", async () => {
  await using screen = await startTestScreen({ size: { columns: 120, rows: 28 } });
  const { mesh, press, shows, terminal } = screen;
  const address = "ucxl://basil:developer@shop:pay/*^/docs/plan.md";
  await screen.ucxi.client.put(address, new TextEncoder().encode("the plan"), { mediaType: "text/plain" });
  const ask = mesh.openRequest({
    ...APPROVAL,
    allow: ["approve", "deny", "escalate"],
    refs: [address, "ucxl://a:b@c:d/e"],
  });
  mesh.openRequest({ ...APPROVAL, title: "delete the branch" });
  const short = ask.request_id.slice(-4);

  await press("\x1b2");
  await shows("#coordination");
  assert.match(terminal.text(), /▌#coordination/);
  await press("\x1br", "/", "push\r");
  await shows("push 3 commits");
  await press("x");
  await shows(`> /escalate ${short} @`);
  await press("\x15", "\x1br", "e");
  await shows(`Cannot edit ask ${short}: it offers approve, deny, escalate`);
  await press("o");
  await shows("the plan");
  await shows("and 1 more: the ask has them");
  assert.equal(mesh.requestMap.get(ask.request_id)?.state, "pending");

  await press("\x1br", "\x1b", "f", "!push\r");
  await shows(/▌.*delete the branch/);
  assert.doesNotMatch(terminal.text(), /normal .*push 3 commits/);
});

Deno.test("an address that was pinned stays at hand in the palette and for Tab, until it is let go", async () => {
  await using screen = await startTestScreen({ size: { columns: 120, rows: 28 } });
  const { press, shows, terminal } = screen;
  const address = "ucxl://basil:developer@shop:pay/*^/docs/plan.md";
  await screen.ucxi.client.put(address, new TextEncoder().encode("the plan"), { mediaType: "text/plain" });
  await press(`/browse ${address}\r`);
  await shows("the plan");
  await press("p");
  await shows("Pinned: the palette and Tab have it");
  await press("\x1bm", "\x10", "plan.md");
  await shows("pinned");
  await press("\r");
  await shows("the plan");
  await press("p");
  await shows("Not pinned any more");
  await press("\x10", "pinned");
  assert.doesNotMatch(terminal.text(), /plan\.md +pinned/);
});

Deno.test("/approve with flags behind the ask does what they say: the box, which knows none of them, does not open", async () => {
  await using screen = await startTestScreen({ size: { columns: 120, rows: 28 } });
  const { mesh, press, shows, pass, terminal } = screen;
  const ask = mesh.openRequest(APPROVAL);

  await press(`/approve ${ask.request_id} --scope task\r`);
  await shows("type y to approve:");
  assert.doesNotMatch(terminal.text(), /Approve \w{4}\?/);
  await pass(700);
  await press("y\r");

  await screen.until("the approval", () => mesh.requestMap.get(ask.request_id)?.answer?.scope === "task");
});
