import assert from "node:assert/strict";
import { hexEncode } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { decodeFrame, isBundle, MAX_BUNDLE_BYTES, MAX_BUNDLE_FRAMES, TOPICS, unpackFrames } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import fc from "fast-check";
import { bundleRows } from "./outbox_messages.ts";
import { createTestJournal } from "./testing.ts";
import { message } from "./testdata/entries.ts";

/** The frames of a message of gossip, whether it is a bundle or not. */
function framesOf(bytes: Uint8Array): readonly Uint8Array[] {
  if (!isBundle(bytes)) return [bytes];
  const unpacked = unpackFrames(bytes);
  assert.ok(unpacked.ok);
  return unpacked.frames;
}

/** The places in its author's log of what is in each message. */
function seqsOf(messages: readonly Uint8Array[]): number[][] {
  return messages.map((bytes) =>
    framesOf(bytes).map((frame) => {
      const decoded = decodeFrame(frame);
      return decoded.ok ? decoded.envelope.header.seq ?? 0 : 0;
    })
  );
}

Deno.test("an entry that comes alone is published as it is, entries of one commit share a bundle", async () => {
  await using test = createTestJournal();

  const alone = await test.journal.append(message("alone"));
  await settle();
  await Promise.all(["a", "b", "c"].map((text) => test.journal.append(message(text))));
  await settle();

  assert.deepEqual(test.published[0]?.frame, alone.envelope.frame);
  assert.deepEqual(seqsOf(test.published.map(({ frame }) => frame)), [[1], [2, 3, 4]]);
  assert.equal(test.journal.stats().counters.get("outbox.published"), 4);
});

Deno.test("a bundle is of one topic, and the order of the log stays", async () => {
  await using test = createTestJournal();
  const topics = [TOPICS.hmmm, TOPICS.hmmm, TOPICS.coordination, TOPICS.hmmm, TOPICS.agents, TOPICS.agents];

  await Promise.all(topics.map((topic) => test.journal.append({ ...message("x"), topic })));
  await settle();

  assert.deepEqual(seqsOf(test.published.map(({ frame }) => frame)), [[1, 2], [3], [4], [5, 6]]);
  assert.deepEqual(test.published.map(({ topic }) => topic), [
    TOPICS.hmmm,
    TOPICS.coordination,
    TOPICS.hmmm,
    TOPICS.agents,
  ]);
});

Deno.test("what another node hears of a burst it stores, whole and in order", async () => {
  await using sender = createTestJournal({ seed: 1 });
  await using receiver = createTestJournal({ seed: 2 });

  const texts = Array.from({ length: 150 }, (_, n) => "x".repeat(n * 10) + n);
  await Promise.all(texts.map((text) => sender.journal.append(message(text))));
  await settle();
  for (const { frame } of sender.published) {
    assert.equal(receiver.journal.ingest(frame, { peer: sender.peer, path: "live" }).verdict, "accept");
  }
  await settle();

  const heard = receiver.journal.entriesAfter(0, { limit: 1_000 });
  assert.deepEqual(heard.map(({ body }) => "text" in body && body.text), texts);
  assert.ok(sender.published.length < 15, `${sender.published.length} messages`);
});

Deno.test("a bundle that could not be published comes again with all that was in it, and what followed it", async () => {
  const clock = new ManualClock();
  const taken: Uint8Array[] = [];
  let failures = 1;
  await using test = createTestJournal({
    clock,
    publish: (topic, frame) => {
      if (topic === TOPICS.hmmm && failures-- > 0) return Promise.reject(new Error("no network"));
      taken.push(frame);
      return Promise.resolve(1);
    },
  });
  const topics = [TOPICS.agents, TOPICS.hmmm, TOPICS.hmmm, TOPICS.agents, TOPICS.agents];
  await Promise.all(topics.map((topic) => test.journal.append({ ...message("x"), topic })));
  await settle();
  assert.deepEqual(seqsOf(taken), [[1], [4, 5]]);
  assert.equal(test.journal.stats().counters.get("outbox.failed"), 2);

  await clock.advance(60_000);
  await clock.advance(2_000);

  assert.deepEqual(seqsOf(taken), [[1], [4, 5], [2, 3], [4, 5]], "at least once, and in order at the end");
  assert.equal(test.journal.stats().outbox, 0);
});

Deno.test("bundleRows() leaves nothing out, keeps the order, and stays within the limits", () => {
  const author = new TestAuthor(2);
  const { frame } = author.message("x");
  const row = fc.record({
    topic: fc.constantFrom(TOPICS.hmmm, TOPICS.agents),
    bytes: fc.oneof(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 2 * MAX_BUNDLE_BYTES })),
  });
  fc.assert(fc.property(fc.array(row, { maxLength: 150 }), (all) => {
    const rows = all.map(({ topic, bytes }, at) => ({
      cursor: at + 1,
      topic,
      frame: new Uint8Array(bytes).fill(frame[0] ?? 0),
    }));

    const messages = bundleRows(rows);

    assert.deepEqual(messages.flatMap(({ cursors }) => cursors), rows.map(({ cursor }) => cursor));
    for (const { topic, message: bytes, cursors } of messages) {
      const inside = cursors.map((cursor) => rows[cursor - 1]);
      assert.ok(inside.every((one) => one?.topic === topic));
      assert.deepEqual(framesOf(bytes).map(hexEncode), inside.map((one) => hexEncode(one?.frame ?? new Uint8Array())));
      const isWithin = bytes.byteLength <= MAX_BUNDLE_BYTES && cursors.length <= MAX_BUNDLE_FRAMES;
      assert.ok(isWithin || cursors.length === 1, `${cursors.length} frames of ${bytes.byteLength} bytes`);
    }
  }));
});
