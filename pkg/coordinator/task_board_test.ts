import assert from "node:assert/strict";
import type { EntryId, PeerId, TaskId } from "@bzzz/base";
import { foldTask, TaskBoard, taskTextsOf, type TaskView } from "./mod.ts";
import { PEERS, posted, POSTER, TaskLife, TEST_TASK } from "./testing.ts";

const [ADA, BEN] = PEERS as [PeerId, PeerId];
const OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as TaskId;
const FOURTH = "01ARZ3NDEKTSV4RRFFQ69G5FAY" as TaskId;
const THIRD = "01ARZ3NDEKTSV4RRFFQ69G5FAX" as TaskId;

Deno.test("add() gives the same view as the fold, whatever the order of arrival", () => {
  const { entries } = new TaskLife().start(ADA, 2).complete(ADA, 4);
  const board = new TaskBoard();

  const changes = entries.toReversed().map((arrived) => board.add(arrived).type);

  assert.deepEqual(changes.slice(-2), ["waiting", "changed"]);
  assert.deepEqual(board.get(TEST_TASK), foldTask(entries));
  for (const again of entries) assert.equal(board.add(again).type, "known", again.kind);
});

Deno.test("posting twice under one client id makes one task: the one of the lower seq", () => {
  const board = new TaskBoard();
  board.add(posted({ taskId: OTHER, clientId: "job-7" }, 5));

  const change = board.add(posted({ taskId: TEST_TASK, clientId: "job-7" }, 3));

  assert.equal(change.type, "changed");
  assert.equal(board.originalOf(OTHER), TEST_TASK);
  assert.deepEqual(board.list().map((v) => v.taskId), [TEST_TASK]);
  assert.equal(board.get(OTHER)?.taskId, TEST_TASK);
  assert.equal(board.findPosted(POSTER, "job-7")?.taskId, TEST_TASK);
  assert.equal(board.add(posted({ taskId: THIRD, clientId: "job-7" }, 9)).type, "copy");
  assert.equal(board.add(posted({ taskId: FOURTH, clientId: "job-7" }, 9, ADA)).type, "changed", "another's id");
});

Deno.test("the board is bounded: finished tasks make room before open ones", () => {
  const board = new TaskBoard({ capacity: 2 });
  board.add(posted({ taskId: OTHER }));
  board.add(posted({ taskId: TEST_TASK }));
  for (const entry of new TaskLife().cancel(POSTER, 2).entries) board.add(entry);

  board.add(posted({ taskId: THIRD }));

  assert.equal(board.size, 2);
  assert.equal(board.get(TEST_TASK), undefined);
  assert.ok(board.get(OTHER));
});

Deno.test("a forgotten task takes the client ids of all its posts along, those of others under its id too", () => {
  const board = new TaskBoard({ capacity: 1 });
  board.add(posted({ taskId: OTHER, clientId: "job-1" }, 1));
  board.add(posted({ taskId: OTHER, clientId: "job-2" }, 2, ADA));
  board.add(posted({ taskId: TEST_TASK }, 3));

  const change = board.add(posted({ taskId: THIRD, clientId: "job-2" }, 4, ADA));

  assert.equal(change.type, "changed", "no copy of a task that is forgotten");
  assert.equal(board.get(THIRD)?.taskId, THIRD);
  assert.equal(board.findPosted(ADA, "job-2")?.taskId, THIRD);
});

Deno.test("A-19 list() puts the urgent and the old in front", () => {
  const board = new TaskBoard();
  board.add(posted({ taskId: OTHER, priority: 1 }, 1));
  board.add(posted({ taskId: TEST_TASK, priority: 9 }, 3));
  board.add(posted({ taskId: THIRD, priority: 9 }, 2));

  assert.deepEqual(board.list().map((v) => v.taskId), [THIRD, TEST_TASK, OTHER]);
});

Deno.test("a flood of tasks pushes out its author's own, finished ones first, and no other's", () => {
  const forgotten: TaskId[] = [];
  const board = new TaskBoard({ maxBytes: 200_000, onForgotten: (taskId) => forgotten.push(taskId) });
  const idOf = (n: number) => `01ARZ3NDEKTSV4RRFFQ6${String(n).padStart(6, "0")}` as TaskId;
  const ours = new TaskLife(posted({ taskId: OTHER }, 1)).start(ADA, 2);
  const theirs = new TaskLife(posted({ taskId: THIRD }, 1, BEN)).cancel(BEN, 2);
  for (const entry of [...ours.entries, ...theirs.entries]) board.add(entry);

  for (let n = 0; n < 1_000; n++) board.add(posted({ taskId: idOf(n), title: "t".repeat(120) }, 10 + n, BEN));

  assert.equal(board.get(OTHER)?.state, "executing");
  assert.equal(board.get(THIRD), undefined);
  assert.ok(board.size > 50 && board.size < 400, `${board.size} tasks in 200 kB`);
  assert.equal(board.get(idOf(999))?.state, "announced");
  assert.deepEqual([forgotten[0], forgotten.length], [THIRD, 1_002 - board.size], "finished first, each told");
});

Deno.test("who floods others' tasks with words loses those, and what the voters decided stays", () => {
  const board = new TaskBoard({ maxBytes: 400_000 });
  const life = new TaskLife(posted({ taskId: OTHER }, 1)).start(ADA, 2).complete(ADA, 3);
  for (const entry of life.entries) board.add(entry);
  const before = board.get(OTHER);

  for (let n = 0; n < 400; n++) {
    const junk = new TaskLife(posted({ taskId: OTHER }, 1));
    board.add(junk.tell("task_progress", `mallory${n % 2}` as PeerId, 10 + n, { attempt: 1, text: "x".repeat(4_000) }));
    board.add(
      junk.tell("task_failed", `mallory${n % 2}` as PeerId, 10 + n, {
        attempt: 1,
        reason: "x".repeat(4_000),
        retryable: true,
      }),
    );
  }

  const decided = (view: TaskView | undefined) => view && [view.state, view.result, view.attempts, view.value];
  assert.deepEqual(decided(board.get(OTHER)), decided(before));
  assert.equal(before?.state, "completed");
});

Deno.test("the long texts of a task are read from the journal", () => {
  const body = { ...posted().body, description: "d".repeat(60_000), input: "i" };
  const entries = new Map<string, { kind: string; body: unknown }>([["p", { kind: "task_posted", body }]]);
  const view = { post: "p" as EntryId };

  assert.deepEqual(taskTextsOf(view, (id) => entries.get(id)), { description: body.description, input: "i" });
  assert.equal(taskTextsOf({ post: "q" as EntryId }, (id) => entries.get(id)), undefined);
});
