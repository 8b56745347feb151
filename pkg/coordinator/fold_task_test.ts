import assert from "node:assert/strict";
import type { EntryId, PeerId, RequestId } from "@bzzz/base";
import fc from "fast-check";
import { compareEntries, foldTask, isHeld, type TaskEntry } from "./mod.ts";
import { type Act, decided, entry, PEERS, posted, POSTER, TaskLife, TEST_TASK } from "./testing.ts";

const [ADA, BOB, CYD] = PEERS as [PeerId, PeerId, PeerId];
const ASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as RequestId;

Deno.test("a task is announced until a certified value says otherwise", () => {
  const told = [
    posted(),
    entry("task_progress", ADA, 2, { attempt: 1, token: 1, text: "on it" }),
    entry("task_completed", ADA, 3, { attempt: 1, token: 1, summary: "", output: "42", durationMs: 1 }),
  ];

  const view = foldTask(told);

  assert.deepEqual([view?.state, view?.holder, view?.result, view?.progress], [
    "announced",
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("a task goes from its post to its result", () => {
  const life = new TaskLife().start(ADA, 2);
  life.tell("task_progress", ADA, 3, { attempt: 1, token: 1, percent: 50, text: "half" });
  life.act(ADA, 4, { type: "block", request: ASK });
  assert.deepEqual(foldTask(life.entries)?.waitingFor, [ASK]);
  life.act(ADA, 5, { type: "resume", request: ASK }).complete(ADA, 6);

  const view = foldTask(life.entries);

  assert.equal(view?.state, "completed");
  const { entry, ...result } = view?.result ?? assert.fail("it has one");
  assert.deepEqual(result, { by: ADA, attempt: 1, summary: "done", durationMs: 5 });
  assert.equal(entry, view?.value?.result);
  assert.deepEqual(view?.progress, { percent: 50, text: "half", atMs: 3 });
  assert.deepEqual(view?.attempts.map((a) => [a.holder, a.token, a.outcome]), [[ADA, 1, "completed"]]);
  assert.equal(view?.holder, undefined);
});

Deno.test("a result that no decision names is undecided while its author holds the task, and superseded afterwards", () => {
  const life = new TaskLife().start(ADA, 2);
  const late = life.tell("task_completed", ADA, 3, { attempt: 1, token: 1, summary: "", output: "1", durationMs: 1 });
  assert.deepEqual(foldTask(life.entries)?.undecided, { entry: late.id, kind: "task_completed", isFinal: false });
  assert.deepEqual(foldTask(life.entries)?.superseded, []);

  life.act(BOB, 4, { type: "claim" });
  const taken = foldTask(life.entries);
  life.act(BOB, 5, { type: "begin" }).complete(BOB, 6);
  const done = foldTask(life.entries);

  assert.equal(taken?.undecided, undefined);
  assert.deepEqual(taken?.superseded.map((s) => [s.entry, s.author, s.token]), [[late.id, ADA, 1]]);
  assert.deepEqual([done?.result?.by, done?.superseded.length], [BOB, 1]);
  assert.deepEqual(done?.attempts.map((a) => a.outcome), ["lost", "completed"]);
});

Deno.test("progress counts when the holder reports it under its token", () => {
  const life = new TaskLife().start(ADA, 2).act(BOB, 3, { type: "claim" });
  life.tell("task_progress", ADA, 5, { attempt: 1, token: 1, text: "still here" });
  life.tell("task_progress", CYD, 6, { attempt: 2, token: 2, text: "me too" });
  assert.equal(foldTask(life.entries)?.progress, undefined);

  life.tell("task_progress", BOB, 4, { attempt: 2, token: 2, text: "begun" });

  assert.equal(foldTask(life.entries)?.progress?.text, "begun");
});

Deno.test("attempts tell how each claim ended and why", () => {
  const life = new TaskLife().start(ADA, 2).release(ADA, 3).start(BOB, 5).fail(BOB, 6).start(CYD, 8).cancel(POSTER, 9);

  const view = foldTask(life.entries);

  assert.deepEqual(view?.attempts.map((a) => [a.holder, a.attempt, a.token, a.outcome, a.reason]), [
    [ADA, 1, 1, "released", "stopping"],
    [BOB, 1, 2, "failed", "no luck"],
    [CYD, 2, 3, "cancelled", "changed plans"],
  ]);
  assert.deepEqual([view?.state, view?.reason], ["cancelled", "changed plans"]);
});

Deno.test("a rejected result goes back, and its reason with it", () => {
  const life = new TaskLife(posted({ review: {} })).start(ADA, 2).complete(ADA, 3);
  assert.deepEqual([foldTask(life.entries)?.state, foldTask(life.entries)?.result?.summary], ["review", "done"]);
  const { id } = life.tell("task_reviewed", BOB, 6, { verdict: "reject", reason: "not proven" });
  life.act(BOB, 7, { type: "reject", told: id });

  const view = foldTask(life.entries);

  assert.deepEqual([view?.state, view?.reason, view?.spent], ["announced", "not proven", 1]);
  assert.deepEqual(view?.attempts.map((a) => [a.outcome, a.reason]), [["rejected", "not proven"]]);
  assert.equal(view?.result, undefined);
});

Deno.test("three failures end a task and call for people", () => {
  const life = new TaskLife();
  for (const ms of [10, 20, 30]) life.start(BOB, ms).fail(BOB, ms + 1);

  assert.deepEqual([foldTask(life.entries)?.state, foldTask(life.entries)?.isExhausted], ["failed", true]);
  const final = new TaskLife().start(ADA, 2).fail(ADA, 3, true);
  assert.deepEqual([foldTask(final.entries)?.state, foldTask(final.entries)?.isExhausted], ["failed", false]);
});

Deno.test("a decision whose entry is missing leaves a gap and no wrong line", () => {
  const life = new TaskLife().start(ADA, 2).fail(ADA, 3).start(BOB, 5);
  const withoutFailure = life.entries.filter((e) => e.kind !== "task_decided" || e.value.version !== 3);

  const view = foldTask(withoutFailure);

  assert.deepEqual([view?.holder, view?.attempt], [BOB, 2]);
  assert.deepEqual(view?.attempts.map((a) => [a.holder, a.outcome]), [[ADA, "lost"], [BOB, undefined]]);
});

Deno.test("of two posts under one id the one counts that voters have seen, before that the one whose id it is", () => {
  const honest = posted({ title: "Count" }, 5);
  const dated = posted({ title: "Steal" }, 1, ADA);
  const life = new TaskLife(dated).start(BOB, 6);

  assert.equal(foldTask([honest, ...life.entries])?.title, "Steal", "a majority has this one");
  assert.equal(foldTask([honest, new TaskLife(honest).start(BOB, 6).entries[1] as TaskEntry, dated])?.title, "Count");
  assert.equal(foldTask(life.entries.slice(1)), undefined, "a decision without its post tells nothing");
});

const TOLD = "a".repeat(64) as EntryId;
const arbitraryStep: fc.Arbitrary<readonly [PeerId, Act | "progress" | "result"]> = fc.tuple(
  fc.constantFrom(ADA, BOB, CYD),
  fc.constantFrom<Act | "progress" | "result">(
    { type: "claim" },
    { type: "begin" },
    { type: "renew" },
    { type: "block", request: ASK },
    { type: "resume", request: ASK },
    { type: "release", told: TOLD },
    { type: "reject", told: TOLD },
    { type: "retry", told: TOLD },
    "progress",
    "result",
  ),
);

/** A history that could happen: what the rules refuse is not there, what members tell is. */
function history(steps: readonly (readonly [PeerId, Act | "progress" | "result"])[]): TaskLife {
  const life = new TaskLife(posted(steps.length % 2 ? { review: {} } : {}));
  for (const [i, [who, step]] of steps.entries()) {
    const ms = 10 * (i + 1);
    const { token = 1, attempt = 1 } = life.value ?? {};
    if (step === "progress") {
      life.tell("task_progress", who, ms, { token, attempt: Math.max(1, attempt), text: `step ${i}` });
    } else if (step === "result") {
      const body = {
        token: Math.max(1, token),
        attempt: Math.max(1, attempt),
        summary: "",
        output: `${i}`,
        durationMs: 1,
      };
      const { id } = life.tell("task_completed", who, ms, body);
      if ("next" in life.ask(who, { type: "complete", told: id })) {
        life.act(who, ms + 1, { type: "complete", told: id });
      }
    } else if ("next" in life.ask(who, step)) life.act(who, ms, step);
  }
  return life;
}

Deno.test("F-38 property: the same set of entries gives the same view in any order and with duplicates", () => {
  fc.assert(fc.property(
    fc.array(arbitraryStep, { maxLength: 40 }).map((steps) => history(steps).entries).chain((entries) =>
      fc.tuple(fc.constant(entries), fc.shuffledSubarray([...entries, ...entries], { minLength: entries.length * 2 }))
    ),
    ([inOrder, shuffled]) => assert.deepEqual(foldTask(shuffled), foldTask(inOrder)),
  ));
});

Deno.test("property: no state without its decision, and a view is consistent with any part of the history", () => {
  fc.assert(fc.property(
    fc.array(arbitraryStep, { maxLength: 40 }).map((steps) => history(steps)).chain((life) =>
      fc.tuple(fc.constant(life), fc.shuffledSubarray(life.entries.slice(1)))
    ),
    ([life, some]) => {
      const view = foldTask([life.post, ...some]) ?? assert.fail();
      const values = some.flatMap((e) => e.kind === "task_decided" ? [e.value] : []);
      const newest = values.toSorted((a, b) => b.version - a.version)[0];

      assert.deepEqual([view.state, view.holder, view.token], [
        newest?.state ?? "announced",
        newest?.holder,
        newest?.token ?? 0,
      ]);
      assert.equal(view.holder !== undefined, isHeld(view.state));
      const open = view.attempts.filter((a) => a.outcome === undefined);
      assert.ok(open.length <= 1 && open.every((a) => a.token === view.token), "at most the newest claim is open");
      assert.deepEqual(view.attempts.map((a) => a.token).toSorted((a, b) => a - b), view.attempts.map((a) => a.token));
      if (view.undecided) assert.equal(some.find((e) => e.id === view.undecided?.entry)?.author, view.holder);
    },
  ));
});

Deno.test("entries that carry the same decision are one: the earliest says when", () => {
  const life = new TaskLife().act(ADA, 5, { type: "claim" });
  const again = decided(TEST_TASK, life.value ?? assert.fail(), BOB, 4);
  const entries = [...life.entries, again];

  assert.deepEqual(foldTask(entries)?.updatedAt, again.hlc);
  assert.ok(compareEntries(again, life.entries[1] as TaskEntry) < 0);
});
