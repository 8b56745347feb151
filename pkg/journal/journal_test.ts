import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { createTestLogger } from "@bzzz/logging";
import { decodeFrame, encodeCbor, pruneFrame, sealBodyBytes, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import fc from "fast-check";
import { JournalError, type StoredEntry } from "./mod.ts";
import { checkRetention } from "./retention.ts";
import { createTestJournal, OpenGate, type TestJournal } from "./testing.ts";

const START_MS = Date.UTC(2026, 0, 1);
const PEER = new TestAuthor(99).peer;

function live(test: TestJournal, frame: Uint8Array): string {
  const { verdict, reason } = test.journal.ingest(frame, { peer: PEER, path: "live" });
  return `${verdict} ${reason}`;
}

function stored(test: TestJournal): StoredEntry[] {
  return test.journal.entriesAfter(0, { limit: 1_000 });
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  assert.ok(item !== undefined, `nothing at ${index} of ${items.length}`);
  return item;
}

/** A copy with some bits of one byte turned. */
function flip(bytes: Uint8Array, index: number, bits: number): Uint8Array {
  const copy = bytes.slice();
  copy[index] = at([...copy], index) ^ bits;
  return copy;
}

function message(text: string) {
  return { kind: "message_posted", topic: TOPICS.coordination, body: { type: "message", text } } as const;
}

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

Deno.test("two entries at one seq are proved, stop the log, and are published once", async () => {
  await using test = createTestJournal();
  const author = new TestAuthor(2);
  const twin = new TestAuthor(2);
  const [a1, a2] = [author.message("a1"), author.message("a2")];
  const forked = twin.message("b1");
  const proofs: number[] = [];
  test.journal.events.on("fork:proved", ({ seq }) => proofs.push(seq));
  live(test, a1.frame);
  await settle();

  assert.equal(live(test, forked.frame), "ignore fork");
  assert.equal(live(test, forked.frame), "ignore frozen");
  assert.equal(live(test, a2.frame), "ignore frozen");
  await settle();

  assert.deepEqual(proofs, [1]);
  assert.equal(test.store.forks.list().length, 1);
  const published = stored(test).filter(({ kind }) => kind === "fork_proved");
  assert.equal(published.length, 1);
  await using other = createTestJournal({ seed: 3 });
  live(other, at(published, 0).envelope.frame);
  await settle();
  assert.equal(other.journal.frozen().get(author.peer), 1, "the proof convinces who saw neither entry");
  assert.equal(live(other, a1.frame), "ignore frozen");
  assert.equal(stored(other).length, 1, "and is not repeated");
});

Deno.test("a fork whose proof was stored and not told before a crash is told at the next start, once", async () => {
  const [one, twin] = [new TestAuthor(10), new TestAuthor(10)];
  const [first, second] = [one.message("a"), twin.message("b")].map(pruneFrame);
  assert.ok(first && second);
  await using test = createTestJournal({ start: false });
  test.store.forks.add({ author: one.peer, seq: 1, first, second, provedAtMs: 0 });
  await using again = createTestJournal({ seed: 2, start: false });
  again.store.forks.add({ author: one.peer, seq: 1, first, second, provedAtMs: 0 });

  test.journal.start();
  await settle();
  const proof = stored(test).find(({ kind }) => kind === "fork_proved");
  assert.ok(proof, "told");
  assert.equal(live(again, proof.envelope.frame), "accept stored");
  await settle();
  again.journal.start();
  await settle();

  assert.equal(stored(again).filter(({ kind }) => kind === "fork_proved").length, 1, "another has told it already");
});

Deno.test("an earlier fork of the same author is told, too: the log stops at one place for all", async () => {
  const [one, twin, third] = [new TestAuthor(10), new TestAuthor(10), new TestAuthor(10)];
  const [shared, later] = [one.message("1"), one.message("2")];
  twin.message("1");
  await using test = createTestJournal();
  await using other = createTestJournal({ seed: 3 });
  for (const { frame } of [shared, later]) live(test, frame);
  await settle();

  live(test, twin.message("another 2").frame);
  await settle();
  live(test, third.message("another 1").frame);
  await settle();
  for (const { envelope } of stored(test).filter(({ kind }) => kind === "fork_proved")) live(other, envelope.frame);
  await settle();

  assert.equal(test.journal.frozen().get(one.peer), 1);
  assert.equal(other.journal.frozen().get(one.peer), 1);
});

Deno.test("a fork proof that proves nothing freezes nobody", async () => {
  await using test = createTestJournal();
  const [author, liar] = [new TestAuthor(2), new TestAuthor(3)];
  const a1 = author.message("a1");
  const a2 = author.message("a2");
  const lie = liar.entry("fork_proved", { first: a1.frame.slice(), second: a2.frame.slice() }, {
    topic: TOPICS.agents,
  });

  live(test, lie.frame);
  await settle();

  assert.equal(test.journal.frozen().size, 0);
  assert.equal(test.journal.stats().counters.get("fork_proof.invalid"), 1);
});

Deno.test("signals are verified, fresh, never repeated, and not stored", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock });
  const author = new TestAuthor(2);
  const seen: string[] = [];
  test.journal.events.on("signal:received", ({ signal }) => seen.push(signal.kind));
  const [first, second] = [author.signal("leaving", { reason: "1" }), author.signal("leaving", { reason: "2" })];
  const whole = author.signal("leaving", { reason: "3" }).frame;
  const broken = flip(whole, whole.length - 1, 1);

  assert.equal(live(test, second.frame), "accept signal");
  assert.equal(live(test, second.frame), "ignore duplicate");
  assert.equal(live(test, first.frame), "ignore replayed");
  assert.equal(live(test, broken), "reject bad_signature");
  await clock.advance(61_000);
  assert.equal(live(test, author.signal("leaving", { reason: "4" }).frame), "ignore stale");

  assert.deepEqual(seen, ["leaving"]);
  assert.equal(test.journal.stats().entries, 0);
});

