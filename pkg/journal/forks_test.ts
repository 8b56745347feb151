import assert from "node:assert/strict";
import { settle } from "@bzzz/base/testing";
import { pruneFrame, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { createTestJournal } from "./testing.ts";
import { at, live, stored } from "./testdata/entries.ts";

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
