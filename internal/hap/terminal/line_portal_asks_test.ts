import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { createTestPortal, MemoryTerminal } from "../testing.ts";

const APPROVAL = { kind: "approval" as const, allow: ["approve", "deny"], stakes: "high" as const };

Deno.test("F-23 an ask never tears a line that is being typed: redrawn below it", async () => {
  const terminal = new MemoryTerminal("keys", { canRedraw: true });
  const { portal, mesh, seen, listening } = createTestPortal(terminal);
  await portal.start();
  await listening();
  terminal.type("send hello wor");
  await seen("send hello wor");

  const request = mesh.openRequest({ title: "Which branch?" });
  await seen("Which branch?");
  terminal.type("ld\r");
  await seen("Sent to #hmmm");

  assert.deepEqual(terminal.screen(), [
    "bzzz-hap 0.1.0, plain mode. Type help.",
    `[18:03] ask ${request.request_id.slice(-4)}, normal, from agent-7f3a: Which branch?`,
    "> send hello world",
    "Sent to #hmmm.",
    ">",
  ]);
  assert.equal(mesh.entries.at(-1)?.body?.["text"], "hello world");
  await portal.stop();
  assert.equal(terminal.isRaw, false);
});

Deno.test("an ask never tears a line that is being typed: written again where nothing can be redrawn", async () => {
  const terminal = new MemoryTerminal("keys");
  const { portal, mesh, seen, listening } = createTestPortal(terminal);
  await portal.start();
  await listening();
  terminal.type("send helli\x7fo");
  await seen("\b \bo");

  const request = mesh.openRequest({ title: "Which branch?" });
  await seen("Which branch?");
  terminal.type(" you\r");
  await seen("Sent to");

  assert.deepEqual(terminal.screen(), [
    "bzzz-hap 0.1.0, plain mode. Type help.",
    "> send hello",
    `[18:03] ask ${request.request_id.slice(-4)}, normal, from agent-7f3a: Which branch?`,
    "> send hello you",
    "Sent to #hmmm.",
    ">",
  ]);
  assert.ok(!terminal.written.includes("\x1b"), "no escape sequence at all");
  await portal.stop();
});

Deno.test("two asks in the same second are announced apart, ring once, and are both answerable", async () => {
  const terminal = new MemoryTerminal("keys", { canRedraw: true });
  const { portal, mesh, seen, listening, clock } = createTestPortal(terminal);
  await portal.start();
  await listening();

  const first = mesh.openRequest({ title: "first question" });
  const second = mesh.openRequest({ title: "second question" });
  await seen("first question");
  await seen("second question");
  assert.equal(terminal.bells(), 1);
  terminal.type(`answer ${second.request_id.slice(-4)} two\ranswer ${first.request_id.slice(-4)} one\r`);
  await seen(`Answered ask ${first.request_id.slice(-4)}`);

  assert.equal(mesh.requestMap.get(first.request_id)?.answer?.text, "one");
  assert.equal(mesh.requestMap.get(second.request_id)?.answer?.text, "two");
  await clock.advance(10_000);
  mesh.openRequest({ title: "third question" });
  await seen("third question");
  assert.equal(terminal.bells(), 2);
  await portal.stop();
});

Deno.test("high stakes need the typed end of the digest; a reflex does not approve", async () => {
  const terminal = new MemoryTerminal("keys", { canRedraw: true });
  const { portal, mesh, seen, listening, clock } = createTestPortal(terminal);
  const request = mesh.openRequest({ ...APPROVAL, title: "push", body: "repo.push\n  ref: main" });
  const short = request.request_id.slice(-4);
  const tail = request.digest.slice(-4);
  await portal.start();
  await listening();
  await seen(`ask ${short}, high`);

  terminal.type(`approve ${short}\r`);
  await seen(`type ${tail} to approve: `);
  assert.match(terminal.written, /\n {2}repo\.push\n {4}ref: main\n/, "the whole of it was shown");
  terminal.type(`${tail}\r`); // within the first moments: meant for something else
  await terminal.taken();
  await clock.advance(700);
  assert.equal(mesh.requestMap.get(request.request_id)?.state, "pending");
  terminal.type("y\r");
  await seen("Not approved: nothing was sent");

  terminal.written = "";
  terminal.type(`approve ${short}\r`);
  await seen(`type ${tail} to approve: `);
  terminal.type("\x03"); // giving up is never too early
  await seen("Not approved: nothing was sent");

  terminal.written = "";
  terminal.type(`approve ${short}\r`);
  await seen(`type ${tail} to approve: `);
  await clock.advance(700);
  terminal.type(`${tail}\r`);
  await seen(`Approved ask ${short}, once`);

  assert.equal(mesh.requestMap.get(request.request_id)?.answer?.decision, "approve");
  await portal.stop();
});