Deno.test("sendSignal() publishes a signal that another journal takes", async () => {
  await using test = createTestJournal();
  await using other = createTestJournal({ seed: 2 });

  const recipients = await test.journal.sendSignal({ kind: "leaving", topic: TOPICS.agents, body: { reason: "bye" } });

  assert.equal(recipients, 1);
  assert.equal(live(other, at(test.published, 0).frame), "accept signal");
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

Deno.test("a full disk rejects appends, drops what came in, and all is well when there is room", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock, maxStoreBytes: 200 * 1024 });
  const author = new TestAuthor(2);
  const [a, b] = [author.message("x".repeat(60_000)), author.message("y")];
  const large = [1, 2, 3, 4].map((n) => test.journal.append(message(`${n}`.repeat(50_000))));

  const results = await Promise.allSettled(large);
  live(test, a.frame);
  await settle();

  assert.ok(results.every(({ status }) => status === "rejected"));
  assert.equal(stored(test).length, 0);
  assert.equal(test.store.health().state, "full");
  test.store.setMaxBytes(undefined);
  await clock.advance(2_000);
  assert.equal(live(test, b.frame), "accept buffered", "a was not stored");
  assert.equal(live(test, a.frame), "accept stored");
  const own = await test.journal.append(message("now"));
  assert.equal(own.envelope.header.seq, 1);
  assert.equal(stored(test).length, 3);
});

Deno.test("the outbox survives: what no publisher took is published by the next run, in order", async () => {
  const clock = new ManualClock();
  const taken: Uint8Array[] = [];
  let isBroken = true;
  await using test = createTestJournal({
    clock,
    publish: (_topic, frame) => {
      if (isBroken) return Promise.reject(new Error("no network"));
      taken.push(frame);
      return Promise.resolve(0);
    },
  });
  const entries = [await test.journal.append(message("1")), await test.journal.append(message("2"))];
  await settle();
  assert.equal(test.journal.stats().outbox, 2);

  isBroken = false;
  await clock.advance(60_000);

  assert.deepEqual(taken, entries.map(({ envelope }) => envelope.frame));
  await clock.advance(2_000);
  assert.equal(test.journal.stats().outbox, 0);
});

Deno.test("retention drops old bodies and keeps the chain; late joiners take them only where policy and age allow", async () => {
  const clock = new ManualClock();
  const retention = { [TOPICS.coordination]: { keepMs: 3_600_000 } };
  await using test = createTestJournal({ clock, retention });
  const old = await test.journal.append(message("old"));
  await test.journal.append({ ...message("kept"), topic: TOPICS.hmmm });
  await clock.advance(2 * 3_600_000);
  await test.journal.append(message("new"));

  await test.journal.prune();

  assert.deepEqual(stored(test).map(({ body }) => "text" in body && body.text), ["kept", "new"]);
  const pruned = test.journal.envelopeAt(test.peer, 1);
  assert.equal(pruned?.id, old.envelope.id);
  assert.equal(pruned?.body, undefined);
  const frames = test.journal.framesFrom(test.peer, 1, { maxBytes: 1e6, limit: 10 });
  await using willing = createTestJournal({ seed: 2, clock, retention });
  await using strict = createTestJournal({ seed: 3, clock });
  assert.equal((await willing.journal.ingestBatch(frames, { peer: test.peer })).stored, 3);
  const refused = await strict.journal.ingestBatch(frames, { peer: test.peer });
  assert.deepEqual([refused.stored, refused.refused.get("pruned_too_early"), refused.offence], [0, 1, undefined]);
  assert.equal(live(strict, at(frames, 0)), "reject pruned");
});

Deno.test("the audit topic cannot be pruned", () => {
  assert.throws(() => checkRetention({ [TOPICS.agents]: { keepMs: 1 } }), RangeError);
  assert.throws(() => checkRetention({ [TOPICS.hmmm]: { keepMs: 0 } }), RangeError);
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

Deno.test("stop() commits what waits and refuses what comes later", async () => {
  await using test = createTestJournal({ schedule: () => {} });
  const append = test.journal.append(message("waits"));
  live(test, new TestAuthor(2).message("waits too").frame);

  await test.journal.stop();

  assert.equal((await append).envelope.header.seq, 1);
  assert.equal(stored(test).length, 2);
  assert.equal(live(test, new TestAuthor(3).message("late").frame), "ignore stopped");
});
