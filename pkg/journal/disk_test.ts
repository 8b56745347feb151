import assert from "node:assert/strict";
import { ManualClock, settle } from "@bzzz/base/testing";
import { packFrames, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { checkRetention } from "./retention.ts";
import { createTestJournal } from "./testing.ts";
import { at, live, message, stored } from "./testdata/entries.ts";

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

  assert.deepEqual(taken, [packFrames(entries.map(({ envelope }) => envelope.frame))]);
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

Deno.test("stop() commits what waits and refuses what comes later", async () => {
  await using test = createTestJournal({ schedule: () => {} });
  const append = test.journal.append(message("waits"));
  live(test, new TestAuthor(2).message("waits too").frame);

  await test.journal.stop();

  assert.equal((await append).envelope.header.seq, 1);
  assert.equal(stored(test).length, 2);
  assert.equal(live(test, new TestAuthor(3).message("late").frame), "ignore stopped");
});
