import assert from "node:assert/strict";
import type { AgentId, PeerId } from "@bzzz/base";
import { type BodyOf, bodySchema, type RequestAction } from "@bzzz/wire";
import fc from "fast-check";
import {
  actionDigest,
  findStanding,
  foldRequest,
  isRequestFor,
  MAX_APPROVAL_AGE_MS,
  MAX_REQUEST_ENTRIES,
  mayActOn,
  requestDigest,
  type RequestEntry,
  RequestInbox,
  requestStateAt,
  type RequestView,
  snoozedUntil,
} from "./mod.ts";
import {
  AGENT,
  ANA,
  answered,
  ASK,
  BEN,
  handled,
  opened,
  performed,
  person,
  proof,
  question,
  revoked,
} from "./testing.ts";

const EVE = "eve" as PeerId;
type Opened = Partial<BodyOf<"request_opened">>;
type Answered = Partial<BodyOf<"request_answered">>;

const PUSH: RequestAction = {
  verb: "repo.push",
  target: "ucxl://any:any@bzzz:main/*^/pkg/dht",
  args: [{ name: "remoteName", value: "origin" }, { name: "commits", value: 3 }, { name: "force", value: false }],
  effect: "3 commits reach everybody",
  reversible: true,
  cost: "2 minutes of CI",
};
const FACTS = { grantOf: person, isStanding: () => true };
const APPROVAL: Opened = { kind: "approval", allow: ["approve", "deny"], action: PUSH, offers: ["edit", "escalate"] };

function fold(asked: Opened, ...entries: RequestEntry[]): RequestView {
  const view = foldRequest(ASK, [opened(asked), ...entries]);
  assert.ok(view);
  return view;
}

function answerTo(asked: Opened, who: PeerId, ms: number, fields: Answered = {}, authority = person(who)) {
  const { text: _, ...rest } = answered(who, ms, {}, authority).body;
  const digest = requestDigest(question(asked));
  const body = { ...rest, decision: "approve" as const, ...fields, requestDigest: digest };
  return { ...answered(who, ms, body, authority), body };
}

function handle(asked: Opened, who: PeerId, ms: number, fields: Partial<BodyOf<"request_handled">>) {
  return handled(who, ms, { ...fields, requestDigest: requestDigest(question(asked)) });
}

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

Deno.test("mayActOn() looks at what may have changed since: the person, the age, whether it was done", () => {
  const answer = answerTo(APPROVAL, ANA, 2);
  const view = fold(APPROVAL, answer);
  const at = (nowMs: number, grantOf: (peer: PeerId) => ReturnType<typeof person> | undefined = person) =>
    mayActOn(view, { ...FACTS, nowMs, grantOf });

  assert.equal(at(3), undefined);
  assert.equal(at(3 + MAX_APPROVAL_AGE_MS), "stale");
  assert.equal(at(3, () => undefined), "person_gone");
  assert.equal(at(3, (peer) => person(peer, { level: "read_only" })), "person_gone");
  assert.equal(mayActOn(fold(APPROVAL), { ...FACTS, nowMs: 3 }), "no_answer");
  assert.equal(
    mayActOn(fold(APPROVAL, answer, performed(answer, 3)), { ...FACTS, nowMs: 4 }),
    "already_performed",
  );
});

Deno.test("mayActOn() acts on no word that a person has not signed, whatever the request says of it", () => {
  const { human: _, ...unsigned } = answerTo(APPROVAL, ANA, 2);
  const question: Opened = { kind: "question", allow: ["answer"] };
  const { human: __, ...words } = answerTo(question, ANA, 2, { decision: "answer", text: "main" });
  const notice: Opened = { kind: "notice", allow: ["answer"] };
  const { human: ___, ...seen } = answerTo(notice, ANA, 2, { decision: "answer", text: "seen" });
  const facts = { ...FACTS, nowMs: 3 };

  assert.equal(fold(APPROVAL, unsigned).recordedState, "answered"); // as older nodes tell it
  assert.equal(mayActOn(fold(APPROVAL, unsigned), facts), "unsigned");
  assert.equal(mayActOn(fold(question, words), facts), "unsigned");
  assert.equal(mayActOn(fold(notice, seen), facts), undefined);
  assert.equal(
    mayActOn(fold(APPROVAL, answerTo(APPROVAL, ANA, 2)), { ...facts, isStanding: () => false }),
    "person_gone",
  );
});

