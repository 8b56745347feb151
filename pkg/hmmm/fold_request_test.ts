import assert from "node:assert/strict";
import type { AgentId, PeerId } from "@bzzz/base";
import { hexEncode } from "@bzzz/base";
import { TestAuthor } from "@bzzz/wire/testing";
import { decodeBody } from "@bzzz/wire";
import fc from "fast-check";
import {
  bindRequestId,
  foldRequest,
  isEscalatedAt,
  requestDigest,
  type RequestEntry,
  requestEntryOf,
  RequestInbox,
  type RequestRefusal,
  requestStateAt,
  type RequestView,
} from "./mod.ts";
import { AGENT, ANA, answered, ASK, ASK_2, BEN, opened, person, question, resumed, withdrawn } from "./testing.ts";

const BEN_S_FRIEND = "eve" as PeerId;

function fold(...entries: RequestEntry[]): RequestView {
  const view = foldRequest(ASK, entries);
  assert.ok(view);
  return view;
}

Deno.test("the digest of a request is the hash its author has signed", () => {
  const author = new TestAuthor(1);
  const envelope = author.entry("request_opened", question());
  const decoded = decodeBody(envelope);
  assert.ok(decoded.ok);

  const entry = requestEntryOf({ envelope, kind: decoded.kind, body: decoded.body });

  assert.equal(requestDigest(question()), hexEncode(envelope.header.bodyHash));
  assert.equal(entry && foldRequest(ASK, [entry])?.digest, requestDigest(question()));
});

Deno.test("the first valid answer wins, the second is kept as late", () => {
  const view = fold(opened(), answered(BEN, 3, { text: "next" }), answered(ANA, 2));

  assert.equal(view.recordedState, "answered");
  assert.equal(view.answer?.answeredBy, "ana");
  assert.deepEqual(view.late.map((l) => [l.answeredBy, l.text, l.closedAs]), [["ben", "next", "answered"]]);
});

Deno.test("of two answers that crossed, the one the asker went on with counts, everywhere and for good", () => {
  const early = answered(ANA, 2);
  const heardFirst = answered(BEN, 3, { text: "next" });
  const entries = [opened(), early, heardFirst, resumed(heardFirst, 4), resumed(early, 5)];

  const view = fold(...entries.toReversed());

  assert.equal(view.answer?.answeredBy, "ben");
  assert.equal(view.isTaken, true);
  assert.deepEqual(view.late.map((l) => [l.answeredBy, l.closedAs]), [["ana", "answered"]]);
});

Deno.test("nobody but the asker says which answer counts, and only a valid one can be named", () => {
  const first = answered(ANA, 2);
  const second = answered(BEN, 3, { text: "next" });
  const void_ = answered(BEN, 3, { decision: "approve" });

  const byStranger = fold(opened(), first, second, resumed(second, 4, BEN));
  const ofVoid = fold(opened(), first, void_, resumed(void_, 4));

  assert.deepEqual([byStranger.answer?.answeredBy, byStranger.isTaken], ["ana", false]);
  assert.deepEqual([ofVoid.answer?.answeredBy, ofVoid.isTaken], ["ana", false]);
});

Deno.test("answers that may not be are refused by name", () => {
  const cases: [RequestRefusal, RequestEntry, Parameters<typeof opened>[0]?][] = [
    ["not_a_person", answered(BEN, 2, {}, person(BEN, { binaryType: "agent" }))],
    ["wrong_digest", answered(BEN, 2, { requestDigest: "0".repeat(64) })],
    ["own_request", answered(AGENT, 2)],
    ["not_addressed", answered(BEN, 2, {}, person(BEN, { level: "read_only" }))],
    ["decision_not_allowed", answered(BEN, 2, { decision: "approve" })],
  ];
  for (const [refusal, entry] of cases) {
    const view = fold(opened(), entry);

    assert.equal(view.recordedState, "pending", refusal);
    assert.deepEqual(view.refusals, { [refusal]: 1 });
  }
});

Deno.test("an answer without a known grant is no person's", () => {
  const { authority: _, ...anonymous } = answered(BEN, 2);

  assert.deepEqual(fold(opened(), anonymous).refusals, { not_a_person: 1 });
});

