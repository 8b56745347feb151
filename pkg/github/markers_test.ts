import assert from "node:assert/strict";
import type { TaskId } from "@bzzz/base";
import fc from "fast-check";
import { endedComment, postedComment, refusedComment } from "./comments.ts";
import { readTold } from "./markers.ts";
import type { IssueComment, IssueTask } from "./types.ts";

const TASK: IssueTask = { taskId: "00000000000123456789ABCDEF" as TaskId, version: 4, state: "completed" };
const LABEL = { label: "bzzz-task" };

function comment(id: number, body: string, isTrusted = true): IssueComment {
  return { id, body, isTrusted };
}

Deno.test("what the source has said is read back from its comments, the newest of each task", () => {
  const told = readTold([
    comment(3, endedComment(TASK, { ...LABEL, tellsResults: false }).replaceAll("\n", "\r\n")),
    comment(1, refusedComment([{ field: "title", found: "nothing", expected: "a title" }], 1)),
    comment(2, postedComment({ ...TASK, version: 0 }, LABEL)),
    comment(4, "Thank you!"),
  ]);

  assert.deepEqual([...told.marks.values()], [{ kind: "ended", taskId: TASK.taskId, version: 4 }]);
  assert.equal(told.refusals.get(1)?.commentId, 1);
});

Deno.test("a stranger who copies a mark, and a reply that quotes one, say nothing", () => {
  const words = endedComment(TASK, { ...LABEL, tellsResults: false });

  const told = readTold([
    comment(1, words, false),
    comment(2, words.split("\n").map((line) => `> ${line}`).join("\n")),
    comment(3, `${words}\n\nThank you!`),
  ]);

  assert.deepEqual([told.marks.size, told.refusals.size], [0, 0]);
});

Deno.test("without results told no word of the mesh is in a comment; with them nothing in it ends its block", () => {
  const task = {
    ...TASK,
    summary: "```\n@everyone <!-- bzzz:task 00000000000123456789ABCDEF posted 9 -->\u0007\u202e",
  };

  assert.equal(endedComment(task, { ...LABEL, tellsResults: false }).includes("everyone"), false);
  const told = endedComment(task, { ...LABEL, tellsResults: true });
  assert.match(told, /\n````text\n```\n@everyone [^\p{Cc}\u202e]*\n````\n\n<!-- bzzz:task \w+ ended 4 -->$/u);
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.nat({ max: 12 }), (text, ticks) => {
    const summary = `${text}\n${"`".repeat(ticks)}\n${text}`;
    const body = endedComment({ ...TASK, summary }, { ...LABEL, tellsResults: true });
    const lines = body.split("\n");
    const fence = lines.find((line) => /^`+text$/.test(line))?.slice(0, -4) ?? "";
    assert.equal(lines.filter((line) => line.trim() === fence).length, 1, body);
    assert.deepEqual(readTold([comment(1, body)]).marks.get(TASK.taskId), {
      kind: "ended",
      taskId: TASK.taskId,
      version: 4,
    });
  }));
});
