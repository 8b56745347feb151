// The line, its history and completion, and the palette, as a person sees and presses them.
import assert from "node:assert/strict";
import { shortTaskId } from "@bzzz/cli";
import { APPROVAL, startTestScreen } from "./testing.ts";

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

Deno.test("a result is judged by its line as it was shown by one before, and as no other", async () => {
  await using screen = await startTestScreen({ size: { columns: 110, rows: 40 } });
  const { mesh, press } = screen;
  await press("/task post count\r");
  await screen.until("the task", () => mesh.taskMap.size === 1);
  const [task] = mesh.taskMap.values();
  assert.ok(task);
  const stand = (entry: string, summary: string, token: number) => {
    const result = { entry_id: entry.repeat(64), summary, output: "", duration_ms: 1 };
    mesh.taskMap.set(task.task_id, { ...task, state: "review", token, result });
  };
  stand("a", "forty-one", 1);
  const id = shortTaskId(task.task_id);

  await press(`/task show ${id}\r`);
  await screen.shows("Result: forty-one");
  stand("b", "forty-two", 2);
  await press(`/task accept ${id}\r`);
  await screen.shows("something else stands there by now");

  assert.equal(mesh.taskMap.get(task.task_id)?.state, "review");
});
