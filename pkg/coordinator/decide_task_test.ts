import assert from "node:assert/strict";
import type { EntryId, PeerId, RequestId } from "@bzzz/base";
import fc from "fast-check";
import {
  decideTask,
  isFinished,
  isHeld,
  MAX_ATTEMPTS,
  TASK_COMMAND_CODEC,
  TASK_EVENTS,
  TASK_STATES,
  TASK_VALUE_CODEC,
  type TaskCommand,
  type TaskValue,
  TRANSITIONS,
} from "./mod.ts";
import { taskLeaseId } from "./task_rules.ts";
import { type Act, commandOf, PEERS, posted, POSTER, TaskLife } from "./testing.ts";

const [ADA, BOB, CYD] = PEERS as [PeerId, PeerId, PeerId];
const ASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as RequestId;
const ASK_2 = "01ARZ3NDEKTSV4RRFFQ69G5FAW" as RequestId;
const TOLD = "a".repeat(64) as EntryId;
const PLAN = "b".repeat(64) as EntryId;
const PLANNED = { plan: { windowMs: 30_000 } };

function refusal(life: TaskLife, actor: PeerId, act: Act): string {
  const decision = life.ask(actor, act);
  assert.ok("refuse" in decision, `${act.type} was not refused: ${JSON.stringify(decision)}`);
  return decision.refuse;
}

Deno.test("the table has a cell for every state and event, and only a retry leaves a finished state", () => {
  for (const state of TASK_STATES) {
    for (const event of TASK_EVENTS) {
      const cell = TRANSITIONS[state][event];
      assert.ok("to" in cell || "refuse" in cell, `${state} × ${event}`);
      if (isFinished(state) && event !== "retry") {
        assert.deepEqual(cell, { refuse: "already_finished" }, `${state} × ${event}`);
      }
    }
  }
  assert.deepEqual(TRANSITIONS.completed.retry, { refuse: "already_finished" }, "what is done stays done");
});

Deno.test("every state can be reached from the post", () => {
  const reached = new Set(["announced"]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const state of TASK_STATES) {
      if (!reached.has(state)) continue;
      for (const cell of Object.values(TRANSITIONS[state])) if ("to" in cell) reached.add(cell.to);
    }
  }

  assert.deepEqual([...reached].sort(), [...TASK_STATES].sort());
});

Deno.test("a task goes from its claim to its result; each step is one version and the token stays", () => {
  const life = new TaskLife().act(ADA, 2, { type: "claim" });
  const states = [life.value?.state];
  for (
    const act of [
      { type: "begin" },
      { type: "block", request: ASK },
      { type: "block", request: ASK_2 },
      { type: "resume", request: ASK },
      { type: "renew" },
      { type: "resume", request: ASK_2 },
      { type: "complete", told: TOLD },
    ] as const
  ) {
    life.act(ADA, 3, act);
    states.push(life.value?.state);
  }

  assert.deepEqual(states, [
    "claimed",
    "executing",
    "blocked",
    "blocked",
    "blocked",
    "blocked",
    "executing",
    "completed",
  ]);
  const { version, token, attempt, holder, worker, result, waitingFor } = life.value ?? assert.fail();
  assert.deepEqual([version, token, attempt], [8, 1, 1]);
  assert.deepEqual([holder, worker, result, waitingFor], [undefined, ADA, TOLD, []]);
});

Deno.test("a claim begins at once where no plan is wanted, also as a takeover; said twice it is the same", () => {
  const claim = { type: "claim", isBegun: true } as const;
  const life = new TaskLife();
  const command = commandOf(life.post, undefined, claim);

  life.act(ADA, 2, claim);
  assert.deepEqual([life.value?.state, life.value?.version, life.value?.token], ["executing", 1, 1]);
  assert.deepEqual(decideTask(life.value, command, ADA), { same: true });
  assert.equal(refusal(life, ADA, { type: "begin" }), "already_begun");
  life.act(BOB, 3, claim);
  assert.deepEqual([life.value?.state, life.value?.holder, life.value?.attempt], ["executing", BOB, 2]);
  life.act(CYD, 4, { type: "claim" });
  assert.equal(life.value?.state, "claimed", "a claim may leave the beginning to a command of its own");
  assert.deepEqual(
    [life.ask(ADA, claim)].map((d) => "next" in d && [d.next.state, d.next.holder]),
    [["failed", undefined]],
    "the third try is lost: nobody begins a fourth",
  );
  assert.equal(refusal(new TaskLife(posted(PLANNED)), ADA, claim), "plan_required");
});

Deno.test("a planned task is planned, discussed and only then begun; an objection leads back to the plan", () => {
  const life = new TaskLife(posted(PLANNED)).act(ADA, 2, { type: "claim" });

  assert.equal(refusal(life, ADA, { type: "begin" }), "plan_required");
  life.act(ADA, 3, { type: "plan" });
  assert.equal(refusal(life, ADA, { type: "begin" }), "not_planning");
  life.act(ADA, 4, { type: "propose", plan: PLAN }).act(ADA, 5, { type: "plan" });
  life.act(ADA, 6, { type: "propose", plan: TOLD }).act(ADA, 7, { type: "block", request: ASK });
  assert.equal(life.value?.state, "blocked");
  life.act(ADA, 8, { type: "resume", request: ASK });
  assert.equal(life.value?.state, "discussing", "an answer leads back to where the question came from");
  life.act(ADA, 9, { type: "begin" });

  assert.deepEqual([life.value?.state, life.value?.plan], ["executing", TOLD]);
});

