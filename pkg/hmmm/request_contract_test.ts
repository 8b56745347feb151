import assert from "node:assert/strict";
import type { AgentId, PeerId } from "@bzzz/base";
import { bodySchema, type RequestAction } from "@bzzz/wire";
import fc from "fast-check";
import {
  actionDigest,
  foldRequest,
  isRequestFor,
  mayActOn,
  requestDigest,
  type RequestEntry,
  requestStateAt,
  snoozedUntil,
} from "./mod.ts";
import { ANA, ASK, BEN, handled, opened, performed, person, question } from "./testing.ts";
import { type Answered, answerTo, APPROVAL, EVE, FACTS, fold, handle, type Opened, PUSH } from "./testdata/requests.ts";

const QUORUM: Opened = { ...APPROVAL, to: { quorum: { n: 2, of: 3 } } };

const anyEntry: fc.Arbitrary<RequestEntry> = fc.tuple(
  fc.constantFrom("approve", "deny", "auto", "agent", "escalate", "snooze", "done"),
  fc.constantFrom(ANA, BEN, EVE),
  fc.integer({ min: 2, max: 20 }),
).map(([act, who, ms]) => {
  switch (act) {
    case "approve":
      return answerTo(QUORUM, who, ms);
    case "deny":
      return answerTo(QUORUM, who, ms, { decision: "deny" });
    case "auto":
      return answerTo(QUORUM, who, ms, { auto: { rule: "r", policy: "0".repeat(64) } });
    case "agent":
      return answerTo(QUORUM, who, ms, {}, person(who, { binaryType: "agent" }));
    case "escalate":
      return handle(QUORUM, who, ms, { act: "escalate" });
    case "snooze":
      return handle(QUORUM, who, ms, { act: "snooze", untilMs: ms + 5 });
    default:
      return performed(answerTo(QUORUM, who, ms), ms);
  }
});

Deno.test("the schema of the wire takes no approval by silence", () => {
  const body = { ...question({ deadlineMs: 5 }), onTimeout: "approve" };

  assert.equal(bodySchema("request_opened").safeParse(body).success, false);
  assert.equal(bodySchema("request_opened").safeParse({ ...body, onTimeout: "deny" }).success, true);
});

Deno.test("a quorum is filled by different people who say the same", () => {
  const asked: Opened = { ...APPROVAL, to: { quorum: { n: 2, of: 3 } } };
  const by = (...who: PeerId[]) => fold(asked, ...who.map((one, i) => answerTo(asked, one, 2 + i)));

  assert.equal(by(ANA).recordedState, "pending");
  assert.equal(by(ANA, ANA).recordedState, "pending");
  assert.deepEqual(by(ANA, ANA).refusals, { already_voted: 1 });
  assert.equal(by(ANA, BEN).recordedState, "answered");
  assert.deepEqual(by(ANA, BEN, EVE).late.map((late) => late.answeredBy), ["eve"]);
});

Deno.test("a second portal of the same person is no second voice", () => {
  const asked: Opened = { ...APPROVAL, to: { quorum: { n: 2, of: 3 } } };
  const laptop = person("laptop" as PeerId, { agentId: "ana" as AgentId });

  const view = fold(asked, answerTo(asked, ANA, 2), answerTo(asked, "laptop" as PeerId, 3, {}, laptop));

  assert.deepEqual([view.recordedState, view.refusals], ["pending", { already_voted: 1 }]);
});

Deno.test("a quorum that cannot be filled any more has declined", () => {
  const asked: Opened = { ...APPROVAL, to: { quorum: { n: 2, of: 3 } } };
  const no = { decision: "deny" as const, reason: "tests first" };

  const one = fold(asked, answerTo(asked, ANA, 2, no));
  const two = fold(asked, answerTo(asked, ANA, 2, no), answerTo(asked, BEN, 3), answerTo(asked, EVE, 4, no));

  assert.equal(one.recordedState, "pending");
  assert.equal(two.recordedState, "declined");
  assert.equal(two.answer?.reason, "tests first");
});

