import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import { TestAuthor } from "@bzzz/wire/testing";
import fc from "fast-check";
import { AuthorQuota } from "./author_quota.ts";
import { createTestJournal, createTestNode, TestStreams } from "./testing.ts";

const DAY_MS = 24 * 60 * 60_000;
const EVE = "eve" as PeerId;
const MIB = 1024 * 1024;

Deno.test("in no stretch of time more is taken than a day's worth and what the time allows", () => {
  const entry = fc.record({
    bytes: fc.integer({ min: 100, max: MIB }),
    pauseMs: fc.integer({ min: 0, max: DAY_MS / 20 }),
    backMs: fc.integer({ min: -DAY_MS, max: DAY_MS }),
  });
  fc.assert(
    fc.property(fc.array(entry, { minLength: 10, maxLength: 200 }), (entries) => {
      const bytesPerDay = 4 * MIB;
      const quota = new AuthorQuota(bytesPerDay);
      const taken: { readonly atMs: number; readonly bytes: number }[] = [];
      let nowMs = 100 * DAY_MS;
      let stampMs = nowMs;
      for (const { bytes, pauseMs, backMs } of entries) {
        nowMs += pauseMs;
        // a chain's stamps only grow, whatever the author's clock does
        stampMs = Math.max(stampMs + 1, nowMs + backMs);
        if (!quota.isPaused(EVE, nowMs) && quota.take({ author: EVE, stampMs, bytes, nowMs })) {
          taken.push({ atMs: nowMs, bytes });
        }
      }

      const firstMs = 100 * DAY_MS;
      const total = taken.reduce((sum, one) => sum + one.bytes, 0);
      // a first stamp of a day ago gains that day
      const allowed = bytesPerDay * (2 + (nowMs - firstMs) / DAY_MS);
      assert.ok(total <= allowed + 1, `${total} of ${allowed}`);
    }),
  );
});

Deno.test("a paused author goes on when its entry is due, and nobody else is paused", () => {
  const quota = new AuthorQuota(4 * MIB);
  const take = (nowMs: number, author = EVE) => quota.take({ author, stampMs: nowMs, bytes: MIB, nowMs });
  const t0 = 100 * DAY_MS;

  const burst = [take(t0), take(t0), take(t0), take(t0), take(t0)];

  assert.deepEqual(burst, [true, true, true, true, false]);
  assert.deepEqual(quota.paused(t0), [EVE]);
  assert.ok(take(t0, "basil" as PeerId));
  assert.ok(quota.isPaused(EVE, t0 + DAY_MS / 4 - 1));
  assert.ok(!quota.isPaused(EVE, t0 + DAY_MS / 4));
  assert.ok(take(t0 + DAY_MS / 4));
});

Deno.test("a history that was written at the allowed rate is taken at once, in whatever year", () => {
  const quota = new AuthorQuota(4 * MIB);
  const nowMs = 1000 * DAY_MS;

  for (let day = 1; day <= 365; day++) {
    const stampMs = nowMs - (366 - day) * DAY_MS;
    for (let i = 0; i < 4; i++) assert.ok(quota.take({ author: EVE, stampMs, bytes: MIB, nowMs }), `day ${day}`);
  }
});

Deno.test("without a quota nobody is paused", () => {
  const quota = new AuthorQuota(undefined);

  for (let i = 0; i < 1000; i++) assert.ok(quota.take({ author: EVE, stampMs: 0, bytes: MIB, nowMs: 0 }));
});

Deno.test("a member beyond its quota is paused by gossip and sync alike; its log has no hole and goes on later", async () => {
  const clock = new ManualClock();
  const streams = new TestStreams();
  await using peer = createTestNode(streams, { seed: 2, clock });
  await using node = createTestNode(streams, { seed: 3, clock, authorBytesPerDay: 100_000 });
  const eve = new TestAuthor(9, { startMs: clock.nowMs() });
  const basil = new TestAuthor(8, { startMs: clock.nowMs() });
  const frames = Array.from({ length: 30 }, () => eve.message("x".repeat(10_000)).frame);
  const live = { peer: eve.peer, path: "live" } as const;
  for (const frame of frames) peer.test.journal.ingest(frame, live);
  await settle();

  const results = frames.map((frame) => node.test.journal.ingest(frame, live));
  await settle();
  const atFirst = node.test.journal.vector().get(eve.peer)?.seq ?? 0;
  await node.sync.pullNow(peer.test.peer);
  const afterSync = node.test.journal.vector().get(eve.peer)?.seq ?? 0;
  const other = node.test.journal.ingest(basil.message("I may").frame, { peer: basil.peer, path: "live" });

  assert.equal(atFirst, 9);
  assert.equal(afterSync, 9);
  assert.deepEqual([...new Set(results.slice(9).map(({ verdict, reason }) => `${verdict} ${reason}`))], [
    "ignore over_quota",
  ]);
  assert.equal(other.reason, "stored");
  assert.deepEqual(node.penalties, [], "who passes its entries on did nothing wrong");

  await clock.advance(DAY_MS);
  await node.sync.pullNow(peer.test.peer);
  const aDayLater = node.test.journal.vector().get(eve.peer)?.seq ?? 0;
  await clock.advance(DAY_MS);
  await node.sync.pullNow(peer.test.peer);

  assert.ok(aDayLater > 15 && aDayLater < 22, `${aDayLater} entries after a day`);
  assert.ok((node.test.journal.vector().get(eve.peer)?.seq ?? 0) > aDayLater + 6);
  await streams.idle();
});

Deno.test("what did not reach the disk is not counted", async () => {
  const clock = new ManualClock();
  let isBroken = true;
  await using test = createTestJournal({
    clock,
    authorBytesPerDay: 100_000,
    onTransaction: () => {
      if (isBroken) throw new Error("the disk is away");
    },
  });
  const eve = new TestAuthor(9, { startMs: clock.nowMs() });
  const frame = eve.message("x".repeat(10_000)).frame;
  for (let i = 0; i < 50; i++) {
    test.journal.ingest(frame, { peer: eve.peer, path: "live" });
    await settle();
  }

  isBroken = false;
  const result = test.journal.ingest(frame, { peer: eve.peer, path: "live" });

  assert.equal(result.reason, "stored");
});