Deno.test("a request to a person or a role is answered by them, and by masters for a role", () => {
  const toAna = { to: { human: "ana" as AgentId } };
  const toReviewers = { to: { role: "reviewer" } };
  const by = (to: Partial<ReturnType<typeof question>>, who: typeof ANA, authority = person(who)) =>
    fold(opened(to), answered(who, 2, { requestDigest: requestDigest(question(to)) }, authority)).recordedState;

  assert.equal(by(toAna, ANA), "answered");
  assert.equal(by(toAna, BEN), "pending");
  assert.equal(by(toReviewers, BEN), "pending");
  assert.equal(by(toReviewers, BEN, person(BEN, { role: "reviewer" })), "answered");
  assert.equal(by(toReviewers, BEN, person(BEN, { role: "admin", level: "master" })), "answered");
});

Deno.test("a choice must be one of those offered", () => {
  const choice = { kind: "choice" as const, allow: ["choose" as const], choices: ["main", "next"] };
  const choose = (text?: string) =>
    fold(
      opened(choice),
      answered(ANA, 2, {
        requestDigest: requestDigest(question(choice)),
        decision: "choose",
        ...(text === undefined ? {} : { choice: text }),
      }),
    );

  assert.equal(choose("next").answer?.choice, "next");
  assert.deepEqual(choose("other").refusals, { unknown_choice: 1 });
  assert.deepEqual(choose().refusals, { unknown_choice: 1 });
});

Deno.test("silence holds, denies or escalates, and never approves", () => {
  const at = (onTimeout: "hold" | "deny" | "escalate") => fold(opened({ deadlineMs: 100, onTimeout }));

  for (const onTimeout of ["hold", "deny", "escalate"] as const) {
    assert.equal(requestStateAt(at(onTimeout), 100), "pending", onTimeout);
  }
  assert.equal(requestStateAt(at("hold"), 101), "pending");
  assert.equal(requestStateAt(at("deny"), 101), "expired");
  assert.equal(requestStateAt(at("escalate"), 101), "escalated");
  assert.equal(isEscalatedAt(at("escalate"), 101), true);
});

Deno.test("an escalated request may be answered by anybody who may decide, a denied one by nobody", () => {
  const fields = (onTimeout: "deny" | "escalate") => ({ to: { human: "ana" as AgentId }, deadlineMs: 100, onTimeout });
  const digest = (onTimeout: "deny" | "escalate") => requestDigest(question(fields(onTimeout)));

  const escalated = fold(opened(fields("escalate")), answered(BEN, 101, { requestDigest: digest("escalate") }));
  const denied = fold(opened(fields("deny")), answered(ANA, 101, { requestDigest: digest("deny") }));

  assert.equal(escalated.answer?.answeredBy, "ben");
  assert.equal(denied.answer, undefined);
  assert.deepEqual(denied.late.map((l) => l.closedAs), ["expired"]);
});

Deno.test("a request opened under another's id gives way to that one's, with all that was answered to it", () => {
  const requestId = bindRequestId(ASK, AGENT);
  const squatted = opened({ requestId, to: { human: "ben" as AgentId } }, 1, BEN_S_FRIEND);
  const fields = { requestId, requestDigest: requestDigest(question({ requestId, to: { human: "ben" as AgentId } })) };
  const toTheSquatter = answered(BEN, 2, fields);
  const real = opened({ requestId }, 3);
  const toTheAsker = answered(ANA, 4, { requestId, requestDigest: requestDigest(question({ requestId })) });
  const again = opened({ requestId, title: "Once more?" }, 5, BEN_S_FRIEND);

  const before = foldRequest(requestId, [squatted, toTheSquatter]);
  const after = foldRequest(requestId, [again, toTheAsker, real, toTheSquatter, squatted]);

  assert.equal(before?.openedBy, BEN_S_FRIEND);
  assert.equal(after?.openedBy, AGENT);
  assert.equal(after?.answer?.answeredBy, "ana");
  assert.deepEqual(after?.refusals, { request_exists: 1 });
});

Deno.test("an id that is bound to nobody belongs to who opened it first", () => {
  const view = fold(opened({}, 1, BEN), opened({ title: "Mine?" }, 2));

  assert.equal(view.openedBy, BEN);
  assert.deepEqual(view.refusals, { request_exists: 1 });
});