Deno.test("only the eligible answer, whatever else the request says", () => {
  const asked: Opened = { ...APPROVAL, eligible: ["ana" as AgentId], deadlineMs: 5, onTimeout: "escalate" };

  const view = fold(asked, answerTo(asked, BEN, 9), handle(asked, BEN, 9, { act: "escalate" }));

  assert.deepEqual(view.refusals, { not_eligible: 2 });
  assert.equal(isRequestFor(view, person(ANA), ANA, 9), true);
  assert.equal(isRequestFor(view, person(BEN), BEN, 9), false);
});

Deno.test("a denial declines, and is no answer", () => {
  const view = fold(APPROVAL, answerTo(APPROVAL, ANA, 2, { decision: "deny", reason: "split it" }));

  assert.equal(view.recordedState, "declined");
  assert.equal(mayActOn(view, { ...FACTS, nowMs: 3 }), "not_approved");
});

Deno.test("an edited action counts with its own digest, the same verb, and where edits are offered", () => {
  const edited: RequestAction = { ...PUSH, args: [{ name: "commits", value: 1 }] };
  const by = (asked: Opened, fields: Answered) => fold(asked, answerTo(asked, ANA, 2, fields));
  const right = { editedAction: edited, editedDigest: actionDigest(edited) };
  const other = { ...edited, verb: "repo.delete" };
  const { offers: _, ...plain } = APPROVAL;

  assert.equal(by(APPROVAL, right).recordedState, "answered");
  assert.deepEqual(by(APPROVAL, { ...right, editedDigest: actionDigest(PUSH) }).refusals, { invalid_edit: 1 });
  assert.deepEqual(
    by(APPROVAL, { editedAction: other, editedDigest: actionDigest(other) }).refusals,
    { invalid_edit: 1 },
  );
  assert.deepEqual(by(plain, right).refusals, { decision_not_allowed: 1 });
});

Deno.test("values are checked against the schema of the form", () => {
  const schema = JSON.stringify({
    type: "object",
    properties: { hours: { type: "integer", minimum: 1, maximum: 40 } },
    required: ["hours"],
  });
  const asked: Opened = { kind: "form", allow: ["answer"], schema };
  const by = (values: string | undefined) =>
    fold(asked, answerTo(asked, ANA, 2, { decision: "answer", ...given(values) }));
  const given = (values: string | undefined) => values === undefined ? {} : { values };

  assert.equal(by('{"hours":4}').recordedState, "answered");
  for (const wrong of ['{"hours":41}', '{"hours":"4"}', "{}", '{"hours":4,"more":1}', "[]", "no", undefined]) {
    assert.deepEqual(by(wrong).refusals, { invalid_values: 1 }, wrong ?? "none");
  }
});

Deno.test("a rule decides only where no person is demanded, and never fills a quorum", () => {
  const auto = { rule: "reads", policy: "0".repeat(64) };
  const by = (asked: Opened) => fold(asked, answerTo(asked, ANA, 2, { auto }));

  assert.equal(by(APPROVAL).answer?.auto?.rule, "reads");
  assert.deepEqual(by({ ...APPROVAL, humanPresent: true }).refusals, { person_required: 1 });
  assert.deepEqual(by({ ...APPROVAL, to: { quorum: { n: 1, of: 2 } } }).refusals, { person_required: 1 });
});

Deno.test("escalation adds who may answer; the state says so until somebody does", () => {
  const asked: Opened = { ...APPROVAL, to: { human: "ana" as AgentId } };
  const up = handle(asked, ANA, 2, { act: "escalate", to: { human: "ben" as AgentId }, reason: "on a train" });

  const waiting = fold(asked, up);
  const after = fold(asked, up, answerTo(asked, BEN, 3));
  const before = fold(asked, answerTo(asked, BEN, 1), up);

  assert.equal(requestStateAt(waiting, 2), "escalated");
  assert.deepEqual(waiting.escalations.map(({ by, reason }) => [by, reason]), [["ana", "on a train"]]);
  assert.equal(after.recordedState, "answered");
  assert.deepEqual(before.refusals, { not_addressed: 1 });
  const { offers: _, ...rest } = asked;
  const closed: Opened = { ...rest, offers: ["edit"] };
  assert.deepEqual(fold(closed, handle(closed, ANA, 2, { act: "escalate" })).refusals, { decision_not_allowed: 1 });
});

