import assert from "node:assert/strict";
import { createTestPortal, MemoryTerminal } from "../testing.ts";

Deno.test("S-34 F-24 a pipe is executed line by line, and ends with 0", async () => {
  const terminal = new MemoryTerminal("lines");
  const { portal, mesh } = createTestPortal(terminal);
  const request = mesh.openRequest({ title: "Which branch?" });
  terminal.type(`/inbox\n\n# a comment\nanswer ${request.request_id.slice(-4)} it's the -1 branch\n`);
  terminal.type('task post --priority 7 Fix "the" door\ntasks --json=title,priority\nnonsense\nta');
  terminal.type("il\n");
  terminal.end();

  await portal.start();

  assert.equal(await portal.done, 0);
  assert.equal(mesh.requestMap.get(request.request_id)?.answer?.text, "it's the -1 branch");
  assert.match(terminal.written, /\nAnswered ask .{4}\n/);
  assert.match(terminal.written, /\n\{"v":1,"title":"Fix \\"the\\" door","priority":7\}\n/);
  assert.match(terminal.written, /\nCannot run "nonsense": there is no such command\n/);
  assert.match(terminal.written, /\[18:03\] ana posted task .{6}: Fix "the" door\n$/, "tail does not follow in a pipe");
  assert.doesNotMatch(terminal.written, /\p{Cc}(?<!\n)|> /u, "no prompt, no bell, no sequences");
});

Deno.test("quit in a pipe ends before its end; an empty pipe ends at once", async () => {
  const held = new MemoryTerminal("lines");
  const { portal } = createTestPortal(held);
  held.type("status\nquit\nstatus\n");
  await portal.start();
  assert.equal(await portal.done, 0);
  assert.equal(held.written.match(/ana is ready/g)?.length, 1);

  const empty = new MemoryTerminal("lines");
  empty.end();
  const other = createTestPortal(empty);
  await other.portal.start();
  assert.equal(await other.portal.done, 0);
});

Deno.test("without input it announces until it is stopped", async () => {
  const terminal = new MemoryTerminal("none");
  const { portal, mesh, seen, listening } = createTestPortal(terminal);
  await portal.start();
  await listening();

  const request = mesh.openRequest({ title: "push 3 commits to main", stakes: "high" });
  await seen("push 3 commits");
  await portal.stop();

  assert.equal(
    terminal.written,
    `[18:03] ask ${request.request_id.slice(-4)}, high, from agent-7f3a: push 3 commits to main\n`,
  );
  assert.equal(await portal.done, 0);
  assert.equal(mesh.watchers, 0);
});

Deno.test("F-23 Ctrl-C clears the line; twice on an empty one quits", async () => {
  const terminal = new MemoryTerminal("keys", { canRedraw: true });
  const { portal, seen, clock } = createTestPortal(terminal);
  await portal.start();
  await seen("> ");

  terminal.type("half a line\x03");
  await terminal.taken();
  assert.deepEqual(terminal.screen().slice(1), ["> half a line^C", ">"]);
  await clock.advance(5_000);
  terminal.type("\x03");
  await seen("(Ctrl-C again");
  await terminal.taken();
  await clock.advance(5_000);
  terminal.type("\x03");
  await terminal.taken();
  assert.equal(terminal.isRaw, true, "too late to be the second one");
  await clock.advance(100);
  terminal.type("\x03");

  assert.equal(await portal.done, 0);
  assert.equal(terminal.isRaw, false);
});

Deno.test("Ctrl-C ends what runs, not the portal; lines typed meanwhile wait", async () => {
  const terminal = new MemoryTerminal("keys", { canRedraw: true });
  const { portal, mesh, seen, listening } = createTestPortal(terminal);
  await portal.start();
  await listening();
  mesh.append("message_posted", { type: "message", text: "old news", to: [] }, { topic: "hmmm" });

  terminal.type("tail\r");
  await seen("says: old news");
  mesh.append("message_posted", { type: "message", text: "fresh news", to: [] }, { topic: "hmmm" });
  await seen("says: fresh news");
  terminal.type("\x03");
  terminal.type("status\r");
  await seen("ana is ready");
  terminal.type("quit\r");

  assert.equal(await portal.done, 0);
});

Deno.test("Ctrl-D, quit, the end of the terminal and stop all end it and give the terminal back", async () => {
  for (
    const end of [
      (terminal: MemoryTerminal) => terminal.type("\x04"),
      (terminal: MemoryTerminal) => terminal.type("/quit\r"),
      (terminal: MemoryTerminal) => terminal.end(),
    ]
  ) {
    const terminal = new MemoryTerminal("keys");
    const { portal, seen } = createTestPortal(terminal);
    await portal.start();
    await seen("> ");
    assert.equal(terminal.isRaw, true);

    end(terminal);

    assert.equal(await portal.done, 0);
    assert.equal(terminal.isRaw, false);
    await portal.stop();
  }
});

Deno.test("a reader that has enough ends it with 0", async () => {
  const terminal = new MemoryTerminal("none");
  const { portal, mesh, listening } = createTestPortal(terminal);
  await portal.start();
  await listening();

  terminal.isGone = true;
  mesh.openRequest();

  assert.equal(await portal.done, 0);
});

Deno.test("hostile text is inert on the portal's screen", async () => {
  const evil = "x\x1b]52;c;ZXZpbA==\x07\x9b2J\u202e\u200b\r\x07\ny";
  const terminal = new MemoryTerminal("lines");
  const { portal, mesh, seen } = createTestPortal(terminal);
  mesh.agent.agent_id = evil;
  const request = mesh.openRequest({ title: evil, body: evil, stakes: "high" });
  mesh.append("message_posted", { type: "message", text: evil, to: ["ana"] }, { topic: "hmmm" });
  await portal.start();
  await seen("ask ");

  terminal.type(`inbox\nshow ${request.request_id}\ntail\n${evil}\nanswer ${evil} ${evil}\n`);
  terminal.end();
  await portal.done;

  assert.doesNotMatch(terminal.written, /(?!\n)\p{Cc}|\p{Cf}/u);
});

Deno.test("help in the portal lists its verbs, without the flags of a program", async () => {
  const terminal = new MemoryTerminal("lines");
  const { portal } = createTestPortal(terminal);
  terminal.type("help\nhelp answer\ninit\n");
  terminal.end();
  await portal.start();
  await portal.done;

  for (
    const verb of [
      "inbox",
      "show",
      "answer",
      "approve",
      "deny",
      "send",
      "tail",
      "task list",
      "task post",
      "peers",
      "members",
      "status",
    ]
  ) {
    assert.match(terminal.written, new RegExp(`^ {2}${verb}\\b`, "m"), verb);
  }
  assert.doesNotMatch(terminal.written, /--home/);
  assert.match(terminal.written, /Cannot run "init": there is no such command/);
});
