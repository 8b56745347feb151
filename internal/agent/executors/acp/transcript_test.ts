import assert from "node:assert/strict";
import { planProgress, Transcript } from "./transcript.ts";

function piece(text: string, messageId?: string) {
  return { sessionUpdate: "agent_message_chunk" as const, content: { type: "text", text }, messageId };
}

Deno.test("pieces of one message belong together; a new id, or a tool call in between, begins another", () => {
  const transcript = new Transcript();

  transcript.add(piece("a", "1"));
  transcript.add(piece("b", "1"));
  transcript.add(piece("c", "2"));
  transcript.endMessage();
  transcript.add({ sessionUpdate: "agent_message_chunk", content: { type: "resource_link", uri: "file:///x" } });
  transcript.add({ sessionUpdate: "agent_message_chunk", content: { type: "image" } });

  assert.deepEqual(transcript.result(), { summary: "file:///x[image]", output: "ab\n\nc\n\nfile:///x[image]" });
});

Deno.test("of too much the end is kept, and how much is missing is said", () => {
  const transcript = new Transcript();
  for (let i = 0; i < 400; i++) transcript.add(piece("x".repeat(1_000), String(i)));
  transcript.add(piece("\n  the end\u001b[0m  \nof it", "last"));

  const { summary, output } = transcript.result();

  assert.equal(summary, "the end␛");
  assert.ok(output.endsWith("of it"));
  assert.ok(output.length <= 65_536, String(output.length));
  const [, dropped] = /^\[cut: (\d+) characters before this\]\n/.exec(output) ?? [];
  const mark = output.indexOf("\n") + 1;
  assert.equal(Number(dropped) + output.length - mark, 400 * 1_002 + "\n  the end\u001b[0m  \nof it".length);
});

Deno.test("an agent that says nothing has a result that says so", () => {
  assert.deepEqual(new Transcript().result(), { summary: "ended without a word", output: "" });
});

Deno.test("a plan tells how much of it is done, and what it is at", () => {
  const entries = (...statuses: ("pending" | "in_progress" | "completed")[]) =>
    statuses.map((status, i) => ({ content: `step ${i}`, status }));

  assert.equal(planProgress([]), undefined);
  assert.deepEqual(planProgress(entries("completed", "pending", "in_progress")), {
    percent: 33,
    text: "1 of 3 steps done: step 2",
  });
  assert.deepEqual(planProgress(entries("completed")), { percent: 100, text: "1 of 1 steps done" });
});