Deno.test("a reviewed task waits for another's judgement, and a rejected one is tried again", () => {
  const life = new TaskLife(posted({ review: {} })).start(ADA, 2).act(ADA, 3, { type: "complete", told: TOLD });
  assert.deepEqual([life.value?.state, life.value?.holder], ["review", undefined]);

  assert.equal(refusal(life, ADA, { type: "accept", told: TOLD }), "own_result");
  assert.equal(refusal(life, BOB, { type: "claim" }), "in_review");
  life.act(BOB, 4, { type: "reject", told: PLAN });
  assert.deepEqual([life.value?.state, life.value?.spent, life.value?.result], ["announced", 1, undefined]);
  life.start(CYD, 5).act(CYD, 6, { type: "complete", told: TOLD }).act(BOB, 7, { type: "accept", told: PLAN });

  assert.deepEqual([life.value?.state, life.value?.result, life.value?.attempt], ["completed", TOLD, 2]);
});

Deno.test("three tries that fail, are lost or rejected end a task; released ones do not count; a retry begins anew", () => {
  const life = new TaskLife().start(ADA, 2).act(ADA, 3, { type: "release", told: TOLD });
  assert.deepEqual([life.value?.state, life.value?.spent], ["announced", 0]);
  life.start(ADA, 4).fail(ADA, 5).act(ADA, 6, { type: "claim" }).act(BOB, 7, { type: "claim" });
  assert.deepEqual([life.value?.holder, life.value?.spent, life.value?.attempt], [BOB, 2, 3], "BOB took it over");

  life.act(CYD, 8, { type: "claim" });
  assert.deepEqual([life.value?.state, life.value?.spent, life.value?.holder], ["failed", MAX_ATTEMPTS, undefined]);
  assert.equal(refusal(life, CYD, { type: "claim" }), "already_finished");
  const { token = 0 } = life.value ?? {};
  life.act(POSTER, 9, { type: "retry", told: TOLD }).act(CYD, 10, { type: "claim" });

  assert.deepEqual([life.value?.attempt, life.value?.spent, life.value?.token], [1, 0, token + 1]);
});

Deno.test("commands that may not be are refused by name", () => {
  const held = () => new TaskLife().start(ADA, 2);
  const taken = () => held().act(BOB, 3, { type: "claim" });
  const cases: [string, TaskLife, PeerId, Act, string][] = [
    ["work on what nobody holds", new TaskLife(), ADA, { type: "renew" }, "not_held"],
    ["a holder claims again", held(), ADA, { type: "claim" }, "already_holder"],
    ["a stranger renews", held(), BOB, { type: "renew" }, "not_holder"],
    ["a stranger completes", held(), BOB, { type: "complete", told: TOLD }, "not_holder"],
    ["begin twice", held(), ADA, { type: "begin" }, "already_begun"],
    ["resume without a question", held(), ADA, { type: "resume", request: ASK }, "not_blocked"],
    ["another question", held().act(ADA, 3, { type: "block", request: ASK }), ADA, {
      type: "resume",
      request: ASK_2,
    }, "wrong_request"],
    ["complete while people are asked", held().act(ADA, 3, { type: "block", request: ASK }), ADA, {
      type: "complete",
      told: TOLD,
    }, "is_blocked"],
    [
      "complete before it begins",
      new TaskLife().act(ADA, 2, { type: "claim" }),
      ADA,
      { type: "complete", told: TOLD },
      "not_begun",
    ],
    ["accept without a review", held(), BOB, { type: "accept", told: TOLD }, "not_in_review"],
    ["retry what goes on", held(), POSTER, { type: "retry", told: TOLD }, "not_finished"],
    ["cancel what is done", held().complete(ADA, 3), POSTER, { type: "cancel", told: TOLD }, "already_finished"],
    ["the lost holder's result", taken(), ADA, { type: "complete", told: TOLD }, "not_holder"],
  ];
  for (const [what, life, actor, act, expected] of cases) assert.equal(refusal(life, actor, act), expected, what);
});

Deno.test("a command that names an old token or version is refused, and the same one twice does no harm", () => {
  const life = new TaskLife().start(ADA, 2);
  const first = life.value;
  const renew = commandOf(life.post, first, { type: "renew" });
  life.act(ADA, 3, { type: "renew" });

  assert.deepEqual(decideTask(life.value, renew, ADA), { same: true });
  assert.deepEqual(decideTask(life.value, commandOf(life.post, first, { type: "claim" }), BOB), {
    refuse: "stale_version",
  }, "a takeover that did not see the renewal");
  life.act(BOB, 4, { type: "claim" });
  assert.deepEqual(decideTask(life.value, renew, ADA), { refuse: "stale_token" });
  assert.deepEqual(decideTask(undefined, renew, ADA), { refuse: "stale_version" });
});

