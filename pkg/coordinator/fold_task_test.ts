import assert from "node:assert/strict";
import type { PeerId, RequestId } from "@bzzz/base";
import fc from "fast-check";
import {
  foldTask,
  isFinished,
  MAX_ATTEMPTS,
  TASK_EVENTS,
  TASK_STATES,
  type TaskEntry,
  type TaskRefusal,
  TRANSITIONS,
  winsContest,
} from "./mod.ts";
import { authority, entry, PEERS, posted, POSTER, TEST_TASK } from "./testing.ts";

const [ADA, BOB, CYD] = PEERS as [PeerId, PeerId, PeerId];
const ASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as RequestId;
const ASK_2 = "01ARZ3NDEKTSV4RRFFQ69G5FAW" as RequestId;
/** The two, the winner of a contest for the test's task in front. */
const [HIGH, LOW] = winsContest(TEST_TASK, ADA, BOB) ? [ADA, BOB] : [BOB, ADA];

const claim = (who: PeerId, ms: number, attempt = 1) => entry("task_claimed", who, ms, { attempt });
const progress = (who: PeerId, ms: number, attempt = 1) => entry("task_progress", who, ms, { attempt, text: "on it" });
const complete = (who: PeerId, ms: number, attempt = 1) =>
  entry("task_completed", who, ms, { attempt, summary: "done", output: "42", durationMs: 5 });
const fail = (who: PeerId, ms: number, attempt = 1, retryable = true) =>
  entry("task_failed", who, ms, { attempt, reason: "no luck", retryable });

Deno.test("the table has a cell for every state and event, and nothing leaves a finished state", () => {
  for (const state of TASK_STATES) {
    for (const event of TASK_EVENTS) {
      const cell = TRANSITIONS[state][event];
      assert.ok("to" in cell || "refuse" in cell, `${state} × ${event}`);
      if (isFinished(state)) assert.deepEqual(cell, { refuse: "already_finished" }, `${state} × ${event}`);
    }
  }
});

Deno.test("every state can be reached", () => {
  const reached = new Set(["announced"]);
  for (const state of TASK_STATES) {
    for (const cell of Object.values(TRANSITIONS[state])) if ("to" in cell) reached.add(cell.to);
  }

  assert.deepEqual([...reached].sort(), [...TASK_STATES].sort());
});

Deno.test("a task goes from its post to its result", () => {
  const view = foldTask([
    posted(),
    claim(ADA, 2),
    progress(ADA, 3),
    entry("task_blocked", ADA, 4, { attempt: 1, requestId: ASK }),
    entry("task_resumed", ADA, 5, { attempt: 1, requestId: ASK }),
    complete(ADA, 6),
  ]);

  assert.equal(view?.state, "completed");
  assert.deepEqual(view?.result, { by: ADA, attempt: 1, summary: "done", output: "42", durationMs: 5 });
  assert.equal(view?.holder, undefined);
  assert.equal(view?.attempts[0]?.outcome, "completed");
});

Deno.test("a task that waits for two answers goes on after the second", () => {
  const entries = [
    posted(),
    claim(ADA, 2),
    entry("task_blocked", ADA, 3, { attempt: 1, requestId: ASK }),
    entry("task_blocked", ADA, 4, { attempt: 1, requestId: ASK_2 }),
    entry("task_resumed", ADA, 5, { attempt: 1, requestId: ASK }),
  ];

  assert.equal(foldTask(entries)?.state, "blocked");
  assert.deepEqual(foldTask(entries)?.waitingFor, [ASK_2]);
  const after = foldTask([...entries, entry("task_resumed", ADA, 6, { attempt: 1, requestId: ASK_2 })]);
  assert.equal(after?.state, "executing");
});

Deno.test("of two claims of one attempt the higher rendezvous score holds, whoever was first", () => {
  for (const order of [[HIGH, LOW], [LOW, HIGH]] as const) {
    const view = foldTask([posted(), claim(order[0], 2), claim(order[1], 3)]);

    assert.equal(view?.holder, HIGH, `first ${order[0]}`);
    assert.deepEqual(view?.attempts[0]?.rivals, [LOW]);
  }
});

Deno.test("the result of the node that lost the contest is refused and listed as superseded", () => {
  const late = complete(LOW, 4);

  const view = foldTask([posted(), claim(LOW, 2), claim(HIGH, 3), late, complete(HIGH, 5)]);

  assert.equal(view?.result?.by, HIGH);
  assert.deepEqual(view?.superseded.map((s) => [s.entry, s.author, s.refusal]), [[late.id, LOW, "not_holder"]]);
});

Deno.test("the result of a lost attempt is superseded, and the takeover's counts", () => {
  const view = foldTask([
    posted(),
    claim(ADA, 2),
    progress(ADA, 3),
    claim(BOB, 4, 2),
    complete(ADA, 5),
    complete(BOB, 6, 2),
  ]);

  assert.equal(view?.result?.by, BOB);
  assert.deepEqual(view?.attempts.map((a) => a.outcome), ["lost", "completed"]);
  assert.deepEqual(view?.superseded.map((s) => s.refusal), ["stale_attempt"]);
});

Deno.test("a result that came before the takeover stands", () => {
  const view = foldTask([posted(), claim(ADA, 2), complete(ADA, 4), claim(BOB, 5, 2), complete(BOB, 6, 2)]);

  assert.equal(view?.result?.by, ADA);
  assert.deepEqual(view?.superseded.map((s) => s.refusal), ["already_finished"]);
});

