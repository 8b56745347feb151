import assert from "node:assert/strict";
import { settle } from "@bzzz/base/testing";
import { encodeCbor, type Envelope, packFrames, pruneFrame } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import fc from "fast-check";
import { MAX_PENDING } from "./constants.ts";
import { flip, live, PEER, stored } from "./testdata/entries.ts";
import { createTestJournal, OpenGate, type TestJournal } from "./testing.ts";

const DAY_MS = 24 * 3_600_000;

/** The next entries of a log. */
function entriesOf(author: TestAuthor, count: number): Envelope[] {
  return Array.from({ length: count }, (_, n) => author.message(`entry ${n}`));
}

function bundle(...entries: readonly Pick<Envelope, "frame">[]): Uint8Array {
  return packFrames(entries.map(({ frame }) => frame));
}

/** The same entry by its id, with a signature that is none. */
function forged(envelope: Envelope): { readonly frame: Uint8Array } {
  const header = envelope.signedBytes.subarray(envelope.signedBytes.indexOf(0) + 1);
  return { frame: encodeCbor([header, flip(envelope.signature, 7, 1), envelope.body]) };
}

function counted(test: TestJournal, reason: string): number {
  return test.journal.stats().counters.get(`ingest.${reason}`) ?? 0;
}

function rejections(test: TestJournal): string[] {
  const reasons: string[] = [];
  test.journal.events.on("entry:rejected", ({ reason }) => reasons.push(reason));
  return reasons;
}

Deno.test("ingest() takes the entries of a bundle in order, in one commit, and counts each", async () => {
  await using test = createTestJournal();
  const author = new TestAuthor(2);
  const entries = entriesOf(author, 20);

  const result = test.journal.ingest(bundle(...entries), { peer: PEER, path: "live" });
  await settle();

  assert.deepEqual(result, { verdict: "accept", reason: "stored", author: author.peer });
  assert.deepEqual(stored(test).map(({ envelope }) => envelope.id), entries.map(({ id }) => id));
  assert.equal(test.journal.stats().commits, 1);
  assert.equal(counted(test, "stored"), 20);
});

Deno.test("a bundle is passed on while something in it is new, and known entries in it are genuine", async () => {
  await using test = createTestJournal();
  const entries = entriesOf(new TestAuthor(2), 6);
  const [a, b, c, d, e, f] = entries;
  assert.ok(a && b && c && d && e && f);

  assert.equal(live(test, bundle(a, b)), "accept stored");
  assert.equal(live(test, bundle(a, b)), "ignore duplicate", "nothing new");
  assert.equal(live(test, bundle(b, c)), "accept stored", "the known one before its commit");
  await settle();
  assert.equal(live(test, bundle(a, c, d)), "accept stored", "the known ones on disk");
  assert.equal(live(test, bundle(forged(d), e)), "ignore duplicate", "what is known by its id has another signature");
  assert.equal(
    live(test, bundle({ frame: pruneFrame(e) }, f)),
    "ignore duplicate",
    "what is known came without its body",
  );
  await settle();

  assert.deepEqual(stored(test).map(({ envelope }) => envelope.id), entries.map(({ id }) => id), "all are stored");
  assert.equal(counted(test, "duplicate"), 7);
});

Deno.test("a bundle that came too early is held, passed on, and tells of the gap", async () => {
  await using test = createTestJournal();
  const entries = entriesOf(new TestAuthor(2), 6);
  const gaps: string[] = [];
  test.journal.events.on("gap:found", ({ cause }) => gaps.push(cause));

  assert.equal(live(test, bundle(...entries.slice(3))), "accept buffered");
  assert.equal(live(test, bundle(...entries.slice(0, 3).toReversed())), "accept buffered", "in whatever order");
  await settle();

  assert.deepEqual(stored(test).map(({ envelope }) => envelope.id), entries.map(({ id }) => id));
  assert.equal(test.journal.hasGaps(), false);
  assert.deepEqual(new Set(gaps), new Set(["missing"]));
});

Deno.test("a forged entry ends a bundle: what is before it is stored, the rest not looked at, one rejection", async () => {
  await using test = createTestJournal();
  const rejected = rejections(test);
  const entries = entriesOf(new TestAuthor(2), 5);
  const [a, b, c, d, e] = entries;
  assert.ok(a && b && c && d && e);

  const outcome = live(test, bundle(a, b, forged(c), d, forged(e)));
  await settle();

  assert.equal(outcome, "reject bad_signature");
  assert.deepEqual(rejected, ["bad_signature"]);
  assert.deepEqual(stored(test).map(({ envelope }) => envelope.id), [a.id, b.id]);
  assert.equal(test.journal.hasGaps(), false, "what follows the forgery was not taken");
  assert.equal(live(test, bundle(c, d, e)), "accept stored", "the genuine ones still fit");
});