Deno.test("deny takes the reason as it was typed", async () => {
  const terminal = new MemoryTerminal("keys");
  const { portal, mesh, seen } = createTestPortal(terminal);
  const request = mesh.openRequest(APPROVAL);
  await portal.start();

  terminal.type(`deny ${request.request_id.slice(-4)}  tests first,  then "again"\r`);
  await seen("Denied ask");

  assert.equal(mesh.requestMap.get(request.request_id)?.answer?.reason, 'tests first,  then "again"');
  await portal.stop();
});

Deno.test("what became of an ask, a message to me and the end of my task are told; the rest is not", async () => {
  const terminal = new MemoryTerminal("none");
  const { portal, mesh, client, seen, listening } = createTestPortal(terminal);
  const bob = { peer_id: "12D3KooWBob", agent_id: "bob" };
  const request = mesh.openRequest({ title: "open" });
  const task = await client.postTask({ title: "mine" });
  await portal.start();
  await listening();
  await seen("open");

  mesh.requestMap.set(request.request_id, {
    ...request,
    state: "answered",
    answer: { decision: "answer", text: "main", by: bob, at_ms: 0, entry_id: "e" },
  });
  mesh.append("request_answered", { request_id: request.request_id }, { author: bob });
  await seen("was answered by bob: answer, main");
  mesh.append("message_posted", { type: "message", text: "noise", to: [] }, { topic: "hmmm" });
  mesh.append("message_posted", { type: "message", text: "for you", to: ["ana"] }, { topic: "hmmm" });
  await seen("agent-7f3a says: for you");
  mesh.append("task_completed", { task_id: "01KDVDNV00AAAAAAAAAAAAX7KQ", summary: "other" }, {
    taskId: "01KDVDNV00AAAAAAAAAAAAX7KQ",
  });
  mesh.append("task_completed", { task_id: task.task_id, summary: "all done" }, { taskId: task.task_id });
  await seen("finished task");
  await portal.stop();

  assert.match(terminal.written, new RegExp(`ask ${request.request_id.slice(-4)} was answered by bob`));
  assert.match(terminal.written, /finished task .{6}: all done/);
  assert.doesNotMatch(terminal.written, /noise|other/);
});

Deno.test("a node that goes away and comes back is told once each, and no ask of meanwhile is lost", async () => {
  const terminal = new MemoryTerminal("none");
  const { portal, mesh, seen, clock, link } = createTestPortal(terminal);
  mesh.openRequest({ title: "before" });
  await portal.start();
  await seen("before");

  link.isDown = true;
  link.cut();
  await seen("the node cannot be heard");
  mesh.openRequest({ title: "meanwhile" });
  await clock.advance(60_000);
  link.isDown = false;
  await waitFor(async () => {
    await clock.advance(1_000);
    return terminal.written.includes("meanwhile");
  }, { timeoutMs: 30_000, what: "the ask", state: () => terminal.written });
  await portal.stop();

  for (const text of ["cannot be heard", "the node is back", "before", "meanwhile"]) {
    assert.equal(terminal.written.split(text).length, 2, `once: ${text}`);
  }
});

Deno.test("a flood of asks is counted, not printed, and all of it is in the inbox", async () => {
  const terminal = new MemoryTerminal("none");
  const { portal, mesh, seen, clock } = createTestPortal(terminal);
  mesh.openRequest({ title: "before" });
  await portal.start();
  await seen("before");

  for (let i = 0; i < 60; i++) mesh.openRequest({ title: `flood ${i}` });
  await seen("flood 18");
  await waitFor(async () => {
    await clock.advance(1_000);
    return terminal.written.includes("not told");
  }, { timeoutMs: 30_000, what: "the count", state: () => terminal.written });
  await portal.stop();

  const lines = terminal.written.trim().split("\n");
  assert.ok(lines.length < 50, `${lines.length} lines`);
  assert.match(terminal.written, /\d+ more were not told: inbox, tail/);
});

Deno.test("a result that was shown is the one that is judged, keys or pipe: not what has come in its place", async () => {
  for (const [input, enter] of [["lines", "\n"], ["keys", "\r"]] as const) {
    const terminal = new MemoryTerminal(input);
    const { portal, mesh, client, seen } = createTestPortal(terminal);
    const task = await client.postTask({ title: "count", review: {} });
    const stand = (entry: string, summary: string, token: number) => {
      const result = { entry_id: entry.repeat(64), summary, output: "", duration_ms: 1 };
      mesh.taskMap.set(task.task_id, { ...task, state: "review", token, result });
    };
    stand("a", "forty-one", 1);
    await portal.start();

    terminal.type(`task show ${task.task_id}${enter}`);
    await seen("Result: forty-one");
    stand("b", "forty-two", 2);
    terminal.type(`task accept ${task.task_id}${enter}`);
    await seen("something else stands there by now");
    assert.equal(mesh.taskMap.get(task.task_id)?.state, "review", input);
    terminal.type(`task show ${task.task_id}${enter}task accept ${task.task_id}${enter}`);
    await seen("Accepted the result");
    await portal.stop();

    assert.equal(mesh.taskMap.get(task.task_id)?.state, "completed", input);
  }
});