Deno.test("a request is withdrawn by its author alone, and answers come late afterwards", () => {
  assert.deepEqual(fold(opened(), withdrawn(ANA, 2)).refusals, { not_the_author: 1 });

  const view = fold(opened(), withdrawn(AGENT, 2), answered(ANA, 3));

  assert.equal(view.recordedState, "withdrawn");
  assert.deepEqual(view.late.map((l) => l.closedAs), ["withdrawn"]);
  assert.deepEqual(fold(opened(), answered(ANA, 2), withdrawn(AGENT, 3)).refusals, { already_closed: 1 });
});

Deno.test("a newer request of the same author supersedes the older one", () => {
  const newer = { requestId: ASK_2, supersedes: ASK, title: "Which tag?" };

  const view = fold(opened(), opened(newer, 2), answered(ANA, 3));

  assert.equal(view.recordedState, "superseded");
  assert.equal(view.supersededBy, ASK_2);
  assert.deepEqual(view.late.map((l) => l.closedAs), ["superseded"]);
  assert.equal(fold(opened(), opened(newer, 2, BEN)).recordedState, "pending");
});

Deno.test("the inbox follows both requests of a supersession, in any order", () => {
  const inbox = new RequestInbox();

  inbox.add(opened({ requestId: ASK_2, supersedes: ASK }, 2));
  const changed = inbox.add(opened());

  assert.deepEqual(changed.map((v) => [v.requestId, v.recordedState]), [[ASK, "superseded"]]);
  assert.deepEqual(inbox.list(5, "pending").map((v) => v.requestId), [ASK_2]);
  assert.deepEqual(inbox.add(opened()), []);
});

Deno.test("a flood of answers does not grow the inbox, and the earliest still decides", () => {
  const inbox = new RequestInbox();
  inbox.add(opened());
  for (let i = 0; i < 600; i++) inbox.add(answered(BEN, 10_000 + i, { requestDigest: "0".repeat(64) }));

  inbox.add(answered(ANA, 2));

  assert.equal(inbox.get(ASK)?.answer?.answeredBy, "ana");
  assert.ok((inbox.get(ASK)?.refusals.wrong_digest ?? 0) <= 512);
});

Deno.test("the inbox is bounded: closed requests make room before pending ones", () => {
  const inbox = new RequestInbox({ capacity: 1 });
  inbox.add(opened());
  inbox.add(withdrawn(AGENT, 2));

  inbox.add(opened({ requestId: ASK_2 }, 3));

  assert.equal(inbox.size, 1);
  assert.equal(inbox.get(ASK_2)?.recordedState, "pending");
});

const arbitraryEntry: fc.Arbitrary<RequestEntry> = fc.tuple(
  fc.constantFrom("answer", "agent", "digest", "withdraw", "stranger", "supersede", "reopen"),
  fc.constantFrom(ANA, BEN),
  fc.integer({ min: 2, max: 20 }),
).map(([act, who, ms]) => {
  switch (act) {
    case "answer":
      return answered(who, ms);
    case "agent":
      return answered(who, ms, {}, person(who, { binaryType: "agent" }));
    case "digest":
      return answered(who, ms, { requestDigest: "1".repeat(64) });
    case "withdraw":
      return withdrawn(AGENT, ms);
    case "stranger":
      return withdrawn(who, ms);
    case "supersede":
      return opened({ requestId: ASK_2, supersedes: ASK }, ms, ms % 2 ? AGENT : who);
    default:
      return opened({ title: "Another text" }, ms, who);
  }
});

Deno.test("property: the same set of entries gives the same request in any order; only a person's answer answers it", () => {
  fc.assert(fc.property(
    fc.array(arbitraryEntry, { maxLength: 20 }).chain((entries) => {
      const all = [opened(), ...entries];
      return fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }));
    }),
    ([inOrder, shuffled]) => {
      const view = fold(...inOrder);
      assert.deepEqual(fold(...shuffled), view);
      const inbox = new RequestInbox();
      for (const entry of shuffled) inbox.add(entry);
      assert.deepEqual(inbox.get(ASK), view);
      assert.equal(view.recordedState === "answered", view.answer !== undefined);
      assert.equal(view.title, "Which branch?");
    },
  ));
});
