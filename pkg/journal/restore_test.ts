import assert from "node:assert/strict";
import { ManualClock, settle } from "@bzzz/base/testing";
import { decodeFrame } from "@bzzz/wire";
import fc from "fast-check";
import { OTHERS_WAIT_MS, SEQ_BLOCK } from "./constants.ts";
import { type Journal, JournalError } from "./mod.ts";
import { createTestJournal, createTestNode, reopenJournal, type TestJournal, TestStreams } from "./testing.ts";
import { message } from "./testdata/entries.ts";

const RUNS = Deno.env.get("SLOW") ? 100 : 10;

/** Copies the database as a crash or a backup would find it: file and write-ahead log, without closing. */
function copyDatabase(test: TestJournal, target: string): void {
  for (const suffix of ["", "-wal"]) {
    try {
      Deno.copyFileSync(`${test.folder}/journal.db${suffix}`, target + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function readMark(test: TestJournal): { readonly from: number; readonly until: number } {
  return JSON.parse(Deno.readTextFileSync(test.reservationPath));
}

function assertChain(journal: Journal): void {
  for (const [author, { seq, id }] of journal.vector()) {
    let prev: string | undefined;
    for (let at = 1; at <= seq; at++) {
      const envelope = journal.envelopeAt(author, at);
      assert.ok(envelope, `entry ${at} of ${seq}`);
      assert.equal(envelope.header.prev, prev, `prev of entry ${at}`);
      prev = envelope.id;
    }
    assert.equal(prev, id, "the head is the last entry");
  }
}

Deno.test("after a restart the log, the stamps and the outbox go on", async () => {
  await using test = createTestJournal({ publish: () => Promise.reject(new Error("offline")) });
  const before = await test.journal.append(message("1"));
  copyDatabase(test, `${test.folder}/crash.db`);

  await using after = reopenJournal(test, `${test.folder}/crash.db`, test.reservationPath);
  const next = await after.journal.append(message("2"));

  assert.equal(after.journal.stats().outbox, 2, "the unpublished entry waits for the publisher");
  assert.equal(next.envelope.header.seq, 2);
  assert.equal(next.envelope.header.prev, before.envelope.id);
  assert.ok(next.envelope.header.hlc.ms >= before.envelope.header.hlc.ms);
});

Deno.test("a database that was lost after a crash is noticed from the first entry on, though nobody else is known", async () => {
  await using test = createTestJournal({});
  await test.journal.append(message("1"));
  await settle();

  // no `stop`: the process was killed, and then the disk was lost
  await using lost = reopenJournal(test, `${test.folder}/empty.db`, test.reservationPath);

  assert.equal(lost.journal.state, "must_catch_up");
});

Deno.test("a restored backup waits for its own entries instead of using a seq twice", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using peer = createTestNode(streams, { seed: 2, clock });
  await using test = createTestJournal({ clock });
  await test.journal.append(message("1"));
  copyDatabase(test, `${test.folder}/backup.db`);
  await test.journal.append(message("2"));
  await test.journal.append(message("3"));
  await settle();
  for (const { frame } of test.published) peer.test.journal.ingest(frame, { peer: test.peer, path: "live" });
  await settle();
  await test.journal.stop();

  await using restored = reopenJournal(test, `${test.folder}/backup.db`, test.reservationPath);
  assert.equal(restored.journal.state, "must_catch_up");
  let outcome = "waits";
  const append = restored.journal.append(message("4")).then((entry) => {
    outcome = "done";
    return entry;
  });
  await settle();
  assert.equal(outcome, "waits");
  const frames = peer.test.journal.framesFrom(test.peer, 1, { maxBytes: 1e6, limit: 100 });
  await restored.journal.ingestBatch(frames, { peer: peer.test.peer });
  assert.equal(restored.journal.state, "must_catch_up", "until the peer said that this is all");
  restored.journal.notePulled(3);
  const entry = await append;

  assert.equal(restored.journal.state, "ready");
  assert.equal(entry.envelope.header.seq, 4);
  assertChain(restored.journal);
  await streams.idle();
});

Deno.test("a power cut inside a large commit does not look like a restored backup", async () => {
  const copies: string[] = [];
  const test: TestJournal = createTestJournal({
    onTransaction: () => {
      const target = `${test.folder}/cut-${copies.length}`;
      copyDatabase(test, `${target}.db`);
      Deno.copyFileSync(test.reservationPath, `${target}.seq`);
      copies.push(target);
    },
  });
  await using _closed = test;
  await test.journal.append(message("before"));

  await Promise.all(Array.from({ length: 3 * SEQ_BLOCK }, (_, i) => test.journal.append(message(`${i}`))));

  assert.equal(copies.length, 2, "one commit for all of them");
  for (const copy of copies) {
    await using after = reopenJournal(test, `${copy}.db`, `${copy}.seq`);
    assert.equal(after.journal.state, "ready");
    assert.equal((await after.journal.append(message("after"))).envelope.header.seq, copy === copies[0] ? 1 : 2);
  }
});

Deno.test("the mark names no entry that is not on disk, and follows what is acknowledged within two blocks", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 6 }), async (sizes) => {
      let isBusy = false;
      const test: TestJournal = createTestJournal({
        onTransaction: () => {
          if (!isBusy) return;
          const { from } = readMark(test);
          assert.ok(from <= committed, `the mark says ${from}, on disk are ${committed}`);
        },
      });
      await using _closed = test;
      let committed = 0;
      isBusy = true;
      for (const size of sizes) {
        await Promise.all(Array.from({ length: size }, () => test.journal.append(message("x"))));
        committed += size;
        const mark = readMark(test);
        assert.ok(mark.from > committed - 2 * SEQ_BLOCK, `the mark says ${mark.from}, acknowledged are ${committed}`);
        assert.ok(mark.from <= committed && mark.until >= committed);
      }
      isBusy = false;
    }),
    { numRuns: RUNS },
  );
});

