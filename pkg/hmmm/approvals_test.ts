import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import {
  findStanding,
  MAX_APPROVAL_AGE_MS,
  MAX_REQUEST_ENTRIES,
  mayActOn,
  type RequestEntry,
  RequestInbox,
  type RequestView,
} from "./mod.ts";
import { AGENT, ANA, ASK, BEN, opened, performed, person, proof, revoked } from "./testing.ts";
import { type Answered, answerTo, APPROVAL, EVE, FACTS, fold, handle, type Opened, PUSH } from "./testdata/requests.ts";

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
