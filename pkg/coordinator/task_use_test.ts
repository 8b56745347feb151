import assert from "node:assert/strict";
import { createUlid, type PeerId, type TaskId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import type { BodyOf } from "@bzzz/wire";
import fc from "fast-check";
import { budgetLeft, budgetLimits, exceededLimit, foldTask, NO_USE, TaskBoard, type TaskView, usedBy } from "./mod.ts";
import { PEERS, posted, POSTER, TaskLife } from "./testing.ts";

const [ADA, BOB] = PEERS as [PeerId, PeerId];
const random = createSeededRandom(3);

function newTask(fields: Partial<BodyOf<"task_posted">> = {}): TaskLife {
  return new TaskLife(posted({ taskId: createUlid(1_000, random) as TaskId, ...fields })); // a ULID by construction
}

/** Tells what its holder has used under its token, as a sum. */
function uses(life: TaskLife, author: PeerId, ms: number, tokens: number, fields: { token?: number } = {}): TaskLife {
  const { token = 1, attempt = 1 } = life.value ?? {};
  const used = { tokens, money: 10 * tokens };
  life.tell("task_progress", author, ms, { attempt, token, text: "on it", used, ...fields });
  return life;
}

function boardOf(...lives: readonly TaskLife[]): { board: TaskBoard; viewOf: (life: TaskLife) => TaskView } {
  const board = new TaskBoard();
  for (const entry of lives.flatMap(({ entries }) => entries)) board.add(entry);
  return { board, viewOf: ({ post }) => board.get(post.body.taskId) ?? assert.fail("it is not on the board") };
}

Deno.test("what was used is told of each claim, by its holder under its token", () => {
  const life = newTask().start(ADA, 2);
  uses(life, ADA, 4, 5);
  uses(life, ADA, 5, 7);
  uses(life, BOB, 6, 100);
  uses(life, ADA, 7, 100, { token: 2 });
  life.fail(ADA, 10).start(BOB, 20);
  uses(life, BOB, 22, 3);

  const view = foldTask(life.entries) ?? assert.fail();

  assert.deepEqual(view.attempts.map(({ used }) => [used?.tokens, used?.money]), [[7, 70], [3, 30]]);
});

Deno.test("property: any order of what holders tell gives the same use", () => {
  const life = newTask().start(ADA, 2);
  for (const ms of [4, 5, 6, 7]) uses(life, ADA, ms, ms);
  life.tell("task_progress", ADA, 8, { attempt: 1, token: 1, text: "no use" });
  life.fail(ADA, 10).start(BOB, 20);
  uses(life, BOB, 22, 3);
  const expected = foldTask(life.entries)?.attempts;

  fc.assert(fc.property(fc.shuffledSubarray(life.entries, { minLength: life.entries.length }), (entries) => {
    assert.deepEqual(foldTask([...entries, ...entries])?.attempts, expected);
  }));
});

Deno.test("all tries count until people have it tried again", () => {
  const life = newTask({ budgets: { tokens: 20 } }).start(ADA, 2);
  uses(life, ADA, 4, 12).fail(ADA, 6);
  uses(life.start(BOB, 20), BOB, 22, 9);
  const before = boardOf(life);
  assert.deepEqual(usedBy(before.board, before.viewOf(life)), { tokens: 21, money: 210 });

  life.fail(BOB, 30, true);
  const { id } = life.tell("task_retried", POSTER, 40, { reason: "worth it" });
  life.act(POSTER, 41, { type: "retry", told: id });
  uses(life.start(ADA, 50), ADA, 52, 4);
  const after = boardOf(life);

  assert.deepEqual(usedBy(after.board, after.viewOf(life)), { tokens: 4, money: 40 });
});

Deno.test("what was delegated counts for all it is a part of, and gets what is left", () => {
  const whole = newTask({ budgets: { tokens: 100, money: 10_000 } });
  const parent = whole.post.body.taskId;
  const first = newTask({ parent });
  const second = newTask({ parent, budgets: { tokens: 30 } });
  const third = newTask({ parent: second.post.body.taskId });
  uses(whole.start(ADA, 2), ADA, 5, 50);
  uses(first.start(ADA, 2), ADA, 6, 20);
  uses(second.start(BOB, 2), BOB, 6, 4);
  uses(third.start(BOB, 2), BOB, 6, 5);
  const { board, viewOf } = boardOf(third, second, first, whole);

  const limits = budgetLimits(board, {
    task: viewOf(second),
    token: 1,
    parents: [viewOf(whole)],
  });

  assert.deepEqual(usedBy(board, viewOf(whole)), { tokens: 79, money: 790 });
  assert.deepEqual(usedBy(board, viewOf(second)), { tokens: 9, money: 90 });
  assert.deepEqual(limits.map(({ unit, budget, usedByOthers }) => [unit, budget, usedByOthers]), [
    ["tokens", 30, 5],
    ["tokens", 100, 75],
    ["money", 10_000, 750],
  ]);
  assert.deepEqual(budgetLeft(limits, { tokens: 4, money: 40 }), { tokens: 21, money: 9_210 });
  assert.equal(exceededLimit(limits, { tokens: 25, money: 0 }), undefined, "all of it may be used");
  assert.equal(exceededLimit(limits, { tokens: 26, money: 0 })?.of, second.post.body.taskId);
  assert.equal(exceededLimit(limits, { tokens: 0, money: 9_251 })?.of, parent);
});

Deno.test("tasks that name each other as parents are counted once, and one without budgets has no limits", () => {
  const [a, b] = [createUlid(1_000, random) as TaskId, createUlid(1_000, random) as TaskId];
  const first = newTask({ taskId: a, parent: b });
  const second = newTask({ taskId: b, parent: a });
  uses(first.start(ADA, 2), ADA, 5, 1);
  uses(second.start(BOB, 2), BOB, 5, 2);
  const { board, viewOf } = boardOf(first, second);

  assert.equal(usedBy(board, viewOf(first)).tokens, 3);
  assert.deepEqual(budgetLimits(board, { task: viewOf(first), token: 1, parents: [viewOf(second)] }), []);
  assert.deepEqual(budgetLeft([], NO_USE), {});
});

Deno.test("a failure over budget is told apart, and goes to people though tries are left", () => {
  const life = newTask({ budgets: { tokens: 1 } }).start(ADA, 2);
  const failure = { attempt: 1, token: 1, reason: "its 1 tokens are used up", retryable: false };
  const used = { tokens: 2, money: 0 };
  const { id } = life.tell("task_failed", ADA, 5, { ...failure, cause: "budget_exhausted", used });
  life.act(ADA, 6, { type: "fail", told: id, isFinal: true });

  const view = foldTask(life.entries);

  assert.deepEqual([view?.state, view?.spent, view?.isExhausted], ["failed", 1, true]);
  assert.deepEqual(view?.attempts.map(({ outcome, used }) => [outcome, used?.tokens]), [["budget_exhausted", 2]]);
});
