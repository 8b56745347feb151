import assert from "node:assert/strict";
import { parseTaskId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { carriesAuthor, createTaskId, foldTask, TaskBoard, type TaskEntry } from "./mod.ts";
import { entry, PEERS, posted, POSTER, TaskLife } from "./testing.ts";

const [MALLORY = POSTER, ADA = POSTER] = PEERS;

Deno.test("a task id carries its author and is a ULID like another", () => {
  const random = createSeededRandom(1);

  const [one, two] = [createTaskId(1_000, random, POSTER), createTaskId(1_000, random, POSTER)];

  assert.equal(parseTaskId(one), one);
  assert.notEqual(one, two);
  assert.deepEqual([carriesAuthor(one, POSTER), carriesAuthor(one, MALLORY)], [true, false]);
});

Deno.test("a post that is dated back cannot take another's task over, in whatever order they arrive", () => {
  const taskId = createTaskId(1_000, createSeededRandom(1), POSTER);
  const mine = new TaskLife(posted({ taskId, title: "Mine" }, 10, POSTER)).act(ADA, 11, { type: "claim" });
  const entries: TaskEntry[] = [
    posted({ taskId, title: "Evil", input: "rm -rf" }, 1, MALLORY),
    entry("task_completed", MALLORY, 3, { taskId, attempt: 1, token: 1, summary: "", output: "lies", durationMs: 1 }),
    ...mine.entries,
  ];

  const view = foldTask(entries);
  const board = new TaskBoard();
  for (const one of [...entries].reverse()) board.add(one);

  assert.equal(foldTask(entries.slice(0, 3))?.title, "Mine", "before any decision");
  assert.deepEqual([view?.title, view?.postedBy, view?.holder, view?.result], ["Mine", POSTER, ADA, undefined]);
  assert.deepEqual(board.get(taskId), view);
});