Deno.test("a node that peers know more of catches up through sync, even without its reservation file", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using peer = createTestNode(streams, { seed: 2, clock });
  await using original = createTestJournal({ seed: 1, clock });
  for (const text of ["1", "2", "3"]) await original.journal.append(message(text));
  await settle();
  for (const { frame } of original.published) peer.test.journal.ingest(frame, { peer: original.peer, path: "live" });
  await settle();

  await using empty = createTestNode(streams, { seed: 1, clock });
  const states: string[] = [];
  empty.test.journal.events.on("state:changed", ({ state }) => states.push(state));
  await empty.sync.pullNow(peer.test.peer);
  await clock.advance(OTHERS_WAIT_MS);
  const entry = await empty.test.journal.append(message("4"));

  assert.deepEqual(states, ["must_catch_up", "ready"]);
  assert.equal(entry.envelope.header.seq, 4);
  await streams.idle();
});

Deno.test("an append that waits in vain is refused after 10 s, with what to do when nobody has the rest", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock, start: false });
  await Deno.writeTextFile(test.reservationPath, JSON.stringify({ v: 1, peer: test.peer, from: 40, until: 296 }));
  await using waiting = reopenJournal(test, `${test.folder}/third.db`, test.reservationPath);

  const refused = assert.rejects(
    waiting.journal.append(message("x")),
    (error) =>
      error instanceof JournalError && error.code === "journal_behind" && /docs\/operate\.md/.test(error.message),
  );
  await waiting.clock.advance(10_001);
  await refused;
});

