/**
 * What a late joiner costs: 10,000 entries of 1 KiB of 5 authors through the sync protocol, verified and stored.
 * Target: 3 s (design section 5), so 300 µs per entry, both sides in one process.
 *
 * @module
 */
import { createSystemClock } from "@bzzz/base";
import { TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { createTestJournal, createTestNode, TestStreams } from "./testing.ts";

const ENTRIES = 10_000;
const clock = createSystemClock();
const nowMs = clock.nowMs();
const authors = [10, 11, 12, 13, 14].map((seed) => new TestAuthor(seed, { startMs: nowMs - 60_000 }));
const text = "x".repeat(1024 - 256);
const frames = Array.from(
  { length: ENTRIES },
  (_, n) => (authors[n % authors.length] as TestAuthor).message(text).frame,
);

Deno.bench({ name: `late joiner: ${ENTRIES} entries of 1 KiB`, n: 2, warmup: 1 }, async (bench) => {
  const streams = new TestStreams();
  await using full = createTestNode(streams, { seed: 1, clock });
  await using late = createTestNode(streams, { seed: 2, clock });
  for (let at = 0; at < ENTRIES; at += 500) {
    await full.test.journal.ingestBatch(frames.slice(at, at + 500), { peer: full.test.peer });
  }
  bench.start();
  const { stored } = await late.sync.pullNow(full.test.peer);
  bench.end();
  if (stored !== ENTRIES) throw new Error(`stored ${stored} of ${ENTRIES}`);
  await streams.idle();
});

const draft = { kind: "message_posted", topic: TOPICS.coordination, body: { type: "message", text } } as const;

Deno.bench({ name: "append: 100 entries of 1 KiB, each with its own commit", n: 20, warmup: 3 }, async (bench) => {
  await using test = createTestJournal({ clock });
  await test.journal.append(draft);
  bench.start();
  for (let n = 0; n < 100; n++) await test.journal.append(draft);
  bench.end();
});

Deno.bench({ name: "append: 100 entries of 1 KiB, one commit", n: 20, warmup: 3 }, async (bench) => {
  await using test = createTestJournal({ clock });
  await test.journal.append(draft);
  bench.start();
  await Promise.all(Array.from({ length: 100 }, () => test.journal.append(draft)));
  bench.end();
});

Deno.bench({ name: "ingest: 100 live entries of 1 KiB", n: 20, warmup: 3 }, async (bench) => {
  await using test = createTestJournal({ clock });
  const from = { peer: test.peer, path: "live" } as const;
  const { promise, resolve } = Promise.withResolvers<void>();
  let stored = 0;
  test.journal.events.on("entry:stored", () => ++stored === 100 && resolve());
  bench.start();
  for (const frame of frames.slice(0, 100)) test.journal.ingest(frame, from);
  await promise;
  bench.end();
});