Deno.test("a request for signed answers stays open until a person signs one; anybody may say no", () => {
  const asked: Opened = { ...APPROVAL, signedBy: "person" };
  const { human: _, ...unsigned } = answerTo(asked, ANA, 2);
  const { human: __, ...denied } = answerTo(asked, BEN, 4, { decision: "deny" });

  const open = fold(asked, unsigned);
  assert.deepEqual([open.recordedState, open.refusals], ["pending", { not_signed: 1 }]);
  assert.equal(fold(asked, unsigned, answerTo(asked, ANA, 3)).recordedState, "answered");
  assert.equal(fold(asked, unsigned, denied).recordedState, "declined");
});

Deno.test("a rule approves what its person let it approve, and never high stakes", () => {
  const auto = { rule: "pushes", policy: "0".repeat(64) };
  const state = (asked: Opened, rule: { action: string; target?: string }) => {
    const by = { type: "mandate" as const, rules: [{ rule: "pushes", ...rule }] };
    const entry = answerTo({ ...asked, signedBy: "person" }, ANA, 2, { auto });
    return fold({ ...asked, signedBy: "person" }, { ...entry, human: { ...proof(ANA), by } }).recordedState;
  };

  assert.equal(state(APPROVAL, { action: "repo.*" }), "answered");
  assert.equal(state(APPROVAL, { action: "file.*" }), "pending");
  assert.equal(state(APPROVAL, { action: "repo.*", target: "ucxl://other/*" }), "pending");
  assert.equal(state({ ...APPROVAL, stakes: "high" }, { action: "repo.*" }), "pending");
  assert.equal(state({ ...APPROVAL, humanPresent: true }, { action: "repo.*" }), "pending");
});

Deno.test("two devices of one person are one vote", () => {
  const asked: Opened = { ...APPROVAL, to: { quorum: { n: 2, of: 3 } } };
  const second = { ...answerTo(asked, BEN, 3), human: proof(ANA) };

  const view = fold(asked, answerTo(asked, ANA, 2), second);

  assert.deepEqual([view.recordedState, view.refusals], ["pending", { already_voted: 1 }]);
});

Deno.test("an approval for longer covers the very same action of the same asker, and nothing else", () => {
  const TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAX" as NonNullable<RequestView["taskId"]>;
  const asked: Opened = { ...APPROVAL, taskId: TASK };
  const wanted = { action: PUSH, taskId: TASK, openedBy: AGENT };
  const facts = { ...FACTS, nowMs: 9 };
  const find = (fields: Answered, change: Partial<typeof wanted> = {}, nowMs = 9) => {
    const view = fold(asked, answerTo(asked, ANA, 2, fields));
    return findStanding([view], { ...wanted, ...change }, { ...facts, nowMs }) !== undefined;
  };

  assert.equal(find({ scope: "task" }), true);
  assert.equal(find({ scope: "until", untilMs: 10 }), true);
  assert.equal(find({ scope: "until", untilMs: 10 }, {}, 11), false);
  assert.equal(find({ scope: "once" }), false);
  assert.equal(find({}), false);
  assert.equal(find({ scope: "task" }, { taskId: ASK as string as typeof TASK }), false);
  assert.equal(find({ scope: "task" }, { openedBy: BEN }), false);
  assert.equal(find({ scope: "task" }, { action: { ...PUSH, target: "ucxl://any:any@bzzz:main/*^/pkg/api" } }), false);
  assert.equal(find({ scope: "task", decision: "deny" }), false);
});