Deno.test("values and commands survive their bytes, and junk is no value", () => {
  const life = new TaskLife(posted({ ...PLANNED, review: {} })).act(ADA, 2, { type: "claim" });
  const value = life.value ?? assert.fail();
  const command = commandOf(life.post, value, { type: "claim" });

  assert.deepEqual(TASK_VALUE_CODEC.decode(TASK_VALUE_CODEC.encode(value)), value);
  assert.deepEqual(TASK_COMMAND_CODEC.decode(TASK_COMMAND_CODEC.encode(command)), command);

  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    TASK_VALUE_CODEC.decode(bytes);
    TASK_COMMAND_CODEC.decode(bytes);
  }));
  assert.equal(TASK_VALUE_CODEC.decode(new Uint8Array(1)), undefined);
});

const arbitraryAct: fc.Arbitrary<readonly [PeerId, Act]> = fc.tuple(
  fc.constantFrom(...PEERS.slice(0, 3)),
  fc.constantFrom<Act>(
    { type: "claim" },
    { type: "claim", isBegun: true },
    { type: "renew" },
    { type: "plan" },
    { type: "propose", plan: PLAN },
    { type: "begin" },
    { type: "block", request: ASK },
    { type: "block", request: ASK_2 },
    { type: "resume", request: ASK },
    { type: "resume", request: ASK_2 },
    { type: "complete", told: TOLD },
    { type: "fail", told: TOLD },
    { type: "fail", told: TOLD, isFinal: true },
    { type: "release", told: TOLD },
    { type: "accept", told: TOLD },
    { type: "reject", told: TOLD },
    { type: "cancel", told: TOLD },
    { type: "expire" },
    { type: "retry", told: TOLD },
  ),
);

Deno.test("property: values are consistent, versions dense, and the token never shrinks, whatever is asked", () => {
  const terms = fc.constantFrom({}, PLANNED, { review: {} }, { ...PLANNED, review: {} });
  fc.assert(fc.property(terms, fc.array(arbitraryAct, { maxLength: 60 }), (fields, acts) => {
    const life = new TaskLife(posted(fields));
    for (const [actor, act] of acts) {
      const before = life.value;
      if (!("next" in life.ask(actor, act))) continue;
      life.act(actor, 2, act);
      const after = life.value ?? assert.fail();
      assertConsistent(before, after, act);
      assert.deepEqual(TASK_VALUE_CODEC.decode(TASK_VALUE_CODEC.encode(after)), after);
    }
  }));
});

function assertConsistent(before: TaskValue | undefined, after: TaskValue, act: Act): void {
  const what = `${act.type} made ${JSON.stringify(after)}`;
  assert.equal(after.version, (before?.version ?? 0) + 1, what);
  assert.equal(after.token, (before?.token ?? 0) + (act.type === "claim" ? 1 : 0), what);
  assert.equal(after.holder !== undefined, isHeld(after.state), what);
  assert.equal(after.state === "blocked", after.waitingFor.length > 0, what);
  assert.equal(after.state === "blocked", after.resumesTo !== undefined, what);
  assert.ok(after.spent <= MAX_ATTEMPTS, what);
  if (isHeld(after.state)) assert.equal(after.attempt, after.spent + 1, what);
  if (after.state === "completed" || after.state === "review") assert.ok(after.result && after.worker, what);
  if (before?.holder !== undefined && after.holder !== undefined && after.holder !== before.holder) {
    assert.ok(after.token > before.token, what);
  }
}

Deno.test("two claims or renewals that look the same grant two leases: the second is not the first said again", () => {
  const [one, other] = ["0".repeat(16), "1".repeat(16)];
  const post = posted();
  const claim = commandOf(post, undefined, { type: "claim" });
  const nextOf = (previous: TaskValue | undefined, command: TaskCommand, leaseId: string): TaskValue => {
    const decision = decideTask(previous, command, ADA, leaseId);
    return "next" in decision ? decision.next : assert.fail(JSON.stringify(decision));
  };
  const [first, second] = [nextOf(undefined, claim, one), nextOf(undefined, claim, other)];
  const renew = commandOf(post, first, { type: "renew" });
  const [renewed, again] = [nextOf(first, renew, one), nextOf(first, renew, other)];
  const release = commandOf(post, first, { type: "release", told: TOLD });

  const ids = [first, second, renewed, again].map(taskLeaseId);
  assert.equal(new Set(ids).size, 4, ids.join(" "));
  assert.deepEqual(decideTask(first, claim, ADA, one), { same: true });
  assert.deepEqual(decideTask(first, claim, ADA, other), { refuse: "stale_token" });
  assert.deepEqual(decideTask(renewed, renew, ADA, one), { same: true });
  assert.deepEqual(decideTask(renewed, renew, ADA, other), { refuse: "stale_version" });
  assert.equal(nextOf(first, release, other).leaseId, undefined);
});