Deno.test("a bundle that is none is rejected before anything of it is stored", async () => {
  await using test = createTestJournal();
  const [alice, bob] = [new TestAuthor(2), new TestAuthor(3)];
  const stranger = new TestAuthor(4, { mesh: "ab".repeat(16) as never });
  const [a, b] = entriesOf(alice, 2);
  const [other] = entriesOf(bob, 1);
  const signal = alice.signal("leaving", { reason: "a signal" });
  assert.ok(a && b && other);
  const refused: Readonly<Record<string, readonly [Uint8Array, string]>> = {
    "two authors": [bundle(a, other, b), "malformed"],
    "a signal": [bundle(a, signal), "malformed"],
    "signals alone": [bundle(signal, alice.signal("leaving", { reason: "another" })), "malformed"],
    "a bundle in it": [encodeCbor({ frames: [a.frame, bundle(a, b)] }), "malformed"],
    "junk at its end": [bundle(a, b, { frame: Uint8Array.of(0x83, 1, 2) }), "malformed"],
    "one entry": [encodeCbor({ frames: [a.frame] }), "malformed"],
    "another member": [encodeCbor({ frames: [a.frame, b.frame], more: 1 }), "malformed"],
    "another mesh": [bundle(a, { frame: stranger.message("lost").frame }), "wrong_mesh"],
    "more than it may have": [encodeCbor({ frames: [a.frame, b.frame, new Uint8Array(40_000)] }), "oversize"],
  };
  const rejected = rejections(test);

  for (const [what, [message, reason]] of Object.entries(refused)) {
    assert.equal(live(test, message), `reject ${reason}`, what);
  }
  await settle();

  assert.equal(rejected.length, Object.keys(refused).length);
  assert.equal(test.journal.stats().entries, 0);
  assert.equal(live(test, bundle(a, b)), "accept stored");
});

Deno.test("what this node has not read itself is not passed on with the rest", async () => {
  const gate = new OpenGate();
  await using test = createTestJournal({ gate, authorBytesPerDay: DAY_MS });
  const soon = test.clock.nowMs() + DAY_MS;
  const author = new TestAuthor(2);
  const now = author.message("now");
  const ahead = author.entry("message_posted", { type: "message", text: "ahead" }, { hlc: { ms: soon, counter: 0 } });
  const later = { frame: encodeCbor([encodeCbor({ v: 99 }), new Uint8Array(64), null]) };

  assert.equal(live(test, bundle(now, forged(ahead))), "ignore future", "a forgery behind a stamp that is ahead");
  const next = new TestAuthor(3);
  assert.equal(live(test, bundle(next.message("read"), later)), "ignore unknown_version");
  gate.refuse(author.peer, "expired");
  assert.equal(live(test, bundle(author.message("a"), author.message("b"))), "ignore expired");
  await settle();

  assert.equal(test.journal.stats().entries, 2, "what could be read is stored");
});

Deno.test("a busy node takes of a bundle what it has room for, and does not pass it on", async () => {
  const flushes: (() => void)[] = [];
  await using test = createTestJournal({ schedule: (flush) => void flushes.push(flush) });
  const author = new TestAuthor(2);
  for (let left = MAX_PENDING - 10; left > 0; left -= 63) {
    assert.equal(live(test, bundle(...entriesOf(author, Math.min(63, left)))), "accept stored");
  }
  const entries = entriesOf(author, 20);

  assert.equal(live(test, bundle(...entries)), "ignore busy");
  for (const flush of flushes) flush();

  assert.equal(test.journal.stats().entries, MAX_PENDING);
  assert.equal(counted(test, "busy"), 10);
  assert.equal(live(test, bundle(...entries)), "accept stored", "the rest, when there is room again");
  for (const flush of flushes) flush();
});

Deno.test("an author beyond its quota is paused in mid-bundle, its log without a hole", async () => {
  const [first, ...rest] = entriesOf(new TestAuthor(2), 10);
  assert.ok(first);
  await using test = createTestJournal({ authorBytesPerDay: 5 * first.frame.byteLength });

  const outcome = live(test, bundle(first, ...rest));
  await settle();

  assert.equal(outcome, "ignore over_quota");
  const seqs = stored(test).map(({ envelope }) => envelope.header.seq);
  assert.deepEqual(seqs, seqs.map((_, at) => at + 1));
  assert.ok(seqs.length > 0 && seqs.length < 10, `${seqs.length} were taken`);
  assert.equal(test.journal.hasGaps(), false);
});

Deno.test("an author that shows what it may not write is rejected; who passes it on is not", async () => {
  const gate = new OpenGate();
  await using test = createTestJournal({ gate });
  const author = new TestAuthor(2);
  gate.assign(author.peer, { role: "observer", level: "read_only", binaryType: "agent" });
  const message = bundle(...entriesOf(author, 3));

  assert.equal(live(test, message), "ignore not_permitted");
  assert.equal(test.journal.ingest(message, { peer: author.peer, path: "live" }).verdict, "reject");
  assert.equal(counted(test, "not_permitted"), 4, "three, and one that ended it");
});

Deno.test("a bundle has no place in the sync protocol", async () => {
  await using test = createTestJournal();
  const message = bundle(...entriesOf(new TestAuthor(2), 2));

  const batch = await test.journal.ingestBatch([message], { peer: PEER });

  assert.equal(batch.offence, "malformed");
  assert.equal(test.journal.ingest(message, { peer: PEER, path: "sync" }).reason, "malformed");
});

Deno.test("mutated bundles never crash ingest(), and store nothing but what their author signed", async () => {
  await using test = createTestJournal();
  const entries = entriesOf(new TestAuthor(2), 4);
  const ids = new Set<string>(entries.map(({ id }) => id));
  const good = bundle(...entries);
  const edit = fc.tuple(fc.nat(good.byteLength - 1), fc.integer({ min: 1, max: 255 }));

  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const message = edits.reduce<Uint8Array>((bytes, [at, bits]) => flip(bytes, at, bits), good);
      const { verdict } = test.journal.ingest(message, { peer: PEER, path: "live" });
      assert.notEqual(verdict, "accept");
    }),
    { numRuns: Deno.env.get("SLOW") ? 5_000 : 300 },
  );
  await settle();

  assert.ok(stored(test).every(({ envelope }) => ids.has(envelope.id)));
  live(test, good);
  await settle();
  assert.equal(stored(test).length, 4, "the original still fits");
});