Deno.test("an approval that was taken back is acted on no more, and covers nothing; what was done stays done", () => {
  const asked: Opened = { ...APPROVAL, to: { human: ANA as string as never } };
  const until = answerTo(asked, ANA, 2, { scope: "until", untilMs: 100 });
  const wanted = { action: PUSH, openedBy: AGENT };
  const facts = { ...FACTS, nowMs: 9 };
  const covers = (view: RequestView) => findStanding([view], wanted, facts) !== undefined;
  const before = fold(asked, until);
  assert.deepEqual([covers(before), mayActOn(before, facts)], [true, undefined]);

  const view = fold(asked, until, revoked(until, ANA, 5));

  assert.deepEqual([covers(view), mayActOn(view, facts)], [false, "revoked"]);
  assert.deepEqual([view.recordedState, view.revoked?.by, view.revoked?.reason], ["answered", ANA, "found out"]);
  const done = fold(asked, until, performed(until, 4), revoked(until, ANA, 5));
  assert.deepEqual([done.performed?.outcome, mayActOn(done, facts), covers(done)], [
    "done",
    "already_performed",
    false,
  ]);
});

Deno.test("who might have answered may take an approval back, and nobody else; a denial is no approval", () => {
  const asked: Opened = { ...APPROVAL, to: { human: ANA as string as never } };
  const yes = answerTo(asked, ANA, 2);
  const refusals = (...entries: RequestEntry[]) => fold(asked, ...entries).refusals;
  const phone = person(BEN, { person: proof(ANA).person });

  assert.deepEqual(refusals(yes, revoked(yes, EVE, 5)), { not_addressed: 1 });
  assert.deepEqual(refusals(yes, revoked(yes, ANA, 5, person(ANA, { binaryType: "agent" }))), { not_a_person: 1 });
  assert.deepEqual(refusals(yes, revoked(yes, AGENT, 5)), { not_addressed: 1 });
  assert.deepEqual(refusals(yes, revoked(yes, BEN, 5, phone)), {}, "another device of hers");
  assert.deepEqual(refusals(yes, revoked(yes, ANA, 5), revoked(yes, ANA, 6)), { already_closed: 1 });
  const no = answerTo(asked, ANA, 2, { decision: "deny" });
  assert.deepEqual(refusals(no, revoked(no, ANA, 5)), { not_the_answer: 1 });
  assert.deepEqual(refusals(yes, revoked(opened(asked), ANA, 5)), { not_the_answer: 1 });
});

Deno.test("a flood of other entries does not keep a revocation from being heard", () => {
  const inbox = new RequestInbox();
  const yes = answerTo(APPROVAL, ANA, 2, { scope: "until", untilMs: 9_999 });
  inbox.add(opened(APPROVAL));
  inbox.add(yes);
  for (let ms = 3; ms < 3 + 2 * MAX_REQUEST_ENTRIES; ms++) inbox.add(handle(APPROVAL, BEN, ms, {}));

  inbox.add(revoked(yes, ANA, 5_000));

  assert.equal(inbox.get(ASK)?.revoked?.by, ANA);
});

Deno.test("the digest covers every part of the action, and its arguments keep their names", () => {
  const before = requestDigest(question(APPROVAL));
  const longer = { ...PUSH, args: [...PUSH.args.slice(0, 2), { name: "force", value: true }] };
  const renamed = { ...PUSH, args: [{ name: "remote_name", value: "origin" }, ...PUSH.args.slice(1)] };

  assert.notEqual(requestDigest(question({ ...APPROVAL, action: longer })), before);
  assert.notEqual(requestDigest(question({ ...APPROVAL, action: renamed })), before);
  assert.notEqual(actionDigest(renamed), actionDigest(PUSH));
});

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
