import assert from "node:assert/strict";
import type { PeerId, RequestId } from "@bzzz/base";
import { foldRequest, type RequestEntry, RequestInbox, type RequestInboxOptions } from "./mod.ts";
import { AGENT, ANA, answered, ASK, opened, question } from "./testing.ts";
import { requestDigest } from "./fold_request.ts";

const MALLORY = "mallory" as PeerId;
const LONG = "x".repeat(60_000);

/** Ask number `n`: an id of its own. */
function idOf(n: number): RequestId {
  return `01ARZ3NDEKTSV4RRFFQ6${String(n).padStart(6, "0")}` as RequestId;
}

/** An inbox over a journal that keeps all it gets, of 1 MiB unless told. */
function setUp(options: RequestInboxOptions = {}): { inbox: RequestInbox; add: (entry: RequestEntry) => void } {
  const journal: RequestEntry[] = [];
  const inbox = new RequestInbox({ maxBytes: 1024 * 1024, entryAt: (cursor) => journal[cursor - 1], ...options });
  const add = (entry: RequestEntry) => {
    const stored = { ...entry, cursor: journal.length + 1 };
    journal.push(stored);
    inbox.add(stored);
  };
  return { inbox, add };
}

Deno.test("a flood of long asks leaves other askers' in memory, and its own readable from the journal", () => {
  const { inbox, add } = setUp();
  add(opened({}, 1));
  for (let n = 0; n < 500; n++) add(opened({ requestId: idOf(n), body: `${n} ${LONG}` }, 2 + n, MALLORY));

  assert.equal(inbox.list(1_000, "open").length, 501, "nothing that waits is hidden");
  assert.equal(inbox.get(ASK)?.body, "main or next");
  for (const n of [0, 250, 499]) assert.equal(inbox.get(idOf(n))?.body, `${n} ${LONG}`);
});

Deno.test("an ask whose texts were left in the journal takes answers as any other, once each", () => {
  const { inbox, add } = setUp();
  const body = question({ requestId: idOf(0), body: LONG });
  const answer = answered(ANA, 900, { requestId: idOf(0), requestDigest: requestDigest(body) });
  const first = opened({ requestId: idOf(0), body: LONG }, 1, MALLORY);
  add(first);
  for (let n = 1; n < 100; n++) add(opened({ requestId: idOf(n), body: LONG }, 1 + n, MALLORY));

  assert.equal(inbox.list(1_000, "open")[0]?.requestId, idOf(0));
  assert.deepEqual(inbox.add({ ...first, cursor: 1 }), [], "known");
  add(answer);

  assert.equal(inbox.get(idOf(0))?.answer?.text, "main");
  assert.equal(inbox.list(1_000, "open").length, 99);
});

Deno.test("where outlines are too many, of who has most the closed asks are forgotten first, and no other's", () => {
  const { inbox, add } = setUp({ capacity: 10 });
  const closed = (n: number, author: PeerId): RequestEntry[] => [
    opened({ requestId: idOf(n) }, 10 * n + 1, author),
    {
      ...opened({ requestId: idOf(n) }, 10 * n + 2, author),
      kind: "request_withdrawn",
      body: { requestId: idOf(n), reason: "" },
    } as RequestEntry,
  ];
  for (const entry of [...closed(1, AGENT), ...closed(2, MALLORY)]) add(entry);
  for (let n = 3; n < 30; n++) add(opened({ requestId: idOf(n) }, 10 * n, MALLORY));

  assert.deepEqual([inbox.get(idOf(1))?.recordedState, inbox.get(idOf(2))], ["withdrawn", undefined]);
  assert.equal(inbox.size, 10);
});

Deno.test("who fills others' asks with long answers pushes out its own words, and changes no view", () => {
  const { inbox, add } = setUp();
  add(opened());
  add(answered(ANA, 2));
  const before = foldRequest(ASK, [opened(), answered(ANA, 2)]);
  for (let n = 0; n < 200; n++) add(answered(MALLORY, 10 + n, { requestDigest: "0".repeat(64), text: LONG }));

  const after = inbox.get(ASK);

  assert.deepEqual([after?.recordedState, after?.answer], [before?.recordedState, before?.answer]);
  assert.equal(after?.body, "main or next");
});

Deno.test("an inbox of a year's quota stays within its bytes", () => {
  const { inbox, add } = setUp({ maxBytes: 256 * 1024 });
  for (let n = 0; n < 2_000; n++) {
    add(opened({ requestId: idOf(n), title: "t".repeat(120) }, n, MALLORY));
  }

  assert.ok(inbox.size < 400, `${inbox.size} outlines in 256 KiB`);
  assert.ok(inbox.get(idOf(1_999)), "the newest");
});

Deno.test("of who has most a vote on what still waits goes after what it said on closed requests", () => {
  const { inbox, add } = setUp({ capacity: 30 });
  const quorum = { n: 2, of: 3 };
  const wanted = question({ to: { quorum } });
  add(opened({ to: { quorum } }));
  add(answered(ANA, 2, { requestDigest: requestDigest(wanted) }));
  for (let n = 1; n < 100; n++) {
    const body = question({ requestId: idOf(n) });
    add(opened({ requestId: idOf(n) }, 10 * n, `agent${n % 9}` as PeerId));
    add(answered(ANA, 10 * n + 1, { requestId: idOf(n), requestDigest: requestDigest(body) }));
  }

  assert.equal(inbox.get(ASK)?.votes.length, 1);
  assert.equal(inbox.get(idOf(99))?.recordedState, "answered");
  assert.equal(inbox.get(idOf(1)), undefined, "closed long ago");
});