Deno.test("entries that nobody has are given up with a mark that says nothing, once a peer was asked", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using peer = createTestNode(streams, { seed: 2, clock });
  await using test = createTestJournal({ clock });
  await test.journal.append(message("1"));
  copyDatabase(test, `${test.folder}/backup.db`);
  const lost = await test.journal.append(message("2"));
  await settle();
  await test.journal.stop();
  for (const { frame } of test.published.slice(0, 1)) {
    peer.test.journal.ingest(frame, { peer: test.peer, path: "live" });
  }
  await settle();

  {
    await using restored = reopenJournal(test, `${test.folder}/backup.db`, test.reservationPath);
    restored.journal.notePulled(peer.test.journal.vector().get(test.peer)?.seq ?? 0);
    assert.equal(restored.journal.state, "must_catch_up", "the mark knows of an entry that the peer has not");
  }
  await Deno.writeTextFile(test.reservationPath, "restored");
  await using after = reopenJournal(test, `${test.folder}/backup.db`, test.reservationPath);
  assert.equal(after.journal.state, "must_catch_up", "a peer is asked first");
  after.journal.notePulled(1);
  await after.clock.advance(OTHERS_WAIT_MS);
  const entry = await after.journal.append(message("anew"));

  assert.equal(entry.envelope.header.seq, lost.envelope.header.seq);
  const { verdict } = peer.test.journal.ingest(entry.envelope.frame, { peer: test.peer, path: "live" });
  assert.equal(verdict, "accept");
  await streams.idle();
});

Deno.test("an unreadable reservation file means: ask the peers first", async () => {
  await using test = createTestJournal();
  await test.journal.append(message("1"));
  await test.journal.stop();
  await Deno.writeTextFile(test.reservationPath, "{");
  copyDatabase(test, `${test.folder}/copy.db`);

  await using node = reopenJournal(test, `${test.folder}/copy.db`, test.reservationPath);

  assert.equal(node.journal.state, "must_catch_up");
  node.journal.notePulled(1);
  await node.clock.advance(OTHERS_WAIT_MS);
  assert.equal(node.journal.state, "ready");
});

Deno.test("one's own fork is noticed and ends writing", async () => {
  await using test = createTestJournal();
  await using twin = createTestJournal();
  await test.journal.append(message("here"));
  const there = await twin.journal.append(message("there"));

  test.journal.ingest(there.envelope.frame, { peer: twin.peer, path: "live" });

  assert.equal(test.journal.state, "forked");
  await assert.rejects(
    test.journal.append(message("x")),
    (error) => error instanceof JournalError && error.code === "journal_forked",
  );
});

Deno.test("the reservation file is private and moves in blocks", async () => {
  await using test = createTestJournal();
  const read = () => readMark(test);
  await test.journal.append(message("0"));
  const first = read();
  await Promise.all(Array.from({ length: 300 }, (_, n) => test.journal.append(message(`${n}`))));
  const second = read();
  await test.journal.stop();

  assert.deepEqual([first.from, first.until], [1, 256]);
  assert.deepEqual([second.from, second.until], [301, 557], "after a large commit it follows at once");
  assert.deepEqual([read().from, read().until], [301, 301]);
  assert.equal(((await Deno.stat(test.reservationPath)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("a crash at any moment loses no acknowledged entry and breaks no chain", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 12 }), async (bursts) => {
      await using test = createTestJournal({ schedule: queueMicrotask });
      const acknowledged: string[] = [];
      const crashes: { path: string; acknowledged: string[] }[] = [];
      const copyNow = () => {
        const path = `${test.folder}/crash${crashes.length}.db`;
        copyDatabase(test, path);
        crashes.push({ path, acknowledged: [...acknowledged] });
      };
      for (const burst of bursts) {
        const appends = Array.from({ length: burst }, (_, n) => test.journal.append(message(`${n}`)));
        if (burst % 2 === 0) copyNow(); // before the commit of what was just asked for
        for (const append of appends) acknowledged.push((await append).envelope.id);
        copyNow();
      }

      for (const crash of crashes) {
        await using after = reopenJournal(test, crash.path, `${crash.path}.seq`);
        assertChain(after.journal);
        const ids = new Set(after.journal.entriesAfter(0, { limit: 1_000 }).map(({ envelope }) => envelope.id));
        for (const id of crash.acknowledged) assert.ok(ids.has(id as never), `acknowledged ${id} is there`);
        const next = await after.journal.append(message("go on"));
        assert.equal(decodeFrame(next.envelope.frame).ok, true);
      }
    }),
    { numRuns: RUNS },
  );
});
