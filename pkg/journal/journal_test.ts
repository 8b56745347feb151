import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { createTestLogger } from "@bzzz/logging";
import { decodeFrame, encodeCbor, sealBodyBytes, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import fc from "fast-check";
import { JournalError } from "./mod.ts";
import { createTestJournal, OpenGate } from "./testing.ts";
import { flip, live, message, PEER, stored } from "./testdata/entries.ts";

const START_MS = Date.UTC(2026, 0, 1);

Deno.test("append() signs, chains and commits before it resolves, and publishes afterwards", async () => {
  await using test = createTestJournal();
  const seen: string[] = [];
  test.journal.events.on("entry:stored", ({ entry }) => seen.push(entry.envelope.id));

  const first = await test.journal.append(message("one"));
  const second = await test.journal.append({ ...message("two"), thread: "t" });
  await settle();

  assert.equal(first.envelope.header.seq, 1);
  assert.equal(second.envelope.header.prev, first.envelope.id);
  assert.equal(second.body.text, "two");
  assert.equal(test.store.entries.get(second.envelope.id)?.thread, "t");
  assert.deepEqual(seen, [first.envelope.id, second.envelope.id]);
  assert.deepEqual(test.published.map(({ frame }) => frame), [first.envelope.frame, second.envelope.frame]);
  assert.deepEqual(test.journal.vector().get(test.peer)?.seq, 2);
});

Deno.test("appends and ingests of one turn share one commit", async () => {
  await using test = createTestJournal();
  const author = new TestAuthor(2);

  const appends = [1, 2, 3].map((n) => test.journal.append(message(`${n}`)));
  for (let n = 0; n < 5; n++) live(test, author.message(`${n}`).frame);
  await Promise.all(appends);

  assert.equal(test.journal.stats().commits, 1);
  assert.equal(test.journal.stats().entries, 8);
});

Deno.test("ingest() stores in order, knows duplicates, and holds what came too early", async () => {
  await using test = createTestJournal();
  const author = new TestAuthor(2);
  const [a, b, c] = [author.message("a"), author.message("b"), author.message("c")];
  const gaps: PeerId[] = [];
  const order: string[] = [];
  test.journal.events.on("gap:found", ({ peer }) => gaps.push(peer));
  test.journal.events.on("entry:stored", ({ entry }) => order.push(entry.envelope.id));

  assert.equal(live(test, a.frame), "accept stored");
  assert.equal(live(test, a.frame), "ignore duplicate", "before the commit");
  await settle();
  assert.equal(live(test, a.frame), "ignore duplicate", "after the commit");
  assert.equal(live(test, c.frame), "accept buffered");
  assert.equal(live(test, c.frame), "ignore duplicate");
  assert.equal(test.journal.hasGaps(), true);
  assert.equal(live(test, b.frame), "accept stored");
  await settle();

  assert.deepEqual(order, [a.id, b.id, c.id]);
  assert.deepEqual(gaps, [PEER]);
  assert.equal(test.journal.hasGaps(), false);
});

Deno.test("ingest() refuses what does not belong, with a counted reason", async () => {
  const gate = new OpenGate();
  await using test = createTestJournal({ gate });
  const author = new TestAuthor(2);
  const good = author.message("good");
  const observer = new TestAuthor(3);
  gate.assign(observer.peer, { role: "observer", level: "read_only", binaryType: "agent" });
  const stranger = new TestAuthor(4);
  gate.refuse(stranger.peer, "no_grant");
  const elsewhere = new TestAuthor(5, { mesh: "00000000000000000000000000000000" as typeof test.mesh });
  const early = new TestAuthor(6, { startMs: START_MS + 11 * 60_000 });
  const rejected: string[] = [];
  test.journal.events.on("entry:rejected", ({ reason }) => rejected.push(reason));
  const altered = flip(good.frame, good.frame.length - 1, 1);
  const header = {
    mesh: test.mesh,
    author: author.peer,
    topic: TOPICS.coordination,
    hlc: { ms: START_MS, counter: 1 },
  };
  const badBody = sealBodyBytes(author.key, { ...header, seq: 1 }, "message_posted", encodeCbor({ text: 7 }));
  const noSeq = sealBodyBytes(author.key, header, "message_posted", encodeCbor({ type: "message", text: "x" }));

  assert.equal(live(test, new Uint8Array(1024 * 1024 + 1)), "reject oversize");
  assert.equal(live(test, new Uint8Array([1, 2, 3])), "reject malformed");
  assert.equal(live(test, elsewhere.message("x").frame), "reject wrong_mesh");
  assert.equal(live(test, stranger.message("x").frame), "ignore no_grant");
  assert.equal(live(test, altered), "reject bad_signature");
  const forbidden = observer.message("x").frame;
  assert.equal(live(test, forbidden), "ignore not_permitted", "who passes it on may know another grant");
  assert.deepEqual(test.journal.ingest(forbidden, { peer: observer.peer, path: "live" }), {
    verdict: "reject",
    reason: "not_permitted",
  });
  assert.equal(live(test, badBody.frame), "reject bad_body");
  assert.equal(live(test, noSeq.frame), "reject malformed");
  assert.equal(live(test, early.message("x").frame), "ignore future");

  assert.equal(stored(test).length, 0);
  assert.equal(test.journal.stats().counters.get("ingest.bad_signature"), 1);
  assert.deepEqual(rejected, [
    "oversize",
    "malformed",
    "wrong_mesh",
    "bad_signature",
    "not_permitted",
    "bad_body",
    "malformed",
  ]);
});

Deno.test("an entry of an unknown kind keeps its place in the chain and reaches no consumer", async () => {
  await using test = createTestJournal();
  const author = new TestAuthor(2);
  const base = { mesh: test.mesh, author: author.peer, topic: TOPICS.coordination };
  const future = sealBodyBytes(
    author.key,
    { ...base, seq: 1, hlc: { ms: START_MS, counter: 0 } },
    "vote_cast",
    encodeCbor(1),
  );
  const next = sealBodyBytes(
    author.key,
    { ...base, seq: 2, prev: future.id, hlc: { ms: START_MS, counter: 1 } },
    "message_posted",
    encodeCbor({ type: "message", text: "known" }),
  );

  assert.equal(live(test, future.frame), "accept stored_opaque");
  assert.equal(live(test, next.frame), "accept stored");
  await settle();

  assert.deepEqual(stored(test).map(({ cursor }) => cursor), [2]);
  assert.deepEqual(test.journal.entriesAfter(0, { limit: 1 }).map(({ cursor }) => cursor), [2], "pages skip it");
  assert.equal(test.journal.envelopeAt(author.peer, 1)?.id, future.id);
  assert.equal(test.journal.get(future.id), undefined);
});

Deno.test("append() refuses what peers would refuse, and what is too large", async () => {
  const gate = new OpenGate();
  await using test = createTestJournal({ gate, maxFrameBytes: 2_000 });
  const code = (expected: string) => (error: unknown) => error instanceof JournalError && error.code === expected;

  await assert.rejects(test.journal.append(message("x".repeat(3_000))), code("journal_entry_too_large"));
  await assert.rejects(test.journal.append(message("")), TypeError);
  gate.assign(test.peer, { role: "observer", level: "read_only", binaryType: "agent" });
  await assert.rejects(test.journal.append(message("x")), code("journal_not_allowed"));
  gate.refuse(test.peer, "expired");
  await assert.rejects(test.journal.append(message("x")), code("journal_not_allowed"));
  gate.refuse(test.peer, undefined);
  gate.assign(test.peer, { role: "developer", level: "suggestion", binaryType: "agent" });
  const entry = await test.journal.append(message("fine"));

  assert.equal(entry.envelope.header.seq, 1, "refused appends use no seq");
  await test.journal.stop();
  await assert.rejects(test.journal.append(message("late")), code("journal_stopped"));
});

Deno.test("time stamps of own entries go on after what was heard, but not after a clock far ahead", async () => {
  const clock = new ManualClock();
  const { logger, records } = createTestLogger();
  await using test = createTestJournal({ clock, logger });
  const ahead = new TestAuthor(2, { startMs: START_MS + 60_000 });
  const wild = new TestAuthor(3, { startMs: START_MS + 3_600_000 });

  live(test, ahead.message("x").frame);
  live(test, wild.message("x").frame);
  await test.journal.ingestBatch([wild.message("y").frame], { peer: PEER });
  const own = await test.journal.append(message("x"));

  assert.ok(own.envelope.header.hlc.ms >= START_MS + 60_001);
  assert.ok(own.envelope.header.hlc.ms < START_MS + 120_000);
  assert.equal(records.filter(({ message }) => message.includes("clock is ahead")).length, 1);
});

Deno.test("random and mutated frames never crash ingest(), and never store", async () => {
  await using test = createTestJournal();
  const good = new TestAuthor(2).message("good").frame;
  const mutated = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, bits]) =>
    flip(good, at, bits)
  );

  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), async (frame) => {
      const { verdict } = test.journal.ingest(frame, { peer: PEER, path: "live" });
      assert.notEqual(verdict, "accept");
      const batch = await test.journal.ingestBatch([frame], { peer: PEER });
      assert.equal(batch.stored, 0);
    }),
    { numRuns: Deno.env.get("SLOW") ? 5_000 : 300 },
  );

  assert.equal(decodeFrame(good).ok, true);
  assert.equal(live(test, good), "accept stored", "the original still fits");
});

Deno.test("what is held for its predecessors is bounded, per author and in all", async () => {
  await using test = createTestJournal();
  const reasons = new Map<string, number>();
  for (let seed = 100; seed < 120; seed++) {
    const author = new TestAuthor(seed);
    author.message("never sent");
    for (let n = 0; n < 70; n++) {
      const reason = live(test, author.message(`${n}`).frame);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }

  assert.equal(test.journal.stats().buffered, 1_024);
  assert.deepEqual(Object.fromEntries(reasons), { "accept buffered": 1_024, "accept buffer_full": 376 });
});
