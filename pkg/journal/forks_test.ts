import assert from "node:assert/strict";
import { ManualClock, settle } from "@bzzz/base/testing";
import { StoreError } from "@bzzz/store";
import { pruneFrame, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { CATCH_UP_WAIT_MS, FORK_RETRY_MS, OTHERS_WAIT_MS } from "./constants.ts";
import { createTestJournal, type TestJournal } from "./testing.ts";
import { at, live, stored } from "./testdata/entries.ts";

const MAX_BYTES = 200 * 1024;

/** A write that does not fit: the store refuses all others, too, for a second. */
function fillDisk({ store }: TestJournal): void {
  assert.throws(
    () => store.kv.set("too large", new Uint8Array(2 * MAX_BYTES)),
    (error) => error instanceof StoreError && error.code === "store_full",
  );
}

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

Deno.test("a fork that is proved while the disk is full is told once when there is room, and stops the log everywhere", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock, maxStoreBytes: MAX_BYTES });
  await using other = createTestJournal({ seed: 3, clock });
  const [one, twin] = [new TestAuthor(10), new TestAuthor(10)];
  const [first, second] = [one.message("a"), twin.message("b")];
  live(other, second.frame);
  fillDisk(test);

  live(test, first.frame);
  assert.equal(live(test, second.frame), "ignore fork");
  await settle();
  await clock.advance(FORK_RETRY_MS - 1);
  fillDisk(test);
  await clock.advance(1);
  await settle();
  assert.deepEqual([test.store.forks.list(), stored(test)], [[], []], "the disk took nothing");
  assert.equal(test.journal.frozen().get(one.peer), 1);

  test.store.setMaxBytes(undefined);
  await clock.advance(2 * FORK_RETRY_MS);
  await settle();
  const proof = at(stored(test), 0);
  assert.equal(live(other, proof.envelope.frame), "accept stored");
  await clock.advance(3 * FORK_RETRY_MS);
  await settle();

  assert.deepEqual(stored(test).map(({ kind }) => kind), ["fork_proved"], "told once");
  assert.equal(test.store.forks.list().length, 1, "and known at the next start");
  assert.equal(test.journal.frozen().get(one.peer), 1);
  assert.equal(other.journal.frozen().get(one.peer), 1);
});

Deno.test("a fork that the full disk kept from being told at the start, too, is told when there is room", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock, maxStoreBytes: MAX_BYTES, start: false });
  const [first, second] = [new TestAuthor(10).message("a"), new TestAuthor(10).message("b")];
  test.store.forks.add({
    author: first.header.author,
    seq: 1,
    first: pruneFrame(first),
    second: pruneFrame(second),
    provedAtMs: 0,
  });
  fillDisk(test);

  test.journal.start();
  await settle();
  assert.deepEqual(stored(test), []);
  test.store.setMaxBytes(undefined);
  await clock.advance(2 * FORK_RETRY_MS);
  await settle();

  assert.deepEqual(stored(test).map(({ kind }) => kind), ["fork_proved"]);
});

Deno.test("a fork that waits for room is not told when another has told it meanwhile", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock, maxStoreBytes: MAX_BYTES });
  await using other = createTestJournal({ seed: 3, clock });
  const [first, second] = [new TestAuthor(10).message("a"), new TestAuthor(10).message("b")];
  fillDisk(test);
  for (const { frame } of [first, second]) for (const journal of [test, other]) live(journal, frame);
  await settle();
  const proof = stored(other).find(({ kind }) => kind === "fork_proved");
  assert.ok(proof);

  test.store.setMaxBytes(undefined);
  await clock.advance(FORK_RETRY_MS - 1);
  assert.equal(live(test, proof.envelope.frame), "accept stored");
  await settle();
  await clock.advance(2 * FORK_RETRY_MS);
  await settle();

  assert.deepEqual(stored(test).map(({ envelope }) => envelope.id), [proof.envelope.id]);
});

Deno.test("a fork that is proved while the own log is behind for long is told when it is whole again", async () => {
  const clock = new ManualClock();
  await using test = createTestJournal({ clock });
  const [first, second] = [new TestAuthor(10).message("a"), new TestAuthor(10).message("b")];
  live(test, new TestAuthor(1).message("this node wrote it once").frame);
  await settle();
  for (const { frame } of [first, second]) live(test, frame);
  await clock.advance(CATCH_UP_WAIT_MS);
  await settle();
  assert.equal(test.journal.state, "must_catch_up");

  test.journal.notePulled(1);
  await clock.advance(OTHERS_WAIT_MS);
  assert.equal(test.journal.state, "ready");
  await clock.advance(2 * FORK_RETRY_MS);
  await settle();

  assert.equal(stored(test).filter(({ kind }) => kind === "fork_proved").length, 1);
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