Deno.test("three failures end a task and call for people; releases do not count", () => {
  let entries: TaskEntry[] = [
    posted(),
    claim(ADA, 2),
    entry("task_released", ADA, 3, { attempt: 1, reason: "stopping" }),
  ];
  for (let i = 0; i < MAX_ATTEMPTS; i++) {
    assert.equal(foldTask(entries)?.state, "announced", `after ${i} failures`);
    entries = [...entries, claim(BOB, 10 + 2 * i, 2 + i), fail(BOB, 11 + 2 * i, 2 + i)];
  }

  assert.equal(foldTask(entries)?.state, "failed");
  assert.equal(foldTask(entries)?.isExhausted, true);
});

Deno.test("a failure that says it is final ends the task at once, without calling for people", () => {
  const view = foldTask([posted(), claim(ADA, 2), fail(ADA, 3, 1, false)]);

  assert.equal(view?.state, "failed");
  assert.equal(view?.isExhausted, false);
  assert.equal(view?.reason, "no luck");
});

Deno.test("entries that may not be are refused by name and change nothing", () => {
  const open = [posted({ requiredRole: "developer", deadlineMs: 100 }), claim(ADA, 2)];
  const cases: [string, TaskEntry, TaskRefusal][] = [
    ["posted again", posted({}, 9, BOB), "task_exists"],
    ["claim ahead", claim(BOB, 9, 3), "attempt_ahead"],
    ["claim of the holder", claim(ADA, 9, 2), "already_holder"],
    ["claim past the deadline", claim(BOB, 101, 2), "deadline_passed"],
    [
      "claim of another role",
      entry("task_claimed", BOB, 9, { attempt: 2 }, { authority: authority({ role: "reviewer" }) }),
      "role_required",
    ],
    ["progress of a stranger", progress(BOB, 9), "not_holder"],
    ["progress of a later attempt", progress(ADA, 9, 2), "attempt_ahead"],
    ["resume without a question", entry("task_resumed", ADA, 9, { attempt: 1, requestId: ASK }), "not_blocked"],
    ["cancel of an agent", entry("task_cancelled", BOB, 9, { reason: "no" }), "not_allowed"],
  ];
  for (const [what, extra, refusal] of cases) {
    const before = foldTask(open);
    const after = foldTask([...open, extra]);

    assert.equal(after?.state, before?.state, what);
    assert.equal(after?.holder, before?.holder, what);
    assert.deepEqual(after?.refusals, { [refusal]: 1 }, what);
  }
});

Deno.test("the poster, people and coordinators may cancel; readers and other agents may not", () => {
  const cancel = (who: PeerId, fields?: Parameters<typeof authority>[0]) =>
    entry("task_cancelled", who, 9, { reason: "changed plans" }, { authority: authority(fields) });

  assert.equal(foldTask([posted(), cancel(POSTER)])?.state, "cancelled");
  assert.equal(foldTask([posted(), cancel(CYD, { binaryType: "hap" })])?.state, "cancelled");
  assert.equal(foldTask([posted(), cancel(CYD, { level: "coordination" })])?.state, "cancelled");
  assert.equal(foldTask([posted(), cancel(CYD)])?.state, "announced");
  assert.equal(foldTask([posted(), cancel(CYD, { binaryType: "hap", level: "read_only" })])?.state, "announced");
});

const arbitraryEntry: fc.Arbitrary<TaskEntry> = fc.tuple(
  fc.constantFrom(...PEERS.slice(0, 3)),
  fc.integer({ min: 2, max: 40 }),
  fc.integer({ min: 1, max: 4 }),
  fc.constantFrom("claim", "progress", "block", "resume", "complete", "fail", "final", "release", "cancel"),
).map(([who, ms, attempt, act]) => {
  switch (act) {
    case "claim":
      return claim(who, ms, attempt);
    case "progress":
      return progress(who, ms, attempt);
    case "block":
      return entry("task_blocked", who, ms, { attempt, requestId: ms % 2 ? ASK : ASK_2 });
    case "resume":
      return entry("task_resumed", who, ms, { attempt, requestId: ms % 2 ? ASK : ASK_2 });
    case "complete":
      return complete(who, ms, attempt);
    case "release":
      return entry("task_released", who, ms, { attempt, reason: "" });
    case "cancel":
      return entry("task_cancelled", who, ms, { reason: "" });
    default:
      return fail(who, ms, attempt, act === "fail");
  }
});

Deno.test("property: the same set of entries gives the same view in any order and with duplicates", () => {
  fc.assert(fc.property(
    fc.array(arbitraryEntry, { maxLength: 30 }).chain((entries) => {
      const all: TaskEntry[] = [posted(), ...entries];
      return fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }));
    }),
    ([inOrder, shuffled]) => assert.deepEqual(foldTask(shuffled), foldTask(inOrder)),
  ));
});

Deno.test("property: a view is always consistent", () => {
  fc.assert(fc.property(fc.array(arbitraryEntry, { maxLength: 40 }), (entries) => {
    const view = foldTask([posted(), ...entries]);
    assert.ok(view);

    assert.equal(view.state === "blocked", view.waitingFor.length > 0, "blocked exactly while it waits");
    assert.equal(["claimed", "executing", "blocked"].includes(view.state), view.holder !== undefined, "held or not");
    assert.equal(view.state === "completed", view.result !== undefined, "a result exactly when completed");
    assert.deepEqual(view.attempts.map((a) => a.attempt), view.attempts.map((_, i) => i + 1), "attempts are dense");
    assert.equal(view.attempts.length, view.attempt);
    for (const attempt of view.attempts.slice(0, -1)) assert.notEqual(attempt.outcome, undefined);
    assert.ok(view.attempts.filter((a) => a.outcome === "completed").length <= 1);
  }));
});