Deno.test("a snooze is one person's, and ends", () => {
  const view = fold(
    APPROVAL,
    handle(APPROVAL, ANA, 2, { act: "snooze", untilMs: 50 }),
    handle(APPROVAL, BEN, 2, { act: "snooze", untilMs: 70 }),
    handle(APPROVAL, BEN, 3, { act: "snooze", untilMs: 3 }),
    handle(APPROVAL, BEN, 4, { act: "claim" }),
  );

  assert.equal(snoozedUntil(view, ANA, 49), 50);
  assert.equal(snoozedUntil(view, ANA, 50), undefined);
  assert.equal(snoozedUntil(view, BEN, 4), undefined);
  assert.deepEqual(view.claims.map(({ by }) => by), ["ben"]);
  assert.equal(requestStateAt(view, 5), "pending");
  assert.deepEqual(fold(APPROVAL, handle(APPROVAL, ANA, 2, { act: "snooze" })).refusals, { invalid_scope: 1 });
});

Deno.test("an agent may not put off, escalate or claim", () => {
  const asAgent = handled(ANA, 2, {}, person(ANA, { binaryType: "agent" }));

  assert.deepEqual(fold({}, asAgent).refusals, { not_a_person: 1 });
});

Deno.test("what was permitted and what was done are told apart; only the asker tells", () => {
  const answer = answerTo(APPROVAL, ANA, 2);
  const told = fold(APPROVAL, answer, performed(answer, 3, "failed"), performed(answer, 4));
  const byOther = fold(APPROVAL, answer, performed(answer, 3, "done", BEN));
  const ofNone = fold(APPROVAL, answer, performed(answerTo(APPROVAL, BEN, 9), 3));

  assert.deepEqual([told.recordedState, told.performed?.outcome], ["answered", "failed"]);
  assert.deepEqual([byOther.performed, byOther.refusals], [undefined, { not_the_author: 1 }]);
  assert.deepEqual([ofNone.performed, ofNone.refusals], [undefined, { not_the_answer: 1 }]);
});

Deno.test("the digest covers every part of the action, and its arguments keep their names", () => {
  const before = requestDigest(question(APPROVAL));
  const longer = { ...PUSH, args: [...PUSH.args.slice(0, 2), { name: "force", value: true }] };
  const renamed = { ...PUSH, args: [{ name: "remote_name", value: "origin" }, ...PUSH.args.slice(1)] };

  assert.notEqual(requestDigest(question({ ...APPROVAL, action: longer })), before);
  assert.notEqual(requestDigest(question({ ...APPROVAL, action: renamed })), before);
  assert.notEqual(actionDigest(renamed), actionDigest(PUSH));
});

Deno.test("property: any order gives the same request; it is approved by two different people or not at all", () => {
  fc.assert(fc.property(
    fc.array(anyEntry, { maxLength: 20 }).chain((entries) =>
      fc.tuple(fc.constant(entries), fc.shuffledSubarray([...entries, ...entries], { minLength: entries.length * 2 }))
    ),
    ([inOrder, shuffled]) => {
      const view = fold(QUORUM, ...inOrder);
      assert.deepEqual(foldRequest(ASK, [...shuffled, opened(QUORUM)]), view);
      const approvers = new Set(
        view.votes.filter((vote) => vote.decision === "approve").map((vote) => vote.answeredBy),
      );
      if (view.recordedState === "answered") assert.ok(approvers.size >= 2, "two people");
      assert.equal(new Set(view.votes.map((vote) => vote.answeredBy)).size, view.votes.length, "one vote a person");
      assert.ok(view.votes.every((vote) => vote.auto === undefined), "no rule in a quorum");
    },
  ));
});
